//! What is told of each agency. Every name is invented.

use concord_entities::vocabulary::{AgencyKind, Jurisdiction};

use super::who::Who;

/// What is told of an agency.
#[derive(Debug)]
pub(super) struct Profile {
    /// Its name.
    pub(super) name: &'static str,
    /// What kind of collaborator it is.
    pub(super) kind: AgencyKind,
    /// Whose law it enforces.
    pub(super) jurisdiction: Option<Jurisdiction>,
    /// Whether victim confidentiality binds it.
    pub(super) confidential: bool,
    /// How many days ago it was registered.
    pub(super) days: u64,
    /// Who acts for it, as it calls them.
    pub(super) desk: &'static str,
    /// Who signs for it.
    pub(super) signatory: &'static str,
    /// The signatory's title.
    pub(super) title: &'static str,
    /// The languages it serves in.
    pub(super) languages: &'static [&'static str],
    /// The areas it serves.
    pub(super) areas: &'static [&'static str],
}

impl Who {
    /// Returns what is told of it.
    pub(super) fn profile(self) -> &'static Profile {
        match self {
            Self::Office => &OFFICE,
            Self::Lantern => &LANTERN,
            Self::Riverbend => &RIVERBEND,
            Self::Harrow => &HARROW,
            Self::Harbor => &HARBOR,
            Self::Shelter => &SHELTER,
            Self::LegalAid => &LEGAL_AID,
            Self::Clinic => &CLINIC,
            Self::Liaison => &LIAISON,
            Self::Bureau => &BUREAU,
            Self::Federal => &FEDERAL,
            Self::Prosecutor => &PROSECUTOR,
            Self::Consulate => &CONSULATE,
            Self::Workforce => &WORKFORCE,
            Self::Recovery => &RECOVERY,
            Self::Lodging => &LODGING,
        }
    }
}

const OFFICE: Profile = Profile {
    name: "Three Rivers Task Force Office",
    kind: AgencyKind::LocalGovernment,
    jurisdiction: None,
    confidential: false,
    days: 758,
    desk: "demo:coordinator",
    signatory: "Odile Marchetti",
    title: "Task force coordinator",
    languages: &["en", "es"],
    areas: &["Three Rivers Region"],
};

const LANTERN: Profile = Profile {
    name: "Lantern House Advocates",
    kind: AgencyKind::AdvocacyGroup,
    jurisdiction: None,
    confidential: true,
    days: 744,
    desk: "demo:advocate",
    signatory: "Henrike Osei",
    title: "Executive director",
    languages: &["en", "es", "es-GT", "tl", "vi"],
    areas: &["Port Linden", "Alder County"],
};

const RIVERBEND: Profile = Profile {
    name: "Riverbend Survivor Network",
    kind: AgencyKind::AdvocacyGroup,
    jurisdiction: None,
    confidential: true,
    days: 701,
    desk: "desk:intake",
    signatory: "Tomasz Bellweather",
    title: "Program director",
    languages: &["en", "es", "ru", "uk"],
    areas: &["Millrace County"],
};

const HARROW: Profile = Profile {
    name: "Harrow Valley Crisis Center",
    kind: AgencyKind::SexualAssaultProgram,
    jurisdiction: None,
    confidential: true,
    days: 655,
    desk: "desk:crisis-line",
    signatory: "Amara Lindqvist",
    title: "Director of services",
    languages: &["en", "es", "hi", "am"],
    areas: &["Harrow Valley"],
};

const HARBOR: Profile = Profile {
    name: "Quiet Harbor Housing",
    kind: AgencyKind::HousingProgram,
    jurisdiction: None,
    confidential: true,
    days: 690,
    desk: "demo:housing",
    signatory: "Beatriz Halloran",
    title: "Housing director",
    languages: &["en", "es", "tl", "zh"],
    areas: &["Port Linden", "Alder County", "Millrace County"],
};

const SHELTER: Profile = Profile {
    name: "Millrace Family Shelter",
    kind: AgencyKind::DomesticViolenceProgram,
    jurisdiction: None,
    confidential: true,
    days: 612,
    desk: "desk:shelter",
    signatory: "Priscilla Anand",
    title: "Shelter manager",
    languages: &["en", "es", "vi"],
    areas: &["Millrace County"],
};

