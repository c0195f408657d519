//! What partners and maintainers rely on: the schema as it is written down, the tables, the shape of the house.

mod bans;
pub mod documents;
mod files;
mod house;
mod readme;
pub mod schema;
mod schema_change;
mod tables;
mod target;
mod vocabulary;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every Rust file below a folder of the repository, sorted.
fn rust_files(below: &str) -> Vec<PathBuf> {
    let mut folders = vec![root().join(below)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A file's lines of code, without comments.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(code).collect::<Vec<_>>().join("\n")
}
