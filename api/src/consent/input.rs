//! What goes into a consent.

use async_graphql::{ID, InputObject};
use concord_entities::consent;
use concord_entities::vocabulary::{
    Explanation, MinorAlone, SignatureMethod, SignerRelation, SignerRole, Witness,
};

use crate::wire::grants::Grant;
use crate::wire::scalars::{Date, DateTime, LanguageTag, Sha256};

/// A consent to draft.
#[derive(Clone, Debug, InputObject)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, told on the wire by its name"
)]
pub struct ConsentInput {
    /// Your agency's survivor.
    pub survivor: ID,
    /// The one agency that may be told.
    pub recipient: ID,
    /// What may be told, for what: each purpose with the categories that it needs, and no others.
    pub grants: Vec<Grant>,
    /// The language in which it was explained.
    pub language: LanguageTag,
    /// From when; now where nothing is said.
    pub effective_at: Option<DateTime>,
    /// Until when: at most 90 days, or what your state's law says, from its beginning, from the day on its first
    /// signature and from now, whichever is earliest. A consent without an end is defective.
    pub expires_at: Option<DateTime>,
    /// What was explained to the person before they were asked.
    #[graphql(default)]
    pub explained: Vec<Explanation>,
    /// Whether services do not depend on it, and the person was told so.
    #[graphql(default)]
    pub voluntary: bool,
    /// Whether it says that it can be taken back at any time, orally or in writing, without a reason.
    #[graphql(default)]
    pub revocable: bool,
    /// Who interpreted the explanation; leave it out where it needed nobody.
    pub interpreter: Option<InterpreterInput>,
    /// Whether what is told goes through an intermediary.
    #[graphql(default)]
    pub through_intermediary: bool,
    /// The agency that it goes through.
    pub intermediary: Option<ID>,
    /// Whether it names substance-use records in so many words; it must, where they are among the categories.
    #[graphql(default)]
    pub names_substance_use: bool,
    /// Why the law lets a minor consent without a parent or guardian; leave it out where it does not.
    pub minor_alone: Option<MinorAlone>,
    /// Whether a court appointed somebody to decide for the person, who then signs.
    #[graphql(default)]
    pub incapacitated: bool,
    /// Whether a minor has one parent or guardian alone; where a state's law asks for both, only one signs then.
    #[graphql(default)]
    pub sole_guardian: bool,
    /// The earlier version that this one replaces once it is signed: of the same survivor, to the same recipient.
    pub supersedes: Option<ID>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// A consent to another recipient, drafted from one that your agency has.
#[derive(Clone, Debug, InputObject)]
pub struct ConsentFromInput {
    /// The consent that it is drafted from.
    pub from: ID,
    /// The agency that may be told. It cannot be the one before: that is a renewal.
    pub recipient: ID,
    /// Until when: at most 90 days from now, or what your state's law says.
    pub expires_at: DateTime,
    /// What was explained to the person of this consent, which is another one: who will be told, above all.
    pub explained: Vec<Explanation>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// A consent to renew, as one call is told from another by it.
#[derive(Clone, Debug, InputObject)]
pub struct RenewalInput {
    /// The consent.
    pub id: ID,
    /// Until when.
    pub expires_at: DateTime,
}

/// Whoever interpreted, in what matters. Never a name: the paper has it.
#[derive(Clone, Debug, InputObject)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, told on the wire by its name"
)]
pub struct InterpreterInput {
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

/// A signature under a consent. Never the signer's name: the paper has it.
#[derive(Clone, Debug, InputObject)]
pub struct SignatureInput {
    /// As what they sign.
    pub role: SignerRole,
    /// Who of those that sign in this role, from 1 to 9: of two guardians or witnesses the other is 2.
    #[graphql(default = 1)]
    pub signer: i32,
    /// What ties them to the survivor; needed where they sign for somebody else.
    pub relation: Option<SignerRelation>,
    /// Whether they are an abuser of the person, or of a minor's other parent. An abuser never signs.
    pub is_abuser: bool,
    /// How they sign.
    pub method: SignatureMethod,
    /// The day on the signature; under a next version, not before the version before was signed.
    pub signed_on: Date,
    /// The SHA-256 of the signed document. Paper on file has one too: of its scan. All who sign a consent sign one
    /// document, and a next version has another.
    pub document_sha256: Option<Sha256>,
    /// The language in which it was explained to them; the consent's where nothing is said. The survivor signs what was
    /// explained in a language that they understand.
    pub language: Option<LanguageTag>,
    /// Who interpreted for them; leave it out where nobody had to.
    pub interpreter: Option<InterpreterInput>,
    /// Who saw it being given; needed for a mark.
    pub witness: Option<Witness>,
}

impl From<InterpreterInput> for consent::StoredInterpreter {
    fn from(input: InterpreterInput) -> Self {
        Self {
            language: input.language.as_str().to_owned(),
            same_dialect: input.same_dialect,
            qualified: input.qualified,
            named_on_paper: input.named_on_paper,
            knows_survivor: input.knows_survivor,
            knows_accused: input.knows_accused,
            is_victim: input.is_victim,
        }
    }
}
