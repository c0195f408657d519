//! What an event's leaf says besides who acted: the cells of the table in [`event`](super::event).

use concord_entities::ids::{AgencyId, ConsentId, MouId, SurvivorAuditId, TaskForceId};
use concord_entities::vocabulary::{AuditAction, AuditOutcome, AuditType, Categories, Purpose};

use crate::sharing::Ground;

/// What the log says of an event.
pub(super) struct Description {
    /// What kind of event.
    pub(super) kind: AuditType,
    /// What kind of action, after FHIR.
    pub(super) action: AuditAction,
    /// The fields of this kind.
    pub(super) fields: EventFields,
}

/// The fields of a leaf that depend on the kind of event.
pub(super) struct EventFields {
    pub(super) outcome: AuditOutcome,
    pub(super) reason: Option<String>,
    pub(super) count: Option<u64>,
    pub(super) task_force: Option<TaskForceId>,
    pub(super) recipient: Option<AgencyId>,
    pub(super) discloser: Option<AgencyId>,
    pub(super) object: Option<String>,
    pub(super) objects: Vec<String>,
    pub(super) survivor: Option<SurvivorAuditId>,
    pub(super) consent: Option<(ConsentId, i32)>,
    pub(super) mou: Option<(MouId, i32)>,
    pub(super) purpose: Option<Purpose>,
    pub(super) categories: Option<Categories>,
}

/// Starts from no field.
pub(super) fn nothing() -> EventFields {
    EventFields {
        outcome: AuditOutcome::Success,
        reason: None,
        count: None,
        task_force: None,
        recipient: None,
        discloser: None,
        object: None,
        objects: Vec::new(),
        survivor: None,
        consent: None,
        mou: None,
        purpose: None,
        categories: None,
    }
}

/// Starts from the record that it happened to.
pub(super) fn about(object: &impl ToString) -> EventFields {
    EventFields {
        object: Some(object.to_string()),
        ..nothing()
    }
}

/// Starts from the person that it happened to, whom no object names.
pub(super) fn of_person(survivor: SurvivorAuditId) -> EventFields {
    nothing().person(survivor)
}

/// Starts from an attempt that was refused, and the code that says why.
pub(super) fn refused(code: &str) -> EventFields {
    EventFields {
        outcome: AuditOutcome::Refused,
        ..nothing().because(code.to_owned())
    }
}

impl EventFields {
    /// Adds the task force that it was done in.
    pub(super) fn within(mut self, task_force: Option<TaskForceId>) -> Self {
        self.task_force = task_force;
        self
    }

    /// Adds the agency that may know of it beside the one that acted.
    pub(super) fn told(mut self, agency: impl Into<Option<AgencyId>>) -> Self {
        self.recipient = agency.into();
        self
    }

    /// Adds who disclosed, and what.
    pub(super) fn disclosed(mut self, discloser: AgencyId, categories: Categories) -> Self {
        self.discloser = Some(discloser);
        self.categories = Some(categories);
        self
    }

    /// Adds why, as a code.
    pub(super) fn because(mut self, reason: impl Into<Option<String>>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Adds the person, under the audit log's own id.
    pub(super) fn person(mut self, survivor: SurvivorAuditId) -> Self {
        self.survivor = Some(survivor);
        self
    }

    /// Adds further records.
    pub(super) fn and(mut self, objects: Vec<String>) -> Self {
        self.objects = objects;
        self
    }

    /// Adds the consent, and its version.
    pub(super) fn under_consent(mut self, id: ConsentId, version: i32) -> Self {
        self.consent = Some((id, version));
        self
    }

    /// Adds the MOU, and its version.
    pub(super) fn under_mou(mut self, id: MouId, version: i32) -> Self {
        self.mou = Some((id, version));
        self
    }

    /// Adds what for.
    pub(super) fn used_for(mut self, purpose: Purpose) -> Self {
        self.purpose = Some(purpose);
        self
    }

    /// Adds what a release stands on; none where everything was withheld.
    pub(super) fn on_ground(self, ground: Option<Ground>) -> Self {
        match ground {
            Some(Ground::Consented {
                consent,
                consent_version,
                mou,
                mou_version,
            }) => self
                .under_consent(consent, consent_version)
                .under_mou(mou, mou_version),
            Some(Ground::Own) => self.because("OWN_RECORD".to_owned()),
            None => self.because("ALL_WITHHELD".to_owned()),
        }
    }
}
