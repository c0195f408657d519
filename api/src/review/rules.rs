//! Which part of the log an answer may look through. Pure.

use concord_entities::instant::Instant;

use crate::error::Error;

/// The longest period within which is looked for what no index finds.
pub(super) const LONGEST: i64 = 31 * 24 * 3_600_000_000;

/// From when on and before when something was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) since: Option<Instant>,
    pub(super) until: Option<Instant>,
}

impl Period {
    /// Checks that the period is one; `place` is the argument that has it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, where it ends before it begins.
    pub(super) fn check(self, place: &str) -> Result<(), Error> {
        match (self.since, self.until) {
            (Some(since), Some(until)) if since >= until => Err(Error::input(
                format!("{place}.until"),
                "a moment after `since`: the period holds what was recorded from `since` on and before `until`",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the period within which is looked for what no index finds: where it names no beginning, the `longest` one
    /// before its end, and where it names no end either, before now.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, where it is longer.
    pub(super) fn bounded(self, now: Instant, longest: i64, place: &str) -> Result<Self, Error> {
        let end = self.until.unwrap_or(now);
        let since = self.since.unwrap_or(Instant(end.0.saturating_sub(longest)));
        if end.0.saturating_sub(since.0) > longest {
            return Err(Error::input(
                format!("{place}.since"),
                "a period of 31 days at most: what is asked for here is found by no index. Ask period by period, or by `subject`, \
                 `object`, `consent` or `agency` alone",
            ));
        }
        Ok(Self {
            since: Some(since),
            until: self.until,
        })
    }
}
