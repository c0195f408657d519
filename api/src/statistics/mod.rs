//! What a task force's coordinators see of its referrals: counts, ages and times to answer, a closed month at a time.
//!
//! `rules` says what is counted and what of it is published, `collect` reads a month and publishes it, once, [`publishing`]
//! does so for each task force as soon as a month is over, and `graphql` is the wire.

mod collect;
pub mod graphql;
pub mod publishing;
pub mod rules;
