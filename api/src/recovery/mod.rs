//! Going on after an older copy of the data store was put back.

pub mod accepting;
pub mod reopening;
pub mod taken_back;
