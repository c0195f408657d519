//! The sharing decision: total, default deny, and a function of its arguments alone.
//!
//! Four keys open a category, all at once: an MOU in force between both agencies that covers it, a valid consent
//! for exactly this recipient, category and purpose, a token with the scope, and the purpose that is stated
//! (34 U.S.C. 12291(b)(2); 28 CFR 94.115; an MOU never authorises identity by itself).

use concord_entities::consent::ConsentDates;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId, MouId};
use concord_entities::instant::Instant;
use concord_entities::mou::MouDates;
use concord_entities::vocabulary::{
    AgencyStatus, Categories, DataCategory, Purpose, ReferralStatus,
};

/// What is asked: may `reader` see `category` of this referral's package, for `purpose`?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The agency that asks.
    pub reader: AgencyId,
    /// What it asks for.
    pub category: DataCategory,
    /// What it states to need it for.
    pub purpose: Purpose,
    /// The categories that its token may read for that purpose.
    pub ceiling: Categories,
}

/// Everything that the decision rests on, as one statement read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The agency that refers.
    pub sender: Party,
    /// The agency that is asked.
    pub recipient: Party,
    /// Whether a suspended membership stands between the two: [`parted`](super::memberships::parted).
    pub parted: bool,
    /// Where the referral stands by what people did.
    pub status: ReferralStatus,
    /// Until when its recipient may answer it, once it was sent.
    pub answerable_until: Option<Instant>,
    /// Whether the referral itself was halted.
    pub halted: bool,
    /// The consent that it stands on.
    pub consent: Option<ConsentFacts>,
    /// The MOU that it stands on.
    pub mou: Option<MouFacts>,
}

/// One side of a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Which agency.
    pub agency: AgencyId,
    /// Whether it takes part now, in any task force.
    pub status: AgencyStatus,
}

/// What a consent says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentFacts {
    /// Which.
    pub id: ConsentId,
    /// Its version.
    pub version: i32,
    /// The agency that may disclose.
    pub discloser: AgencyId,
    /// The one agency that may be told.
    pub recipient: AgencyId,
    /// What may be told, for what.
    pub grants: Grants,
    /// When it is in force.
    pub dates: ConsentDates,
}

/// What an MOU says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MouFacts {
    /// Which.
    pub id: MouId,
    /// Its version.
    pub version: i32,
    /// Whether both the sender and the recipient have signed it.
    pub binds_both: bool,
    /// What it permits, for what.
    pub grants: Grants,
    /// When it is in force.
    pub dates: MouDates,
}

/// What the decision says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Show it, on this ground.
    Share(Ground),
    /// Do not show it, for this reason.
    Withhold(Reason),
}

/// What a disclosure stands on; it goes into the audit event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// The reader wrote it: no disclosure.
    Own,
    /// A consent under an MOU.
    Consented {
        /// The consent.
        consent: ConsentId,
        /// Its version.
        consent_version: i32,
        /// The MOU.
        mou: MouId,
        /// Its version.
        mou_version: i32,
    },
}

/// Why something is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// There is no MOU between the two agencies.
    NoMou,
    /// The MOU is not in force today.
    MouNotInForce,
    /// The MOU does not cover this category for this purpose.
    MouDoesNotCover,
    /// There is no signed consent for this recipient.
    NoConsent,
    /// The consent is past its end.
    ConsentExpired,
    /// The survivor took the consent back.
    ConsentRevoked,
    /// The consent lacks what the law asks for, and is suspended until a next version puts that right.
    ConsentSuspended,
    /// The consent does not name this category.
    CategoryNotConsented,
    /// The consent does not name this purpose.
    PurposeNotConsented,
    /// The consent names this category for other purposes only.
    CategoryNotForThisPurpose,
    /// Your token does not reach this category for this purpose.
    TokenTooNarrow,
    /// The referral is suspended.
    ReferralSuspended,
    /// The referral is not open.
    ReferralClosed,
    /// One of the agencies is suspended in the task force by which they share.
    AgencySuspended,
    /// You are no party of this referral.
    NotAParty,
}

impl Reason {
    /// Returns the stable word, as the wire and the audit log have it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoMou => "NO_MOU",
            Self::MouNotInForce => "MOU_NOT_IN_FORCE",
            Self::MouDoesNotCover => "MOU_DOES_NOT_COVER",
            Self::NoConsent => "NO_CONSENT",
            Self::ConsentExpired => "CONSENT_EXPIRED",
            Self::ConsentRevoked => "CONSENT_REVOKED",
            Self::ConsentSuspended => "CONSENT_SUSPENDED",
            Self::CategoryNotConsented => "CATEGORY_NOT_CONSENTED",
            Self::PurposeNotConsented => "PURPOSE_NOT_CONSENTED",
            Self::CategoryNotForThisPurpose => "CATEGORY_NOT_FOR_THIS_PURPOSE",
            Self::TokenTooNarrow => "TOKEN_TOO_NARROW",
            Self::ReferralSuspended => "REFERRAL_SUSPENDED",
            Self::ReferralClosed => "REFERRAL_CLOSED",
            Self::AgencySuspended => "AGENCY_SUSPENDED",
            Self::NotAParty => "NOT_A_PARTY",
        }
    }
}

/// Decides whether the reader may see this category, for this purpose, now: the protocol's step `Decide`.
///
/// The token is asked first, so that a narrow one learns nothing of what lies beyond it; then the referral and
/// the agencies; then the MOU and the consent.
#[must_use]
pub fn decide(question: &Question, facts: &Facts, now: Instant) -> Answer {
    match weigh(question, facts, now) {
        Ok(ground) => Answer::Share(ground),
        Err(reason) => Answer::Withhold(reason),
    }
}

