//! The register of MOUs: in which order it is, what it is looked through by, and that each list is walked from an index; as a
//! spreadsheet has it, and on paper.

mod export;
mod import;
mod model;
mod printed;
mod story;
mod there_and_back;
mod walks;
