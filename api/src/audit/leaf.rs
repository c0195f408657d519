//! The exact bytes that are hashed.
//!
//! Fields after FHIR `AuditEvent` and IHE BALP in meaning. A leaf holds ids, codes and a salted commitment, never
//! text about a person: funders and auditors read it, and nothing can be taken out of a hash tree again.

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::audit_event;
use concord_entities::ids::{AgencyId, AuditEventId, ConsentId, MandateId, MouId, SurvivorAuditId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{AuditAction, AuditOutcome, AuditType, Categories, Purpose};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Agent, Event, RequestMeta};
use super::tree;
use crate::sharing::Ground;

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
    /// What.
    #[serde(rename = "type")]
    pub kind: AuditType,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why, as a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who acted; none for the operator, and for a stranger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<AgencyId>,
    /// The person or program.
    pub subject: String,
    /// The program's registration.
    pub client: String,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A commitment to the network address: SHA-256 of salt and address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The request.
    pub request: String,
    /// The operation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The document's hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
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
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
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
    /// What was released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
}

impl Leaf {
    /// The leaf of an event that `agent` caused now.
    #[must_use]
    pub fn of(event: Event, agent: &Agent, meta: &RequestMeta, now: Instant) -> Self {
        let mut leaf = Self::blank(agent, meta, now);
        leaf.tell(event);
        leaf
    }

    fn blank(agent: &Agent, meta: &RequestMeta, now: Instant) -> Self {
        Self {
            v: 1,
            id: AuditEventId::new(),
            recorded_at: now,
            action: AuditAction::Read,
            kind: AuditType::RecordsListed,
            outcome: AuditOutcome::Success,
            reason: None,
            agency: agent.agency,
            subject: agent.subject.clone(),
            client: agent.client.clone(),
            token: agent.token.clone(),
            address: None,
            request: meta.request.clone(),
            operation: meta.operation.clone(),
            document: meta.document.clone(),
            recipient: None,
            discloser: None,
            object: None,
            objects: Vec::new(),
            survivor: None,
            consent: None,
            consent_version: None,
            mou: None,
            mou_version: None,
            purpose: None,
            categories: None,
        }
    }

    fn tell(&mut self, event: Event) {
        match event {
            Event::Agency { kind, id } => self.is_done_to(kind, &id, id),
            Event::Application { kind, id } => self.is_about(kind, &id),
            Event::Survivor { kind, survivor } => self.is_of_person(kind, survivor),
            Event::SurvivorErased { survivor, consents } => self.is_erasure(survivor, &consents),
            Event::SafeContact {
                kind,
                survivor,
                answer,
            } => {
                self.is_of_person(kind, survivor);
                self.reason = answer.map(str::to_owned);
            }
            Event::MandatedDisclosure {
                id,
                survivor,
                recipient,
                categories,
                instrument,
            } => {
                self.is_about(AuditType::MandatedDisclosureRecorded, &id);
                self.was_told(survivor, recipient, categories);
                self.reason = Some(instrument.to_string());
            }
            Event::Consent {
                kind,
                id,
                version,
                survivor,
                recipient,
                reason,
            } => {
                self.is_of_consent(kind, id, version, survivor);
                self.recipient = recipient;
                self.reason = reason;
            }
            Event::RulePack { kind, id, pack } => {
                self.is_about(kind, &id);
                self.reason = Some(pack.to_string());
            }
            Event::ConsentDocument {
                kind,
                id,
                version,
                survivor,
            } => self.is_of_consent(kind, id, version, survivor),
            Event::Referral {
                kind,
                id,
                counterpart,
                reason,
            } => {
                self.is_about(kind, &id);
                // The other side knows nothing of a draft.
                self.recipient = Some(counterpart).filter(|_| kind != AuditType::ReferralDrafted);
                self.reason = reason;
            }
            Event::Mou { kind, id, version } => {
                self.is_about(kind, &id);
                self.mou = Some(id);
                self.mou_version = Some(version);
            }
            Event::RecordsListed(objects) => {
                self.is(AuditType::RecordsListed);
                self.objects = objects;
            }
            Event::PackageRead {
                referral,
                survivor,
                reader,
                discloser,
                purpose,
                released,
                ground,
            } => {
                self.is_about(AuditType::PackageRead, &referral);
                self.survivor = Some(survivor);
                self.recipient = Some(reader);
                self.discloser = Some(discloser);
                self.purpose = Some(purpose);
                self.categories = Some(released);
                self.stands_on(ground);
            }
            Event::AuditRead => self.is(AuditType::AuditRead),
            Event::LedgerReopened { signed, root } => self.is_reopening(signed, &root),
            Event::TokenIssued(token) => self.is_about(AuditType::TokenIssued, &token),
            Event::TokenExchanged { token, subject } => {
                self.is_about(AuditType::TokenExchanged, &token);
                self.objects = vec![subject];
            }
            Event::TokenRevoked(token) => self.is_about(AuditType::TokenRevoked, &token),
            Event::Refused { kind, why } => self.is_refused(kind, why),
            Event::SigningKey { kind, kid } => self.is_about(kind, &kid),
            Event::Issuer { kind, id, agency } => self.is_done_to(kind, &id, agency),
            Event::AccessDenied { code, object } => {
                self.is_refused(AuditType::AccessDenied, code);
                self.object = object;
            }
        }
    }

