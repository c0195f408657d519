//! Whoever makes a change, and how they go on record.

use concord_entities::ids::AgencyId;

use crate::audit::event::Agent;
use crate::store::Store;

/// Whoever makes a change.
pub trait Author: Send + Sync {
    /// Returns the parts of them that go on record, where they change this store.
    fn agent(&self, store: &Store) -> Agent;
}

/// An agency, by one of its people or programs.
#[derive(Clone, Debug)]
pub struct ByAgency {
    /// The agency.
    pub agency: AgencyId,
    /// The person or program, as the agency calls it.
    pub subject: String,
    /// The program's registration.
    pub client: String,
    /// The `jti` of the token, where there is one.
    pub token: Option<String>,
    /// The program, as the agency's own issuer calls it.
    pub program: Option<String>,
}

/// The service's operator, at the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByOperator {
    agency: Option<AgencyId>,
}

/// An agency, for one of whose people the operator acts at the command line.
#[derive(Clone, Debug)]
pub struct ByOperatorAs(pub ByAgency);

/// The service by itself, when a moment comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByService {
    agency: Option<AgencyId>,
}

/// An author who acts on behalf of one agency after another.
pub trait OnBehalf: Author {
    /// Says on whose behalf it acts from here on.
    fn acts_for(&mut self, agency: Option<AgencyId>);
}

impl OnBehalf for ByOperator {
    fn acts_for(&mut self, agency: Option<AgencyId>) {
        self.agency = agency;
    }
}

impl OnBehalf for ByService {
    fn acts_for(&mut self, agency: Option<AgencyId>) {
        self.agency = agency;
    }
}

impl From<ByAgency> for Agent {
    fn from(by: ByAgency) -> Self {
        Self {
            agency: Some(by.agency),
            subject: by.subject,
            client: by.client,
            token: by.token,
            program: by.program,
            operator: None,
        }
    }
}

impl Author for ByAgency {
    fn agent(&self, _: &Store) -> Agent {
        self.clone().into()
    }
}

impl Author for ByOperator {
    fn agent(&self, store: &Store) -> Agent {
        let agent = self
            .agency
            .map_or_else(Agent::operator, Agent::operator_for);
        Agent {
            operator: Some(store.operator.name.to_string()),
            ..agent
        }
    }
}

impl Author for ByOperatorAs {
    fn agent(&self, store: &Store) -> Agent {
        Agent {
            operator: Some(store.operator.name.to_string()),
            ..self.0.clone().into()
        }
    }
}

impl Author for ByService {
    fn agent(&self, _: &Store) -> Agent {
        Agent::service_for(self.agency)
    }
}
