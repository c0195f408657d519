//! Where the key-encryption keys come from: a file, the environment of a secret store, or a command that prints one.

use std::fmt;
use std::path::{Path, PathBuf};

/// The variable that holds the key itself. Never a setting: a settings file is no place for it.
pub const KEY_VARIABLE: &str = "CONCORD_KEY";
/// The variable that holds a second key itself.
pub const OTHER_KEY_VARIABLE: &str = "CONCORD_OTHER_KEY";

/// Where a key-encryption key comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file that only its owner can read.
    File(PathBuf),
    /// The environment variable of this name.
    Variable(&'static str),
    /// What a program prints: the program, and its arguments.
    Command(Vec<String>),
}

impl fmt::Display for KeySource {
    /// Names the source; of a command the program alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.display()),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::Command(words) => {
                let program = words.first().map_or("(none)", String::as_str);
                write!(f, "the command {program}")
            }
        }
    }
}

impl fmt::Debug for KeySource {
    /// Writes the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where the key-encryption keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySources {
    /// The key that wraps, and unwraps what it wrapped.
    pub current: KeySource,
    /// A second key, that only unwraps.
    pub other: Option<KeySource>,
}

impl KeySources {
    /// Returns the sources of both keys, the current one first.
    pub fn all(&self) -> impl Iterator<Item = &KeySource> {
        std::iter::once(&self.current).chain(&self.other)
    }

    /// Returns the current key's file, where it comes from one that is not there.
    #[must_use]
    pub fn missing_file(&self) -> Option<&Path> {
        match &self.current {
            KeySource::File(file) if !file.is_file() => Some(file),
            KeySource::File(_) | KeySource::Variable(_) | KeySource::Command(_) => None,
        }
    }
}

/// The sources of one key, as they are written.
pub(super) struct WrittenKey {
    pub(super) file: Option<PathBuf>,
    pub(super) command: Option<Vec<String>>,
}

/// The sources of both keys, as they are written.
pub(super) struct WrittenKeys {
    pub(super) current: WrittenKey,
    pub(super) other: WrittenKey,
}

impl WrittenKeys {
    /// Returns the sources. What is wrong is added to `faults`.
    pub(super) fn check(self, data: &Path, embedded: bool, faults: &mut Vec<String>) -> KeySources {
        let current = self
            .current
            .check(["key_file", "key_command"], KEY_VARIABLE, faults);
        if current.is_none() && !embedded {
            faults.push(format!(
                "key_file: needed with database_url: a file with 64 hex digits that every replica has; or the key itself in \
                 the variable {KEY_VARIABLE}, or key_command, a program that prints it"
            ));
        }
        let other = ["other_key_file", "other_key_command"];
        KeySources {
            current: current.unwrap_or_else(|| KeySource::File(data.join("key-encryption-key"))),
            other: self.other.check(other, OTHER_KEY_VARIABLE, faults),
        }
    }
}

impl WrittenKey {
    fn check(
        self,
        [file, command]: [&str; 2],
        variable: &'static str,
        faults: &mut Vec<String>,
    ) -> Option<KeySource> {
        let sources = [
            self.file.map(KeySource::File),
            std::env::var_os(variable).map(|_| KeySource::Variable(variable)),
            self.command.map(KeySource::Command),
        ];
        let mut sources = sources.into_iter().flatten();
        let first = sources.next();
        if sources.next().is_some() {
            faults.push(format!(
                "{file}, {command}, the variable {variable}: only one of them"
            ));
        }
        if first == Some(KeySource::Command(Vec::new())) {
            faults.push(format!(
                "{command}: a list of the program and its arguments, such as [\"/usr/local/bin/print-key\"]"
            ));
        }
        first
    }
}
