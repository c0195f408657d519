//! The exact bytes that are hashed.
//!
//! Fields after FHIR `AuditEvent` and IHE BALP in meaning. A leaf holds ids, codes and a salted commitment, never
//! text about a person: funders and auditors read it, and nothing can be taken out of a hash tree again.
//!
//! New leaves are written in the second version. Those of the first are read, and verify, in the same tree: there a
//! package's categories are all that could be shared, and the ids of many records stand whole.

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::audit_event::{self, SubjectInLeaf};
use concord_entities::ids::{
    AgencyId, AuditEventId, ConsentId, MandateId, MouId, SurvivorAuditId, TaskForceId,
};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{AuditAction, AuditOutcome, AuditType, Categories, Purpose};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::changed;
use super::description::Description;
use super::event::{Agent, Event, RequestMeta};
use super::record_ids;
use super::tree::{self, Digest};
use crate::error::Refusal;

/// The version in which leaves are written.
const VERSION: u8 = 2;

/// The leaf: what an event says, in the order in which it is written and hashed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaf {
    /// The version of this form.
    pub v: u8,
    /// The event.
    pub id: AuditEventId,
    /// When, by the database's clock.
    pub recorded_at: Instant,
    /// What kind of action.
    pub action: AuditAction,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: AuditType,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many refusals of this kind were counted; none where the event is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Who acted; none for the operator, and for a stranger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// The person or program.
    pub subject: String,
    /// The program's registration.
    pub client: String,
    /// The program, as the agency's own issuer calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The operator's name, where the operator acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A commitment to the network address: SHA-256 of salt and address, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The request.
    pub request: String,
    /// The trace that the client's request belongs to (W3C Trace Context), 32 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The id that the client gave its request itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request: Option<String>,
    /// The operation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The document's SHA-256, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The task force that it was done in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_force: Option<TaskForceId>,
    /// Who was told or acted upon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<AgencyId>,
    /// Who disclosed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discloser: Option<AgencyId>,
    /// The record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The records, where they are many.
    #[serde(skip_serializing_if = "Vec::is_empty", default, with = "record_ids")]
    pub objects: Vec<String>,
    /// The person, under the audit log's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survivor: Option<SurvivorAuditId>,
    /// The consent it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentId>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_version: Option<i32>,
    /// The MOU it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mou: Option<MouId>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mou_version: Option<i32>,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// What was released: selected, and shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
}

impl Leaf {
    /// Returns the agency that acted by one of its people or programs; none where the service or its operator did on its
    /// behalf.
    #[must_use]
    pub fn acting_agency(&self) -> Option<AgencyId> {
        let by_itself = [Agent::operator(), Agent::service_for(None)];
        let is_by = |agent: &Agent| agent.client == self.client && agent.subject == self.subject;
        self.agency.filter(|_| !by_itself.iter().any(is_by))
    }

    /// Returns whether `reader` is told how a consent came to end only as that it did: that is between the survivor and those
    /// who hold it, and not even that they were erased is told.
    #[must_use]
    pub fn is_told_only_to(&self, reader: AgencyId) -> bool {
        self.kind == AuditType::ConsentRevoked && self.recipient == Some(reader)
    }

    /// Returns whom it was about, as far as `reader` may know: whoever was only told of somebody is not told by it that two records
    /// are of the same person.
    #[must_use]
    pub fn survivor_shown_to(&self, reader: AgencyId) -> Option<SurvivorAuditId> {
        let is_holder = self.discloser.or(self.agency) == Some(reader);
        self.survivor
            .filter(|_| is_holder || self.recipient != Some(reader))
    }

    /// Returns what `reader` is told of it.
    #[must_use]
    pub fn told_to(mut self, reader: AgencyId) -> Self {
        self.survivor = self.survivor_shown_to(reader);
        if self.is_told_only_to(reader) {
            self.reason = None;
            self.operation = None;
            self.client_request = None;
            self.trace = None;
        }
        self
    }

    /// Returns why it happened, as far as `reader` is told.
    #[must_use]
    pub fn reason_told_to(&self, reader: AgencyId) -> Option<&str> {
        self.reason
            .as_deref()
            .filter(|_| !self.is_told_only_to(reader))
    }