    fn is_of_person(&mut self, kind: AuditType, survivor: SurvivorAuditId) {
        self.is(kind);
        self.survivor = Some(survivor);
    }

    fn is_erasure(&mut self, survivor: SurvivorAuditId, consents: &[ConsentId]) {
        self.is_of_person(AuditType::SurvivorErased, survivor);
        self.objects = consents.iter().map(ToString::to_string).collect();
    }

    fn is_reopening(&mut self, signed: u64, root: &tree::Digest) {
        self.is_about(AuditType::LedgerReopened, root);
        self.reason = Some(signed.to_string());
    }

    fn is_done_to(&mut self, kind: AuditType, object: &impl ToString, agency: AgencyId) {
        self.is_about(kind, object);
        self.recipient = Some(agency);
    }

    fn is_of_consent(
        &mut self,
        kind: AuditType,
        id: ConsentId,
        version: i32,
        survivor: SurvivorAuditId,
    ) {
        self.is_about(kind, &id);
        self.consent = Some(id);
        self.consent_version = Some(version);
        self.survivor = Some(survivor);
    }

    /// The acting agency told somebody of a person.
    fn was_told(
        &mut self,
        survivor: SurvivorAuditId,
        recipient: Option<AgencyId>,
        categories: Categories,
    ) {
        self.survivor = Some(survivor);
        self.recipient = recipient;
        self.discloser = self.agency;
        self.categories = Some(categories);
    }

    fn is_about(&mut self, kind: AuditType, object: &impl ToString) {
        self.is(kind);
        self.object = Some(object.to_string());
    }

    fn is_refused(&mut self, kind: AuditType, why: &str) {
        self.is(kind);
        self.outcome = AuditOutcome::Refused;
        self.reason = Some(why.to_owned());
    }

    fn is(&mut self, kind: AuditType) {
        self.kind = kind;
        self.action = action(kind);
    }

    fn stands_on(&mut self, ground: Option<Ground>) {
        match ground {
            Some(Ground::Consented {
                consent,
                consent_version,
                mou,
                mou_version,
            }) => {
                self.consent = Some(consent);
                self.consent_version = Some(consent_version);
                self.mou = Some(mou);
                self.mou_version = Some(mou_version);
            }
            Some(Ground::Own) => self.reason = Some("OWN_RECORD".to_owned()),
            None => self.reason = Some("ALL_WITHHELD".to_owned()),
        }
    }

    /// The consent, or the record of a mandate, under which something was told; none where nothing was.
    #[must_use]
    pub fn disclosed_under(&self) -> Option<Uuid> {
        if self.kind == AuditType::PackageRead {
            let told = self.categories.is_some_and(|some| !some.is_empty());
            self.consent.filter(|_| told).map(|id| id.0)
        } else {
            self.mandate().map(|id| id.0)
        }
    }

