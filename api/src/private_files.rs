//! Files and folders that nobody but their owner can look into, whatever the umask is.
//!
//! SQLite gives its `-wal`, `-shm` and `-journal` the rights of the file that they belong to, so it is enough that the file
//! is there, with the right ones, before SQLite opens it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;

/// Makes a folder, and those above it, where they are missing.
///
/// # Errors
/// What the system says.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER)
        .create(folder)
}

/// Makes an empty file where it is missing.
///
/// # Errors
/// What the system says.
pub fn make_file(file: &Path) -> io::Result<()> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(FILE)
        .open(file)
        .map(drop)
}

/// Makes a new file to write to.
///
/// # Errors
/// What the system says; there is such a file already.
pub fn create_new(file: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE)
        .open(file)
}

/// Writes a file whole, or leaves it as it was: it is there under its name only once it is on the disk.
///
/// # Errors
/// What the system says.
pub fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(file);
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let partial = folder.join(name);
    match fs::remove_file(&partial) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
        Ok(()) | Err(_) => {}
    }
    let written = create_new(&partial).and_then(|mut opened| {
        opened.write_all(bytes)?;
        opened.sync_all()?;
        fs::rename(&partial, file)
    });
    if written.is_err() {
        // What is left of it is nobody's.
        let _ = fs::remove_file(&partial);
    }
    written?;
    sync_folder(&folder)
}

/// Waits until what was made, renamed or removed in a folder is on the disk.
///
/// # Errors
/// What the system says.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Returns the folder that a file is in.
#[must_use]
pub fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// A file or folder that others than its owner can look into or write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WideRights {
    /// Which.
    pub path: PathBuf,
    /// Its rights, such as 0o644.
    pub mode: u32,
    /// What they are to be.
    pub wanted: u32,
}

impl std::fmt::Display for WideRights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, mode, wanted) = (self.path.display(), self.mode, self.wanted);
        write!(
            f,
            "others than its owner can look into {path} ({mode:04o}): `chmod {wanted:03o} {path}`"
        )
    }
}

/// Returns those among these files, folders and the files in the folders that others can look into. What is missing is not
/// among them.
#[must_use]
pub fn with_wide_rights<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Vec<WideRights> {
    let mut found: Vec<WideRights> = Vec::new();
    for path in paths {
        let within = fs::read_dir(path).into_iter().flatten().flatten();
        for path in std::iter::once(path.to_owned()).chain(within.map(|entry| entry.path())) {
            let Some(wide) = wide_rights(path) else {
                continue;
            };
            if !found.contains(&wide) {
                found.push(wide);
            }
        }
    }
    found
}

fn wide_rights(path: PathBuf) -> Option<WideRights> {
    let met = fs::metadata(&path).ok()?;
    let wanted = if met.is_dir() { FOLDER } else { FILE };
    let mode = met.mode() & 0o7777;
    (mode & 0o077 != 0).then_some(WideRights { path, mode, wanted })
}
