//! `concord restore`: a backup, put back where the witnesses allow it, and gone on from.

use std::path::PathBuf;

use clap::Args;
use concord::clock;
use concord::recovery::restore::{RestorePlan, RestoreRequest};
use concord::recovery::settling;
use concord::service::Service;
use concord::settings::SessionKind;
use concord::store::Store;
use miette::{IntoDiagnostic, Result, miette};

use super::backup::ChosenStores;
use super::options::Options;

/// What is put back, and whether it is done.
#[derive(Clone, Debug, Args)]
pub(crate) struct Restore {
    /// The backup's folder, or that of one of its halves.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    parts: ChosenStores,
    /// Do it. Without this flag it is only said what would be done, and what would be lost.
    #[arg(long)]
    yes: bool,
    /// Go on though nothing remembers what ended: every key in the backup is destroyed, every consent taken back, every
    /// agency but the coordinators suspended.
    #[arg(long)]
    accept_loss: bool,
    /// For PostgreSQL: the database that is replaced, where it can still be read. What ended in it is taken back.
    #[arg(long, value_name = "URL")]
    replaced_url: Option<String>,
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
        let mut plan = RestorePlan::make(&settings, request)
            .await
            .into_diagnostic()?;
        println!("{plan}");
        for command in plan.commands(&settings).into_diagnostic()? {
            println!("by: {command}");
        }
        if !self.yes {
            println!("nothing was changed: `--yes` does it");
            return Ok(());
        }
        let remembered = plan.remember_replaced(&settings, self.replaced_url.clone());
        println!("{}", remembered.await.into_diagnostic()?);
        let put_back = plan.carry_out(&settings, clock::now()).await;
        put_back.into_diagnostic()?;
        let migrated = Store::migrate_up(&settings).await.into_diagnostic()?;
        migrated.close().await;
        let service = Service::open(settings).await.into_diagnostic()?;
        let settled = settling::settle(&plan, &service.store, &service.vault).await;
        service.store.close().await;
        let settled = settled.map_err(|refusal| match refusal.cause() {
            Some(cause) => miette!("{}: {cause}", refusal.error),
            None => miette!("{}", refusal.error),
        })?;
        for one in &settled.taken_back {
            println!("{one}");
        }
        println!(
            "the stores are put back, and a server can start over them; {} had ended since and ended again; every token is \
             over. What nobody remembers, end again by hand",
            settled.taken_back.len()
        );
        Ok(())
    }
}
