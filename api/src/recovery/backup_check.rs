//! Looking at a backup: whether it is whole, whether its two halves belong together, and how old it is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use concord_entities::instant::Instant;
use sea_orm::DbErr;

use super::backup::{self, location};
use super::contents;
use super::manifest::{MANIFEST, Manifest, ManifestError, StoreContents, StoreKind, StorePart};
use super::postgres_tools::ToolCommand;
use crate::settings::{Settings, StoreLocation};
use crate::store::copy;

/// One store's copy, with its manifest.
#[derive(Clone, Debug)]
pub struct StoreCopy {
    /// Its folder.
    pub folder: PathBuf,
    /// What the folder's manifest says.
    pub manifest: Manifest,
}

/// What was found out about a backup.
#[derive(Clone, Debug, Default)]
pub struct BackupReport {
    /// The copies whose manifests can be read.
    pub copies: Vec<StoreCopy>,
    /// What there is to know.
    pub notes: Vec<String>,
    /// What is wrong.
    pub faults: Vec<String>,
}

impl StoreCopy {
    /// Returns the copy's only file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        let Manifest { what, kind, .. } = self.manifest;
        self.folder.join(kind.file(what))
    }
}

impl BackupReport {
    /// Returns the copy of this store, where there is one.
    #[must_use]
    pub fn copy_of(&self, part: StorePart) -> Option<&StoreCopy> {
        self.copies.iter().find(|copy| copy.manifest.what == part)
    }

    /// Looks at the copies themselves: their files, their rights, and whether they belong together.
    ///
    /// # Errors
    /// [`ManifestError`]: there is nothing to look at.
    pub async fn of(folder: &Path) -> Result<Self, ManifestError> {
        let mut report = Self::default();
        for (expected, folder) in halves(folder)? {
            let manifest = match Manifest::read(&folder) {
                Ok(manifest) => manifest,
                Err(fault) => {
                    report.faults.push(fault.to_string());
                    continue;
                }
            };
            if expected.is_some_and(|part| part != manifest.what) {
                report.faults.push(format!(
                    "{} holds a copy of the {}: the folders were mixed up",
                    folder.display(),
                    manifest.what
                ));
                continue;
            }
            let copy = StoreCopy { folder, manifest };
            report.look_at(&copy).await;
            report.copies.push(copy);
        }
        report.hold_together();
        Ok(report)
    }

    async fn look_at(&mut self, copy: &StoreCopy) {
        let Manifest { what, kind, .. } = copy.manifest;
        let before = self.faults.len();
        let wrong = |said: String| format!("the copy of the {what}: {said}");
        let files = &copy.manifest.files;
        if !files.iter().any(|file| file.name == kind.file(what)) {
            self.faults
                .push(wrong(format!("{} is not in its manifest", kind.file(what))));
        }
        let changed = files.iter().filter_map(|file| file.fault(&copy.folder));
        self.faults.extend(changed.map(wrong));
        for name in besides(copy) {
            self.faults.push(wrong(format!(
                "{name} lies beside it and is no part of it: the folders were mixed up"
            )));
        }
        if open_to_others(copy) {
            self.notes.push(format!(
                "others than its owner can read {}: `chmod -R go= {0}`",
                copy.folder.display()
            ));
        }
        if self.faults.len() > before {
            return;
        }
        let said = match kind {
            StoreKind::Sqlite => inside(copy)
                .await
                .unwrap_or_else(|fault| vec![format!("SQLite cannot read it: {fault}")]),
            StoreKind::Postgres => {
                let listed = backup::run(ToolCommand::list(&copy.file())).await;
                self.notes.push(format!(
                    "of the {what}'s dump, its bytes and its table of contents were looked at: only putting it back, into \
                     a database that is there for nothing else, shows all of it"
                ));
                listed
                    .err()
                    .map(|fault| fault.to_string())
                    .into_iter()
                    .collect()
            }
        };
        self.faults.extend(said.into_iter().map(wrong));
    }

    fn hold_together(&mut self) {
        let [data, keyring] = StorePart::BOTH.map(|part| self.copy_of(part).cloned());
        let (Some(data), Some(keyring)) = (data, keyring) else {
            return;
        };
        let (ours, theirs) = (&data.manifest.contents, &keyring.manifest.contents);
        if (ours.store_id, ours.keyring_id) != (theirs.store_id, theirs.keyring_id) {
            self.faults.push(format!(
                "the two copies do not belong together: the data store is {} with the keyring {}, and the keyring's copy \
                 is {} of the data store {}",
                ours.store_id, ours.keyring_id, theirs.keyring_id, theirs.store_id
            ));
        } else if keyring.manifest.at < data.manifest.at {
            let apart = plainly(data.manifest.at.since(keyring.manifest.at));
            self.notes.push(format!(
                "the keyring's copy is older than the data store's, by {apart}: what was sealed in between cannot be opened \
                 by it"
            ));
        }
    }

