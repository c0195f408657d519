//! What obliges an agency to keep what it holds of a survivor.

use crate::code::codes;

codes! {
    /// What obliges an agency to keep what it holds of a survivor, and to destroy nothing of it meanwhile.
    LegalHoldGround {
        /// A court's order to preserve or to produce.
        CourtOrder = "COURT_ORDER",
        /// A subpoena or a demand for discovery, whether or not it will be contested.
        Subpoena = "SUBPOENA",
        /// A lawsuit or claim that is pending or to be expected.
        LitigationHold = "LITIGATION_HOLD",
        /// An investigation by police, a prosecutor, an inspector general or a licensing body.
        OfficialInvestigation = "OFFICIAL_INVESTIGATION",
        /// An authority's request to preserve records until it has its order, such as by 18 U.S.C. 2703(f).
        PreservationRequest = "PRESERVATION_REQUEST",
        /// A statute or regulation that sets how long such records are kept.
        StatutoryRetention = "STATUTORY_RETENTION",
        /// A grant's audit or claim that is not settled yet (2 CFR 200.334).
        GrantAudit = "GRANT_AUDIT",
    }
}