    /// Returns the leaf of an event that `agent` caused now.
    #[must_use]
    pub fn new(event: Event, agent: &Agent, meta: &RequestMeta, now: Instant) -> Self {
        let Description {
            kind,
            action,
            fields,
        } = event.describe();
        let (consent, consent_version) = fields.consent.unzip();
        let (mou, mou_version) = fields.mou.unzip();
        Self {
            v: VERSION,
            id: AuditEventId::new(),
            recorded_at: now,
            action,
            kind,
            outcome: fields.outcome,
            reason: fields.reason,
            count: fields.count,
            agency: agent.agency,
            subject: agent.subject.clone(),
            client: agent.client.clone(),
            program: agent.program.clone(),
            operator: agent.operator.clone(),
            token: agent.token.clone(),
            address: None,
            request: meta.request.clone(),
            trace: meta.trace.clone(),
            client_request: meta.client_request.clone(),
            operation: meta.operation.clone(),
            document: meta.document.clone(),
            task_force: fields.task_force,
            recipient: fields.recipient,
            discloser: fields.discloser,
            object: fields.object,
            objects: fields.objects,
            survivor: fields.survivor,
            consent,
            consent_version,
            mou,
            mou_version,
            purpose: fields.purpose,
            categories: fields.categories,
        }
    }

    /// Returns the consent, or the record of a mandate, under which something was told; none where nothing was.
    #[must_use]
    pub fn disclosed_under(&self) -> Option<Uuid> {
        if self.kind == AuditType::PackageRead {
            let told = self.categories.is_some_and(|some| !some.is_empty());
            self.consent.filter(|_| told).map(|id| id.0)
        } else {
            self.mandate().map(|id| id.0)
        }
    }

    /// Returns the record of the mandate that something was disclosed by.
    #[must_use]
    pub fn mandate(&self) -> Option<MandateId> {
        self.object
            .as_deref()
            .filter(|_| self.kind == AuditType::MandatedDisclosureRecorded)?
            .parse()
            .ok()
    }

    /// Returns the row that keeps this leaf, and the leaf's hash.
    ///
    /// # Errors
    /// Where the leaf cannot be written as JSON, which no leaf of ours is.
    pub fn into_record(mut self, address: Option<&str>) -> Result<AuditRecord, serde_json::Error> {
        let salt = address.map(|_| Uuid::new_v4().as_bytes().to_vec());
        if let (Some(address), Some(salt)) = (address, &salt) {
            self.address = Some(commitment(salt, address));
        }
        let leaf = serde_json::to_string(&self)?;
        let changed = changed::written(&changed::by(
            self.kind,
            self.object.as_deref(),
            &self.objects,
        ))?;
        Ok(AuditRecord {
            leaf_hash: tree::leaf_hash(leaf.as_bytes()),
            changed,
            row: audit_event::Model {
                id: self.id,
                recorded_at: self.recorded_at,
                agency_id: self.agency,
                recipient_id: self.other_than_the_actor(self.recipient),
                discloser_id: self.other_than_the_actor(self.discloser),
                kind: self.kind,
                outcome: self.outcome,
                disclosed_under: self.disclosed_under(),
                leaf,
                address: address.map(str::to_owned),
                salt,
            },
        })
    }

    /// Returns what a column holds of an agency: where it is the one that acted, its events are found by that.
    #[must_use]
    pub fn other_than_the_actor(&self, agency: Option<AgencyId>) -> Option<AgencyId> {
        agency.filter(|agency| Some(*agency) != self.agency)
    }
}

/// An event that is ready to be written.
#[derive(Clone, Debug)]
pub struct AuditRecord {
    /// Its row.
    pub row: audit_event::Model,
    /// The leaf's hash.
    pub leaf_hash: Digest,
    /// The records that it changed, as they wait to be told; none where there are none.
    pub changed: Option<String>,
}

/// Returns how leaves write this person or program.
///
/// # Errors
/// `INTERNAL`, where it cannot be written as JSON, which every text can.
pub fn subject(subject: &str) -> Result<SubjectInLeaf, Refusal> {
    let written = serde_json::to_string(subject).map_err(Refusal::internal)?;
    Ok(SubjectInLeaf::written(&written))
}

/// Returns a commitment to `text`: whoever has the salt can check it; once the salt is erased it says nothing.
#[must_use]
pub fn commitment(salt: &[u8], text: &str) -> String {
    let mut bytes = salt.to_vec();
    bytes.extend_from_slice(text.as_bytes());
    hex::encode(digest(&SHA256, &bytes))
}
