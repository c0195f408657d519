//! What an operator does with whole stores: going on after an older copy of the data store was put back, moving the keys
//! to another keyring.

pub mod keyring_move;
pub mod reopening;
