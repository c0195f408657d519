//! The inbox and the outbox: in which order they are, what they are looked through by, and that each list is walked from an
//! index.

mod model;
mod refused;
mod story;
mod walks;
