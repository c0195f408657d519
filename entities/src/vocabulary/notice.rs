//! What an agency is told without having asked.

use crate::code::codes;

codes! {
    /// What a notice tells an agency.
    NoticeKind {
        /// A consent that names it as recipient was taken back: what it was told under it, it is told no more.
        ConsentRevoked = "CONSENT_REVOKED",
    }
}
