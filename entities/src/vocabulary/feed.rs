//! What an agency is told has changed.

use crate::code::codes;

codes! {
    /// What kind of record has changed.
    ChangedKind {
        /// A referral that your agency sent or was sent.
        Referral = "REFERRAL",
        /// A consent that your agency holds or is named in.
        Consent = "CONSENT",
        /// An MOU that your agency drafted or is a party of.
        Mou = "MOU",
        /// A notice to your agency.
        Notice = "NOTICE",
    }
}
