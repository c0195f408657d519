//! What all routes share.

use super::challenge::Challenges;
use crate::access::TokenVerifier;
use crate::access::keys::cache::TokenKeyCache;
use crate::access::limit::Limits;
use crate::graphql::guard::Documents;
use crate::graphql::input_types::InputTypes;
use crate::graphql::output_types::OutputTypes;
use crate::graphql::schema::Schema;
use crate::settings::Settings;

/// What every worker shares.
pub struct Shared {
    /// The schema.
    pub schema: Schema,
    /// The types of its inputs, to coerce variables by.
    pub inputs: InputTypes,
    /// The types that its fields lead to, to merge selections by.
    pub outputs: OutputTypes,
    /// Documents that were admitted before.
    pub documents: Documents,
    /// What tokens are verified against.
    pub verifier: TokenVerifier,
    /// The keys that prove and sign tokens.
    pub key_cache: TokenKeyCache,
    /// How much each application may ask for.
    pub limits: Limits,
    /// What a caller without a good token is told.
    pub challenges: Challenges,
    /// The settings.
    pub settings: Settings,
}
