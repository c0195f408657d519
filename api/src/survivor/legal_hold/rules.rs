//! Which holds can be recorded, and which of them are in force. Pure.

use concord_entities::ids::LegalHoldId;
use concord_entities::instant::{Day, Instant};
use concord_entities::legal_hold::Model;
use concord_entities::zone::Zone;

use crate::request::repeated::unless_repeated;
use crate::text;

/// A hold, as the agency that it obliges tells it.
#[derive(Clone, Copy, Debug)]
pub struct ToldHold<'t> {
    /// The day on what obliges the agency.
    pub issued_on: Day,
    /// Its last day; none where it holds until it is released.
    pub ends_on: Option<Day>,
    /// On whose advice it is recorded.
    pub counsel_office: &'t str,
    /// What it is filed under.
    pub reference: Option<&'t str>,
}

/// What keeps a hold from being recorded. Safe to show: it repeats nothing of the hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum LegalHoldError {
    /// It is from a day to come.
    #[error("nothing obliges your agency before the day on it: not a day to come")]
    IssuedAhead,
    /// It ends before it begins.
    #[error("its last day is not before `issuedOn`")]
    EndsBefore,
    /// It is over.
    #[error(
        "a hold that is over holds nothing: today or a later day, or leave it out where none is set"
    )]
    Over,
    /// Nobody answers for it.
    #[error(
        "which office of your agency's counsel had it recorded, in 1 to 200 characters that can be seen"
    )]
    CounselOffice,
    /// The reference is no text.
    #[error("the case or file number in 1 to 200 characters that can be seen, or leave it out")]
    Reference,
}

impl LegalHoldError {
    /// Every defect.
    pub const ALL: &[Self] = &[
        Self::IssuedAhead,
        Self::EndsBefore,
        Self::Over,
        Self::CounselOffice,
        Self::Reference,
    ];

    /// Returns the field of the input that is wrong.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::IssuedAhead => "hold.issuedOn",
            Self::EndsBefore | Self::Over => "hold.endsOn",
            Self::CounselOffice => "hold.counselOffice",
            Self::Reference => "hold.reference",
        }
    }
}

/// Checks that a hold can be recorded at `now`, by an agency that works in `zone`.
///
/// # Errors
/// Everything that is wrong with it, in the order of the list; never empty.
pub fn check(told: &ToldHold<'_>, zone: &Zone, now: Instant) -> Result<(), Vec<LegalHoldError>> {
    // A day ahead, for those whose day has begun before UTC's.
    let latest = now.day().plus_days(1);
    let ends_before = told.ends_on.is_some_and(|last| last < told.issued_on);
    let defects: Vec<LegalHoldError> = [
        (told.issued_on > latest).then_some(LegalHoldError::IssuedAhead),
        ends_before.then_some(LegalHoldError::EndsBefore),
        is_past(told.ends_on, zone, now).then_some(LegalHoldError::Over),
        (!is_text(told.counsel_office)).then_some(LegalHoldError::CounselOffice),
        (!told.reference.is_none_or(is_text)).then_some(LegalHoldError::Reference),
    ]
    .into_iter()
    .flatten()
    .collect();
    if defects.is_empty() {
        Ok(())
    } else {
        Err(defects)
    }
}

/// Returns whether a hold obliges its agency at `now`: it was not released, and its last day, which counts whole, is not
/// over where the agency works.
#[must_use]
pub fn is_in_force(hold: &Model, zone: &Zone, now: Instant) -> bool {
    hold.released_at.is_none() && !is_past(hold.ends_on, zone, now)
}

/// Returns those of a survivor's holds that are in force at `now`.
#[must_use]
pub fn in_force<'h>(holds: &'h [Model], zone: &Zone, now: Instant) -> Vec<&'h Model> {
    let in_force = holds.iter().filter(|hold| is_in_force(hold, zone, now));
    in_force.collect()
}

/// Returns whether `confirmed` names each of these holds.
#[must_use]
pub fn are_confirmed(in_force: &[&Model], confirmed: &[LegalHoldId]) -> bool {
    in_force.iter().all(|hold| confirmed.contains(&hold.id))
}

/// Releases a hold at `now`. Returns `None` where that was done before.
#[must_use]
pub fn released(hold: Model, now: Instant) -> Option<Model> {
    let is_released = hold.released_at.is_some();
    unless_repeated(Some(is_released), &true, || Model {
        released_at: Some(now),
        ..hold
    })
}

fn is_past(last: Option<Day>, zone: &Zone, now: Instant) -> bool {
    last.is_some_and(|last| zone.end(last) <= now)
}

fn is_text(text: &str) -> bool {
    text::line(text, text::LINE).is_ok()
}