const LEGAL_AID: Profile = Profile {
    name: "Three Rivers Legal Aid",
    kind: AgencyKind::Attorney,
    jurisdiction: None,
    confidential: true,
    days: 688,
    desk: "demo:legal_aid",
    signatory: "Cornelius Abara",
    title: "Managing attorney",
    languages: &["en", "es", "es-GT", "zh", "am"],
    areas: &["Three Rivers Region"],
};

const CLINIC: Profile = Profile {
    name: "Willow Street Clinic",
    kind: AgencyKind::HealthService,
    jurisdiction: None,
    confidential: false,
    days: 671,
    desk: "demo:health",
    signatory: "Dr. Ingrid Okonjo",
    title: "Medical director",
    languages: &["en", "es", "tl", "ru", "hi"],
    areas: &["Port Linden", "Millrace County"],
};

const LIAISON: Profile = Profile {
    name: "Port Linden Police Victim Liaison Unit",
    kind: AgencyKind::LawEnforcement,
    jurisdiction: Some(Jurisdiction::Local),
    confidential: false,
    days: 640,
    desk: "demo:police_liaison",
    signatory: "Sgt. Delphine Warrick",
    title: "Unit supervisor",
    languages: &["en", "es"],
    areas: &["Port Linden"],
};

const BUREAU: Profile = Profile {
    name: "State Bureau of Inquiry, Rivers Field Office",
    kind: AgencyKind::CrimeInvestigation,
    jurisdiction: Some(Jurisdiction::State),
    confidential: false,
    days: 540,
    desk: "desk:field-office",
    signatory: "Marlon Eberhardt",
    title: "Special agent in charge",
    languages: &["en", "es"],
    areas: &["Three Rivers Region"],
};

const FEDERAL: Profile = Profile {
    name: "Federal Victim Assistance Desk, Port Linden",
    kind: AgencyKind::CrimeInvestigation,
    jurisdiction: Some(Jurisdiction::Federal),
    confidential: false,
    days: 498,
    desk: "desk:victim-specialist",
    signatory: "Rosalind Achterberg",
    title: "Victim specialist",
    languages: &["en", "es", "zh"],
    areas: &["Three Rivers Region"],
};

const PROSECUTOR: Profile = Profile {
    name: "Alder County Prosecutor",
    kind: AgencyKind::DistrictAttorney,
    jurisdiction: Some(Jurisdiction::Local),
    confidential: false,
    days: 520,
    desk: "desk:victim-witness",
    signatory: "Julian Farrow-Diaz",
    title: "Chief deputy",
    languages: &["en", "es"],
    areas: &["Alder County"],
};

const CONSULATE: Profile = Profile {
    name: "Consular Protection Office, Port Linden",
    kind: AgencyKind::Consulate,
    jurisdiction: None,
    confidential: false,
    days: 410,
    desk: "desk:protection",
    signatory: "Elena Quirós Vidal",
    title: "Protection officer",
    languages: &["es", "es-GT", "en"],
    areas: &["Three Rivers Region"],
};

const WORKFORCE: Profile = Profile {
    name: "Bright Path Workforce Center",
    kind: AgencyKind::SocialWork,
    jurisdiction: None,
    confidential: false,
    days: 577,
    desk: "desk:placement",
    signatory: "Nathaniel Oduya",
    title: "Center manager",
    languages: &["en", "es", "am", "hi"],
    areas: &["Port Linden", "Harrow Valley"],
};

const RECOVERY: Profile = Profile {
    name: "Cedar Recovery Services",
    kind: AgencyKind::SubstanceAbuseProgram,
    jurisdiction: None,
    confidential: false,
    days: 566,
    desk: "desk:intake",
    signatory: "Wilhelmina Strand",
    title: "Clinical director",
    languages: &["en", "es"],
    areas: &["Alder County"],
};

const LODGING: Profile = Profile {
    name: "Open Gate Lodging",
    kind: AgencyKind::HousingProgram,
    jurisdiction: None,
    confidential: false,
    days: 470,
    desk: "desk:front",
    signatory: "Barnaby Crewe",
    title: "Owner",
    languages: &["en"],
    areas: &["Millrace County"],
};
