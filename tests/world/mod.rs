//! What the tests stand on: the world around a Concord server.

pub mod limits;
pub mod postgres;
