//! What came of a referral: said once, and corrected for a while. Pure.

use concord_entities::instant::Instant;
use concord_entities::referral::{Model, RecordedOutcome};
use concord_entities::vocabulary::{ReferralAction, ReferralSide};

use super::outcome::{CORRECTABLE, Outcome};
use super::steps::{ReferralAct, last_act};
use super::transitions::destination;
use crate::error::Error;
use crate::request::repeated::unless_repeated;

/// Completes a referral, with what came of it and the needs that were met. Returns none where that was done last, with the
/// same outcome.
///
/// # Errors
/// `INVALID_TRANSITION`: its recipient does not work on it. `BAD_USER_INPUT`: the code does not mean what was provided.
pub fn complete(referral: Model, outcome: Outcome, now: Instant) -> Result<Option<Model>, Error> {
    let act = ReferralAct::Complete(outcome);
    unless_repeated(last_act(&referral, now), &act, || {
        let status = destination(
            &referral,
            ReferralAction::Complete,
            ReferralSide::Recipient,
            now,
        )?;
        check(outcome, &referral)?;
        Ok(Model {
            status,
            status_reason: None,
            outcome: Some(outcome.code),
            provided: outcome.provided,
            outcome_at: Some(now),
            completed_at: Some(now),
            updated_at: now,
            last_action: Some(ReferralAction::Complete),
            last_action_side: Some(ReferralSide::Recipient),
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
    let status = destination(
        referral,
        ReferralAction::Correct,
        ReferralSide::Recipient,
        now,
    )?;
    let said = Outcome::of(referral);
    unless_repeated(said, &outcome, || {
        if correctable_until(referral).is_none_or(|until| until <= now) {
            let text = "an outcome can be corrected for 30 days after the referral was completed";
            return Err(Error::NotNow(text.into()));
        }
        check(outcome, referral)?;
        let before = said.zip(referral.outcome_at);
        let mut earlier = referral.earlier_outcomes.clone().unwrap_or_default();
        earlier.0.extend(before.map(|(before, at)| RecordedOutcome {
            code: before.code,
            provided: before.provided,
            at,
        }));
        Ok(Model {
            status,
            outcome: Some(outcome.code),
            provided: outcome.provided,
            outcome_at: Some(now),
            earlier_outcomes: Some(earlier),
            updated_at: now,
            last_action: Some(ReferralAction::Correct),
            last_action_side: Some(ReferralSide::Recipient),
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

fn check(outcome: Outcome, referral: &Model) -> Result<(), Error> {
    let fits = outcome.check(referral.needs);
    fits.map_err(|why| Error::input("outcome.provided", why))
}
