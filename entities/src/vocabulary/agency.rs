//! What an agency is, and what it is in a task force.

use crate::code::codes;

codes! {
    /// The kinds of collaborator that a task force draws on.
    AgencyKind {
        /// A community-based advocacy group.
        AdvocacyGroup = "ADVOCACY_GROUP",
        /// An attorney or law office.
        Attorney = "ATTORNEY",
        /// A consulate or embassy.
        Consulate = "CONSULATE",
        /// A district attorney's office.
        DistrictAttorney = "DISTRICT_ATTORNEY",
        /// A domestic-violence program.
        DomesticViolenceProgram = "DOMESTIC_VIOLENCE_PROGRAM",
        /// A faith-based program.
        FaithBasedProgram = "FAITH_BASED_PROGRAM",
        /// The FBI or a bureau of crime investigation.
        CrimeInvestigation = "CRIME_INVESTIGATION",
        /// A clinic, hospital or other health service.
        HealthService = "HEALTH_SERVICE",
        /// A shelter or other housing program.
        HousingProgram = "HOUSING_PROGRAM",
        /// Police, sheriff or federal agents.
        LawEnforcement = "LAW_ENFORCEMENT",
        /// A city or county office.
        LocalGovernment = "LOCAL_GOVERNMENT",
        /// A private business, such as an employer.
        PrivateBusiness = "PRIVATE_BUSINESS",
        /// A school or college.
        SchoolOrCollege = "SCHOOL_OR_COLLEGE",
        /// A sexual-assault program.
        SexualAssaultProgram = "SEXUAL_ASSAULT_PROGRAM",
        /// A social-work agency.
        SocialWork = "SOCIAL_WORK",
        /// A substance-abuse program.
        SubstanceAbuseProgram = "SUBSTANCE_ABUSE_PROGRAM",
        /// A U.S. Attorney's office.
        UsAttorney = "US_ATTORNEY",
        /// The U.S. Department of Justice.
        UsDepartmentOfJustice = "US_DEPARTMENT_OF_JUSTICE",
        /// A victim-assistance agency.
        VictimAssistanceAgency = "VICTIM_ASSISTANCE_AGENCY",
        /// Any other collaborator; its description says which.
        Other = "OTHER",
    }

    /// Whose law an agency enforces.
    Jurisdiction {
        /// The United States.
        Federal = "FEDERAL",
        /// A state.
        State = "STATE",
        /// A city or county.
        Local = "LOCAL",
        /// A tribal nation.
        Tribal = "TRIBAL",
    }

    /// Whether an agency takes part.
    AgencyStatus {
        /// It takes part.
        Active = "ACTIVE",
        /// It is shut out for now: nothing is shared with it and its tokens grant nothing.
        Suspended = "SUSPENDED",
    }

    /// What makes an agency fit to refer to.
    VettingAttribute {
        /// It is credible.
        Credible = "CREDIBLE",
        /// Its staff are trained in the effects of trauma.
        TraumaInformed = "TRAUMA_INFORMED",
        /// It respects confidentiality.
        RespectsConfidentiality = "RESPECTS_CONFIDENTIALITY",
        /// It knows immigration law.
        KnowsImmigrationLaw = "KNOWS_IMMIGRATION_LAW",
    }

    /// What an agency is in a task force.
    MemberRole {
        /// It refers and receives.
        Member = "MEMBER",
        /// It also keeps the task force's directory and follows its MOUs.
        Coordinator = "COORDINATOR",
    }
}
