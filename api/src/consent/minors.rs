//! To what a minor may consent without a parent or guardian: the service that the law lets them receive alone, and
//! nothing beside it. Pure.
//!
//! Source: 28 CFR 94.115(a)(2). The exception is the law's that lets the minor receive *the service*; what is not needed
//! for it, a parent or guardian signs for as well.

use concord_entities::vocabulary::{Categories, DataCategory, MinorAlone, Purpose, Purposes};

/// What a service needs to be told, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AloneService {
    /// What it may be told.
    pub categories: Categories,
    /// What for.
    pub purposes: Purposes,
}

/// Who somebody is, how to reach and to speak to them, and what they need: without it no service begins.
const ANY_SERVICE: [DataCategory; 5] = [
    DataCategory::Identity,
    DataCategory::Demographics,
    DataCategory::Contact,
    DataCategory::Language,
    DataCategory::Needs,
];

/// Returns the service that a minor may consent to alone. None where it is not one service that the law speaks of: an
/// emancipated minor decides like an adult, and what a court allowed its order says.
#[must_use]
pub fn service(alone: MinorAlone) -> Option<AloneService> {
    let health = [Purpose::HealthCare].as_slice();
    let (own, purposes): (&[DataCategory], &[Purpose]) = match alone {
        MinorAlone::Emancipated | MinorAlone::CourtOrder => return None,
        MinorAlone::MedicalCare => (&[DataCategory::Medical], health),
        MinorAlone::MentalHealthCare => (&[DataCategory::MentalHealth], health),
        MinorAlone::SubstanceUseTreatment => (&[DataCategory::SubstanceUse], health),
        MinorAlone::VictimServices => (
            &[
                DataCategory::Location,
                DataCategory::Family,
                DataCategory::Safety,
                DataCategory::Exploitation,
            ],
            &[
                Purpose::ServiceDelivery,
                Purpose::HousingPlacement,
                Purpose::SafetyPlanning,
            ],
        ),
    };
    Some(AloneService {
        categories: ANY_SERVICE.iter().chain(own).copied().collect(),
        purposes: purposes.iter().copied().collect(),
    })
}

impl AloneService {
    /// Lists, by their codes, what is not part of the service: categories first.
    #[must_use]
    pub fn beyond(self, categories: Categories, purposes: Purposes) -> Vec<String> {
        let categories = categories
            .iter()
            .filter(|one| !self.categories.has(*one))
            .map(|one| one.to_string());
        let purposes = purposes
            .iter()
            .filter(|one| !self.purposes.has(*one))
            .map(|one| one.to_string());
        categories.chain(purposes).collect()
    }
}
