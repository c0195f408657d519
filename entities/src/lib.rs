//! Concord's tables, one file each: its columns, and who may select from it.

pub mod ids;
pub mod instant;
pub mod vocabulary;
