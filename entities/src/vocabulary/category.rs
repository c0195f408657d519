//! The parts of a referral package.

use crate::code::{Set, codes};

codes! {
    /// The parts of a referral package; each is consented, sealed and withheld on its own.
    DataCategory {
        /// Names and date of birth.
        Identity = "IDENTITY",
        /// Age band, gender, nationality and the like.
        Demographics = "DEMOGRAPHICS",
        /// How, when and where the person may be reached safely.
        Contact = "CONTACT",
        /// Where the person is; location is identity.
        Location = "LOCATION",
        /// Family and dependants.
        Family = "FAMILY",
        /// Languages, dialect and interpreting.
        Language = "LANGUAGE",
        /// Needs in detail.
        Needs = "NEEDS",
        /// Safety plan and threats.
        Safety = "SAFETY",
        /// Actions, means, purposes, indicators and narrative of the exploitation.
        Exploitation = "EXPLOITATION",
        /// Medical information.
        Medical = "MEDICAL",
        /// Mental-health information.
        MentalHealth = "MENTAL_HEALTH",
        /// Substance-use records, which 42 CFR part 2 protects further.
        SubstanceUse = "SUBSTANCE_USE",
        /// Immigration status and relief.
        Immigration = "IMMIGRATION",
        /// Legal matters.
        Legal = "LEGAL",
        /// Money, debts and expenses.
        Financial = "FINANCIAL",
    }
}

/// The categories that something covers.
pub type Categories = Set<DataCategory>;
