//! Copies of the stores: making and checking them, putting them back, and going on from an older one.

pub mod accepting;
mod as_text;
pub mod backup;
pub mod backup_check;
mod contents;
pub mod manifest;
pub mod postgres_tools;
mod put_back;
pub mod reopening;
pub mod restore;
pub mod settling;
pub mod taken_back;
pub mod trial;
mod unfinished;

pub use unfinished::FolderError;
