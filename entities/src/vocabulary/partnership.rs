//! How far two agencies have come towards working together.

use crate::code::codes;

codes! {
    /// A step of two agencies towards working together, in their order.
    PartnershipStep {
        /// Each knows of the other as somebody to work with.
        Identified = "IDENTIFIED",
        /// They have planned how they will work together, before the first case.
        Planned = "PLANNED",
        /// They have met: contacts, trust, procedures and the likely avenues for trafficking were talked about.
        Met = "MET",
        /// An MOU between the two is in force. Nobody records it: it follows from the MOU.
        Formalised = "FORMALISED",
    }
}
