//! What goes into a consent.

use async_graphql::{ID, InputObject};
use concord_entities::vocabulary::{DataCategory, Purpose, SignatureMethod, SignerRole};

use crate::graphql::scalars::{Date, DateTime, LanguageTag, Sha256};

/// A consent to draft.
#[derive(Clone, Debug, InputObject)]
pub struct ConsentInput {
    /// Your agency's survivor.
    pub survivor: ID,
    /// The one agency that may be told.
    pub recipient: ID,
    /// What may be told.
    pub categories: Vec<DataCategory>,
    /// What for.
    pub purposes: Vec<Purpose>,
    /// The language in which it was explained.
    pub language: LanguageTag,
    /// From when; now where nothing is said.
    pub effective_at: Option<DateTime>,
    /// Until when: at most 90 days from its beginning.
    pub expires_at: DateTime,
    /// The same key again returns what the first call made.
    pub idempotency_key: Option<ID>,
}

/// A signature under a consent. Never the signer's name: the paper has it.
#[derive(Clone, Debug, InputObject)]
pub struct SignatureInput {
    /// As what they sign.
    pub role: SignerRole,
    /// How they sign.
    pub method: SignatureMethod,
    /// The day on the signature.
    pub signed_on: Date,
    /// The SHA-256 of the signed document. Paper on file has one too: of its scan.
    pub document_sha256: Option<Sha256>,
}
