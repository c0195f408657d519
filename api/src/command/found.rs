//! `concord found`: register the first task force, with the agency that coordinates it.

use clap::Args;
use concord::agency::founding::{Founding, found_task_force};
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::vocabulary::{AgencyKind, Code};
use concord_entities::zone::Zone;
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;

/// Register a task force with the agency that coordinates it, and print their ids.
#[derive(Clone, Debug, Args)]
pub(crate) struct Found {
    /// The task force's name.
    #[arg(long)]
    task_force: String,
    /// Where it works.
    #[arg(long)]
    region: String,
    /// The name of the agency that coordinates it.
    #[arg(long)]
    coordinator: String,
    /// What kind of agency that is, such as `VICTIM_ASSISTANCE_AGENCY`.
    #[arg(long)]
    kind: String,
    /// The time zone in which they work, such as `America/New_York`: limits are counted in its days.
    #[arg(long, default_value_t = Zone::UTC)]
    time_zone: Zone,
    #[command(flatten)]
    options: Options,
}

impl Found {
    pub(crate) async fn run(self) -> Result<()> {
        let kind = AgencyKind::from_code(&self.kind).ok_or_else(|| {
            let kinds: Vec<&str> = AgencyKind::ALL.iter().map(|kind| kind.code()).collect();
            miette!("--kind: one of {}", kinds.join(", "))
        })?;
        let settings = self.options.settings_of(SessionKind::Command("found"))?;
        let service = Service::open(settings).await.into_diagnostic()?;
        let founding = Founding {
            task_force: self.task_force,
            region: self.region,
            coordinator: self.coordinator,
            kind,
            time_zone: self.time_zone,
        };
        let (task_force, agency) = found_task_force(&service.store, founding)
            .await
            .map_err(|refusal| miette!("{}", refusal.error))?;
        println!("task force   {task_force}");
        println!("coordinator  {agency}");
        Ok(())
    }
}
