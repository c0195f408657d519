//! What a person needs.

use crate::code::{Set, codes};

codes! {
    /// What a person needs.
    Need {
        /// Counselling and information.
        CounselingAndInformation = "COUNSELING_AND_INFORMATION",
        /// A safe place to live.
        Housing = "HOUSING",
        /// Medical care.
        MedicalCare = "MEDICAL_CARE",
        /// Food, clothes and other material help.
        MaterialAssistance = "MATERIAL_ASSISTANCE",
        /// Work.
        Employment = "EMPLOYMENT",
        /// Schooling.
        Education = "EDUCATION",
        /// Training for a trade.
        Training = "TRAINING",
        /// Social support, such as groups and childcare.
        SocialSupport = "SOCIAL_SUPPORT",
        /// Help with immigration relief.
        ImmigrationAssistance = "IMMIGRATION_ASSISTANCE",
        /// Compensation, restitution or a civil claim.
        Reparation = "REPARATION",
        /// Legal advice or representation.
        Legal = "LEGAL",
        /// Money.
        FinancialAssistance = "FINANCIAL_ASSISTANCE",
    }
}

/// The needs that something names.
pub type Needs = Set<Need>;
