//! Notes on referrals.

use crate::code::codes;

codes! {
    /// Who may read a note on a referral.
    NoteAudience {
        /// The other side of the referral, and your own agency.
        OtherParty = "OTHER_PARTY",
        /// Your own agency alone: the other side does not learn that there is a note.
        OwnAgency = "OWN_AGENCY",
    }
}
