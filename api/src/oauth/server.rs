//! What the authorization server works with, and what it is asked.

use std::net::IpAddr;

use super::form::FormParameters;
use crate::access::TokenVerifier;
use crate::access::keys::cache::TokenKeyCache;
use crate::access::limit::Limits;
use crate::audit::event::RequestMeta;
use crate::audit::ledger::Ledger;
use crate::audit::refusals::Refusals;
use crate::audit::turnstile::Turnstile;
use crate::settings::Settings;
use crate::store::Store;

/// What the authorization server works with.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationServer<'s> {
    /// The stores.
    pub store: &'s Store,
    /// The way to the audit log.
    pub ledger: &'s Ledger,
    /// The keys that sign.
    pub key_cache: &'s TokenKeyCache,
    /// Who proves a token that is brought.
    pub verifier: &'s TokenVerifier,
    /// How much anybody may try.
    pub limits: &'s Limits,
    /// The refusals that are counted.
    pub refusals: &'s Refusals,
    /// Whose turn it is to end something.
    pub turnstile: &'s Turnstile,
    /// Who we are.
    pub settings: &'s Settings,
}

/// What a program sent.
#[derive(Clone, Debug)]
pub struct OauthRequest {
    /// The `Authorization` header, where there is exactly one.
    pub authorization: Option<String>,
    /// Every `DPoP` header.
    pub proofs: Vec<String>,
    /// The parameters.
    pub form: FormParameters,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// What goes on record about the request.
    pub meta: RequestMeta,
}

/// What a program may ask the authorization server for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A token (RFC 6749, 3.2).
    Token,
    /// To take a token back (RFC 7009).
    Revocation,
    /// What a token is worth (RFC 7662).
    Introspection,
}

impl Endpoint {
    /// Returns what it is charged, in the units of a GraphQL operation.
    #[must_use]
    pub const fn cost(self) -> u64 {
        match self {
            Self::Token => 800,
            // As the mutation.
            Self::Revocation => 3_000,
            Self::Introspection => 500,
        }
    }
}
