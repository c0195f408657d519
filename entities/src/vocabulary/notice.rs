//! What an agency is told without having asked.

use crate::code::codes;

codes! {
    /// What a notice tells an agency.
    NoticeKind {
        /// A consent that names it as recipient was taken back: what it was told under it, it is told no more.
        ConsentRevoked = "CONSENT_REVOKED",
        /// Your agency was registered before agencies had time zones: its days are counted in UTC, as they were, until the
        /// service's operator says where it works.
        TimeZoneAssumed = "TIME_ZONE_ASSUMED",
    }
}
