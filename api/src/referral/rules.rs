//! What may follow what in a referral's life (HL7 Gravity SDOH closed loop), and what its status is now. Pure.

use concord_entities::ids::ConsentId;
use concord_entities::instant::Instant;
use concord_entities::referral::{Model, RecordedOutcome};
use concord_entities::vocabulary::{
    AgencyStatus, Categories, Code, ConsentStatus, DataCategory, Needs, ReferralAction,
    ReferralStatus, RejectReason, StatusReason, Urgency,
};
use concord_entities::{consent, membership, mou};

use super::rules_answer::{answer_term, response_time, told_first};
use super::rules_outcome::{CORRECTABLE, Outcome};
use crate::consent::rules as consent_rules;
use crate::error::{Error, Faults, Finding};
use crate::mou::rules as mou_rules;
use crate::request::repeated::unless_repeated;
use crate::sharing::memberships::parted;

/// Which side of a referral somebody is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The agency that refers.
    Sender,
    /// The agency that is asked.
    Recipient,
}

/// What a referral's row says of its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredStatus {
    /// Where people brought it.
    pub status: ReferralStatus,
    /// Why it stands there.
    pub reason: Option<StatusReason>,
    /// Until when it can be answered.
    pub expires_at: Option<Instant>,
    /// When its consent ends by itself.
    pub consent_until: Option<Instant>,
    /// When its MOU ends by itself.
    pub mou_until: Option<Instant>,
    /// Whether its consent was ended before its time.
    pub halted: bool,
}

impl From<&Model> for StoredStatus {
    fn from(row: &Model) -> Self {
        Self {
            status: row.status,
            reason: row.status_reason,
            expires_at: row.expires_at,
            consent_until: row.consent_until,
            mou_until: row.mou_until,
            halted: row.halted,
        }
    }
}

/// A referral's status now, and the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentStatus {
    /// The status.
    pub status: ReferralStatus,
    /// The reason.
    pub reason: Option<StatusReason>,
}

impl CurrentStatus {
    /// Computes the status at `now` from what people did, and what time, consent and MOU made of it.
    /// [`stands_at`](concord_entities::referral::stands_at) says the same in SQL.
    #[must_use]
    pub fn of(stored: &StoredStatus, now: Instant) -> Self {
        let past = |end: Option<Instant>| end.is_some_and(|end| end <= now);
        let (status, reason) = if !stored.status.is_open() {
            (stored.status, stored.reason)
        } else if stored.halted || past(stored.consent_until) {
            let reason = StatusReason::ConsentNotInForce;
            (ReferralStatus::Suspended, Some(reason))
        } else if past(stored.mou_until) {
            (ReferralStatus::Suspended, Some(StatusReason::MouNotInForce))
        } else if stored.status == ReferralStatus::Requested && past(stored.expires_at) {
            (ReferralStatus::Expired, Some(StatusReason::NotAnswered))
        } else {
            (stored.status, stored.reason)
        };
        Self { status, reason }
    }
}

/// What a side did to a referral, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferralAct {
    /// Edited its draft: all that it says.
    Edit {
        /// Under this consent.
        consent: ConsentId,
        /// For these needs.
        needs: Needs,
        /// With this urgency.
        urgency: Urgency,
        /// With the package that it has.
        has_its_package: bool,
    },
    /// Discarded its draft.
    Discard,
    /// Sent it.
    Send,
    /// Took it on.
    Accept,
    /// Turned it down.
    Reject(StatusReason),
    /// Completed it.
    Complete(Outcome),
    /// Continued it.
    Continue {
        /// Under this consent.
        consent: ConsentId,
        /// With the package that it has.
        has_its_package: bool,
    },
}

/// Returns what was done to a referral last, where it still stands where that brought it.
#[must_use]
pub fn last_act(referral: &Model, now: Instant) -> Option<ReferralAct> {
    let current = CurrentStatus::of(&StoredStatus::from(referral), now);
    if current.status != referral.status {
        return None;
    }
    match referral.last_action? {
        ReferralAction::Edit => Some(ReferralAct::Edit {
            consent: referral.consent_id,
            needs: referral.needs,
            urgency: referral.urgency,
            has_its_package: true,
        }),
        ReferralAction::Discard => Some(ReferralAct::Discard),
        ReferralAction::Send => Some(ReferralAct::Send),
        ReferralAction::Accept => Some(ReferralAct::Accept),
        ReferralAction::Reject => referral.status_reason.map(ReferralAct::Reject),
        ReferralAction::Complete => outcome_of(referral).map(ReferralAct::Complete),
        // A correction is known by what it says.
        ReferralAction::Correct => None,
        ReferralAction::Continue => Some(ReferralAct::Continue {
            consent: referral.consent_id,
            has_its_package: true,
        }),
    }
}

