//! The service's coded vocabulary: each list of codes once, with its meaning.
//!
//! A code is the same word in the database, in a token's scope, in the audit log and on the wire, so that
//! one definition serves all four; only the wire's spelling (`SCREAMING_SNAKE_CASE`) exists.
//! Sources of the lists: the collaborators and needs of the field guide for victim advocates (needs after the
//! UN High Commissioner's guidelines), data categories after the field's minimum-necessary practice, referral
//! states after the HL7 Gravity closed loop, audit codes after FHIR `AuditEvent`.

use std::fmt;
use std::str::FromStr;

use async_graphql::Enum;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ValueTypeErr;

pub use crate::code::{Code, Set};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Enum, DeriveValueType)]
        #[sea_orm(value_type = "String")]
        pub enum $name { $($(#[$vdoc])* #[graphql(name = $code)] $variant,)* }

        impl Code for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            #[expect(clippy::as_conversions, reason = "a field-less enum's place has no other spelling")]
            fn place(self) -> u32 {
                self as u32
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.code())
            }
        }

        impl FromStr for $name {
            type Err = ValueTypeErr;

            fn from_str(text: &str) -> Result<Self, ValueTypeErr> {
                Self::from_code(text).ok_or(ValueTypeErr)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("an unknown code"))
            }
        }
    )*};
}

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

    /// What an agency is in a task force.
    MemberRole {
        /// It refers and receives.
        Member = "MEMBER",
        /// It also keeps the task force's directory and follows its MOUs.
        Coordinator = "COORDINATOR",
    }

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

    /// Where a referral stands (HL7 Gravity closed loop).
    ReferralStatus {
        /// Being written by its sender; the recipient knows nothing of it.
        Draft = "DRAFT",
        /// Sent, and waiting for the recipient's answer.
        Requested = "REQUESTED",
        /// Taken on by the recipient.
        Accepted = "ACCEPTED",
        /// The recipient's service has begun.
        InProgress = "IN_PROGRESS",
        /// Paused by the recipient, with a reason.
        OnHold = "ON_HOLD",
        /// Open, but its consent or MOU is no longer in force; set by the system.
        Suspended = "SUSPENDED",
        /// Turned down by the recipient, with a reason.
        Rejected = "REJECTED",
        /// Called off by either side, with a reason.
        Cancelled = "CANCELLED",
        /// Done, with an outcome.
        Completed = "COMPLETED",
        /// Ended without success, with a reason.
        Failed = "FAILED",
        /// Never answered in time; set by the system.
        Expired = "EXPIRED",
        /// Should never have been.
        EnteredInError = "ENTERED_IN_ERROR",
    }

    /// Why a referral stands where it stands.
    StatusReason {
        /// No place or time free.
        NoCapacity = "NO_CAPACITY",
        /// Not a service that the recipient gives, or not to this person.
        NotEligible = "NOT_ELIGIBLE",
        /// Outside the area that the recipient serves.
        OutsideServiceArea = "OUTSIDE_SERVICE_AREA",
        /// No interpreter for the language and dialect.
        LanguageNotAvailable = "LANGUAGE_NOT_AVAILABLE",
        /// The recipient cannot keep the person safe.
        SafetyConcern = "SAFETY_CONCERN",
        /// The recipient knows the accused or has another conflict.
        ConflictOfInterest = "CONFLICT_OF_INTEREST",
        /// The survivor decided otherwise.
        SurvivorDecision = "SURVIVOR_DECISION",
        /// The consent is no longer in force.
        ConsentNotInForce = "CONSENT_NOT_IN_FORCE",
        /// The MOU is no longer in force.
        MouNotInForce = "MOU_NOT_IN_FORCE",
        /// Nobody answered in time.
        NotAnswered = "NOT_ANSWERED",
    }

    /// Why a recipient turns a referral down.
    RejectReason {
        /// No place or time free.
        NoCapacity = "NO_CAPACITY",
        /// Not a service that you give, or not to this person.
        NotEligible = "NOT_ELIGIBLE",
        /// Outside the area that you serve.
        OutsideServiceArea = "OUTSIDE_SERVICE_AREA",
        /// No interpreter for the language and dialect.
        LanguageNotAvailable = "LANGUAGE_NOT_AVAILABLE",
        /// You cannot keep the person safe.
        SafetyConcern = "SAFETY_CONCERN",
        /// You know the accused or have another conflict.
        ConflictOfInterest = "CONFLICT_OF_INTEREST",
        /// The survivor decided otherwise.
        SurvivorDecision = "SURVIVOR_DECISION",
    }

    /// What came of a completed referral.
    OutcomeCode {
        /// Every need it named was met.
        NeedsMet = "NEEDS_MET",
        /// Some needs were met.
        NeedsPartlyMet = "NEEDS_PARTLY_MET",
        /// The person was passed on to a better-suited partner.
        ReferredOnward = "REFERRED_ONWARD",
        /// The survivor chose to stop; that is theirs to decide.
        SurvivorEnded = "SURVIVOR_ENDED",
    }

    /// How soon a referral wants an answer.
    Urgency {
        /// Within five days.
        Routine = "ROUTINE",
        /// Within a day.
        Urgent = "URGENT",
        /// Within the hour.
        Emergency = "EMERGENCY",
    }

    /// What may be done next with a referral.
    ReferralAction {
        /// Send the draft.
        Send = "SEND",
        /// Take it on.
        Accept = "ACCEPT",
        /// Turn it down.
        Reject = "REJECT",
        /// Complete it, with an outcome.
        Complete = "COMPLETE",
        /// Continue it under a consent and an MOU in force.
        Continue = "CONTINUE",
    }

    /// Where a consent stands; computed from its dates, signatures and revocation when it is read.
    ConsentStatus {
        /// Not signed yet.
        Draft = "DRAFT",
        /// In force.
        Active = "ACTIVE",
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

    /// A set of rules that binds an agency.
    Pack {
        /// The Violence Against Women Act: 34 U.S.C. 12291(b)(2).
        Vawa = "VAWA",
        /// The Victims of Crime Act: 28 CFR 94.115.
        Voca = "VOCA",
        /// The Family Violence Prevention and Services Act: 42 U.S.C. 10406(c)(5).
        Fvpsa = "FVPSA",
        /// Confidentiality of substance-use records: 42 CFR part 2.
        Part2 = "PART2",
        /// A state's law, with its own maximum.
        State = "STATE",
    }

    /// Whether something that a consent lacks keeps it from being signed.
    Severity {
        /// It cannot be signed before this is mended.
        Blocking = "BLOCKING",
        /// No rule that binds your agency asks for it; it is good practice.
        Advisory = "ADVISORY",
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

    /// What a notice tells an agency.
    NoticeKind {
        /// A consent that names it as recipient was taken back: what it was told under it, it is told no more.
        ConsentRevoked = "CONSENT_REVOKED",
    }

    /// What an MOU is for.
    MouKind {
        /// To refer people to each other.
        Referral = "REFERRAL",
        /// To share information.
        InformationSharing = "INFORMATION_SHARING",
        /// To serve people jointly.
        JointServices = "JOINT_SERVICES",
    }

    /// Where an MOU stands; computed from its dates and signatures when it is read.
    MouStatus {
        /// Being written.
        Draft = "DRAFT",
        /// Before its parties, and not signed by any of them.
        Offered = "OFFERED",
        /// Signed by some of its parties.
        PartiallySigned = "PARTIALLY_SIGNED",
        /// Signed by all, and its first day is still to come.
        Signed = "SIGNED",
        /// In force.
        Active = "ACTIVE",
        /// In force, and its review is due.
        DueForReview = "DUE_FOR_REVIEW",
        /// Past its last day.
        Expired = "EXPIRED",
        /// Replaced by a later version.
        Superseded = "SUPERSEDED",
        /// Not in force for now.
        Suspended = "SUSPENDED",
        /// Ended before its last day.
        Terminated = "TERMINATED",
        /// Turned down by a party.
        Declined = "DECLINED",
    }

    /// What may be done next with an MOU.
    MouAction {
        /// Put it before its parties.
        Offer = "OFFER",
        /// Sign it for your agency.
        Sign = "SIGN",
    }

    /// Which of the FHIR kinds of action an audit event records.
    AuditAction {
        /// Something was made.
        Create = "C",
        /// Something was read.
        Read = "R",
        /// Something was changed.
        Update = "U",
        /// Something was destroyed.
        Delete = "D",
        /// Something was carried out.
        Execute = "E",
    }

    /// How an application proves that it is the one that was registered.
    ClientAuthentication {
        /// By an assertion signed with its own key (RFC 7523).
        PrivateKeyJwt = "PRIVATE_KEY_JWT",
        /// By a secret, sent as HTTP Basic (RFC 6749, 2.3.1).
        ClientSecretBasic = "CLIENT_SECRET_BASIC",
    }

    /// By which way a person may be reached.
    ContactChannel {
        /// A call.
        Phone = "PHONE",
        /// A text message.
        Text = "TEXT",
        /// An e-mail.
        Email = "EMAIL",
        /// A message in an app.
        Messenger = "MESSENGER",
        /// A letter.
        Post = "POST",
        /// A meeting.
        InPerson = "IN_PERSON",
        /// A word to the person's advocate, who passes it on.
        ThroughAdvocate = "THROUGH_ADVOCATE",
    }

    /// A day of the week.
    Weekday {
        /// Monday.
        Monday = "MONDAY",
        /// Tuesday.
        Tuesday = "TUESDAY",
        /// Wednesday.
        Wednesday = "WEDNESDAY",
        /// Thursday.
        Thursday = "THURSDAY",
        /// Friday.
        Friday = "FRIDAY",
        /// Saturday.
        Saturday = "SATURDAY",
        /// Sunday.
        Sunday = "SUNDAY",
    }

    /// All that may be left for a person: none of them says who asks, or why.
    MessageForm {
        /// Please call back.
        PleaseCallBack = "PLEASE_CALL_BACK",
        /// We will try again.
        WeWillTryAgain = "WE_WILL_TRY_AGAIN",
    }

    /// Why a person may not be contacted in this way now.
    ContactBar {
        /// No plan says how; without one, nobody is contacted.
        NoPlan = "NO_PLAN",
        /// The person is not to be contacted.
        DoNotContact = "DO_NOT_CONTACT",
        /// The plan does not list this channel.
        ChannelNotListed = "CHANNEL_NOT_LISTED",
        /// Whatever goes through this channel stays there, and the plan lets nothing be left.
        NothingMayBeLeft = "NOTHING_MAY_BE_LEFT",
        /// No window of the plan is open.
        OutsideWindow = "OUTSIDE_WINDOW",
    }

    /// What demands a disclosure that no consent allows.
    MandateInstrument {
        /// A statute.
        Statute = "STATUTE",
        /// A court's order.
        CourtOrder = "COURT_ORDER",
        /// A subpoena, which alone is not enough.
        Subpoena = "SUBPOENA",
    }

    /// What kind of body outside the task force was told.
    OutsideRecipient {
        /// A court.
        Court = "COURT",
        /// Police or prosecution.
        LawEnforcement = "LAW_ENFORCEMENT",
        /// A child-protection agency.
        ChildProtection = "CHILD_PROTECTION",
        /// An adult-protection agency.
        AdultProtection = "ADULT_PROTECTION",
        /// A health authority.
        HealthAuthority = "HEALTH_AUTHORITY",
        /// Another public body.
        OtherAuthority = "OTHER_AUTHORITY",
    }

    /// What came of an attempt to notify a person.
    NoticeResult {
        /// The person was told.
        Reached = "REACHED",
        /// Nobody answered, and no message was left.
        LeftNoMessage = "LEFT_NO_MESSAGE",
        /// The person was not reached.
        NotReached = "NOT_REACHED",
        /// To try would have put the person in danger.
        UnsafeToTry = "UNSAFE_TO_TRY",
        /// The order forbids to notify the person.
        ProhibitedByOrder = "PROHIBITED_BY_ORDER",
    }

    /// Why nobody attempted to notify a person.
    NoNoticeReason {
        /// To try would have put the person in danger.
        UnsafeToTry = "UNSAFE_TO_TRY",
        /// The order forbids it.
        ProhibitedByOrder = "PROHIBITED_BY_ORDER",
        /// No safe way to reach the person is known.
        NoSafeWay = "NO_SAFE_WAY",
    }

    /// What was done to protect a person when something had to be disclosed.
    ProtectiveStep {
        /// Filed under seal.
        SealedFiling = "SEALED_FILING",
        /// A protective order was sought.
        ProtectiveOrderSought = "PROTECTIVE_ORDER_SOUGHT",
        /// Redacted.
        Redacted = "REDACTED",
        /// Reviewed by the judge alone.
        InCameraReview = "IN_CAMERA_REVIEW",
        /// Cut to what the mandate names.
        Minimised = "MINIMISED",
        /// Counsel was consulted.
        CounselConsulted = "COUNSEL_CONSULTED",
        /// None was possible; a reason goes with it.
        NonePossible = "NONE_POSSIBLE",
    }

    /// Why no protective step was possible.
    NoProtectionReason {
        /// The mandate leaves none.
        MandateLeavesNone = "MANDATE_LEAVES_NONE",
        /// A life was in danger, and there was no time.
        NoTime = "NO_TIME",
        /// They were sought and denied.
        Denied = "DENIED",
    }

    /// What an audit event records.
    AuditType {
        /// An agency was registered.
        AgencyRegistered = "AGENCY_REGISTERED",
        /// An agency was suspended: it shares and receives nothing, and its tokens are over.
        AgencySuspended = "AGENCY_SUSPENDED",
        /// A suspended agency takes part again.
        AgencyReinstated = "AGENCY_REINSTATED",
        /// An application was registered.
        ApplicationRegistered = "APPLICATION_REGISTERED",
        /// An application was given a new secret.
        ApplicationSecretRotated = "APPLICATION_SECRET_ROTATED",
        /// An application was given other public keys.
        ApplicationKeysReplaced = "APPLICATION_KEYS_REPLACED",
        /// An application was suspended: its tokens are over.
        ApplicationSuspended = "APPLICATION_SUSPENDED",
        /// A survivor's pseudonym was registered.
        SurvivorRegistered = "SURVIVOR_REGISTERED",
        /// What is on record of a survivor was corrected: whether they are a minor, and the language they understand best.
        SurvivorCorrected = "SURVIVOR_CORRECTED",
        /// A survivor's plan for safe contact was set.
        SafeContactSet = "SAFE_CONTACT_SET",
        /// A survivor's plan for safe contact was read.
        SafeContactRead = "SAFE_CONTACT_READ",
        /// Somebody asked whether a survivor may be contacted now; the reason is the answer.
        ContactAdvised = "CONTACT_ADVISED",
        /// A disclosure that a statute or a court's order demanded was put on record.
        MandatedDisclosureRecorded = "MANDATED_DISCLOSURE_RECORDED",
        /// A consent was drafted.
        ConsentDrafted = "CONSENT_DRAFTED",
        /// A consent was signed.
        ConsentSigned = "CONSENT_SIGNED",
        /// A consent was revoked.
        ConsentRevoked = "CONSENT_REVOKED",
        /// A person was erased: every consent ended, every package's key destroyed, the pseudonym forgotten.
        SurvivorErased = "SURVIVOR_ERASED",
        /// A later version of a consent took its place.
        ConsentSuperseded = "CONSENT_SUPERSEDED",
        /// A consent was found to be one that should never have been.
        ConsentEnteredInError = "CONSENT_ENTERED_IN_ERROR",
        /// An agency said that a rule pack binds it.
        RulePackBound = "RULE_PACK_BOUND",
        /// An agency said that a rule pack binds it no longer.
        RulePackUnbound = "RULE_PACK_UNBOUND",
        /// The signed paper behind a consent was stored.
        ConsentDocumentStored = "CONSENT_DOCUMENT_STORED",
        /// The signed paper behind a consent was read by the agency that stored it.
        ConsentDocumentRead = "CONSENT_DOCUMENT_READ",
        /// A referral was drafted.
        ReferralDrafted = "REFERRAL_DRAFTED",
        /// A referral was sent.
        ReferralSent = "REFERRAL_SENT",
        /// A referral was accepted.
        ReferralAccepted = "REFERRAL_ACCEPTED",
        /// A referral was rejected.
        ReferralRejected = "REFERRAL_REJECTED",
        /// A referral was completed.
        ReferralCompleted = "REFERRAL_COMPLETED",
        /// A suspended referral was continued under a consent and an MOU in force.
        ReferralContinued = "REFERRAL_CONTINUED",
        /// An MOU was drafted.
        MouDrafted = "MOU_DRAFTED",
        /// An MOU was offered to its parties.
        MouOffered = "MOU_OFFERED",
        /// An MOU was signed by a party.
        MouSigned = "MOU_SIGNED",
        /// Headers of records were read: ids, status, needs, parties.
        RecordsListed = "RECORDS_LISTED",
        /// A package's content was disclosed, or everything in it withheld.
        PackageRead = "PACKAGE_READ",
        /// The audit log itself was read.
        AuditRead = "AUDIT_READ",
        /// An older data store was put back, and its operator answers for it.
        LedgerReopened = "LEDGER_REOPENED",
        /// An access token was issued.
        TokenIssued = "TOKEN_ISSUED",
        /// A narrower access token was issued for another one.
        TokenExchanged = "TOKEN_EXCHANGED",
        /// An access token, and what was exchanged for it, was taken back.
        TokenRevoked = "TOKEN_REVOKED",
        /// A request's access token, or the proof that goes with it, was refused.
        TokenRefused = "TOKEN_REFUSED",
        /// A program that asked for a token, or about one, was refused.
        ClientRefused = "CLIENT_REFUSED",
        /// The next signing key took over.
        SigningKeyRotated = "SIGNING_KEY_ROTATED",
        /// A signing key was retired: the tokens that it signed are over.
        SigningKeyRetired = "SIGNING_KEY_RETIRED",
        /// An agency's own issuer of tokens was registered.
        IssuerTrusted = "ISSUER_TRUSTED",
        /// An issuer's keys were fetched anew by an operator.
        IssuerRefreshed = "ISSUER_REFRESHED",
        /// An issuer was suspended: its tokens are over.
        IssuerSuspended = "ISSUER_SUSPENDED",
        /// A request was refused.
        AccessDenied = "ACCESS_DENIED",
    }

    /// How the audited act ended.
    AuditOutcome {
        /// It was done.
        Success = "SUCCESS",
        /// It was refused.
        Refused = "REFUSED",
    }
}

/// The categories that something covers.
pub type Categories = Set<DataCategory>;
/// The purposes that something covers.
pub type Purposes = Set<Purpose>;
/// The needs that something names.
pub type Needs = Set<Need>;
/// What was explained to somebody.
pub type Explanations = Set<Explanation>;
