//! PostgreSQL's own programs, which copy a database and put it back: as commands to show, or to run.
//!
//! A password is never on a command line, where every user of the machine could read it: it goes into the environment.

use std::env;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use percent_encoding::percent_decode_str;
use url::Url;

use super::manifest::StorePart;
use crate::settings::StoreLocation;

/// A command that PostgreSQL's programs are given.
#[derive(Clone, Debug)]
pub struct ToolCommand {
    program: &'static str,
    arguments: Vec<String>,
    password: Option<String>,
}

/// Why a program of PostgreSQL's did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It cannot be started.
    #[error(
        "{program} cannot be started: {fault}. Install PostgreSQL's client programs, of the server's version or a later \
         one, on the PATH or where `pg_config --bindir` points"
    )]
    NotStarted {
        /// Which one.
        program: &'static str,
        /// What the system says.
        fault: io::Error,
    },
    /// It failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// Which one.
        program: &'static str,
        /// What it says.
        said: String,
    },
    /// The URL cannot be understood.
    #[error("the URL of the store cannot be read: {0}")]
    Url(#[from] url::ParseError),
    /// The store is none of PostgreSQL's.
    #[error("this is no PostgreSQL store")]
    Embedded,
}

impl ToolCommand {
    /// Returns the command that copies a store into a file, the data without a keyring that lies beside it; of the moment
    /// that a session holds, where it is named.
    ///
    /// # Errors
    /// [`ToolError`]: it is no PostgreSQL store.
    pub fn dump(
        location: &StoreLocation,
        part: StorePart,
        snapshot: Option<&str>,
        file: &Path,
    ) -> Result<Self, ToolError> {
        let StoreLocation::Postgres { url, schema } = location else {
            return Err(ToolError::Embedded);
        };
        let (url, password) = without_password(url)?;
        let mut arguments = vec!["--format=custom".to_owned()];
        arguments.extend(match (schema, part) {
            (Some(schema), _) => Some(format!("--schema={schema}")),
            (None, StorePart::Data) => {
                let beside = StoreLocation::KEYRING_SCHEMA;
                Some(format!("--exclude-schema={beside}"))
            }
            (None, StorePart::Keyring) => None,
        });
        arguments.extend(snapshot.map(|name| format!("--snapshot={name}")));
        arguments.push(format!("--file={}", file.display()));
        arguments.push(format!("--dbname={url}"));
        Ok(Self {
            program: "pg_dump",
            arguments,
            password,
        })
    }

    /// Returns the command that puts a copy into an empty database: all of it, or nothing.
    ///
    /// # Errors
    /// [`ToolError`]: it is no PostgreSQL store.
    pub fn restore(location: &StoreLocation, file: &Path) -> Result<Self, ToolError> {
        let StoreLocation::Postgres { url, .. } = location else {
            return Err(ToolError::Embedded);
        };
        let (url, password) = without_password(url)?;
        let whole = [
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            "--no-privileges",
        ];
        let mut arguments: Vec<String> = whole.iter().map(ToString::to_string).collect();
        arguments.extend([format!("--dbname={url}"), file.display().to_string()]);
        Ok(Self {
            program: "pg_restore",
            arguments,
            password,
        })
    }

    /// Returns the command that reads a copy's table of contents.
    #[must_use]
    pub fn list(file: &Path) -> Self {
        Self {
            program: "pg_restore",
            arguments: vec!["--list".to_owned(), file.display().to_string()],
            password: None,
        }
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// [`ToolError`].
    pub fn run(&self) -> Result<(), ToolError> {
        let program = self.program;
        let mut command = Command::new(found(program));
        command.args(&self.arguments).stdin(Stdio::null());
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password);
        }
        let output = command
            .output()
            .map_err(|fault| ToolError::NotStarted { program, fault })?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(ToolError::Failed { program, said })
    }
}

impl fmt::Display for ToolCommand {
    /// Writes it as a shell takes it, without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        for argument in &self.arguments {
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_=./:@".contains(letter);
            if argument.chars().all(plain) {
                write!(f, " {argument}")?;
            } else {
                write!(f, " '{}'", argument.replace('\'', r"'\''"))?;
            }
        }
        Ok(())
    }
}

/// Returns where a program is: on the PATH, else where `pg_config` says.
fn found(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        return PathBuf::from(program);
    }
    let asked = Command::new("pg_config").arg("--bindir").output();
    let folder = asked
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    folder.map_or_else(
        || PathBuf::from(program),
        |folder| Path::new(folder.trim_end()).join(program),
    )
}

/// Returns a store's URL without its password, and the password.
fn without_password(url: &str) -> Result<(String, Option<String>), ToolError> {
    let decoded = |encoded: &str| percent_decode_str(encoded).decode_utf8_lossy().into_owned();
    let mut url = Url::parse(url)?;
    let mut password = url.password().map(decoded);
    // A URL without a host has no place for one.
    let _ = url.set_password(None);
    let query = url.query().unwrap_or_default().to_owned();
    let (named, others): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .partition(|pair| decoded(pair.split('=').next().unwrap_or("")) == "password");
    if let Some((_, encoded)) = named.last().and_then(|pair| pair.split_once('=')) {
        password = Some(decoded(&encoded.replace('+', " ")));
        url.set_query(
            Some(others.join("&"))
                .filter(|rest| !rest.is_empty())
                .as_deref(),
        );
    }
    Ok((url.into(), password))
}
