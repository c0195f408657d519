//! `concord restore`: a backup, put back where the witnesses allow it, and gone on from.

use std::path::PathBuf;

use clap::Args;
use concord::clock;
use concord::recovery::restore::{RestorePlan, RestoreRequest};
use concord::service::Service;
use concord::settings::SessionKind;
use concord::store::Store;
use miette::{IntoDiagnostic, Result};

use super::backup::Parts;
use super::options::Options;

/// What is put back, and whether it is done.
#[derive(Clone, Debug, Args)]
pub(crate) struct Restore {
    /// The backup's folder, or that of one of its halves.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    parts: Parts,
    /// Do it. Without this flag it is only said what would be done, and what would be lost.
    #[arg(long)]
    yes: bool,
    /// Go on though nothing remembers what ended: every key in the backup is destroyed, every consent taken back, every
    /// agency but the coordinators suspended.
    #[arg(long)]
    accept_loss: bool,
    #[command(flatten)]
    options: Options,
}

impl Restore {
    pub(crate) async fn run(self) -> Result<()> {
        let kind = SessionKind::LongCommand("restore");
        let settings = self.options.settings_of(kind)?;
        let request = RestoreRequest {
            folder: &self.folder,
            parts: self.parts.chosen(),
            accept_loss: self.accept_loss,
        };
        let plan = RestorePlan::make(&settings, request, |_| true).await;
        let plan = plan.into_diagnostic()?;
        println!("{plan}");
        for command in plan.commands(&settings).into_diagnostic()? {
            println!("by: {command}");
        }
        if !self.yes {
            println!("nothing was changed: `--yes` does it");
            return Ok(());
        }
        let put_back = plan.carry_out(&settings, clock::now()).await;
        put_back.into_diagnostic()?;
        let store = Store::migrate_up(&settings).await.into_diagnostic()?;
        store.close().await;
        let service = Service::open(settings).await.into_diagnostic()?;
        service.store.close().await;
        Ok(())
    }
}
