//! What an operator does with whole stores: copying them, checking copies, putting them back, going on from an older one,
//! moving the keys to another keyring, and exchanging or losing the key-encryption key.

pub mod accepting;
mod as_text;
pub mod backup;
pub mod backup_check;
mod contents;
pub mod kek_loss;
pub mod kek_rotation;
pub mod keyring_move;
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
