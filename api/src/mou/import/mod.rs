//! Taking in the register that a coordinator keeps in a spreadsheet: MOUs that were signed on paper.
//!
//! Nothing is in force here that its parties did not sign through their own tokens. So what is taken in is put before its
//! parties, drafted for the one that is named first, and waits for their signatures; none of it is signed by being taken in.
//!
//! [`sheet`] reads the file and says each [`fault`] by its row, [`mod@write`] looks at it beside the task force and takes it in.

pub mod fault;
pub mod sheet;
pub mod write;
