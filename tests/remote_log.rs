//! The audit log as others verify it, over HTTP: what the service serves, what they find where it was
//! tampered with, and how they watch over it.

mod cosigned;
mod judged;
mod served;
pub mod stage;
mod tampered;
pub mod witnesses;
