//! What coordinators see of their task force's referrals: counts, ages and times to answer of closed months.

mod attacker;
mod months;
mod story;
mod witnesses;
