//! Concord's own authorization server.
//!
//! - [`assertion`]: how an application proves who it is with a key of its own. Pure.

pub mod assertion;
