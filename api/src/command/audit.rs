//! `concord audit`: read the whole log again, and name the first event that is not what was signed; or answer for an
//! older one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use concord::audit::check;
use concord::audit::checkpoint::{Checkpoint, LedgerOrigins, LedgerPublicKey};
use concord::audit::cosign::cosignature::CosignerPublicKey;
use concord::audit::cosign::kept;
use concord::audit::kept::{ReceiptFinding, check_receipts, receipts_in};
use concord::audit::remote::{self, RemoteLog};
use concord::audit::tree::Head;
use concord::private_files;
use concord::recovery::{accepting, reopening};
use concord::service::Service;
use concord::settings::SessionKind;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Report, Result, miette};
use tokio::time::sleep;
use url::Url;
use zeroize::Zeroizing;

use super::audit_export::Export;
use super::options::Options;
use super::refused::told;
use super::witness::Witness;

/// For how many seconds a checkpoint waits for its witnesses.
const FOR_WITNESSES: u32 = 15;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Read the whole log again and name the first bad index, if there is one.
    Verify(Verify),
    /// Write the log, or some of it, into a file for other programs, oldest first: all but the last two minutes. It goes on
    /// record.
    Export(Export),
    /// Hold receipts that a partner kept against the log, and name those whose event was removed or changed.
    CheckReceipt(CheckReceipt),
    /// Watch over somebody's log, and cosign its checkpoints: for a partner, who needs no database.
    Witness(Witness),
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
    /// The address of a log that is read over HTTP, without its database, such as `https://concord.example.org/audit/log`.
    #[arg(long, requires = "vkey")]
    url: Option<Url>,
    /// The file with an access token that includes `audit.r`.
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// The verifier key of that log, learned from a source that you trust; beside it, those of the names that it had before.
    #[arg(long, requires = "url")]
    vkey: Vec<LedgerPublicKey>,
    /// Where the checkpoint goes that was verified, to be given with `--from-checkpoint` the next time.
    #[arg(long, value_name = "FILE", requires = "url")]
    save_checkpoint: Option<PathBuf>,
    /// The verifier key of a witness that must have cosigned the checkpoint; any number of them.
    #[arg(long, value_name = "VKEY")]
    witness: Vec<CosignerPublicKey>,
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
            Self::Export(export) => {
                let service = open(&export.options, "audit export").await?;
                export.run(&service).await
            }
            Self::CheckReceipt(check) => check.run().await,
            Self::Witness(witness) => witness.run().await,
            Self::Reopen(options) => reopen(&options).await,
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
        if let Some(url) = self.url.clone() {
            return self.verify_remote(url).await;
        }
        let service = open(&self.options, "audit verify").await?;
        let kept = self.kept(service.ledger_key.origins())?;
        verify(&service, kept).await?;
        for by in &self.witness {
            let size = kept::largest_by(&service.store.read, by)
                .await
                .into_diagnostic()?;
            let size = size.ok_or_else(|| uncosigned(by))?;
            println!("cosigned by {}: the first {size} events", by.name());
        }
        Ok(())
    }

    /// Returns the checkpoint that somebody kept, if one is named.
    fn kept(&self, origins: &LedgerOrigins) -> Result<Option<Checkpoint>> {
        let Some(file) = &self.from_checkpoint else {
            return Ok(None);
        };
        let opened = origins.open(&read(file)?);
        let opened = opened.map_err(|fault| miette!("{}: {fault}", file.display()))?;
        Ok(Some(opened))
    }

    async fn verify_remote(self, url: Url) -> Result<()> {
        let mut keys = self.vkey.clone().into_iter();
        let current = keys
            .next()
            .ok_or_else(|| miette!("give the log's --vkey"))?;
        let origins = LedgerOrigins::new(current, keys.collect());
        let kept = self.kept(&origins)?;
        let token = self.token_file.as_deref().map(token).transpose()?;
        let log = RemoteLog::at(url, token).into_diagnostic()?;
        let note = self.cosigned_checkpoint(&log).await?;
        let bar = progress_bar()?;
        let shown = |done, of| show(&bar, done, of);
        let verified = remote::check(&log, &origins, &note, kept, shown).await;
        bar.finish_and_clear();
        let Head { size, root } = verified.into_diagnostic()?.head;
        println!("{size} events are as they were signed for\nroot {root}");
        for by in self
            .witness
            .iter()
            .filter_map(|by| by.cosignature_in(&note))
        {
            println!("cosigned by {} at {}", by.by.name(), by.at);
        }
        if let Some(file) = &self.save_checkpoint {
            private_files::write_whole(file, note.as_bytes())
                .map_err(|fault| miette!("{}: {fault}", file.display()))?;
        }
        Ok(())
    }
}

impl Verify {
    /// Returns the newest checkpoint, once every witness that is asked for has cosigned it: they are given a moment.
    async fn cosigned_checkpoint(&self, log: &RemoteLog) -> Result<String> {
        let mut tries = 0;
        loop {
            let note = log.checkpoint().await.into_diagnostic()?;
            let lacking = self
                .witness
                .iter()
                .find(|by| by.cosignature_in(&note).is_none());
            match lacking {
                None => return Ok(note),
                Some(by) if tries == FOR_WITNESSES => return Err(uncosigned(by)),
                Some(_) => tries += 1,
            }
            sleep(Duration::from_secs(1)).await;
        }
    }
}

fn uncosigned(by: &CosignerPublicKey) -> Report {
    miette!("the witness {} has not cosigned it", by.name())
}

/// Reads a token from a file.
fn token(file: &Path) -> Result<Zeroizing<String>> {
    let text = Zeroizing::new(read(file)?);
    let token = text.trim();
    if token.is_empty() || !token.chars().all(|letter| letter.is_ascii_graphic()) {
        return Err(miette!("{}: there is no token in it", file.display()));
    }
    Ok(Zeroizing::new(token.to_owned()))
}

fn progress_bar() -> Result<ProgressBar> {
    let style = "{bar:40} {pos}/{len} events, {per_sec}, {eta} left";
    let style = ProgressStyle::with_template(style).into_diagnostic()?;
    Ok(ProgressBar::new(0).with_style(style))
}

fn show(bar: &ProgressBar, done: u64, of: u64) {
    bar.set_length(of);
    bar.set_position(done);
}

fn read(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|fault| miette!("{}: {fault}", file.display()))
}

impl CheckReceipt {
    async fn run(self) -> Result<()> {
        let text = read(&self.file)?;
        let receipts =
            receipts_in(&text).map_err(|fault| miette!("{}: {fault}", self.file.display()))?;
        let service = open(&self.options, "audit check-receipt").await?;
        let origins = service.ledger_key.origins();
        let findings = check_receipts(&service.store, origins, &receipts)
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
    let bar = progress_bar()?;
    let origins = service.ledger_key.origins();
    let shown = |done, of| show(&bar, done, of);
    let verified = check::check(&service.store, origins, kept, shown).await;
    bar.finish_and_clear();
    let verified = verified.into_diagnostic()?;
    println!("{verified}");
    Ok(())
}

async fn reopen(options: &Options) -> Result<()> {
    let service = open(options, "audit reopen").await?;
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
    let renamed = open(options, "audit reopen").await?;
    println!(
        "The log has another name, and another verifier key: tell it, with the reason, to those who verify it and to its \
         witnesses.\n  vkey  {}",
        renamed.ledger_key.public()
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
