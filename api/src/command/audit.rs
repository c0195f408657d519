//! `concord audit`: read the whole log again, and name the first event that is not what was signed; or answer for an
//! older one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use concord::audit::check;
use concord::audit::checkpoint::{Checkpoint, LedgerPublicKey};
use concord::audit::kept::{self, ReceiptFinding};
use concord::error::Refusal;
use concord::recovery::{accepting, reopening};
use concord::service::Service;
use concord::settings::SessionKind;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Report, Result, miette};

use super::options::Options;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Read the whole log again and name the first bad index, if there is one.
    Verify(Verify),
    /// Hold receipts that a partner kept against the log, and name those whose event was removed or changed.
    CheckReceipt(CheckReceipt),
    /// Go on from an older copy of the data store, where there is no newer one. Every token is over; what this server's
    /// state folder remembers as ended is ended once more, and so is each consent whose key has gone; what else was ended
    /// since, you must end again. With no server running.
    Reopen(Options),
    /// Take the stores for the newest there are, where this server's state folder does not know them and nothing else shows
    /// it. It goes on record. With no server running.
    Accept(Options),
}

/// How the log is verified.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A checkpoint that somebody else kept, a signed note, from which the log must go on.
    #[arg(long, value_name = "FILE")]
    from_checkpoint: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

/// Which receipts are held against the log.
#[derive(Debug, Args)]
pub(crate) struct CheckReceipt {
    /// The receipts: JSON, or lines of JSON, in which they stand anywhere, such as answers that were kept as they came.
    file: PathBuf,
    #[command(flatten)]
    options: Options,
}

impl AuditCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Verify(verify) => verify.run().await,
            Self::CheckReceipt(check) => check.run().await,
            Self::Reopen(options) => reopen(&open(&options, "audit reopen").await?).await,
            Self::Accept(options) => accept(&open(&options, "audit accept").await?).await,
        }
    }
}

async fn open(options: &Options, command: &'static str) -> Result<Service> {
    let settings = options.settings_of(SessionKind::LongCommand(command))?;
    Service::open(settings).await.into_diagnostic()
}

impl Verify {
    async fn run(self) -> Result<()> {
        let service = open(&self.options, "audit verify").await?;
        let key = service.ledger_key.public();
        let kept = match &self.from_checkpoint {
            Some(file) => Some(checkpoint(file, key)?),
            None => None,
        };
        verify(&service, kept).await
    }
}

/// Reads a checkpoint that somebody kept.
fn checkpoint(file: &Path, key: &LedgerPublicKey) -> Result<Checkpoint> {
    let note = read(file)?;
    key.open(&note)
        .map_err(|fault| miette!("{}: {fault}", file.display()))
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|fault| miette!("{}: {fault}", file.display()))
}

impl CheckReceipt {
    async fn run(self) -> Result<()> {
        let text = read(&self.file)?;
        let receipts = kept::receipts_in(&text)
            .map_err(|fault| miette!("{}: {fault}", self.file.display()))?;
        let service = open(&self.options, "audit check-receipt").await?;
        let key = service.ledger_key.public();
        let findings = kept::check_receipts(&service.store, key, &receipts)
            .await
            .into_diagnostic()?;
        for (receipt, finding) in receipts.iter().zip(&findings) {
            println!("{}: {finding}", receipt.event);
        }
        let broken = findings.iter().filter(|finding| !finding.is_kept()).count();
        let waiting = findings.iter().filter(|one| **one == ReceiptFinding::Waits);
        println!(
            "{} receipts: {} events stand in the log, {} wait for a checkpoint, {broken} do not hold",
            findings.len(),
            findings
                .len()
                .saturating_sub(broken)
                .saturating_sub(waiting.clone().count()),
            waiting.count()
        );
        if broken > 0 {
            return Err(miette!(
                "{broken} receipts do not hold: keep them, and the file, as they are"
            ));
        }
        Ok(())
    }
}

async fn verify(service: &Service, kept: Option<Checkpoint>) -> Result<()> {
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} left")
            .into_diagnostic()?,
    );
    let verified = check::check(
        &service.store,
        service.ledger_key.public(),
        kept,
        |done, of| {
            bar.set_length(of);
            bar.set_position(done);
        },
    )
    .await;
    bar.finish_and_clear();
    let verified = verified.into_diagnostic()?;
    println!("{verified}");
    Ok(())
}

async fn reopen(service: &Service) -> Result<()> {
    let reopened = reopening::reopen(&service.store)
        .await
        .map_err(|refusal| told(&refusal))?;
    let Some(reopened) = reopened else {
        println!("this is the newest data store: nothing to reopen");
        return Ok(());
    };
    println!(
        "reopened, where {} events had been signed for; consents taken back once more: {}; every token is over.",
        reopened.signed,
        reopened.consents()
    );
    for one in &reopened.taken_back {
        println!("  {one}");
    }
    println!(
        "Now suspend again what was suspended, and erase again who was erased, where it is not named above: a state folder \
         remembers only what its own server saw end."
    );
    Ok(())
}

async fn accept(service: &Service) -> Result<()> {
    let accepted = accepting::accept(&service.store)
        .await
        .map_err(|refusal| told(&refusal))?;
    let Some(accepted) = accepted else {
        println!("the state folder knows these stores: nothing to accept");
        return Ok(());
    };
    let (now, store) = (accepted.progress, &service.store.identity);
    println!("accepted as the newest there are:");
    println!("  store   {}", store.store);
    println!("  ledger  {} events, root {}", now.head.size, now.head.root);
    println!("  epoch   {}", now.epoch);
    println!("  time    {}", now.at);
    if accepted.keyring_agrees {
        println!(
            "The keyring agrees. Whether both were put back to the same earlier moment could not be checked."
        );
    } else {
        println!(
            "Nothing was there to hold them against: whether they are an older copy could not be checked."
        );
    }
    println!(
        "If they are, what was revoked, suspended or erased since is shared again: end it again now."
    );
    Ok(())
}

/// Returns what the operator is told, with the cause.
fn told(refusal: &Refusal) -> Report {
    match refusal.cause() {
        Some(cause) => miette!("{cause}"),
        None => miette!("{}", refusal.error),
    }
}
