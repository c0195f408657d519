//! The promises under faults: servers that stall or are killed, floods, lost connections and lost replies, a database
//! with other defaults. Three servers, each a process of its own, stand over one PostgreSQL; what counts is what a
//! client was told, and the rows that are there in the end.
//!
//! What is left to chance is drawn from a seed, which a test that fails names; `FAULTS_SEED` draws it again.

mod books;
mod chance;
mod everything;
mod flooded;
mod hung_up;
mod isolation;
mod killed;
mod load;
mod lost_replies;
mod stage;
mod stalled;
mod terminated;
