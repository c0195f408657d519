//! Reading JWS, JWK and DPoP proofs strictly. Pure, and knows nothing of Concord.
//!
//! - [`jws`]: a signed JWS (RFC 7515).
//! - [`claim`]: one claim of a JWT at a time (RFC 7519).
//! - [`strict_json`]: a JSON object in which no name stands twice.
//! - [`jwk`]: public keys that others publish (RFC 7517).
//! - [`key`]: keys that sign and verify.
//! - [`dpop`]: proof that the sender of a request holds a key (RFC 9449).
//! - [`replay`]: the digest under which something that may be used once is remembered.

pub mod claim;
pub mod dpop;
pub mod jwk;
pub mod jws;
pub mod key;
pub mod replay;
pub mod strict_json;
