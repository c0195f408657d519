//! `concord backup`: copies of the stores, made beside a running server, and looked at again.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use concord::audit::check;
use concord::clock;
use concord::recovery::backup::{self, BackupError};
use concord::recovery::backup_check::BackupReport;
use concord::recovery::manifest::{Manifest, StorePart};
use concord::recovery::trial::Trial;
use concord::service::Service;
use concord::settings::{SessionKind, Settings};
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;

/// Making a backup, or looking at one.
#[derive(Clone, Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    override_usage = "concord backup [OPTIONS] DIR\n       concord backup check [OPTIONS] DIR"
)]
pub(crate) struct Backup {
    #[command(subcommand)]
    look: Option<BackupCommand>,
    #[command(flatten)]
    make: Make,
}

/// What else to do about backups.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Look whether a backup is whole, how old it is, and how far behind.
    Check(Check),
}

/// Where a backup goes, and what it is of.
#[derive(Clone, Debug, Args)]
pub(crate) struct Make {
    /// The folder to make: one within it for the data store, one for the keyring.
    #[arg(required = true, value_name = "DIR")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    parts: ChosenStores,
    /// For PostgreSQL: have `pg_dump` run, and do not only print how.
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    options: Options,
}

/// Which backup is looked at, and how closely.
#[derive(Clone, Debug, Args)]
pub(crate) struct Check {
    /// The backup's folder, or that of one of its halves.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Open an SQLite copy as a server would, elsewhere, and verify its whole audit log.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    options: Options,
}

/// Which of the two stores is meant: both, unless told.
#[derive(Clone, Copy, Debug, Args)]
#[group(multiple = false)]
pub(crate) struct ChosenStores {
    /// The data store alone.
    #[arg(long)]
    data_only: bool,
    /// The keyring alone.
    #[arg(long)]
    keyring_only: bool,
}

impl ChosenStores {
    pub(crate) fn chosen(self) -> &'static [StorePart] {
        match (self.data_only, self.keyring_only) {
            (true, _) => &[StorePart::Data],
            (_, true) => &[StorePart::Keyring],
            (false, false) => &StorePart::BOTH,
        }
    }
}

impl Backup {
    pub(crate) async fn run(self) -> Result<()> {
        match self.look {
            Some(BackupCommand::Check(check)) => check.run().await,
            None => self.make.run().await,
        }
    }
}

impl Make {
    async fn run(self) -> Result<()> {
        let kind = SessionKind::LongCommand("backup");
        let settings = self.options.settings_of(kind)?;
        let parts = self.parts.chosen();
        let folder = self.folder.unwrap_or_default();
        let commands = backup::commands(&settings, &folder, parts).into_diagnostic()?;
        if !self.run && !commands.is_empty() {
            println!("{}", commands.join("\n"));
            return Err(BackupError::NotRun).into_diagnostic();
        }
        if let Err(why) = backup::put_on_record(&settings).await {
            eprintln!("this backup is on no record: {why}");
        }
        let made = backup::make(&settings, &folder, parts)
            .await
            .into_diagnostic()?;
        for manifest in &made {
            let Manifest { what, at, .. } = manifest;
            let (events, epoch) = (manifest.contents.events(), manifest.contents.epoch);
            println!("the {what} is copied as of {at}: {events} events, sharing epoch {epoch}");
        }
        Ok(())
    }
}

impl Check {
    async fn run(self) -> Result<()> {
        let kind = SessionKind::LongCommand("backup check");
        let settings = self.options.settings_of(kind)?;
        let mut report = BackupReport::of(&self.folder).await.into_diagnostic()?;
        report.hold_against(&settings, clock::now()).await;
        let full = self.full && report.faults.is_empty();
        let verified = if full {
            Some(verify(&settings, &self.folder, &report).await?)
        } else {
            None
        };
        for note in &report.notes {
            println!("{note}");
        }
        if let Some(verified) = verified {
            println!("{verified}");
        }
        if report.faults.is_empty() {
            println!("the backup is whole");
            return Ok(());
        }
        Err(miette!(
            "this backup is not to be relied on:\n{}",
            report.faults.join("\n")
        ))
    }
}

/// Opens the copies as a server would, elsewhere, and reads their whole log.
async fn verify(settings: &Settings, folder: &Path, report: &BackupReport) -> Result<String> {
    let trial = Trial::of(report, settings, folder)
        .await
        .into_diagnostic()?;
    let service = Service::open(trial.settings.clone())
        .await
        .into_diagnostic()?;
    let verified = check::check(
        &service.store,
        service.ledger_key.origins(),
        None,
        |_, _| (),
    )
    .await;
    service.store.close().await;
    Ok(verified.into_diagnostic()?.to_string())
}
