//! A disk that is full, for one process only.
//!
//! The kernel's file-size limit (`RLIMIT_FSIZE`) stands in for it: past it, a write fails with `EFBIG` where a full disk
//! answers `ENOSPC`. SQLite reports the first as `SQLITE_IOERR_WRITE` and the second as `SQLITE_FULL`; either way the
//! transaction must fail whole.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
};

/// Lets no file of the running process `pid` grow past `bytes` bytes: its writes beyond that offset fail with `EFBIG`.
///
/// The limit counts each file by itself, and every regular file: a log that the process writes to a file too, but not
/// a pipe or a socket. Processes that it starts afterwards inherit it. Start it with [`command_surviving_full_disk`], or
/// its first such write kills it.
///
/// # Panics
/// When there is no such process, or it is not ours.
pub fn fill_disk_of(pid: u32, bytes: u64) {
    limit_file_size(pid, &bytes.to_string());
}

/// Undoes [`fill_disk_of`].
///
/// # Panics
/// When there is no such process, or it is not ours.
pub fn free_disk_of(pid: u32) {
    limit_file_size(pid, "unlimited");
}

/// A command for `program` that a full disk does not kill. Arguments, environment and pipes are added to it as usual,
/// and the process id of its child is that of `program` itself.
///
/// By default the first write past the limit kills the process by SIGXFSZ; an ignored signal stays ignored through
/// `exec`, so a shell ignores it and then becomes `program`.
pub fn command_surviving_full_disk(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"trap "" XFSZ; exec "$0" "$@""#])
        .arg(program);
    command
}

/// Moves the soft limit only: lowering the hard one could not be undone by an unprivileged user.
fn limit_file_size(pid: u32, soft: &str) {
    let mut prlimit = Command::new("prlimit");
    prlimit
        .arg(format!("--pid={pid}"))
        .arg(format!("--fsize={soft}:"))
        .stdin(Stdio::null());
    let output = prlimit
        .output()
        .expect("prlimit starts: it is part of util-linux 2.21 and newer");
    assert!(
        output.status.success(),
        "prlimit of process {pid}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
