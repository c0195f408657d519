//! What a lawful consent needs: each check once, with who asks for it, the rule, where that is written, and what to do
//! about it. Pure.

use concord_entities::vocabulary::{Explanation, Pack, Severity};

use crate::error::Finding;

/// Who asks for a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedBy {
    /// Every agency's practice, whatever rules bind it.
    Always,
    /// These packs, and the general practice of an agency that is bound by none.
    Generally(&'static [Pack]),
    /// These packs alone.
    By(&'static [Pack]),
    /// No rule: it is good to know.
    Never,
}

const EVERY: &[Pack] = &[
    Pack::Vawa,
    Pack::Voca,
    Pack::Fvpsa,
    Pack::Part2,
    Pack::State,
];

const INFORMED: &str = "34 U.S.C. 12291(b)(2); NNEDV practice; HTCDS consent guidance";
const INTERPRETERS: &str = "NNEDV practice; the field's rules for interpreters";
const LIMITED: &str = "34 U.S.C. 12291(b)(2); 28 CFR 94.115(a)(2); RCW 70.123.076";
const RECIPIENT: &str = "42 CFR 2.31(a)(4); NNEDV practice";
const WRITTEN: &str = "34 U.S.C. 12291(b)(2); 28 CFR 94.115(a)(2)";
const SIGNERS: &str = "28 CFR 94.115(a)(2)";

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $asked:expr, $citation:expr, $rule:literal, $remedy:literal;)*) => {
        /// Something that a consent can lack.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ConsentCheck { $($(#[$doc])* $name,)* }

        impl ConsentCheck {
            /// Every check.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its stable code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            fn asked(self) -> AskedBy {
                match self { $(Self::$name => $asked,)* }
            }

            /// The rule, where it is written, and what to do about it.
            fn text(self) -> (&'static str, &'static str, &'static str) {
                match self { $(Self::$name => ($rule, $citation, $remedy),)* }
            }
        }
    };
}

