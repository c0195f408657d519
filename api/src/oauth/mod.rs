//! Concord's own authorization server: how a partner's program gets an access token, narrows it, asks about it and
//! gives it back.
//!
//! - [`endpoint`]: from what a program sent to its answer; [`server`] is what that needs.
//! - [`assertion`]: how an application proves who it is with a key of its own. Pure.
//! - [`client`]: whether a program is the application that it says it is.
//! - [`issue`]: client credentials (RFC 6749, 4.4) and the token that comes of them (RFC 9068).
//! - [`exchange`]: a narrower token for another one (RFC 8693).
//! - [`revoke`] (RFC 7009) and [`introspect`] (RFC 7662).
//! - [`metadata`]: what the service says of itself (RFC 8414, RFC 9728). Pure.
//! - [`form`] and [`fault`]: what is asked and how it is refused. Pure.

pub mod assertion;
pub mod client;
pub mod endpoint;
pub mod exchange;
pub mod fault;
pub mod form;
pub mod introspect;
pub mod issue;
pub mod metadata;
pub mod revoke;
pub mod server;

pub use endpoint::answer;
pub use server::{AuthorizationServer, Endpoint, OauthRequest};
