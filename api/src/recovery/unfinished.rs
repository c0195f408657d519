//! A folder in the making: nobody else can look into it, and it has its name only once all of it is durable.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::private_files;

/// What the name of a folder in the making ends with.
pub(super) const ENDING: &str = ".unfinished";

/// A folder in the making. Dropped, it is removed again.
#[derive(Debug)]
pub(super) struct UnfinishedFolder {
    folder: PathBuf,
    target: PathBuf,
}

/// Why a folder cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Its name is taken.
    #[error("{0} exists and is not empty: name a folder that is not there yet")]
    Taken(PathBuf),
    /// Another one is in the making, or was interrupted.
    #[error(
        "{0} is in the way: a backup is being made there, or one was interrupted. Where none is running, remove it: it may \
         hold keys"
    )]
    InTheWay(PathBuf),
    /// What the system says.
    #[error("{place}: {fault}")]
    System {
        /// Where.
        place: PathBuf,
        /// What it says.
        fault: io::Error,
    },
}

impl FolderError {
    /// Returns what the system says of a place.
    pub(super) fn at(place: &Path) -> impl Fn(io::Error) -> Self + Copy {
        move |fault| Self::System {
            place: place.to_owned(),
            fault,
        }
    }
}

impl UnfinishedFolder {
    /// Begins a folder of this name, which is not there yet, or is empty.
    ///
    /// # Errors
    /// [`FolderError`].
    pub(super) fn begin(target: &Path) -> Result<Self, FolderError> {
        let at_target = FolderError::at(target);
        match fs::read_dir(target) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(FolderError::Taken(target.to_owned()));
                }
            }
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
            Err(fault) => return Err(at_target(fault)),
        }
        let mut folder = target.as_os_str().to_owned();
        folder.push(OsString::from(ENDING));
        let folder = PathBuf::from(folder);
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => Ok(Self {
                folder,
                target: target.to_owned(),
            }),
            Err(fault) if fault.kind() == io::ErrorKind::AlreadyExists => {
                Err(FolderError::InTheWay(folder))
            }
            Err(fault) => Err(FolderError::at(&folder)(fault)),
        }
    }

    /// Returns where it is as yet.
    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes a folder within it.
    ///
    /// # Errors
    /// [`FolderError`].
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, FolderError> {
        let folder = self.folder.join(name);
        DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(FolderError::at(&folder))?;
        Ok(folder)
    }

    /// Makes all of it durable, and gives it its name.
    ///
    /// # Errors
    /// [`FolderError`]: there is no folder of that name then.
    pub(super) fn finish(self) -> Result<(), FolderError> {
        settle(&self.folder)?;
        fs::rename(&self.folder, &self.target).map_err(FolderError::at(&self.target))?;
        private_files::sync_folder(&private_files::folder_of(&self.target))
            .map_err(FolderError::at(&self.target))
    }
}

impl Drop for UnfinishedFolder {
    fn drop(&mut self) {
        // After its renaming there is nothing of this name.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes a folder and everything in it durable, its files their owner's alone.
fn settle(folder: &Path) -> Result<(), FolderError> {
    let at = FolderError::at(folder);
    for entry in fs::read_dir(folder).map_err(at)? {
        let entry = entry.map_err(at)?;
        let path = entry.path();
        if entry.file_type().map_err(at)?.is_dir() {
            settle(&path)?;
        } else {
            let at = FolderError::at(&path);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(at)?;
            File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(at)?;
        }
    }
    private_files::sync_folder(folder).map_err(at)
}