/// Lists what a side may do next with a referral of this status.
#[must_use]
pub fn allowed(status: ReferralStatus, side: Side) -> &'static [ReferralAction] {
    use ReferralAction::{Accept, Complete, Continue, Discard, Edit, Reject, Send};
    match (side, status) {
        (Side::Sender, ReferralStatus::Draft) => &[Send, Edit, Discard],
        (Side::Sender, ReferralStatus::Suspended) => &[Continue],
        (Side::Recipient, ReferralStatus::Requested) => &[Accept, Reject],
        (
            Side::Recipient,
            ReferralStatus::Accepted | ReferralStatus::InProgress | ReferralStatus::OnHold,
        ) => &[Complete],
        (Side::Sender | Side::Recipient, _) => &[],
    }
}

/// What a referral is to be sent or continued under, as its change read it.
#[derive(Clone, Debug)]
pub struct Basis {
    /// The consent, where the sender holds one with the id that was named.
    pub consent: Option<consent::Model>,
    /// Whether the recipient takes part; none where there is no such agency.
    pub recipient: Option<AgencyStatus>,
    /// Within how many days the recipient answers.
    pub answer_days: i32,
    /// What keeps the consent from carrying a new referral.
    pub hindrance: Option<Finding>,
    /// The places of the two agencies in task forces.
    pub places: Vec<membership::Model>,
    /// The MOUs that both agencies have signed, newest first.
    pub mous: Vec<mou::Model>,
}

impl Basis {
    /// Checks that the recipient takes part.
    fn require_recipient(&self) -> Result<(), Error> {
        match self.recipient {
            Some(AgencyStatus::Active) => Ok(()),
            Some(AgencyStatus::Suspended) | None => {
                let text = "the recipient does not take part at the moment";
                Err(Error::NotNow(text.into()))
            }
        }
    }

    /// Returns the newest MOU in force that covers these categories, each for a purpose of the consent, and by which the two
    /// agencies may share.
    fn covering_mou(
        &self,
        consent: &consent::Model,
        contains: Categories,
        now: Instant,
    ) -> Result<&mou::Model, Error> {
        let mut covering =
            mou_rules::covering(&self.mous, contains, &consent.grants, now).peekable();
        if covering.peek().is_none() {
            return Err(Error::MouRequired);
        }
        let pair = [consent.discloser_id, consent.recipient_id];
        covering
            .find(|mou| !parted(&self.places, pair, mou.task_force_id))
            .ok_or_else(|| {
                let text =
                    "one of the two agencies is suspended in the task force by which they share";
                Error::NotNow(text.into())
            })
    }
}

/// Sends a draft. Returns none where that was done last.
///
/// # Errors
/// `INVALID_TRANSITION`: it is no draft, its consent is not in force, or its recipient does not take part.
/// `CONSENT_DEFECTIVE`: its consent carries no new referral. `MOU_REQUIRED`: no MOU in force covers it.
pub fn send(draft: Model, basis: &Basis, now: Instant) -> Result<Option<Model>, Error> {
    unless_repeated(last_act(&draft, now), &ReferralAct::Send, || {
        sent(draft, basis, now)
    })
    .transpose()
}

fn sent(draft: Model, basis: &Basis, now: Instant) -> Result<Model, Error> {
    let draft = permit(draft, ReferralAction::Send, Side::Sender, now)?;
    let consent = basis.consent.as_ref().ok_or(Error::NotFound)?;
    if consent_rules::status(consent, now) != ConsentStatus::Active {
        let text =
            "the consent that this referral stands on is not in force: sign it, or draft a new one";
        return Err(Error::NotNow(text.into()));
    }
    if !draft.contains.within(consent.grants.categories()) {
        let text = "its package holds a category that the consent does not name: edit this draft";
        return Err(Error::NotNow(text.into()));
    }
    if let Some(finding) = &basis.hindrance {
        return Err(Error::ConsentDefective {
            findings: vec![finding.clone()],
        });
    }
    basis.require_recipient()?;
    let mou = basis.covering_mou(consent, draft.contains, now)?;
    let expires_at = now.plus(answer_term(basis.answer_days, draft.urgency));
    Ok(Model {
        status: ReferralStatus::Requested,
        sent_at: Some(now),
        respond_by: Some(now.plus(response_time(draft.urgency))),
        expires_at: Some(expires_at),
        tell_at: Some(told_first(now, expires_at)),
        mou_id: Some(mou.id),
        mou_until: Some(mou.ends_at),
        consent_until: Some(consent.stands_until()),
        updated_at: now,
        last_action: Some(ReferralAction::Send),
        ..draft
    })
}

