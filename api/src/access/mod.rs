//! From a bearer token to what its bearer may ask for.
//!
//! - [`grant`]: the resources, and what may be done with them. Pure.
//! - [`scope`]: what a list of scopes allows, and whether one list is narrower than another. Pure.
//! - [`grammar`]: how scopes are written. Pure.
//! - [`jose`]: a signed JWS, read strictly. Pure.
//! - [`claim`]: one claim of a JWT at a time, read strictly. Pure.
//! - [`foreign_key`]: the public keys of others. Pure.
//! - [`dpop`]: proof that whoever sends a request holds a key. Pure.
//! - [`once`]: the name under which a thing that counts once is remembered. Pure.
//! - [`key`]: the keys that sign tokens and prove them.
//! - [`key_life`]: when a key is next, current, previous or gone. Pure.
//! - [`token_keys`]: the keys as they are kept; how they rotate and retire.
//! - [`ring`]: the keys as they stand now, for every worker.
//! - [`token`]: whether a token proves anything now, and why not.
//! - [`verifier`]: from a request's header to a [`Caller`].
//! - [`spent`]: what counts once, and has.
//! - [`standing`]: whether a caller still counts, read with the facts.
//! - [`limit`]: how much a caller may ask for, and how often one may fail to prove to be one.
//! - [`revoked`]: taking a token back, with all that was exchanged for it.
//! - [`issuer`]: agencies' own identity providers.
//! - [`members`]: a JSON object in which nothing is said twice.
//!
//! A token is a ceiling. That the agency, the application and the token itself are still in force is read
//! again with the facts of each request; nothing in this folder remembers it.

pub mod caller;
pub mod claim;
pub mod dpop;
pub mod foreign_key;
pub mod grammar;
pub mod grant;
pub mod issued;
pub mod issuer;
pub mod jose;
pub mod key;
pub mod key_life;
pub mod limit;
pub mod members;
pub mod once;
pub mod revoked;
pub mod ring;
pub mod scope;
pub mod spent;
pub mod standing;
pub mod token;
pub mod token_keys;
pub mod verifier;

pub use caller::Caller;
pub use verifier::Verifier;