    /// The record of the mandate that something was disclosed by.
    #[must_use]
    pub fn mandate(&self) -> Option<MandateId> {
        self.object
            .as_deref()
            .filter(|_| self.kind == AuditType::MandatedDisclosureRecorded)?
            .parse()
            .ok()
    }

    /// The row that keeps this leaf.
    ///
    /// # Errors
    /// Where the leaf cannot be written as JSON, which no leaf of ours is.
    pub fn into_row(
        mut self,
        address: Option<&str>,
    ) -> Result<audit_event::Model, serde_json::Error> {
        let salt = address.map(|_| Uuid::new_v4().as_bytes().to_vec());
        if let (Some(address), Some(salt)) = (address, &salt) {
            self.address = Some(commitment(salt, address));
        }
        let disclosed_under = self.disclosed_under();
        let leaf = serde_json::to_string(&self)?;
        let leaf_hash = tree::leaf_hash(leaf.as_bytes()).0.to_vec();
        Ok(audit_event::Model {
            id: self.id,
            recorded_at: self.recorded_at,
            agency_id: self.agency,
            recipient_id: self
                .recipient
                .filter(|recipient| Some(*recipient) != self.agency),
            kind: self.kind,
            outcome: self.outcome,
            leaf,
            leaf_hash,
            leaf_index: None,
            address: address.map(str::to_owned),
            salt,
            disclosed_under,
        })
    }
}

/// A commitment to `text`: whoever has the salt can check it; once the salt is erased it says nothing.
#[must_use]
pub fn commitment(salt: &[u8], text: &str) -> String {
    let mut bytes = salt.to_vec();
    bytes.extend_from_slice(text.as_bytes());
    hex::encode(digest(&SHA256, &bytes))
}

fn action(kind: AuditType) -> AuditAction {
    match kind {
        AuditType::AgencyRegistered
        | AuditType::ApplicationRegistered
        | AuditType::IssuerTrusted
        | AuditType::SurvivorRegistered
        | AuditType::MandatedDisclosureRecorded
        | AuditType::ConsentDrafted
        | AuditType::ConsentDocumentStored
        | AuditType::ReferralDrafted
        | AuditType::MouDrafted
        | AuditType::RulePackBound
        | AuditType::TokenIssued
        | AuditType::TokenExchanged => AuditAction::Create,
        AuditType::SurvivorErased => AuditAction::Delete,
        AuditType::RecordsListed
        | AuditType::PackageRead
        | AuditType::ConsentDocumentRead
        | AuditType::SafeContactRead
        | AuditType::ContactAdvised
        | AuditType::AuditRead => AuditAction::Read,
        AuditType::AgencySuspended
        | AuditType::AgencyReinstated
        | AuditType::ApplicationSecretRotated
        | AuditType::ApplicationKeysReplaced
        | AuditType::ApplicationSuspended
        | AuditType::TokenRevoked
        | AuditType::SigningKeyRotated
        | AuditType::SigningKeyRetired
        | AuditType::IssuerRefreshed
        | AuditType::IssuerSuspended
        | AuditType::SafeContactSet
        | AuditType::SurvivorCorrected
        | AuditType::ConsentSigned
        | AuditType::ConsentRevoked
        | AuditType::ConsentSuperseded
        | AuditType::ConsentEnteredInError
        | AuditType::RulePackUnbound
        | AuditType::ReferralSent
        | AuditType::ReferralAccepted
        | AuditType::ReferralRejected
        | AuditType::ReferralCompleted
        | AuditType::ReferralContinued
        | AuditType::LedgerReopened
        | AuditType::MouOffered
        | AuditType::MouSigned => AuditAction::Update,
        AuditType::AccessDenied | AuditType::TokenRefused | AuditType::ClientRefused => {
            AuditAction::Execute
        }
    }
}
