//! From a request's `Authorization` header to a caller.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;

use super::Caller;
use super::key::KeySet;
use super::token::{self, Claims, Expected, TokenFault};
use crate::clock;

/// How many proven tokens are remembered.
const REMEMBERED: u64 = 10_000;

/// What a bearer token is verified against.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: KeySet,
    expected: Expected,
    /// Tokens by their SHA-256. A signature that these keys have proven once stays proven; the time is judged at every
    /// request, and whether the token still counts is read with the facts.
    proven: Cache<Vec<u8>, Arc<(Claims, Caller)>>,
}

impl Verifier {
    /// A verifier by the keys that prove tokens, of those that were issued as is expected.
    #[must_use]
    pub fn new(keys: KeySet, expected: Expected) -> Self {
        Self {
            keys,
            expected,
            proven: Cache::new(REMEMBERED),
        }
    }

    /// The caller that an `Authorization` header proves.
    ///
    /// # Errors
    /// Why it proves none: for the log, never for the one who sent it.
    pub fn caller(&self, authorization: &str) -> Result<Caller, TokenFault> {
        let compact = authorization
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(TokenFault::Malformed)?;
        let proven = self.proven(compact)?;
        let (claims, caller) = &*proven;
        token::in_time(claims, clock::now())?;
        Ok(caller.clone())
    }

    fn proven(&self, compact: &str) -> Result<Arc<(Claims, Caller)>, TokenFault> {
        if compact.len() > token::MAX_TOKEN {
            return Err(TokenFault::TooLong);
        }
        let name = digest(&SHA256, compact.as_bytes()).as_ref().to_vec();
        if let Some(known) = self.proven.get(&name) {
            return Ok(known);
        }
        let claims = token::prove(compact, &self.keys, &self.expected)?;
        let proven = Arc::new((claims.clone(), Caller::new(claims)));
        self.proven.insert(name, Arc::clone(&proven));
        Ok(proven)
    }
}
