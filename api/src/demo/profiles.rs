//! What is told of each agency. Every name is invented.

use concord_entities::vocabulary::{AgencyKind, AgencyStatus, Jurisdiction};

use super::cast::Who;

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
    /// Whether it takes part.
    pub(super) status: AgencyStatus,
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
    /// What showed that it is credible.
    pub(super) credible: Option<&'static str>,
    /// What showed that it is trauma-informed.
    pub(super) trauma_informed: Option<&'static str>,
    /// What showed that it respects confidentiality.
    pub(super) confidentiality: Option<&'static str>,
    /// What showed that it knows immigration law.
    pub(super) immigration_law: Option<&'static str>,
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
    status: AgencyStatus::Active,
    days: 758,
    desk: "demo:coordinator",
    signatory: "Odile Marchetti",
    title: "Task force coordinator",
    languages: &["en", "es"],
    areas: &["Three Rivers Region"],
    credible: Some("Founded by resolution of the regional council"),
    trauma_informed: Some("Coordinators complete the 24-hour trauma course every year"),
    confidentiality: Some("Holds no client records; signed the task force's data charter"),
    immigration_law: None,
};

const LANTERN: Profile = Profile {
    name: "Lantern House Advocates",
    kind: AgencyKind::AdvocacyGroup,
    jurisdiction: None,
    confidential: true,
    status: AgencyStatus::Active,
    days: 744,
    desk: "demo:advocate",
    signatory: "Henrike Osei",
    title: "Executive director",
    languages: &["en", "es", "es-GT", "tl", "vi"],
    areas: &["Port Linden", "Alder County"],
    credible: Some("Eleven years of service; audited accounts on file"),
    trauma_informed: Some("All advocates certified; supervision every week"),
    confidentiality: Some("Privilege policy reviewed by counsel; VAWA rule pack in use"),
    immigration_law: Some("Two staff accredited for immigration matters"),
};

const RIVERBEND: Profile = Profile {
    name: "Riverbend Survivor Network",
    kind: AgencyKind::AdvocacyGroup,
    jurisdiction: None,
    confidential: true,
    status: AgencyStatus::Active,
    days: 701,
    desk: "desk:intake",
    signatory: "Tomasz Bellweather",
    title: "Program director",
    languages: &["en", "es", "ru", "uk"],
    areas: &["Millrace County"],
    credible: Some("Recommended by three partners; site visit"),
    trauma_informed: Some("Survivor-led; trauma course completed by all staff"),
    confidentiality: Some("Confidentiality agreement signed by staff and volunteers"),
    immigration_law: None,
};

const HARROW: Profile = Profile {
    name: "Harrow Valley Crisis Center",
    kind: AgencyKind::SexualAssaultProgram,
    jurisdiction: None,
    confidential: true,
    status: AgencyStatus::Active,
    days: 655,
    desk: "desk:crisis-line",
    signatory: "Amara Lindqvist",
    title: "Director of services",
    languages: &["en", "es", "hi", "am"],
    areas: &["Harrow Valley"],
    credible: Some("State-certified program"),
    trauma_informed: Some("Trauma-informed care accreditation, renewed last year"),
    confidentiality: Some("Privilege under state law; policy on file"),
    immigration_law: None,
};

const HARBOR: Profile = Profile {
    name: "Quiet Harbor Housing",
    kind: AgencyKind::HousingProgram,
    jurisdiction: None,
    confidential: true,
    status: AgencyStatus::Active,
    days: 690,
    desk: "demo:housing",
    signatory: "Beatriz Halloran",
    title: "Housing director",
    languages: &["en", "es", "tl", "zh"],
    areas: &["Port Linden", "Alder County", "Millrace County"],
    credible: Some("Site visit; licence on file"),
    trauma_informed: Some("House staff trained in trauma and de-escalation"),
    confidentiality: Some("Unmarked sites; no visitor log leaves the house"),
    immigration_law: None,
};

const SHELTER: Profile = Profile {
    name: "Millrace Family Shelter",
    kind: AgencyKind::DomesticViolenceProgram,
    jurisdiction: None,
    confidential: true,
    status: AgencyStatus::Active,
    days: 612,
    desk: "desk:shelter",
    signatory: "Priscilla Anand",
    title: "Shelter manager",
    languages: &["en", "es", "vi"],
    areas: &["Millrace County"],
    credible: Some("State coalition member"),
    trauma_informed: Some("Children's counsellor on staff"),
    confidentiality: Some("Address confidential by state law"),
    immigration_law: None,
};

const LEGAL_AID: Profile = Profile {
    name: "Three Rivers Legal Aid",
    kind: AgencyKind::Attorney,
    jurisdiction: None,
    confidential: true,
    status: AgencyStatus::Active,
    days: 688,
    desk: "demo:legal_aid",
    signatory: "Cornelius Abara",
    title: "Managing attorney",
    languages: &["en", "es", "es-GT", "zh", "am"],
    areas: &["Three Rivers Region"],
    credible: Some("Bar standing of every attorney checked"),
    trauma_informed: Some("Interviewing course for vulnerable clients"),
    confidentiality: Some("Attorney-client privilege; conflict check at intake"),
    immigration_law: Some("Four immigration attorneys; T and U petitions since its founding"),
};