/// Accepts a referral. Returns none where that was done last.
///
/// # Errors
/// `INVALID_TRANSITION`: it does not wait for an answer.
pub fn accept(referral: Model, now: Instant) -> Result<Option<Model>, Error> {
    unless_repeated(last_act(&referral, now), &ReferralAct::Accept, || {
        Ok(Model {
            status: ReferralStatus::Accepted,
            status_reason: None,
            updated_at: now,
            last_action: Some(ReferralAction::Accept),
            ..permit(referral, ReferralAction::Accept, Side::Recipient, now)?
        })
    })
    .transpose()
}

/// Turns a referral down. Returns none where that was done last, for the same reason.
///
/// # Errors
/// `INVALID_TRANSITION`: it does not wait for an answer.
pub fn reject(referral: Model, reason: RejectReason, now: Instant) -> Result<Option<Model>, Error> {
    let act = ReferralAct::Reject(reason.into());
    unless_repeated(last_act(&referral, now), &act, || {
        Ok(Model {
            status: ReferralStatus::Rejected,
            status_reason: Some(reason.into()),
            updated_at: now,
            last_action: Some(ReferralAction::Reject),
            ..permit(referral, ReferralAction::Reject, Side::Recipient, now)?
        })
    })
    .transpose()
}

/// Completes a referral, with what came of it and the needs that were met. Returns none where that was done last, with the
/// same outcome.
///
/// # Errors
/// `INVALID_TRANSITION`: its recipient does not work on it. `BAD_USER_INPUT`: the code does not mean what was provided.
pub fn complete(referral: Model, outcome: Outcome, now: Instant) -> Result<Option<Model>, Error> {
    let act = ReferralAct::Complete(outcome);
    unless_repeated(last_act(&referral, now), &act, || {
        let referral = permit(referral, ReferralAction::Complete, Side::Recipient, now)?;
        check(outcome, &referral)?;
        Ok(Model {
            status: ReferralStatus::Completed,
            status_reason: None,
            outcome: Some(outcome.code),
            provided: outcome.provided,
            outcome_at: Some(now),
            completed_at: Some(now),
            updated_at: now,
            last_action: Some(ReferralAction::Complete),
            ..referral
        })
    })
    .transpose()
}

/// Corrects what came of a completed referral; what was said before stays on record. Returns none where it says that already.
///
/// # Errors
/// `INVALID_TRANSITION`: it is not completed, or was so too long ago. `BAD_USER_INPUT`: as for its completion.
pub fn correct(referral: &Model, outcome: Outcome, now: Instant) -> Result<Option<Model>, Error> {
    let said = outcome_of(referral);
    unless_repeated(said, &outcome, || {
        let before = said.zip(referral.outcome_at);
        let Some((before, at)) = before else {
            return Err(not_permitted(
                referral,
                ReferralAction::Correct,
                Side::Recipient,
                now,
            ));
        };
        if correctable_until(referral).is_none_or(|until| until <= now) {
            let text = "an outcome can be corrected for 30 days after the referral was completed";
            return Err(Error::NotNow(text.into()));
        }
        check(outcome, referral)?;
        let mut earlier = referral.earlier_outcomes.clone().unwrap_or_default();
        earlier.0.push(RecordedOutcome {
            code: before.code,
            provided: before.provided,
            at,
        });
        Ok(Model {
            outcome: Some(outcome.code),
            provided: outcome.provided,
            outcome_at: Some(now),
            earlier_outcomes: Some(earlier),
            updated_at: now,
            last_action: Some(ReferralAction::Correct),
            ..referral.clone()
        })
    })
    .transpose()
}

/// Returns until when the outcome of a completed referral can be corrected.
#[must_use]
pub fn correctable_until(referral: &Model) -> Option<Instant> {
    referral.completed_at.map(|at| at.plus(CORRECTABLE))
}

fn outcome_of(referral: &Model) -> Option<Outcome> {
    Some(Outcome {
        code: referral.outcome?,
        provided: referral.provided,
    })
}

fn check(outcome: Outcome, referral: &Model) -> Result<(), Error> {
    let fits = outcome.check(referral.needs);
    fits.map_err(|why| Error::input("outcome.provided", why))
}

/// A package that is to be sealed anew, under a key of the next version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resealed {
    /// The categories that it has something in.
    pub contains: Categories,
    /// Whether it says what the one says that is sealed.
    pub is_same: bool,
}

/// Continues a suspended referral in the state that it left; without a package that is sealed anew the package stays, which
/// it can only under the same consent. Returns none where that was done last, under the same consent and with the same
/// package.
///
/// # Errors
/// `INVALID_TRANSITION`: it is not suspended, was not answered in time before, the consent is not in force, or the
/// recipient does not take part. `BAD_USER_INPUT`: the consent is not this survivor's for this recipient, or does not
/// name what the package holds. `MOU_REQUIRED`: no MOU in force covers it.
pub fn continue_under(
    referral: Model,
    basis: &Basis,
    consent: ConsentId,
    resealed: Option<Resealed>,
    now: Instant,
) -> Result<Option<Model>, Error> {
    let act = ReferralAct::Continue {
        consent,
        has_its_package: resealed.is_none_or(|one| one.is_same),
    };
    let resealed = resealed.map(|one| one.contains);
    unless_repeated(last_act(&referral, now), &act, || {
        continued(referral, basis, resealed, now)
    })
    .transpose()
}

