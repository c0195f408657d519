//! The rehearsal in `docs/OPERATING.md`, run word for word as a shell runs it.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

const BEGIN: &str = "### A rehearsal";
const RUN: &str = "cargo run -p concord --";

/// The commands of the rehearsal, as the document has them.
fn commands() -> Vec<String> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/OPERATING.md");
    let document = fs::read_to_string(document).unwrap();
    let (_, rehearsal) = document.split_once(BEGIN).unwrap();
    let block = rehearsal.split("```").nth(1).unwrap();
    let lines = block.strip_prefix("console\n").unwrap().lines();
    lines
        .map(|line| line.strip_prefix("$ ").unwrap().to_owned())
        .collect()
}

#[test]
fn what_ended_stays_ended_when_the_rehearsal_is_followed_word_for_word() {
    let commands = commands();
    let runs = commands.iter().filter(|line| line.contains(RUN)).count();
    assert!(runs > 10, "{commands:?}");
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let before_the_end = commands.len() - 1;
    let script: Vec<String> = commands
        .iter()
        .take(before_the_end)
        .map(|line| line.replace(RUN, env!("CARGO_BIN_EXE_concord")))
        .map(|line| line.replace("127.0.0.1:4000", &format!("127.0.0.1:{port}")))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let whatever_happens = "trap 'kill $SERVER 2> /dev/null || true' EXIT";
    let script = format!("{whatever_happens}\n{}\n", script.join("\n"));
    let ran = Command::new("timeout")
        .args(["120", "bash", "-e", "-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
    let log = fs::read_to_string(folder.path().join("rehearsal.log")).unwrap_or_default();
    assert!(ran.status.success(), "{said}\n{log}");
    let answer = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    let (before, after) = (answer("before.json"), answer("after.json"));
    let shared = |answer: &str| answer.contains("\"request\":\"");
    assert!(shared(&before) && !shared(&after), "{before}\n{after}");
    for told in [
        "nothing was changed: `--yes` does it",
        "the backup is whole",
        "taken back once more",
        "events are as they were recorded",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let left = format!("set -e\n{}", commands[before_the_end]);
    let tidied = Command::new("bash")
        .args(["-c", &left])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(tidied.success());
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing is left"
    );
}
