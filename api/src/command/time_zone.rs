//! `concord time-zone`: say where an agency or a task force works.

use clap::Args;
use concord::agency::zone;
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::zone::Zone;
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;

/// Say in which time zone an agency works, or a task force with those of its agencies that have the same zone as it.
#[derive(Clone, Debug, Args)]
pub(crate) struct SetTimeZone {
    /// The agency's or the task force's id.
    id: String,
    /// The zone's name in the IANA database, such as `America/New_York`.
    zone: Zone,
    #[command(flatten)]
    options: Options,
}

impl SetTimeZone {
    pub(crate) async fn run(self) -> Result<()> {
        let Self { id, zone, options } = self;
        let settings = options.settings_of(SessionKind::Command("time-zone"))?;
        let service = Service::open(settings).await.into_diagnostic()?;
        let store = &service.store;
        let mut changed = vec![id.clone()];
        if let Ok(agency) = id.parse::<AgencyId>() {
            zone::set_for_agency(store, agency, zone.clone())
                .await
                .map_err(|refusal| miette!("{}", refusal.error))?;
        } else {
            let task_force: TaskForceId = id
                .parse()
                .map_err(|_| miette!("{id}: neither an agency's id nor a task force's"))?;
            let moved = zone::set_for_task_force(store, task_force, zone.clone())
                .await
                .map_err(|refusal| miette!("{}", refusal.error))?;
            changed.extend(moved.iter().map(ToString::to_string));
        }
        for id in changed {
            println!("{id} works in {zone}");
        }
        Ok(())
    }
}
