//! What the story has made so far: the plans' names, and the ids behind them.

use std::collections::BTreeMap;
use std::fmt::Debug;

use concord_entities::ids::{
    AgencyId, ApplicationId, ConsentId, MouId, ReferralId, SurvivorId, TaskForceId,
};

use super::past::Past;
use super::profiles::Profile;
use super::script::Hand;
use super::who::Who;
use crate::audit::change::ByAgency;
use crate::audit::event::Agent;
use crate::error::{Refusal, Result};
use crate::seal::Vault;

/// What the story has made so far.
#[derive(Debug)]
pub(super) struct Stage<'s> {
    /// The keys that seal its packages.
    pub(super) vault: &'s Vault,
    /// The time in which it happens.
    pub(super) past: Past,
    /// The task force.
    pub(super) task_force: TaskForceId,
    /// The agencies.
    pub(super) agencies: Made<Who, AgencyId>,
    /// Each agency's program.
    pub(super) programs: Made<Who, ApplicationId>,
    /// The MOUs, by title.
    pub(super) mous: Made<&'static str, MouId>,
    /// The survivors, by pseudonym.
    pub(super) survivors: Made<&'static str, SurvivorId>,
    /// The consents, by number.
    pub(super) consents: Made<usize, ConsentId>,
    /// The referrals, by number.
    pub(super) referrals: Made<usize, ReferralId>,
}

impl<'s> Stage<'s> {
    /// Returns the stage with the task force and the office that coordinates it.
    pub(super) fn new(
        vault: &'s Vault,
        past: Past,
        task_force: TaskForceId,
        office: AgencyId,
    ) -> Self {
        Self {
            vault,
            past,
            task_force,
            agencies: Made(BTreeMap::from([(Who::Office, office)])),
            programs: Made::default(),
            mous: Made::default(),
            survivors: Made::default(),
            consents: Made::default(),
            referrals: Made::default(),
        }
    }

    /// Returns whoever acts, as it goes on record.
    ///
    /// # Errors
    /// `INTERNAL`: they are not registered yet.
    pub(super) fn author(&self, hand: Hand) -> Result<ByAgency> {
        match hand {
            Hand::OperatorFor(who) => Ok(operator_for(self.agencies.get(who)?)),
            Hand::Agency(who) => {
                let Profile { desk, .. } = who.profile();
                Ok(ByAgency {
                    agency: self.agencies.get(who)?,
                    subject: (*desk).to_owned(),
                    client: self.programs.get(who)?.to_string(),
                    token: None,
                    program: None,
                })
            }
        }
    }
}

/// Returns the service's operator, on behalf of an agency.
pub(super) fn operator_for(agency: AgencyId) -> ByAgency {
    let operator = Agent::operator();
    ByAgency {
        agency,
        subject: operator.subject,
        client: operator.client,
        token: operator.token,
        program: None,
    }
}

/// The ids of what was made, by what the plans call it.
#[derive(Debug)]
pub(super) struct Made<Name, Id>(BTreeMap<Name, Id>);

impl<Name, Id> Default for Made<Name, Id> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<Name: Copy + Ord + Debug, Id: Copy> Made<Name, Id> {
    /// Remembers what was made.
    pub(super) fn keep(&mut self, name: Name, id: Id) {
        self.0.insert(name, id);
    }

    /// Returns the id of what was made.
    ///
    /// # Errors
    /// `INTERNAL`: the script has it used before it is made.
    pub(super) fn get(&self, name: Name) -> Result<Id> {
        let made = self.0.get(&name).copied();
        made.ok_or_else(|| Refusal::internal(NotMadeYetError(format!("{name:?}"))))
    }
}

/// The script has something used before it is made.
#[derive(Debug, thiserror::Error)]
#[error("the demo's script uses {0} before it is made")]
struct NotMadeYetError(String);