fn continued(
    referral: Model,
    basis: &Basis,
    resealed: Option<Categories>,
    now: Instant,
) -> Result<Model, Error> {
    let referral = permit(referral, ReferralAction::Continue, Side::Sender, now)?;
    let consent = consent_to_continue(&referral, basis, now)?;
    basis.require_recipient()?;
    let contains = match resealed {
        Some(categories) => categories,
        None if consent.id == referral.consent_id => referral.contains,
        None => {
            let text = "the package ended with the consent that it was sealed under: seal it anew";
            return Err(Error::input("package", text));
        }
    };
    let mut faults = Faults::default();
    beyond_consent("package", contains, consent, &mut faults);
    faults.none()?;
    let mou = basis.covering_mou(consent, contains, now)?;
    let respond_by = if referral.status == ReferralStatus::Requested {
        // Its recipient could not answer meanwhile, and has the whole time again.
        Some(now.plus(response_time(referral.urgency)))
    } else {
        referral.respond_by
    };
    let continued = Model {
        consent_id: consent.id,
        consent_until: Some(consent.stands_until()),
        mou_id: Some(mou.id),
        mou_until: Some(mou.ends_at),
        halted: false,
        respond_by,
        contains,
        key_version: referral
            .key_version
            .saturating_add(i32::from(resealed.is_some())),
        updated_at: now,
        last_action: Some(ReferralAction::Continue),
        ..referral
    };
    if CurrentStatus::of(&StoredStatus::from(&continued), now).status != continued.status {
        let text = "this referral was not answered in time: draft a new one";
        return Err(Error::NotNow(text.into()));
    }
    Ok(continued)
}

/// Adds a fault for each category of a package that its consent does not name; `path` is where the package stands in the
/// arguments.
pub(super) fn beyond_consent(
    path: &str,
    contains: Categories,
    consent: &consent::Model,
    faults: &mut Faults,
) {
    let named = consent.grants.categories();
    for category in contains.iter().filter(|one| !named.has(*one)) {
        let place = format!("{path}.{}", field_of(category));
        faults.add(place, "the consent does not name this category");
    }
}

/// Returns the field of a package that holds a category: its code in camel case.
#[must_use]
pub fn field_of(category: DataCategory) -> String {
    let mut words = category.code().split('_').map(str::to_ascii_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |field, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        field + &initial.into_iter().chain(letters).collect::<String>()
    })
}

/// Returns the consent of the basis, if it is in force and of the referral's survivor for its recipient.
fn consent_to_continue<'b>(
    referral: &Model,
    basis: &'b Basis,
    now: Instant,
) -> Result<&'b consent::Model, Error> {
    let fits = |one: &&consent::Model| {
        one.survivor_id == referral.survivor_id && one.recipient_id == referral.recipient_id
    };
    let consent = basis.consent.as_ref().filter(fits).ok_or_else(|| {
        let text = "no consent of this survivor's for this recipient has this id";
        Error::input("consent", text)
    })?;
    if consent_rules::status(consent, now) != ConsentStatus::Active {
        let text = "this consent is not in force: the survivor decides on a new one";
        return Err(Error::NotNow(text.into()));
    }
    Ok(consent)
}

/// Returns the referral unchanged if this side may do this with it now.
pub(super) fn permit(
    referral: Model,
    action: ReferralAction,
    side: Side,
    now: Instant,
) -> Result<Model, Error> {
    let current = CurrentStatus::of(&StoredStatus::from(&referral), now);
    if allowed(current.status, side).contains(&action) {
        Ok(referral)
    } else {
        Err(not_permitted(&referral, action, side, now))
    }
}

/// Returns the error for what the other side of a referral does, and this one does not.
#[must_use]
pub fn not_yours(referral: &Model, side: Side, now: Instant) -> Error {
    let from = CurrentStatus::of(&StoredStatus::from(referral), now).status;
    Error::NotYours {
        record: "referral",
        from: from.code(),
        allowed: allowed(from, side)
            .iter()
            .copied()
            .map(Code::code)
            .collect(),
    }
}

fn not_permitted(referral: &Model, action: ReferralAction, side: Side, now: Instant) -> Error {
    let from = CurrentStatus::of(&StoredStatus::from(referral), now).status;
    Error::InvalidTransition {
        tried: action,
        from,
        allowed: allowed(from, side).to_vec(),
    }
}
