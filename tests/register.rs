//! The register of MOUs: in which order it is, what it is looked through by, and that each list is walked from an index.

mod model;
mod story;
mod walks;
