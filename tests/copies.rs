//! Older copies of the data, of the keyring, or of both, put back in every way that they can be: whatever remembers more
//! than the copy keeps it from being served from.

mod accepted;
mod base_backup;
mod failover;
mod files;
mod folder;
mod followed;
mod remembered;
mod stage;
mod standby;
