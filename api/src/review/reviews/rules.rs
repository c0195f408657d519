//! What a review may be about, and how it goes on. Pure.

use concord_entities::audit_review::Model;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{AuditReviewStatus, ReviewConclusion};

use crate::error::Error;
use crate::request::repeated::unless_repeated;

/// The longest period of a review: a leap year.
pub(super) const LONGEST: i64 = 366 * 24 * 3_600_000_000;
/// The most flags of a review.
const MOST_FLAGS: u64 = 1_000;

/// Checks that a review can be about this period.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub(super) fn check_period(since: Instant, until: Instant) -> Result<(), Error> {
    if since >= until {
        let text = "a moment after `since`: a review is of what was recorded from `since` on and before `until`";
        return Err(Error::input("review.until", text));
    }
    if until.0.saturating_sub(since.0) > LONGEST {
        let text = "a period of 366 days at most: open another review for what came before";
        return Err(Error::input("review.since", text));
    }
    Ok(())
}

/// Checks that an event can be flagged in a review that has so many flags.
///
/// # Errors
/// `INVALID_TRANSITION`.
pub(super) fn check_open(review: &Model, flags: u64) -> Result<(), Error> {
    if review.status == AuditReviewStatus::Concluded {
        let text = "this review is concluded, and what it found stays as it is: open another one";
        return Err(Error::NotNow(text.into()));
    }
    if flags >= MOST_FLAGS {
        let text = "this review has 1,000 flags: conclude it, and open another one over a part of its period";
        return Err(Error::NotNow(text.into()));
    }
    Ok(())
}

/// Returns the review, concluded; none where it was concluded so before.
///
/// # Errors
/// `INVALID_TRANSITION`, where it was concluded otherwise.
pub(super) fn concluded(
    review: Model,
    by: &str,
    conclusion: ReviewConclusion,
    now: Instant,
) -> Result<Option<Model>, Error> {
    let last = review.conclusion;
    let concluded = unless_repeated(last, &conclusion, || {
        if last.is_some() {
            let text =
                "this review is concluded, and what came of it stays as it is: open another one";
            return Err(Error::NotNow(text.into()));
        }
        Ok(Model {
            status: AuditReviewStatus::Concluded,
            conclusion: Some(conclusion),
            concluded_by: Some(by.to_owned()),
            concluded_at: Some(now),
            ..review
        })
    });
    concluded.transpose()
}
