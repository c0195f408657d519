//! `concord audit verify`: read the whole log again, and name the first event that is not what was signed.

use clap::Subcommand;
use concord::audit::check;
use concord::http::server::Service;
use concord::settings::Written;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Result};

use super::Options;

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Read the whole log again and name the first bad index, if there is one.
    Verify(Options),
}

impl Audit {
    pub(crate) async fn run(self) -> Result<()> {
        let Self::Verify(options) = self;
        let service = Service::open(options.settings(Written::default())?)
            .await
            .into_diagnostic()?;
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
}
