//! What an outcome means: which of the needs that were asked for were met. Pure.

use std::time::Duration;

use concord_entities::referral::Model;
use concord_entities::vocabulary::{Need, Needs, OutcomeCode};

/// For how long after its completion the outcome of a referral can be corrected.
pub const CORRECTABLE: Duration = Duration::from_hours(30 * 24);

/// What came of a referral, as its recipient says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What came of it.
    pub code: OutcomeCode,
    /// The needs that were met, whether or not they were asked for.
    pub provided: Needs,
}

/// Why an outcome does not say what its code means. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeError {
    /// Not every need was met.
    #[error(
        "`NEEDS_MET` means that you met every need that was asked for: name them all, or say `NEEDS_PARTLY_MET`"
    )]
    NotAll,
    /// No need was met.
    #[error(
        "`NEEDS_PARTLY_MET` means that you met some of the needs that were asked for: name them"
    )]
    None,
    /// Every need was met.
    #[error("you met every need that was asked for: say `NEEDS_MET`")]
    All,
}

impl Outcome {
    /// Returns what came of a referral, where that was said.
    #[must_use]
    pub fn of(referral: &Model) -> Option<Self> {
        Some(Self {
            code: referral.outcome?,
            provided: referral.provided,
        })
    }

    /// Checks that the code means what the needs say that were provided, of those `asked` for: `NEEDS_MET` every one,
    /// `NEEDS_PARTLY_MET` some and not all; the others say why it ended before all were met. What was provided beyond them is
    /// no matter.
    ///
    /// # Errors
    /// [`OutcomeError`].
    pub fn check(&self, asked: Needs) -> Result<(), OutcomeError> {
        let (met, _) = split(asked, self.provided);
        let is_all = met == asked;
        match self.code {
            OutcomeCode::NeedsMet if !is_all => Err(OutcomeError::NotAll),
            OutcomeCode::NeedsMet => Ok(()),
            OutcomeCode::NeedsPartlyMet if met.is_empty() => Err(OutcomeError::None),
            OutcomeCode::NeedsPartlyMet
            | OutcomeCode::ReferredOnward
            | OutcomeCode::SurvivorEnded => {
                if is_all {
                    Err(OutcomeError::All)
                } else {
                    Ok(())
                }
            }
        }
    }
}

/// Parts the needs that were provided into those that were `asked` for and the further ones.
#[must_use]
pub fn split(asked: Needs, provided: Needs) -> (Needs, Needs) {
    let (met, further): (Vec<Need>, Vec<Need>) = provided.iter().partition(|need| asked.has(*need));
    (met.into_iter().collect(), further.into_iter().collect())
}