checks! {
    /// Who is told, and by whom, was not explained.
    WhoNotExplained = "WHO_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "Who tells and who is told is explained.",
        "Explain which agency tells, and which one is told.";
    /// What is told was not explained.
    WhatNotExplained = "WHAT_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "What is told is explained.",
        "Explain each category that is to be told.";
    /// What for was not explained.
    WhyNotExplained = "WHY_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "Why it is told is explained.",
        "Explain each purpose that it is told for.";
    /// The risks were not explained.
    RisksNotExplained = "RISKS_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "The risks of telling are explained.",
        "Explain what may go wrong, such as that a court may ask the recipient.";
    /// The alternatives were not explained.
    AlternativesNotExplained = "ALTERNATIVES_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "The alternatives to telling are explained.",
        "Explain how the service can be had by telling less, or nothing.";
    /// The right to refuse was not explained.
    RefusalNotExplained = "RIGHT_TO_REFUSE_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "The right to refuse is explained.",
        "Explain that the person may say no, to all or to some of it.";
    /// The right to take it back was not explained.
    RevocationNotExplained = "RIGHT_TO_REVOKE_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "The right to take it back, and how, is explained.",
        "Explain that it can be taken back at any time, orally or in writing, without a reason.";
    /// How long it is kept was not explained.
    RetentionNotExplained = "RETENTION_NOT_EXPLAINED": AskedBy::Generally(EVERY), INFORMED,
        "How long it is kept is explained.",
        "Explain how long the recipient keeps what it is told.";

    /// It was explained in a language that the person does not understand.
    LanguageNotUnderstood = "LANGUAGE_NOT_UNDERSTOOD": AskedBy::Generally(EVERY), INFORMED,
        "A consent is explained in a language that the person understands.",
        "Explain it again in the person's language, or through an interpreter, and say which.";
    /// Nobody wrote down which language the person understands.
    LanguageNotRecorded = "LANGUAGE_NOT_RECORDED": AskedBy::Generally(EVERY), INFORMED,
        "The language that the person understands best is on record.",
        "Register the language that the person understands best.";
    /// The paper does not name the interpreter.
    InterpreterNotNamed = "INTERPRETER_NOT_NAMED": AskedBy::Always, INTERPRETERS,
        "The paper names the interpreter who was used.",
        "Write the interpreter's name on the paper; it is not kept here.";
    /// The interpreter is not qualified.
    InterpreterNotQualified = "INTERPRETER_NOT_QUALIFIED": AskedBy::Always, INTERPRETERS,
        "An interpreter is qualified and certified, and understands trafficking and confidentiality.",
        "Explain it again through a qualified interpreter.";
    /// The interpreter speaks another dialect.
    InterpreterOtherDialect = "INTERPRETER_OTHER_DIALECT": AskedBy::Always, INTERPRETERS,
        "An interpreter speaks the person's language and dialect.",
        "Explain it again through somebody who speaks the dialect.";
    /// The interpreter knows the survivor.
    InterpreterKnowsSurvivor = "INTERPRETER_KNOWS_SURVIVOR": AskedBy::Always, INTERPRETERS,
        "An interpreter does not know the survivor.",
        "Explain it again through an interpreter whom the survivor does not know.";
    /// The interpreter knows the accused.
    InterpreterKnowsAccused = "INTERPRETER_KNOWS_ACCUSED": AskedBy::Always, INTERPRETERS,
        "An interpreter does not know the accused.",
        "Explain it again through an interpreter who does not know the accused.";
    /// The interpreter is another victim.
    InterpreterIsVictim = "INTERPRETER_IS_VICTIM": AskedBy::Always, INTERPRETERS,
        "Another victim never interprets.",
        "Explain it again through somebody who is not a victim of the same people.";

    /// It has no end.
    ExpiryMissing = "EXPIRY_MISSING": AskedBy::Generally(EVERY), LIMITED,
        "A consent is reasonably time-limited.",
        "Name the moment at which it ends.";
    /// It ends before it begins.
    DatesReversed = "DATES_REVERSED": AskedBy::Always, LIMITED,
        "A consent ends after it begins.",
        "Choose an expiry after its beginning.";
    /// Its end is past.
    ExpiryPast = "EXPIRY_PAST": AskedBy::Always, LIMITED,
        "A consent whose end is past allows nothing.",
        "Choose a later expiry, and ask the survivor anew.";
    /// Its end is too far away.
    ExpiryTooLate = "EXPIRY_TOO_LATE": AskedBy::Generally(EVERY), LIMITED,
        "A consent is reasonably time-limited.",
        "Choose an earlier expiry; it can be renewed.";

    /// Nobody knows the agency that it names.
    RecipientUnknown = "RECIPIENT_UNKNOWN": AskedBy::Always, RECIPIENT,
        "A consent names one specific recipient.",
        "Name an agency of your task forces.";
    /// It names the discloser as recipient.
    RecipientIsDiscloser = "RECIPIENT_IS_DISCLOSER": AskedBy::Always, RECIPIENT,
        "A consent names one discloser and one other recipient.",
        "Name the one agency that is to be told.";
    /// It goes through somebody whom it does not name.
    IntermediaryNotNamed = "INTERMEDIARY_NOT_NAMED": AskedBy::Generally(EVERY), RECIPIENT,
        "An intermediary that is used is named.",
        "Name the agency that it goes through.";
    /// Its intermediary is one of its two sides.
    IntermediaryIsParty = "INTERMEDIARY_IS_PARTY": AskedBy::Always, RECIPIENT,
        "An intermediary is neither the discloser nor the recipient.",
        "Name the third agency that it goes through, or none.";
    /// It names nothing that may be told, or not what for.
    GrantsMissing = "GRANTS_MISSING": AskedBy::Generally(EVERY), "34 U.S.C. 12291(b)(2); 42 CFR 2.31(a)(3), (5)",
        "A consent names what may be told, and what for.",
        "Name each purpose with the categories that it needs, and no others.";
    /// It names what no MOU between the two agencies permits.
    CategoriesBeyondMou = "CATEGORIES_BEYOND_MOU": AskedBy::Generally(EVERY), "Minimum necessary; the MOU in force",
        "A consent stays within what an MOU between the two agencies permits.",
        "Leave out the categories that no MOU in force permits, or amend the MOU first.";
    /// No MOU between the two agencies is in force.
    NoMou = "NO_MOU": AskedBy::Never, "Practice of the task force",
        "Nothing is shared without an MOU in force between the two agencies.",
        "Put an MOU in force before you send a referral.";
    /// Services depend on it, or nobody said that they do not.
    NotVoluntary = "NOT_VOLUNTARY": AskedBy::Always,
        "34 U.S.C. 12291(b)(2); 28 CFR 94.115(a); 42 U.S.C. 10406(c)(5)",
        "Services do not depend on signing.",
        "Tell the person that they are served whether they sign or not, and ask again.";
    /// It does not say that it can be taken back at any time.
    NotRevocable = "NOT_REVOCABLE": AskedBy::Always, "WAC 388-61A-0148; NNEDV practice",
        "A consent can be taken back at any time, orally or in writing, without a reason.",
        "Write into the consent that and how it can be taken back.";
    /// It covers substance-use records without naming them.
    SubstanceUseNotNamed = "SUBSTANCE_USE_NOT_NAMED": AskedBy::By(&[Pack::Part2]), "42 CFR 2.31, 2.32",
        "Substance-use records are named in so many words, and the redisclosure notice travels with them.",
        "Name substance-use records in the consent itself, or leave them out.";

    /// The law that lets a minor consent alone is named, and the person is no minor.
    NotAMinor = "NOT_A_MINOR": AskedBy::Always, SIGNERS,
        "The law that lets a minor consent alone is for minors.",
        "Leave it out, or register that the person is a minor.";
    /// A minor consents alone to more than the service that the law lets them receive alone.
    MinorAloneBeyondService = "MINOR_ALONE_BEYOND_SERVICE": AskedBy::Always, SIGNERS,
        "Where the law lets a minor receive a service alone, they consent alone to what that service needs, and to nothing else.",
        "Leave out what is not part of that service, or have a parent or guardian sign as well.";
    /// A guardian signed it, and the person is an adult by now.
    GuardianOutgrown = "GUARDIANS_CONSENT_OUTGROWN": AskedBy::Never, SIGNERS,
        "From the day on which a minor becomes an adult, what a guardian signed carries no new referral and no renewal.",
        "Renew it, and have the person sign alone.";
    /// The survivor has not signed.
    SurvivorSignatureMissing = "SURVIVOR_SIGNATURE_MISSING": AskedBy::Always, WRITTEN,
        "A consent is signed by the person.",
        "Have the survivor sign.";
    /// No parent or guardian has signed.
    GuardianSignatureMissing = "GUARDIAN_SIGNATURE_MISSING": AskedBy::Always, SIGNERS,
        "A minor and a parent or guardian both sign, unless the law lets the minor receive the service alone.",
        "Have a parent or guardian who is no abuser sign, or name the law that lets the minor consent alone.";
    /// Only one of two parents or guardians has signed.
    SecondGuardianSignatureMissing = "SECOND_GUARDIAN_SIGNATURE_MISSING": AskedBy::Always, "The state's law",
        "A minor and each parent or guardian sign, where the state's law asks for both.",
        "Have the other parent or guardian sign (`signer: 2`), or say that there is only one (`soleGuardian`).";
    /// A parent or guardian objects.
    GuardianObjects = "GUARDIAN_OBJECTS": AskedBy::Never, SIGNERS,
        "One parent or guardian suffices, unless the state's law asks for both.",
        "Ask what they object to; they object no longer once they sign.";
    /// No conservator has signed.
    ConservatorSignatureMissing = "CONSERVATOR_SIGNATURE_MISSING": AskedBy::Always, SIGNERS,
        "For a person whom a court found incapacitated, whoever the court appointed signs.",
        "Have the conservator sign.";
    /// An abuser signs.
    SignerIsAbuser = "SIGNER_IS_ABUSER": AskedBy::Always, SIGNERS,
        "An abuser of the person, or of a minor's other parent, never signs.",
        "Have somebody else sign, or ask a court.";
    /// Somebody signs whose signature the law does not ask for.
    SignerNotCalledFor = "SIGNER_NOT_CALLED_FOR": AskedBy::Always, SIGNERS,
        "Nobody signs for a person who signs alone.",
        "Have the person sign, or say why somebody else must.";
    /// What ties the signer to the survivor does not fit their role.
    SignerRelationUnfit = "SIGNER_RELATION_UNFIT": AskedBy::Always, SIGNERS,
        "Whoever signs for somebody is a parent, a guardian, or appointed by a court.",
        "Say what ties the signer to the survivor.";
    /// The signed document's SHA-256 is not on record.
    DocumentMissing = "DOCUMENT_MISSING": AskedBy::Generally(EVERY), WRITTEN,
        "The signed document is on file, and its SHA-256 on record.",
        "State the SHA-256 of the signed document or of its scan.";
    /// A mark was given before nobody.
    WitnessMissing = "WITNESS_MISSING": AskedBy::Always, WRITTEN,
        "A mark is given before a witness.",
        "Say who saw it being given.";
}

