//! From a request's `Authorization` header to a caller.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;

use super::Caller;
use super::ring::Ring;
use super::token::{self, Expected, Proof, TokenFault};
use crate::clock;

/// How many proven tokens are remembered.
const REMEMBERED: u64 = 10_000;

/// What a bearer token is verified against.
#[derive(Clone, Debug)]
pub struct Verifier {
    ring: Ring,
    expected: Expected,
    /// Tokens by their SHA-256. A signature that a key has proven once stays proven for as long as the key is accepted;
    /// the time is judged at every request, and whether the token still counts is read with the facts.
    proven: Cache<Vec<u8>, Arc<(Proof, Caller)>>,
}

impl Verifier {
    /// A verifier by the keys that prove tokens, of those that were issued as is expected.
    #[must_use]
    pub fn new(ring: Ring, expected: Expected) -> Self {
        Self {
            ring,
            expected,
            proven: Cache::new(REMEMBERED),
        }
    }

    /// The caller that an `Authorization` header proves.
    ///
    /// # Errors
    /// Why it proves none: for the log, never for the one who sent it.
    pub async fn caller(&self, authorization: &str) -> Result<Caller, TokenFault> {
        let compact = authorization
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(TokenFault::Malformed)?;
        let proven = match self.proven(compact) {
            Err(TokenFault::UnknownKey) => {
                self.ring.look_again().await;
                self.proven(compact)?
            }
            proven => proven?,
        };
        let (proof, caller) = &*proven;
        token::in_time(&proof.claims, clock::now())?;
        Ok(caller.clone())
    }

    fn proven(&self, compact: &str) -> Result<Arc<(Proof, Caller)>, TokenFault> {
        if compact.len() > token::MAX_TOKEN {
            return Err(TokenFault::TooLong);
        }
        let keys = self.ring.accepted();
        let name = digest(&SHA256, compact.as_bytes()).as_ref().to_vec();
        if let Some(known) = self.proven.get(&name) {
            if keys.get(&known.0.kid).is_none() {
                return Err(TokenFault::UnknownKey);
            }
            return Ok(known);
        }
        let proof = token::prove(compact, &keys, &self.expected)?;
        let caller = Caller::new(proof.claims.clone(), proof.kid.clone());
        let proven = Arc::new((proof, caller));
        self.proven.insert(name, Arc::clone(&proven));
        Ok(proven)
    }
}
