//! From what a request presents to a caller.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;

use super::issuer::cache::ExternalTokenError;
use super::issuer::{self, Issuers};
use super::keys::cache::TokenKeyCache;
use super::token::{self, Expected, TokenError};
use super::{Caller, replay_guard};
use crate::clock;
use crate::error::Refusal;
use crate::jose::dpop::{self, Expectation};
use crate::store::Store;

/// How many proven tokens are remembered.
const REMEMBERED: u64 = 10_000;

/// What an access token is verified against.
#[derive(Clone, Debug)]
pub struct TokenVerifier {
    key_cache: TokenKeyCache,
    issuers: Issuers,
    expected: Expected,
    /// Tokens of ours by their SHA-256. A signature that a key has proven once stays proven for as long as the key is
    /// accepted; the time is judged at every request, and whether the token still counts is read with the facts.
    proven: Cache<Vec<u8>, Arc<(String, Caller)>>,
}

/// What a request to the protected resource presents.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'r> {
    /// The `Authorization` header; empty where there is none, or more than one.
    pub authorization: &'r str,
    /// Every `DPoP` header.
    pub proofs: &'r [String],
    /// The request's method.
    pub method: &'r str,
    /// Its URL, as the sender knows it.
    pub url: &'r str,
}

/// Why what a request presents makes no caller: for the log and the audit, and for the one who sent it only what is said of
/// a token that its issuer signed.
#[derive(Clone, Debug)]
pub enum CallerError {
    /// The token proves nothing.
    Token(TokenError),
    /// The token is of an agency's own issuer, who signed it, and something that it says is at fault.
    Signed(TokenError),
    /// The token is good, but not that its bearer holds the key that it is bound to.
    Holder(&'static str),
    /// We cannot tell.
    Refused(Refusal),
}

impl CallerError {
    /// Returns the stable code of this fault.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Token(fault) | Self::Signed(fault) => fault.code(),
            Self::Holder(why) => why,
            Self::Refused(_) => "unavailable",
        }
    }
}

impl From<TokenError> for CallerError {
    fn from(fault: TokenError) -> Self {
        Self::Token(fault)
    }
}

impl From<Refusal> for CallerError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ExternalTokenError> for CallerError {
    fn from(fault: ExternalTokenError) -> Self {
        match fault {
            ExternalTokenError::Fault(fault) => Self::Token(fault),
            ExternalTokenError::Signed(fault) => Self::Signed(fault),
            ExternalTokenError::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

/// How a request presents its token.
enum Scheme {
    /// Whoever bears it may use it (RFC 6750).
    Bearer,
    /// Only whoever holds its key may (RFC 9449).
    Dpop,
}

impl TokenVerifier {
    /// Returns a verifier by the keys that prove our tokens and by agencies' own issuers, of tokens that are issued as
    /// is expected.
    #[must_use]
    pub fn new(key_cache: TokenKeyCache, issuers: Issuers, expected: Expected) -> Self {
        Self {
            key_cache,
            issuers,
            expected,
            proven: Cache::new(REMEMBERED),
        }
    }

    /// Returns the caller that a request proves.
    ///
    /// # Errors
    /// [`CallerError`].
    pub async fn caller(
        &self,
        store: &Store,
        presented: &Presented<'_>,
    ) -> Result<Caller, CallerError> {
        let (scheme, compact) = presented
            .authorization
            .split_once(' ')
            .and_then(|(scheme, token)| Some((Scheme::named(scheme)?, token.trim())))
            .ok_or(TokenError::Malformed)?;
        let caller = self.read(store, compact).await?;
        match (scheme, caller.holder()) {
            (Scheme::Bearer, None) => {}
            (Scheme::Bearer, Some(_)) => return Err(CallerError::Holder("proof_missing")),
            (Scheme::Dpop, None) => return Err(CallerError::Holder("token_not_bound")),
            (Scheme::Dpop, Some(holder)) => {
                self.prove_holder(store, presented, compact, holder).await?;
            }
        }
        Ok(caller)
    }

    /// Returns the caller that a valid token names. Does not check that the bearer holds the key that it is bound to.
    ///
    /// # Errors
    /// [`CallerError`].
    pub async fn read(&self, store: &Store, compact: &str) -> Result<Caller, CallerError> {
        let caller = match self.proven(compact) {
            Ok(caller) => caller,
            Err(fault) if self.is_ours(compact) => {
                if fault != TokenError::UnknownKey {
                    return Err(fault.into());
                }
                self.key_cache.look_again().await;
                self.proven(compact)?
            }
            Err(_) => {
                let audience = &self.expected.audience;
                let foreign = self
                    .issuers
                    .verify(store, compact, audience, clock::now())
                    .await?;
                Caller::of_issuer(foreign)
            }
        };
        caller.in_time(clock::now())?;
        Ok(caller)
    }

    /// Returns whether a token says that it is ours, or says nothing that could make it another's.
    fn is_ours(&self, compact: &str) -> bool {
        issuer::token::named(compact).map_or(true, |named| named.issuer == self.expected.issuer)
    }

    fn proven(&self, compact: &str) -> Result<Caller, TokenError> {
        if compact.len() > token::MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let keys = self.key_cache.accepted();
        let name = digest(&SHA256, compact.as_bytes()).as_ref().to_vec();
        if let Some(known) = self.proven.get(&name) {
            let (kid, caller) = &*known;
            keys.get(kid).ok_or(TokenError::UnknownKey)?;
            return Ok(caller.clone());
        }
        let proof = token::prove(compact, &keys, &self.expected)?;
        let caller = Caller::of_ours(proof.claims, proof.kid.clone());
        self.proven
            .insert(name, Arc::new((proof.kid, caller.clone())));
        Ok(caller)
    }

    async fn prove_holder(
        &self,
        store: &Store,
        presented: &Presented<'_>,
        compact: &str,
        holder: &str,
    ) -> Result<(), CallerError> {
        let proof = match presented.proofs {
            [only] => only,
            [] => return Err(CallerError::Holder("proof_missing")),
            _ => return Err(CallerError::Holder("proof_repeated")),
        };
        let expected = Expectation {
            method: presented.method,
            url: presented.url,
            access_token: Some(compact),
        };
        let proof = dpop::check(proof, &expected, clock::now())
            .map_err(|fault| CallerError::Holder(fault.code()))?;
        if proof.thumbprint != holder {
            return Err(CallerError::Holder("proof_of_another_key"));
        }
        if !replay_guard::record_use(store, proof.digest(), proof.expires_at()).await? {
            return Err(CallerError::Holder("proof_replayed"));
        }
        Ok(())
    }
}

impl Scheme {
    fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("bearer") {
            Some(Self::Bearer)
        } else if name.eq_ignore_ascii_case("dpop") {
            Some(Self::Dpop)
        } else {
            None
        }
    }
}