impl ConsentCheck {
    /// Returns the check that this was explained.
    #[must_use]
    pub fn not_explained(what: Explanation) -> Self {
        match what {
            Explanation::Who => Self::WhoNotExplained,
            Explanation::What => Self::WhatNotExplained,
            Explanation::Why => Self::WhyNotExplained,
            Explanation::Risks => Self::RisksNotExplained,
            Explanation::Alternatives => Self::AlternativesNotExplained,
            Explanation::RightToRefuse => Self::RefusalNotExplained,
            Explanation::RightToRevoke => Self::RevocationNotExplained,
            Explanation::Retention => Self::RetentionNotExplained,
        }
    }

    /// Returns whether it keeps a consent from being signed, for an agency that these packs bind.
    #[must_use]
    pub fn severity(self, bound: &[Pack]) -> Severity {
        let binds = |packs: &[Pack]| packs.iter().any(|pack| bound.contains(pack));
        let blocks = match self.asked() {
            AskedBy::Always => true,
            AskedBy::Generally(packs) => bound.is_empty() || binds(packs),
            AskedBy::By(packs) => binds(packs),
            AskedBy::Never => false,
        };
        if blocks {
            Severity::Blocking
        } else {
            Severity::Advisory
        }
    }

    /// Returns what is told of it to an agency that these packs bind.
    #[must_use]
    pub fn finding(self, bound: &[Pack]) -> Finding {
        let (rule, citation, remedy) = self.text();
        Finding {
            code: self.code(),
            severity: self.severity(bound),
            rule,
            citation: citation.into(),
            remedy: remedy.into(),
        }
    }
}
