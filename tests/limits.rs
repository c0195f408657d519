//! A full disk fails the writes of a process without ending it, and can be freed again.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::world::limits::{command_surviving_full_disk, fill_disk_of, free_disk_of};

/// Appends 8,192 bytes to the file `data` for each line that it is sent, itself and not through a child, and answers
/// `written` or why not.
const WRITER: &str = r#"
while read -r; do
    if { printf '%8192s' '' >>data; } 2>why; then echo written; else echo "$(<why)"; fi
done"#;

#[test]
fn a_full_disk_refuses_writes_and_the_process_lives() {
    let mut writer = Writer::start(command_surviving_full_disk("bash"));
    assert_eq!(writer.writes(), "written");

    fill_disk_of(writer.process.id(), 10_000);
    for _ in 0..2 {
        let refusal = writer.writes();
        assert!(refusal.ends_with("File too large"), "{refusal}");
        assert_eq!(writer.written(), 10_000);
    }

    free_disk_of(writer.process.id());
    assert_eq!(writer.writes(), "written");
    assert_eq!(writer.written(), 10_000 + 8_192);

    drop(writer.orders);
    assert!(writer.process.wait().unwrap().success());
}

#[test]
fn a_plain_command_does_not_survive_a_full_disk() {
    let mut writer = Writer::start(Command::new("bash"));
    fill_disk_of(writer.process.id(), 4_096);
    assert_eq!(writer.writes(), "");
    let status = writer.process.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::SIGXFSZ as i32));
}

struct Writer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Writer {
    fn start(mut bash: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        bash.args(["-c", WRITER])
            .env("LC_ALL", "C")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = bash.spawn().unwrap();
        Self {
            orders: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
            folder,
        }
    }

    /// Lets it write once more; its answer, empty when it died of it.
    fn writes(&mut self) -> String {
        writeln!(self.orders).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    /// How many bytes have reached the file.
    fn written(&self) -> u64 {
        let data: PathBuf = self.folder.path().join("data");
        data.metadata().unwrap().len()
    }
}
