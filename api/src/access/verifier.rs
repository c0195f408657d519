//! From a request's `Authorization` header to a caller.

use super::Caller;
use super::key::KeySet;
use super::token::{self, Expected, TokenFault};
use crate::clock;

/// What a bearer token is verified against.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// The keys that prove tokens.
    pub keys: KeySet,
    /// Who must have issued them, and for whom.
    pub expected: Expected,
}

impl Verifier {
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
        token::verify(compact, &self.keys, &self.expected, clock::now()).map(Caller::new)
    }
}