    /// Says how old the copies are, and how far behind the stores that these settings name. A keyring's copy that is kept
    /// for longer than the settings say is a fault.
    pub async fn hold_against(&mut self, settings: &Settings, now: Instant) {
        for copy in self.copies.clone() {
            let Manifest { what, at, .. } = copy.manifest;
            let age = now.since(at);
            self.notes.push(format!(
                "the {what}'s copy is of {at}, {} ago, made by concord {}: {}",
                plainly(age),
                copy.manifest.program,
                reach(&copy.manifest.contents)
            ));
            if what == StorePart::Keyring && age > settings.keyring_backups {
                self.faults.push(format!(
                    "the keyring's copy is older than `keyring_backup_days` ({} days): throw it away. Keys in it were \
                     destroyed since, and receipts say that no copy of them is left",
                    settings.keyring_backups.as_secs() / 86_400
                ));
            }
            match running(settings, what).await {
                Ok(Some(running)) => self.compare(&copy, &running),
                Ok(None) => self.notes.push(format!(
                    "there is no {what} at {} to hold it against",
                    location(settings, what)
                )),
                Err(fault) => self.notes.push(format!(
                    "the {what} at {} cannot be asked, so it is not known how far behind the copy is: {fault}",
                    location(settings, what)
                )),
            }
        }
    }

    fn compare(&mut self, copy: &StoreCopy, running: &StoreContents) {
        let what = copy.manifest.what;
        let copied = &copy.manifest.contents;
        if copied.store_id != running.store_id {
            self.faults.push(format!(
                "the {what}'s copy is of another service's: it belongs to the data store {}, and these settings name {}",
                copied.store_id, running.store_id
            ));
            return;
        }
        if copied.keyring_id != running.keyring_id {
            let moved = "the keys were moved to another keyring since the copy was made (`concord keyring move`)";
            match what {
                StorePart::Data => self.notes.push(moved.to_owned()),
                StorePart::Keyring => {
                    let useless = format!("{moved}: this one is of no use any more, throw it away");
                    self.faults.push(useless);
                }
            }
            return;
        }
        let events = running.events().saturating_sub(copied.events());
        let endings = running.epoch.saturating_sub(copied.epoch);
        self.notes.push(if copied.events() > running.events() || endings < 0 {
            format!("the {what} that runs is behind its copy: it is an older one itself")
        } else if events == 0 && endings == 0 {
            format!("nothing was recorded since the {what} was copied")
        } else {
            format!("the {what} has gone on since: {events} events, and the sharing epoch by {endings}")
        });
    }
}

/// Returns the folders of a backup's halves, each with the store that it must be of where its name says one.
fn halves(folder: &Path) -> Result<Vec<(Option<StorePart>, PathBuf)>, ManifestError> {
    if folder.join(MANIFEST).exists() {
        return Ok(vec![(None, folder.to_owned())]);
    }
    let halves = StorePart::BOTH.map(|part| (Some(part), folder.join(part.folder())));
    let there: Vec<_> = halves
        .into_iter()
        .filter(|(_, folder)| folder.is_dir())
        .collect();
    if there.is_empty() {
        return Err(ManifestError::Missing(folder.to_owned()));
    }
    Ok(there)
}

/// Returns what is in the folder of a copy and no part of it.
fn besides(copy: &StoreCopy) -> Vec<String> {
    let entries = fs::read_dir(&copy.folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| {
            name != MANIFEST && !copy.manifest.files.iter().any(|file| file.name == *name)
        })
        .collect()
}

fn open_to_others(copy: &StoreCopy) -> bool {
    let others = |place: &Path| {
        fs::metadata(place).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    };
    others(&copy.folder) || others(&copy.file())
}

/// Returns what is wrong within an SQLite copy: its pages, or that it is not what its manifest says.
async fn inside(copy: &StoreCopy) -> Result<Vec<String>, DbErr> {
    let opened = copy::read_file(&copy.file()).await?;
    let faults = copy::faults(&opened).await;
    let found = contents::read(copy.manifest.what, &opened).await;
    let _ = opened.close().await;
    let mut faults = faults?;
    if found?.as_ref() != Some(&copy.manifest.contents) {
        faults.push("it does not hold what its manifest says".to_owned());
    }
    Ok(faults)
}

/// Returns what the store that the settings name holds by now; none where there is none.
async fn running(settings: &Settings, part: StorePart) -> Result<Option<StoreContents>, DbErr> {
    let location = location(settings, part);
    if let StoreLocation::File(file) = location
        && !file.is_file()
    {
        return Ok(None);
    }
    let store = copy::connect(location, settings).await?;
    let found = contents::read(part, &store).await;
    let _ = store.close().await;
    found
}

fn reach(contents: &StoreContents) -> String {
    format!(
        "{} events, sharing epoch {}",
        contents.events(),
        contents.epoch
    )
}

/// Returns a time as people say it, by its largest unit or two.
fn plainly(time: Duration) -> String {
    let seconds = time.as_secs();
    let rounded = match seconds {
        0..3_600 => seconds,
        3_600..86_400 => seconds - seconds % 60,
        _ => seconds - seconds % 3_600,
    };
    humantime::format_duration(Duration::from_secs(rounded)).to_string()
}
