//! `concord audit`: read the whole log again, and name the first event that is not what was signed; or answer for an
//! older one.

use clap::Subcommand;
use concord::audit::check;
use concord::recovery::reopening;
use concord::service::Service;
use concord::settings::SessionKind;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Read the whole log again and name the first bad index, if there is one.
    Verify(Options),
    /// Go on from an older copy of the data store, where there is no newer one. Every token is over, and each consent
    /// whose key has gone is taken back once more; what else was ended since, you must end again. With no server running.
    Reopen(Options),
}

impl AuditCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Verify(options) => verify(&open(&options, "audit verify").await?).await,
            Self::Reopen(options) => reopen(&open(&options, "audit reopen").await?).await,
        }
    }
}

async fn open(options: &Options, command: &'static str) -> Result<Service> {
    let settings = options.settings_of(SessionKind::LongCommand(command))?;
    Service::open(settings).await.into_diagnostic()
}

async fn verify(service: &Service) -> Result<()> {
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} left")
            .into_diagnostic()?,
    );
    let verified = check::check(&service.store, service.ledger_key.public(), |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    let verified = verified.into_diagnostic()?;
    println!("{verified}");
    Ok(())
}

async fn reopen(service: &Service) -> Result<()> {
    let reopened = reopening::reopen(&service.store)
        .await
        .map_err(|refusal| miette!("{}", refusal.error))?;
    match reopened {
        Some(reopened) => println!(
            "reopened, where {} events had been signed for; consents taken back once more: {}; every token is over. Now \
             suspend again what was suspended, and erase again who was erased.",
            reopened.signed, reopened.consents
        ),
        None => println!("this is the newest data store: nothing to reopen"),
    }
    Ok(())
}
