//! An MOU as a page to be printed, discussed and signed.

pub mod read;
pub mod sheet;
pub mod texts;