fn weigh(question: &Question, facts: &Facts, now: Instant) -> Result<Ground, Reason> {
    let writes = question.reader == facts.sender.agency;
    let receives = question.reader == facts.recipient.agency;
    let knows_of_it = writes || (receives && facts.status != ReferralStatus::Draft);
    if !knows_of_it {
        return Err(Reason::NotAParty);
    }
    if !question.ceiling.has(question.category) {
        return Err(Reason::TokenTooNarrow);
    }
    if writes {
        return own(facts, now);
    }
    take_part(facts)?;
    if !readable(facts.status) {
        return Err(Reason::ReferralClosed);
    }
    let mou = mou_key(question, facts, now)?;
    let consent = consent_key(question, facts, now)?;
    if facts.halted || facts.status == ReferralStatus::Suspended {
        return Err(Reason::ReferralSuspended);
    }
    if is_expired(facts, now) {
        return Err(Reason::ReferralClosed);
    }
    Ok(Ground::Consented {
        consent: consent.id,
        consent_version: consent.version,
        mou: mou.id,
        mou_version: mou.version,
    })
}

/// Returns the ground on which a sender reads what it wrote. Until the consent ends: then the package ends for everybody.
/// A membership that is suspended parts it from its recipient, not from what is its own.
fn own(facts: &Facts, now: Instant) -> Result<Ground, Reason> {
    if facts.sender.status != AgencyStatus::Active {
        return Err(Reason::AgencySuspended);
    }
    not_ended(consent_between(facts)?, now).map(|()| Ground::Own)
}

/// Returns whether the package may be read at all: that of a closed referral has served its purpose.
fn readable(status: ReferralStatus) -> bool {
    // A suspended one is refused for its own reason, once its keys have been asked for theirs.
    status.is_open() || status == ReferralStatus::Suspended
}

/// Returns whether the referral waited for its answer for too long. What is suspended is not: its recipient cannot answer.
fn is_expired(facts: &Facts, now: Instant) -> bool {
    facts.status == ReferralStatus::Requested
        && facts.answerable_until.is_some_and(|until| until <= now)
}

/// Checks that both agencies take part, by each other's task force too.
pub(super) fn take_part(facts: &Facts) -> Result<(), Reason> {
    let suspended = |party: Party| party.status != AgencyStatus::Active;
    if facts.parted || suspended(facts.sender) || suspended(facts.recipient) {
        return Err(Reason::AgencySuspended);
    }
    Ok(())
}

/// Returns the MOU between the two that is in force, whatever it covers.
pub(super) fn mou_in_force(facts: &Facts, now: Instant) -> Result<&MouFacts, Reason> {
    let mou = facts.mou.as_ref().ok_or(Reason::NoMou)?;
    if !mou.binds_both {
        return Err(Reason::NoMou);
    }
    if !mou.dates.is_in_force(now) {
        return Err(Reason::MouNotInForce);
    }
    Ok(mou)
}

/// Returns the consent from exactly this sender to exactly this recipient that is in force, whatever it names.
pub(super) fn consent_in_force(facts: &Facts, now: Instant) -> Result<&ConsentFacts, Reason> {
    let consent = consent_between(facts)?;
    not_ended(consent, now)?;
    if !consent.dates.has_begun(now) {
        return Err(Reason::NoConsent);
    }
    if consent.dates.is_suspended(now) {
        return Err(Reason::ConsentSuspended);
    }
    Ok(consent)
}

fn mou_key<'f>(
    question: &Question,
    facts: &'f Facts,
    now: Instant,
) -> Result<&'f MouFacts, Reason> {
    let mou = mou_in_force(facts, now)?;
    if !mou.grants.permits(question.category, question.purpose) {
        return Err(Reason::MouDoesNotCover);
    }
    Ok(mou)
}

fn consent_key<'f>(
    question: &Question,
    facts: &'f Facts,
    now: Instant,
) -> Result<&'f ConsentFacts, Reason> {
    let consent = consent_in_force(facts, now)?;
    let Question {
        category, purpose, ..
    } = *question;
    if !consent.grants.categories().has(category) {
        return Err(Reason::CategoryNotConsented);
    }
    if !consent.grants.purposes().has(purpose) {
        return Err(Reason::PurposeNotConsented);
    }
    if !consent.grants.permits(category, purpose) {
        return Err(Reason::CategoryNotForThisPurpose);
    }
    Ok(consent)
}

/// Returns the consent from exactly this sender to exactly this recipient. One between others answers as none does: its
/// end is nobody's business here.
fn consent_between(facts: &Facts) -> Result<&ConsentFacts, Reason> {
    facts
        .consent
        .as_ref()
        .filter(|consent| consent.discloser == facts.sender.agency)
        .filter(|consent| consent.recipient == facts.recipient.agency)
        .ok_or(Reason::NoConsent)
}

fn not_ended(consent: &ConsentFacts, now: Instant) -> Result<(), Reason> {
    let dates = &consent.dates;
    if !dates.has_ended(now) {
        Ok(())
    } else if dates.revoked_at.is_some() {
        Err(Reason::ConsentRevoked)
    } else if dates.void_at.is_some() {
        Err(Reason::NoConsent)
    } else {
        Err(Reason::ConsentExpired)
    }
}