const CLINIC: Profile = Profile {
    name: "Willow Street Clinic",
    kind: AgencyKind::HealthService,
    jurisdiction: None,
    confidential: false,
    status: AgencyStatus::Active,
    days: 671,
    desk: "demo:health",
    signatory: "Dr. Ingrid Okonjo",
    title: "Medical director",
    languages: &["en", "es", "tl", "ru", "hi"],
    areas: &["Port Linden", "Millrace County"],
    credible: Some("Licensed; peer review on file"),
    trauma_informed: Some("Exam rooms and consent practice reviewed by advocates"),
    confidentiality: Some("HIPAA and 42 CFR part 2 procedures on file"),
    immigration_law: None,
};

const LIAISON: Profile = Profile {
    name: "Port Linden Police Victim Liaison Unit",
    kind: AgencyKind::LawEnforcement,
    jurisdiction: Some(Jurisdiction::Local),
    confidential: false,
    status: AgencyStatus::Active,
    days: 640,
    desk: "demo:police_liaison",
    signatory: "Sgt. Delphine Warrick",
    title: "Unit supervisor",
    languages: &["en", "es"],
    areas: &["Port Linden"],
    credible: Some("Named by the chief; background checks on file"),
    trauma_informed: Some("Victim-centred interviewing course"),
    confidentiality: Some("Separate case room; no release without the unit's supervisor"),
    immigration_law: Some("Trained in certifications for T and U petitions"),
};

const BUREAU: Profile = Profile {
    name: "State Bureau of Inquiry, Rivers Field Office",
    kind: AgencyKind::CrimeInvestigation,
    jurisdiction: Some(Jurisdiction::State),
    confidential: false,
    status: AgencyStatus::Active,
    days: 540,
    desk: "desk:field-office",
    signatory: "Marlon Eberhardt",
    title: "Special agent in charge",
    languages: &["en", "es"],
    areas: &["Three Rivers Region"],
    credible: Some("Statutory agency"),
    trauma_informed: Some("Forensic interviewers on call"),
    confidentiality: None,
    immigration_law: None,
};

const FEDERAL: Profile = Profile {
    name: "Federal Victim Assistance Desk, Port Linden",
    kind: AgencyKind::CrimeInvestigation,
    jurisdiction: Some(Jurisdiction::Federal),
    confidential: false,
    status: AgencyStatus::Active,
    days: 498,
    desk: "desk:victim-specialist",
    signatory: "Rosalind Achterberg",
    title: "Victim specialist",
    languages: &["en", "es", "zh"],
    areas: &["Three Rivers Region"],
    credible: Some("Statutory agency"),
    trauma_informed: Some("Victim specialists, not investigators, make first contact"),
    confidentiality: Some("Victim files kept apart from case files"),
    immigration_law: Some("Requests Continued Presence"),
};

const PROSECUTOR: Profile = Profile {
    name: "Alder County Prosecutor",
    kind: AgencyKind::DistrictAttorney,
    jurisdiction: Some(Jurisdiction::Local),
    confidential: false,
    status: AgencyStatus::Active,
    days: 520,
    desk: "desk:victim-witness",
    signatory: "Julian Farrow-Diaz",
    title: "Chief deputy",
    languages: &["en", "es"],
    areas: &["Alder County"],
    credible: Some("Elected office"),
    trauma_informed: Some("Victim-witness staff trained"),
    confidentiality: Some("Disclosure duties explained to advocates in writing"),
    immigration_law: None,
};

const CONSULATE: Profile = Profile {
    name: "Consular Protection Office, Port Linden",
    kind: AgencyKind::Consulate,
    jurisdiction: None,
    confidential: false,
    status: AgencyStatus::Active,
    days: 410,
    desk: "desk:protection",
    signatory: "Elena Quirós Vidal",
    title: "Protection officer",
    languages: &["es", "es-GT", "en"],
    areas: &["Three Rivers Region"],
    credible: Some("Accredited office"),
    trauma_informed: None,
    confidentiality: Some("Acts only on the person's own request"),
    immigration_law: Some("Issues identity and travel documents"),
};

const WORKFORCE: Profile = Profile {
    name: "Bright Path Workforce Center",
    kind: AgencyKind::SocialWork,
    jurisdiction: None,
    confidential: false,
    status: AgencyStatus::Active,
    days: 577,
    desk: "desk:placement",
    signatory: "Nathaniel Oduya",
    title: "Center manager",
    languages: &["en", "es", "am", "hi"],
    areas: &["Port Linden", "Harrow Valley"],
    credible: Some("Grant audits without findings"),
    trauma_informed: Some("Job coaches took the trauma course"),
    confidentiality: Some("Employer contacts never learn of the referral"),
    immigration_law: None,
};

const RECOVERY: Profile = Profile {
    name: "Cedar Recovery Services",
    kind: AgencyKind::SubstanceAbuseProgram,
    jurisdiction: None,
    confidential: false,
    status: AgencyStatus::Active,
    days: 566,
    desk: "desk:intake",
    signatory: "Wilhelmina Strand",
    title: "Clinical director",
    languages: &["en", "es"],
    areas: &["Alder County"],
    credible: Some("Licensed program"),
    trauma_informed: Some("Seeking-safety groups"),
    confidentiality: Some("42 CFR part 2 program"),
    immigration_law: None,
};

const LODGING: Profile = Profile {
    name: "Open Gate Lodging",
    kind: AgencyKind::HousingProgram,
    jurisdiction: None,
    confidential: false,
    status: AgencyStatus::Suspended,
    days: 470,
    desk: "desk:front",
    signatory: "Barnaby Crewe",
    title: "Owner",
    languages: &["en"],
    areas: &["Millrace County"],
    credible: Some("Business licence on file"),
    trauma_informed: None,
    confidentiality: None,
    immigration_law: None,
};
