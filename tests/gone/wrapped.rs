//! Wrapped keys as bytes, looked for in the keyring's files.

use std::fs;
use std::path::PathBuf;

use crate::world::World;

/// A wrapped key, as it lay in the keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped(Vec<u8>);

/// Every wrapped key that these statements select, as one column.
pub fn selected(world: &World, sql: &str) -> Vec<Wrapped> {
    let rows = world.tampers_with_keyring(sql);
    let bytes = |line: &str| Wrapped(hex::decode(line.trim_start_matches("\\x")).unwrap());
    rows.lines().map(bytes).collect()
}

/// The wrapped key of a referral's package.
pub fn of_package(world: &World, referral: &str) -> Wrapped {
    let id = world.sql_id(referral);
    let sql = format!("SELECT wrapped FROM package_key WHERE referral_id = {id}");
    let found = selected(world, &sql);
    assert_eq!(found.len(), 1, "{referral}");
    found[0].clone()
}

impl Wrapped {
    /// Whether a quarter of it or more is in these bytes.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let mut parts = self.0.chunks_exact(self.0.len() / 4);
        parts.any(|part| memmem(bytes, part))
    }

    /// Which of the embedded keyring's files it is in, wholly or in part.
    pub fn files(&self, world: &World) -> Vec<PathBuf> {
        let entries = fs::read_dir(world.folder.path()).unwrap();
        let of_keyring = entries
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("keyring"))
            .map(|entry| entry.path());
        of_keyring
            // A journal may go while we look.
            .filter(|file| fs::read(file).is_ok_and(|bytes| self.is_in(&bytes)))
            .collect()
    }
}

fn memmem(bytes: &[u8], part: &[u8]) -> bool {
    let first = part[0];
    let mut rest = bytes;
    while let Some(place) = rest.iter().position(|byte| *byte == first) {
        if rest[place..].starts_with(part) {
            return true;
        }
        rest = &rest[place + 1..];
    }
    false
}
