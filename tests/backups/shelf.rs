//! Where a test keeps its backups.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::world::World;

/// A folder full of backups, which goes with the test.
pub struct Shelf(TempDir);

impl Shelf {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A place on the shelf.
    pub fn place(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A backup of a world's stores, made beside its server.
    pub fn backup_of(&self, world: &World, name: &str, words: &[&str]) -> PathBuf {
        let place = self.place(name);
        let words = [&["backup", place.to_str().unwrap(), "--run"], words].concat();
        let (made, said) = world.commands(&words);
        assert!(made, "{said}");
        place
    }

    /// Another copy of a backup.
    pub fn copy_of(&self, backup: &Path, name: &str) -> PathBuf {
        let copy = self.place(name);
        copied(backup, &copy);
        copy
    }
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = (
            entry.as_ref().unwrap().path(),
            entry.as_ref().unwrap().file_name(),
        );
        if path.is_dir() {
            copied(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// What `concord backup check` says of a backup, and whether it is content.
pub fn checks(world: &World, backup: &Path, words: &[&str]) -> (bool, String) {
    let words = [&["backup", "check", backup.to_str().unwrap()], words].concat();
    let (content, said) = world.commands(&words);
    (content, unwrapped(&said))
}

/// A message without the frame and the line breaks that a terminal is given.
pub fn unwrapped(said: &str) -> String {
    let words = said.split_whitespace().filter(|word| *word != "│");
    words.collect::<Vec<_>>().join(" ")
}

/// What the manifest of a copy says.
pub fn manifest(backup: &Path, part: &str) -> Value {
    let text = fs::read(backup.join(part).join("manifest.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// The file of a copy.
pub fn file(backup: &Path, part: &str) -> PathBuf {
    let name = &manifest(backup, part)["files"][0]["name"];
    backup.join(part).join(name.as_str().unwrap())
}

/// The rights of a file or folder.
pub fn rights(place: &Path) -> u32 {
    fs::metadata(place).unwrap().permissions().mode() & 0o777
}
