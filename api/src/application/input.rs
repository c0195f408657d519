//! What goes into an application's registration.

use async_graphql::{ID, InputObject};

use super::rules::ApplicationRequest;

/// A program of your agency's to register. It proves itself by keys of its own or, where it can keep none, by a secret.
#[derive(Clone, Debug, InputObject)]
pub struct ApplicationInput {
    /// Its name: 1 to 200 characters.
    pub name: String,
    /// At least one: the widest scopes that its tokens may carry, such as `referral.rs`; no wider than your own token's.
    pub scopes: Vec<String>,
    /// Its public keys, 1 to 4, each the JSON of a JWK: EC on P-256 or OKP on Ed25519. It authenticates by
    /// `private_key_jwt`.
    #[graphql(default)]
    pub keys: Vec<String>,
    /// Whether it is given a secret instead, and authenticates by `client_secret_basic`.
    #[graphql(default)]
    pub secret: bool,
    /// Whether all its tokens must be bound to a key of its own (DPoP, RFC 9449).
    #[graphql(default)]
    pub dpop_bound: bool,
    /// The origins of the pages that may call with its tokens, at most 20, each of at most 300 characters and as a
    /// browser sends it: `https://desk.example`. The operator may have allowed some for all applications.
    #[graphql(default)]
    pub allowed_origins: Vec<String>,
    /// The same key again returns what the first call made, but for the secret, which is shown once: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

impl ApplicationInput {
    pub(super) fn wanted(&self) -> ApplicationRequest {
        ApplicationRequest {
            name: self.name.clone(),
            scope: self.scopes.join(" "),
            keys: self.keys.clone(),
            secret: self.secret,
            dpop_bound: self.dpop_bound,
            allowed_origins: self.allowed_origins.clone(),
        }
    }
}
