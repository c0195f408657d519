//! What shared information may be used for.

use crate::code::{Set, codes};

codes! {
    /// What shared information may be used for.
    Purpose {
        /// To deliver a service.
        ServiceDelivery = "SERVICE_DELIVERY",
        /// To find or keep housing.
        HousingPlacement = "HOUSING_PLACEMENT",
        /// To care for health.
        HealthCare = "HEALTH_CARE",
        /// To advise or represent in law.
        LegalRepresentation = "LEGAL_REPRESENTATION",
        /// To seek immigration relief.
        ImmigrationRelief = "IMMIGRATION_RELIEF",
        /// To investigate a crime.
        Investigation = "INVESTIGATION",
        /// To prosecute a crime.
        Prosecution = "PROSECUTION",
        /// To claim compensation.
        Compensation = "COMPENSATION",
        /// To plan for safety.
        SafetyPlanning = "SAFETY_PLANNING",
    }
}

/// The purposes that something covers.
pub type Purposes = Set<Purpose>;
