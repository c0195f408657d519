//! What the data store holds from before a rule that it breaks: nothing is refused for it, and somebody has to mend it.

use std::fmt;

use concord_entities::ids::{AgencyId, MouId, SurvivorId, TaskForceId};
use concord_entities::{agency, membership, mou, mou_party, survivor};

use crate::error::Result;
use crate::mou::unsound;
use crate::store::Store;

/// Something that is there and would be refused today. Shows ids and no pseudonym.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataFinding {
    /// Pseudonyms of one agency that look the same.
    Pseudonyms {
        /// The agency.
        agency: AgencyId,
        /// Whom they stand for, the oldest first.
        survivors: Vec<SurvivorId>,
    },
    /// Names of agencies that look the same in one task force.
    AgencyNames {
        /// The task force.
        task_force: TaskForceId,
        /// The agencies with their names, the oldest member first.
        agencies: Vec<(AgencyId, String)>,
    },
    /// An MOU that could not be agreed on so today.
    Mou {
        /// The MOU.
        mou: MouId,
        /// What is wrong with it, and what to write instead.
        faults: String,
    },
}

/// Returns everything that is there and would be refused today.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn check_data(store: &Store) -> Result<Vec<DataFinding>> {
    let mut found = pseudonyms(store).await?;
    found.extend(agency_names(store).await?);
    found.extend(mous(store).await?);
    Ok(found)
}

async fn pseudonyms(store: &Store) -> Result<Vec<DataFinding>> {
    let mut found = Vec::new();
    for later in survivor::Entity::lookalikes().all(&store.read).await? {
        let Some(key) = &later.pseudonym_key else {
            continue;
        };
        let alike = survivor::Entity::alike(later.agency_id, key);
        let mut alike = alike.all(&store.read).await?;
        alike.sort_by_key(|one| one.lookalike);
        let finding = DataFinding::Pseudonyms {
            agency: later.agency_id,
            survivors: alike.iter().map(|one| one.id).collect(),
        };
        if alike.len() > 1 && !found.contains(&finding) {
            found.push(finding);
        }
    }
    Ok(found)
}

async fn agency_names(store: &Store) -> Result<Vec<DataFinding>> {
    let mut found = Vec::new();
    for later in membership::Entity::lookalikes().all(&store.read).await? {
        let Some(key) = &later.name_key else {
            continue;
        };
        let alike = membership::Entity::alike(later.task_force_id, key);
        let mut alike = alike.all(&store.read).await?;
        alike.sort_by_key(|one| one.lookalike);
        let mut agencies = Vec::new();
        for place in alike {
            let named = agency::Entity::named(place.agency_id);
            let named = named.one(&store.read).await?;
            agencies.extend(named.map(|agency| (agency.id, agency.name)));
        }
        let finding = DataFinding::AgencyNames {
            task_force: later.task_force_id,
            agencies,
        };
        if !found.contains(&finding) {
            found.push(finding);
        }
    }
    Ok(found)
}

/// Returns the MOUs that stand, or may come to, and could not be agreed on so today.
async fn mous(store: &Store) -> Result<Vec<DataFinding>> {
    let now = store.ping().await?;
    let mut found = Vec::new();
    for mou in mou::Entity::to_come_or_standing(now)
        .all(&store.read)
        .await?
    {
        let parties = mou_party::Entity::of([mou.id]).all(&store.read).await?;
        let faults = unsound::faults_today(&mou, &parties).found();
        found.extend(faults.map(|faults| DataFinding::Mou {
            mou: mou.id,
            faults: faults.to_string(),
        }));
    }
    Ok(found)
}

impl DataFinding {
    /// Returns what to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Pseudonyms { .. } => {
                "ask the agency whether they are one person: if so it erases the record that it does not need \
                 (`eraseSurvivor`); if not, it names them by their ids"
            }
            Self::AgencyNames { .. } => {
                "ask the coordinator whether they are one agency: if so it suspends the one that is not used \
                 (`suspendMembership`); if not, name them by their ids"
            }
            Self::Mou { .. } => {
                "it stays as it is until its end: ask its parties for a version that is mended (`amendMou`), which all of \
                 them sign; it is not renewed with words that are wrong or lacking"
            }
        }
    }
}

impl fmt::Display for DataFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pseudonyms { agency, survivors } => {
                write!(f, "pseudonyms of {agency} that look the same:")?;
                survivors.iter().try_for_each(|id| write!(f, " {id}"))
            }
            Self::AgencyNames {
                task_force,
                agencies,
            } => {
                write!(f, "agencies of {task_force} whose names look the same:")?;
                let mut all = agencies.iter();
                all.try_for_each(|(id, name)| write!(f, " {id} \"{name}\""))
            }
            Self::Mou { mou, faults } => {
                write!(f, "{mou} could not be agreed on today: {faults}")
            }
        }
    }
}
