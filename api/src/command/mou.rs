//! `concord mou`: taking in the register that a coordinator keeps in a spreadsheet.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use concord::mou::import::fault::RowFault;
use concord::mou::import::sheet::SheetRows;
use concord::mou::import::write::TakenIn;
use concord::mou::import::{sheet, write};
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::ids::TaskForceId;
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Result, miette};

use super::options::{Options, given};

/// What to do about MOUs.
#[derive(Debug, Subcommand)]
pub(crate) enum MouCommand {
    /// Take in MOUs that were signed on paper, from a CSV file: each is put before its parties, and waits for their
    /// signatures. A file with any fault is not taken in at all; a row that was taken in before is left as it is.
    Import(Import),
}

/// A file to take in.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file: CSV in UTF-8, with a header.
    file: PathBuf,
    /// The id of the task force that follows the MOUs.
    #[arg(long)]
    task_force: TaskForceId,
    /// What a clause says where a row says nothing, such as "As the signed document says."
    #[arg(long, value_name = "TEXT")]
    clauses: Option<String>,
    /// Look at the file, and take nothing in.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    options: Options,
}

impl MouCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Import(import) => import.run().await,
        }
    }
}

impl Import {
    async fn run(self) -> Result<()> {
        let file = std::fs::read(&self.file)
            .map_err(|fault| miette!("{}: {fault}", self.file.display()))?;
        let rows = sheet::read(&file, self.clauses.as_deref());
        let SheetRows { rows, aside } = rows.map_err(|faults| faulty(&faults))?;
        let settings = self
            .options
            .settings_of(SessionKind::LongCommand("mou import"))?;
        let service = Service::open(settings).await.into_diagnostic()?;
        given(&service.store).await?;
        let checked = write::check(&service.store, self.task_force, rows)
            .await
            .map_err(|refusal| miette!("--task-force: {}", refusal.error))?
            .map_err(|faults| faulty(&faults))?;
        let known = checked.known;
        if self.dry_run {
            let fresh = checked.fresh();
            println!(
                "{fresh} MOUs would be put before their parties; {known} were taken in before"
            );
            say_aside(aside);
            return Ok(());
        }
        let length = u64::try_from(checked.fresh()).into_diagnostic()?;
        let bar = ProgressBar::new(length).with_style(
            ProgressStyle::with_template("{bar:40} {pos}/{len} MOUs, {per_sec}, {eta} left")
                .into_diagnostic()?,
        );
        let taken = write::take_in(&service.store, checked, || bar.inc(1)).await;
        bar.finish_and_clear();
        let taken = taken.map_err(|refusal| miette!("{}: run it again", refusal.error))?;
        let TakenIn { taken, refused } = taken;
        println!("{taken} MOUs are before their parties, who sign each through their own tokens");
        println!("{known} were taken in before, and are left as they are");
        say_aside(aside);
        if refused.is_empty() {
            return Ok(());
        }
        Err(miette!(
            "{} rows were not taken in: a rule has come to speak against them\n{}",
            refused.len(),
            lines(&refused)
        ))
    }
}

fn say_aside(aside: usize) {
    if aside > 0 {
        println!("{aside} are drafts, or over, by their `status`, and are left aside");
    }
}

/// Says all that is wrong with a file.
fn faulty(faults: &[RowFault]) -> miette::Report {
    miette!(
        "nothing was taken in: {} faults\n{}",
        faults.len(),
        lines(faults)
    )
}

fn lines(faults: &[RowFault]) -> String {
    let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
    lines.join("\n")
}
