//! From a bearer token to what its bearer may ask for.
//!
//! - [`grant`]: the resources, and what may be done with them. Pure.
//! - [`scope`]: what a list of scopes allows, and whether one list is narrower than another. Pure.
//! - [`grammar`]: how scopes are written. Pure.
//! - [`keys`]: the keys that sign tokens.
//! - [`token`]: whether a token proves anything now, and why not.
//! - [`verifier`]: from a request's header to a [`Caller`].
//! - [`replay_guard`]: what may be used once, and was.
//! - [`token_status`]: whether a caller's token still counts, read with the facts.
//! - [`limit`]: how much a caller may ask for, and how often one may fail to prove to be one.
//! - [`ending_allowance`]: how often an agency may end tokens and programs, at all servers together.
//! - [`revoked`]: taking a token back, with all that was exchanged for it.
//! - [`off_boarding`]: ending every token of a person, as of staff who leave.
//! - [`issued`]: that a token was issued.
//! - [`origins`]: from which pages a request may come.
//! - [`trusted_documents`]: what a program may execute, where it may execute nothing else.
//! - [`issuer`]: agencies' own identity providers.
//!
//! A token is a ceiling. That the agency, the application and the token itself are still in force is read
//! again with the facts of each request; nothing in this folder remembers it.

pub mod caller;
pub mod ending_allowance;
pub mod grammar;
pub mod grant;
pub mod in_flight;
pub mod issued;
pub mod issuer;
pub mod keys;
pub mod limit;
pub mod off_boarding;
pub mod origins;
pub mod replay_guard;
pub mod revoked;
pub mod scope;
pub mod token;
pub mod token_status;
pub mod trusted_documents;
pub mod verifier;
pub mod wait;

pub use caller::Caller;
pub use verifier::TokenVerifier;
