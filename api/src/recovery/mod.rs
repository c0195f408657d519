//! Going on after an older copy of the data store was put back.

pub mod reopening;
