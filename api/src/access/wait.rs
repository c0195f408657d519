//! How long to wait before another try is worth it.

use std::time::Duration;

/// An allowance is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(Duration);

impl Wait {
    /// Returns that it is worth another try after so long.
    #[must_use]
    pub fn of(duration: Duration) -> Self {
        Self(duration)
    }

    /// Returns how many seconds to wait before it is worth another try, rounded up (`Retry-After`, RFC 9110, 10.2.3).
    #[must_use]
    pub fn seconds(self) -> u64 {
        let begun = u64::from(self.0.subsec_nanos() > 0);
        self.0.as_secs().saturating_add(begun).max(1)
    }
}
