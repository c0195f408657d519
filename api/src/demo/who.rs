//! Who takes part in the demo: what the plans call each agency.

/// One of the agencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// The coordination office.
    Office,
    /// The advocates whose outbox the demo opens with.
    Lantern,
    /// Advocates in the west.
    Riverbend,
    /// Advocates in the valley.
    Harrow,
    /// Transitional housing.
    Harbor,
    /// A domestic-violence shelter.
    Shelter,
    /// Attorneys.
    LegalAid,
    /// A clinic.
    Clinic,
    /// A city police unit.
    Liaison,
    /// State investigators.
    Bureau,
    /// Federal victim specialists.
    Federal,
    /// The county's prosecutor.
    Prosecutor,
    /// A consulate.
    Consulate,
    /// Work and training.
    Workforce,
    /// Substance-use treatment.
    Recovery,
    /// A lodging program that is shut out.
    Lodging,
}

impl Who {
    /// Every agency but the office, which founds the task force.
    pub(super) const MEMBERS: &[Self] = &[
        Self::Lantern,
        Self::Riverbend,
        Self::Harrow,
        Self::Harbor,
        Self::Shelter,
        Self::LegalAid,
        Self::Clinic,
        Self::Liaison,
        Self::Bureau,
        Self::Federal,
        Self::Prosecutor,
        Self::Consulate,
        Self::Workforce,
        Self::Recovery,
        Self::Lodging,
    ];
}
