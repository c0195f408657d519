//! What a consent on the wire is made of: what it lacks, who signed it, and who interpreted.

use async_graphql::SimpleObject;
use concord_entities::consent;
use concord_entities::vocabulary::{
    Severity, SignatureMethod, SignerRelation, SignerRole, Witness,
};
use concord_entities::{consent_objection, consent_signature};

use super::signers;
use crate::error::Finding;
use crate::wire::scalars::{Date, LanguageTag, Sha256};

/// Something that a consent lacks.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConsentFinding {
    /// A stable code, such as `EXPIRY_TOO_LATE`.
    pub code: &'static str,
    /// Whether it keeps the consent from being signed.
    pub severity: Severity,
    /// What the rule asks for.
    pub rule: &'static str,
    /// Where the rule is written.
    pub citation: String,
    /// What to do about it.
    pub remedy: String,
}

impl From<Finding> for ConsentFinding {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code,
            severity: finding.severity,
            rule: finding.rule,
            citation: finding.citation.into_owned(),
            remedy: finding.remedy.into_owned(),
        }
    }
}

/// Whoever interpreted, in what matters. Never a name: the paper has it.
#[derive(Clone, Debug, SimpleObject)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, told on the wire by its name"
)]
pub struct Interpreter {
    /// Into which language.
    pub language: LanguageTag,
    /// Whether it was the person's own dialect.
    pub same_dialect: bool,
    /// Whether they are qualified and certified, and understand trafficking and confidentiality.
    pub qualified: bool,
    /// Whether the paper names them.
    pub named_on_paper: bool,
    /// Whether they know the survivor other than as an interpreter.
    pub knows_survivor: bool,
    /// Whether they know the accused.
    pub knows_accused: bool,
    /// Whether they are another victim.
    pub is_victim: bool,
}

impl From<consent::StoredInterpreter> for Interpreter {
    fn from(kept: consent::StoredInterpreter) -> Self {
        Self {
            language: kept.language.into(),
            same_dialect: kept.same_dialect,
            qualified: kept.qualified,
            named_on_paper: kept.named_on_paper,
            knows_survivor: kept.knows_survivor,
            knows_accused: kept.knows_accused,
            is_victim: kept.is_victim,
        }
    }
}

/// A signature under a consent.
#[derive(Clone, Debug, SimpleObject)]
pub struct Signature {
    /// As what they signed.
    pub role: SignerRole,
    /// Which of those who sign in this role, from 1.
    pub signer: i32,
    /// How they signed.
    pub method: SignatureMethod,
    /// The day on the signature.
    pub signed_on: Date,
    /// The SHA-256 of the signed document; null where none is named, and to the recipient, who could tell by it that two
    /// consents are of one person.
    pub document_sha256: Option<Sha256>,
    /// What ties them to the survivor; null where nobody said, and to the recipient.
    pub relation: Option<SignerRelation>,
    /// The language in which it was explained to them; null where it is the consent's, and to the recipient.
    pub language: Option<LanguageTag>,
    /// Who interpreted for them; null where nobody had to, and to the recipient.
    pub interpreter: Option<Interpreter>,
    /// Who saw it being given; null where nobody had to, and to the recipient.
    pub witness: Option<Witness>,
}

impl Signature {
    /// Shows it as the agency that holds the consent sees it, or as its recipient does.
    pub(super) fn seen(row: &consent_signature::Model, by_holder: bool) -> Self {
        let interpreter = row.interpreter.clone().filter(|_| by_holder);
        let language = row.language.clone().filter(|_| by_holder);
        let document = row.document_sha256.clone().filter(|_| by_holder);
        Self {
            role: row.role,
            signer: row.signer,
            method: row.method,
            signed_on: row.signed_on.into(),
            document_sha256: document.map(Sha256::from),
            relation: row.relation.filter(|_| by_holder),
            language: language.map(LanguageTag::from),
            interpreter: interpreter.map(Interpreter::from),
            witness: row.witness.filter(|_| by_holder),
        }
    }
}

/// That one of a minor's parents or guardians objects to a consent.
#[derive(Clone, Debug, SimpleObject)]
pub struct Objection {
    /// Which of them, by the number that their signature would have.
    pub signer: i32,
    /// The day on which they objected.
    pub objected_on: Date,
    /// Whether they object still: whoever has signed since does not.
    pub stands: bool,
}

impl Objection {
    pub(super) fn seen(
        row: &consent_objection::Model,
        beside: &[consent_signature::Model],
    ) -> Self {
        Self {
            signer: row.signer,
            objected_on: row.objected_on.into(),
            stands: signers::stands(row, beside),
        }
    }
}
