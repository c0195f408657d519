//! The survivors, by pseudonym, and what they consented to. All of them are invented.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::ids::{ConsentId, SignatureId, SurvivorAuditId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    DataCategory, Explanations, Purposes, RevocationChannel, SignatureMethod, SignerRelation,
    SignerRole,
};
use concord_entities::{consent, consent_signature, survivor};

use super::cast::{Agencies, Member, Who};
use super::chronicle::AuditHistory;
use super::past::id_at;
use super::roll::Person;
use super::services::OfferedService;
use crate::audit::event::{ConsentEvent, Event};

/// The longest that a consent runs, in days.
const LONGEST_DAYS: u64 = 90;

/// A survivor, registered.
#[derive(Debug)]
pub(super) struct RegisteredSurvivor {
    /// What is told of the person.
    pub(super) person: &'static Person,
    /// The agency's row.
    pub(super) row: survivor::Model,
}

impl RegisteredSurvivor {
    /// Returns a person whom an agency has come to know; when is set by what happened first.
    pub(super) fn new(person: &'static Person, cast: &Agencies, created_at: Instant) -> Self {
        let row = survivor::Model {
            erased_at: None,
            id: SurvivorId::new(),
            agency_id: cast.member(person.agency).id,
            pseudonym: person.pseudonym.to_owned(),
            minor: person.minor,
            language: Some(person.language.to_owned()),
            audit_id: SurvivorAuditId::new(),
            created_at,
        };
        Self { person, row }
    }

    /// That something began at `at`, so that the agency knew the person before.
    pub(super) fn was_known_by(&mut self, at: Instant) {
        self.row.created_at = self.row.created_at.min(at.minus(Duration::from_hours(5)));
    }
}

/// What a person is asked to consent to.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConsentRequest {
    /// Whom it names.
    pub(super) recipient: Who,
    /// What is wanted of them.
    pub(super) service: OfferedService,
    /// Which of the variants.
    pub(super) nth: usize,
    /// When it was drafted.
    pub(super) drafted: Instant,
    /// For how many days it runs.
    pub(super) days: u64,
    /// Whether it was signed.
    pub(super) signed: bool,
    /// When and how it was taken back.
    pub(super) revoked: Option<(Instant, RevocationChannel)>,
}

/// The consents and their signatures.
#[derive(Debug, Default)]
pub(super) struct Consents {
    /// Their rows.
    pub(super) rows: Vec<consent::Model>,
    /// Their signatures.
    pub(super) signatures: Vec<consent_signature::Model>,
}

impl Consents {
    /// Asks a survivor: the consent, its signatures, and the events of each.
    pub(super) fn ask(
        &mut self,
        survivor: &RegisteredSurvivor,
        asked: &ConsentRequest,
        cast: &Agencies,
        chronicle: &mut AuditHistory,
    ) -> consent::Model {
        let holder = cast.member(survivor.person.agency);
        let consent = draft(survivor, asked, holder, cast.member(asked.recipient));
        let tell = |happened: fn(ConsentEvent) -> Event, reason: Option<String>| {
            happened(ConsentEvent::of(&consent, survivor.row.audit_id, reason))
        };
        chronicle.tell(
            consent.created_at,
            holder,
            tell(Event::ConsentDrafted, None),
        );
        if asked.signed {
            for signature in signatures(&consent, survivor.person.minor, asked.nth) {
                let event = tell(Event::ConsentSigned, Some(signature.role.to_string()));
                chronicle.tell(signature.recorded_at, holder, event);
                self.signatures.push(signature);
            }
        }
        if let Some((at, channel)) = asked.revoked {
            chronicle.tell(
                at,
                holder,
                tell(Event::ConsentRevoked, Some(channel.to_string())),
            );
        }
        self.rows.push(consent.clone());
        consent
    }

    /// Replaces a consent by a new version for longer: the survivor was asked anew.
    pub(super) fn renew(&mut self, before: &consent::Model, after: &consent::Model) {
        for row in &mut self.rows {
            if row.id == before.id {
                row.superseded_at = after.signed_at;
            }
            if row.id == after.id {
                row.supersedes = Some(before.id);
                row.version = before.version + 1;
            }
        }
    }
}

/// Returns when the last signature under a consent that was drafted at `drafted` was recorded.
pub(super) fn signed_at(drafted: Instant) -> Instant {
    drafted.plus(Duration::from_hours(2))
}

fn draft(
    survivor: &RegisteredSurvivor,
    asked: &ConsentRequest,
    holder: &Member,
    recipient: &Member,
) -> consent::Model {
    let ends = asked
        .drafted
        .plus(Duration::from_hours(24 * asked.days.min(LONGEST_DAYS)));
    let categories = asked.service.consented(asked.nth);
    consent::Model {
        id: ConsentId(id_at(asked.drafted)),
        version: 1,
        supersedes: None,
        survivor_id: survivor.row.id,
        discloser_id: holder.id,
        recipient_id: recipient.id,
        categories,
        purposes: Purposes::only(asked.service.purpose()),
        language: survivor.person.language.to_owned(),
        effective_at: asked.drafted,
        expires_at: ends,
        signed_at: asked.signed.then(|| signed_at(asked.drafted)),
        revoked_at: asked.revoked.map(|(at, _)| at),
        revocation_channel: asked.revoked.map(|(_, channel)| channel),
        superseded_at: None,
        entered_in_error_at: None,
        created_at: asked.drafted,
        explained: Some(Explanations::all()),
        voluntary: Some(true),
        revocable: Some(true),
        interpreter: None,
        through_intermediary: false,
        intermediary_id: None,
        names_substance_use: categories.has(DataCategory::SubstanceUse),
        minor_alone: None,
        incapacitated: false,
    }
}

fn signatures(consent: &consent::Model, minor: bool, nth: usize) -> Vec<consent_signature::Model> {
    let last = signed_at(consent.created_at);
    let sign = |role: SignerRole, recorded_at: Instant| consent_signature::Model {
        id: SignatureId(id_at(recorded_at)),
        consent_id: consent.id,
        role,
        method: if nth.is_multiple_of(3) {
            SignatureMethod::Electronic
        } else {
            SignatureMethod::Paper
        },
        signed_on: recorded_at.day(),
        document_sha256: Some(document(&consent.id.to_string())),
        recorded_at,
        relation: Some(match role {
            SignerRole::ParentOrGuardian => SignerRelation::Parent,
            SignerRole::Survivor | SignerRole::Conservator | SignerRole::Witness => {
                SignerRelation::Oneself
            }
        }),
        language: None,
        interpreter: None,
        witness: None,
    };
    if minor {
        let hour_before = last.minus(Duration::from_hours(1));
        vec![
            sign(SignerRole::Survivor, hour_before),
            sign(SignerRole::ParentOrGuardian, last),
        ]
    } else {
        vec![sign(SignerRole::Survivor, last)]
    }
}

/// Returns the hash of a document that the demo does not have.
pub(super) fn document(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}

/// That an agency registered its survivors.
pub(super) fn tell_registered(
    survivors: &[RegisteredSurvivor],
    cast: &Agencies,
    chronicle: &mut AuditHistory,
) {
    for survivor in survivors {
        let agency = cast.member(survivor.person.agency);
        chronicle.tell(
            survivor.row.created_at,
            agency,
            Event::SurvivorRegistered(survivor.row.audit_id),
        );
    }
}
