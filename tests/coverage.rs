//! What the parties of MOUs promise, who can take a referral by that, and what would stop.

mod impact;
mod map;
mod promises;
mod random;
mod seen;
mod story;
