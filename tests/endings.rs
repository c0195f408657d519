//! Sharing really ends: by a survivor's word, by time, by erasure; in the service, in older copies, and for good. And a
//! referral that was suspended returns to where it was.

pub mod bounded;
mod counted;
mod erased;
mod gone;
mod in_any_order;
mod model;
mod nothing;
pub mod put_back;
mod returned;
mod revoked;
mod turns;
