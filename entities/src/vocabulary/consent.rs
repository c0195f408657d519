//! Where a consent stands, who signs it and how, and how it is taken back.

use crate::code::{Set, codes};

codes! {
    /// Where a consent stands; computed from its dates, signatures and revocation when it is read.
    ConsentStatus {
        /// Not signed yet.
        Draft = "DRAFT",
        /// In force.
        Active = "ACTIVE",
        /// It lacks what the law asks for, and allows nothing until a next version puts that right.
        Suspended = "SUSPENDED",
        /// Past its expiry.
        Expired = "EXPIRED",
        /// Taken back by the survivor.
        Revoked = "REVOKED",
        /// Replaced by a later version.
        Superseded = "SUPERSEDED",
        /// Should never have been.
        EnteredInError = "ENTERED_IN_ERROR",
    }

    /// Who signs a consent.
    SignerRole {
        /// The survivor.
        Survivor = "SURVIVOR",
        /// A minor survivor's parent or guardian.
        ParentOrGuardian = "PARENT_OR_GUARDIAN",
        /// A court-appointed conservator.
        Conservator = "CONSERVATOR",
        /// Somebody who saw the signing.
        Witness = "WITNESS",
    }

    /// How a signature was given.
    SignatureMethod {
        /// On paper; the paper is on file.
        Paper = "PAPER",
        /// Electronically.
        Electronic = "ELECTRONIC",
        /// With a mark or a fingerprint on paper, before a witness.
        Mark = "MARK",
    }

    /// What ties whoever signs to the person whose consent it is.
    SignerRelation {
        /// The same person.
        Oneself = "ONESELF",
        /// A parent.
        Parent = "PARENT",
        /// A guardian by law.
        LegalGuardian = "LEGAL_GUARDIAN",
        /// Appointed by a court to decide for the person.
        CourtAppointed = "COURT_APPOINTED",
    }

    /// Who saw a signature being given. Never a name: the paper has it.
    Witness {
        /// One of the agency's staff.
        AgencyStaff = "AGENCY_STAFF",
        /// A notary.
        Notary = "NOTARY",
        /// Another adult, who is neither the interpreter nor a party.
        OtherAdult = "OTHER_ADULT",
    }

    /// Why the law lets a minor consent without a parent or guardian.
    MinorAlone {
        /// The law lets the minor be emancipated, and the minor is.
        Emancipated = "EMANCIPATED",
        /// The law lets the minor receive this medical care alone.
        MedicalCare = "MEDICAL_CARE",
        /// The law lets the minor receive this mental-health care alone.
        MentalHealthCare = "MENTAL_HEALTH_CARE",
        /// The law lets the minor receive this treatment of substance use alone.
        SubstanceUseTreatment = "SUBSTANCE_USE_TREATMENT",
        /// The law lets the minor receive these victim services alone.
        VictimServices = "VICTIM_SERVICES",
        /// A court allowed it.
        CourtOrder = "COURT_ORDER",
    }

    /// What was explained to a person before they consented.
    Explanation {
        /// Who is told, and by whom.
        Who = "WHO",
        /// What is told.
        What = "WHAT",
        /// Why it is told.
        Why = "WHY",
        /// What may go wrong when it is told.
        Risks = "RISKS",
        /// What can be done instead of telling it.
        Alternatives = "ALTERNATIVES",
        /// That the person may say no.
        RightToRefuse = "RIGHT_TO_REFUSE",
        /// That the person may take it back, and how.
        RightToRevoke = "RIGHT_TO_REVOKE",
        /// How long what is told is kept.
        Retention = "RETENTION",
    }

    /// How a survivor took a consent back. No channel is better than another and none needs a reason.
    RevocationChannel {
        /// Said in person.
        InPerson = "IN_PERSON",
        /// Said on the telephone.
        Telephone = "TELEPHONE",
        /// Written on paper.
        Written = "WRITTEN",
        /// Sent electronically.
        Electronic = "ELECTRONIC",
    }
}

/// What was explained to somebody.
pub type Explanations = Set<Explanation>;
