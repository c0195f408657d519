//! What all routes share.

use super::challenge::Challenges;
use crate::access::TokenVerifier;
use crate::access::keys::cache::TokenKeyCache;
use crate::access::limit::Limits;
use crate::audit::cosign::asking::AskedCosigners;
use crate::graphql::contract::Contract;
use crate::graphql::document::Documents;
use crate::graphql::schema::Schema;
use crate::settings::Settings;

/// What every worker shares.
pub struct Shared {
    /// The schema.
    pub schema: Schema,
    /// Its types, to read documents and variables by.
    pub contract: Contract,
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
    /// The witnesses that are asked to cosign the log's checkpoints.
    pub cosigners: AskedCosigners,
    /// The settings.
    pub settings: Settings,
}
