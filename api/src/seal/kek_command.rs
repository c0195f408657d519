//! A key-encryption key that a program prints, such as the client of a KMS or of an HSM.
//!
//! There is no shell, no input and no more than [`PATIENCE`]. What the program prints is shown to nobody, not even where it is
//! no key; a program that takes too long is killed with everything that it started.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use zeroize::Zeroizing;

use crate::settings::{KEY_VARIABLE, OTHER_KEY_VARIABLE};

/// How long the program may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often to look whether it has ended.
const LOOK: Duration = Duration::from_millis(10);
/// How many bytes it may print: far more than any key's text has.
const LIMIT: usize = 1024;

/// Why a program gave no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyCommandError {
    /// It cannot be started, or read from.
    #[error("cannot be run: {0}")]
    Unusable(#[from] io::Error),
    /// It says that it failed.
    #[error("failed with {0}; run it by hand to see what it says")]
    Failed(ExitStatus),
    /// It took too long.
    #[error("did not end within 10 seconds, and was killed")]
    Late,
    /// It printed more than a key.
    #[error("prints more than a key")]
    TooMuch,
}

/// Runs a program and returns what it prints.
pub(super) fn run(command: &[String]) -> Result<Zeroizing<Vec<u8>>, KeyCommandError> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::from(io::ErrorKind::NotFound).into());
    };
    let mut child = Command::new(program)
        .args(arguments)
        .env_remove(KEY_VARIABLE)
        .env_remove(OTHER_KEY_VARIABLE)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let result = printed(&mut child);
    if result.is_err() {
        kill_with_all_that_it_started(&mut child);
    }
    result
}

fn printed(child: &mut Child) -> Result<Zeroizing<Vec<u8>>, KeyCommandError> {
    let deadline = Instant::now() + PATIENCE;
    let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe);
    let output = output.map_err(io::Error::from)?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Room for all of it at once: a buffer that grows leaves copies of the key behind.
        let mut printed = Zeroizing::new(vec![0; LIMIT + 1]);
        let read = fill(output, &mut printed);
        // Nobody waits for it any more where it took too long.
        let _ = sender.send(read.map(|length| {
            printed.truncate(length);
            printed
        }));
    });
    let printed = receiver
        .recv_timeout(PATIENCE)
        .map_err(|_| KeyCommandError::Late)??;
    if printed.len() > LIMIT {
        return Err(KeyCommandError::TooMuch);
    }
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(printed),
            Some(status) => return Err(KeyCommandError::Failed(status)),
            None if Instant::now() >= deadline => return Err(KeyCommandError::Late),
            None => thread::sleep(LOOK),
        }
    }
}

/// Reads until the end, or until the buffer is full.
fn fill(mut from: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(length)
}

/// Kills a program's whole process group: what it started may be what hangs.
fn kill_with_all_that_it_started(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // Nothing is left of it where this fails.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _ = child.wait();
}
