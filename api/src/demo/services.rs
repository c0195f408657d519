//! What one agency asks another for, and the least that it must be told.

use concord_entities::grants::Grants;
use concord_entities::vocabulary::{Categories, DataCategory, Need, Needs, Purpose};

/// A service that agencies refer people to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OfferedService {
    /// A safe place to live.
    Housing,
    /// Attorneys.
    Law,
    /// Care for health.
    Health,
    /// An investigation that the survivor decided to help.
    Police,
    /// Work and training.
    Work,
    /// Treatment of substance use.
    Treatment,
    /// Papers from one's own country.
    Papers,
}

impl OfferedService {
    /// Returns the categories that it needs at most.
    pub(super) fn categories(self) -> Categories {
        use DataCategory::{
            Contact, Demographics, Exploitation, Family, Financial, Identity, Immigration,
            Language, Legal, Medical, MentalHealth, Safety, SubstanceUse,
        };
        let categories: &[DataCategory] = match self {
            Self::Housing => &[
                Identity,
                Demographics,
                Contact,
                Family,
                Language,
                DataCategory::Needs,
                Safety,
            ],
            Self::Law => &[
                Identity,
                Demographics,
                Contact,
                Family,
                Language,
                DataCategory::Needs,
                Exploitation,
                Immigration,
                Legal,
                Financial,
            ],
            Self::Health => &[
                Demographics,
                Contact,
                Language,
                DataCategory::Needs,
                Safety,
                Medical,
                MentalHealth,
                SubstanceUse,
            ],
            Self::Police => &[Contact, Exploitation],
            Self::Work => &[
                Demographics,
                Contact,
                Language,
                DataCategory::Needs,
                Financial,
            ],
            Self::Treatment => &[
                Contact,
                Language,
                DataCategory::Needs,
                MentalHealth,
                SubstanceUse,
            ],
            Self::Papers => &[Identity, Contact, Language],
        };
        categories.iter().copied().collect()
    }

    /// Returns a category that some people choose not to have told.
    fn spared(self, nth: usize) -> DataCategory {
        let (one, other) = match self {
            Self::Housing => (DataCategory::Identity, DataCategory::Family),
            Self::Law => (DataCategory::Financial, DataCategory::Exploitation),
            Self::Health => (DataCategory::SubstanceUse, DataCategory::MentalHealth),
            Self::Police => (DataCategory::Contact, DataCategory::Contact),
            Self::Work => (DataCategory::Financial, DataCategory::Demographics),
            Self::Treatment => (DataCategory::MentalHealth, DataCategory::Contact),
            Self::Papers => (DataCategory::Contact, DataCategory::Language),
        };
        if nth.is_multiple_of(2) { one } else { other }
    }

    /// Returns what the `nth` person consents to have told: two of three leave something out.
    pub(super) fn consented(self, nth: usize) -> Categories {
        if nth.is_multiple_of(3) {
            self.categories()
        } else {
            self.categories().without(self.spared(nth))
        }
    }

    /// Returns what it is for.
    pub(super) fn purpose(self) -> Purpose {
        match self {
            Self::Housing => Purpose::HousingPlacement,
            Self::Law => Purpose::LegalRepresentation,
            Self::Health | Self::Treatment => Purpose::HealthCare,
            Self::Police => Purpose::Investigation,
            Self::Work | Self::Papers => Purpose::ServiceDelivery,
        }
    }

    /// Returns what an agreement on it permits, for what: everything for its own purpose, and for others what they take.
    pub(super) fn grants(self) -> Grants {
        let own = (self.purpose(), self.categories());
        self.beside()
            .iter()
            .map(|purpose| (*purpose, self.categories().without(self.spared(0))))
            .chain([own])
            .collect()
    }

    fn beside(self) -> &'static [Purpose] {
        match self {
            Self::Housing => &[Purpose::ServiceDelivery, Purpose::SafetyPlanning],
            Self::Law => &[Purpose::ImmigrationRelief, Purpose::Compensation],
            Self::Health | Self::Treatment => &[Purpose::ServiceDelivery],
            Self::Police | Self::Work | Self::Papers => &[],
        }
    }

    /// Returns what the `nth` person needs of it.
    pub(super) fn needs(self, nth: usize) -> Needs {
        let (always, now_and_then) = match self {
            Self::Housing => (Need::Housing, Need::MaterialAssistance),
            Self::Law => (Need::Legal, Need::ImmigrationAssistance),
            Self::Health => (Need::MedicalCare, Need::CounselingAndInformation),
            Self::Police => (Need::CounselingAndInformation, Need::Reparation),
            Self::Work => (Need::Employment, Need::Training),
            Self::Treatment => (Need::CounselingAndInformation, Need::SocialSupport),
            Self::Papers => (Need::CounselingAndInformation, Need::ImmigrationAssistance),
        };
        let needs = Needs::only(always);
        if nth % 3 == 1 {
            needs
        } else {
            needs.with(now_and_then)
        }
    }
}
