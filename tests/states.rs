//! A referral's way: one table says what may follow what, and every verb of the service keeps to it.

mod machine;
mod reopened;
mod stories;
mod table;
