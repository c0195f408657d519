//! A referral's way: one table says what may follow what, and every verb of the service keeps to it.

mod assigned;
mod buttons;
mod machine;
mod pair;
mod reopened;
mod stories;
mod table;
