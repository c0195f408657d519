//! A key-encryption key comes from one place, and is shown nowhere.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{NEW, id_of, said};
use crate::world::key_file;

/// What `check-config` says of a settings file with these lines and these variables.
fn checks(folder: &Path, lines: &str, variables: &[(&str, &str)]) -> (bool, String) {
    let file = folder.join("concord.toml");
    let data = folder.join("data").display().to_string();
    std::fs::write(&file, format!("data = {data:?}\n{lines}\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["check-config", "--config"])
        .arg(&file)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let (content, said) = said(output);
    assert!(!said.contains(NEW), "{said}");
    (content, said)
}

fn refuses(folder: &Path, lines: &str, variables: &[(&str, &str)]) -> String {
    let (content, said) = checks(folder, lines, variables);
    assert!(!content, "{said}");
    said
}

#[test]
fn a_key_is_the_same_wherever_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kek");
    key_file(&file, NEW);
    let by_file = format!("key_file = {file:?}");
    let by_command = format!("key_command = [\"cat\", {file:?}]");
    let nothing: &[(&str, &str)] = &[];
    for (lines, variables) in [
        (by_file.as_str(), nothing),
        (by_command.as_str(), nothing),
        ("", &[("CONCORD_KEY", NEW)][..]),
    ] {
        let (content, said) = checks(folder.path(), lines, variables);
        assert!(content, "{said}");
        assert!(
            said.contains(&format!("key id {}, from", id_of(NEW))),
            "{said}"
        );
    }
    let other = "5a".repeat(31) + "7e";
    let variables = [("CONCORD_OTHER_KEY", other.as_str())];
    let (content, said) = checks(folder.path(), &by_file, &variables);
    assert!(content && said.contains(&id_of(&other)), "{said}");
    assert!(!said.contains(&other), "{said}");
}

#[test]
fn a_key_has_one_source_which_is_not_the_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kek");
    key_file(&file, NEW);
    let by_file = format!("key_file = {file:?}");
    let said = refuses(folder.path(), &by_file, &[("CONCORD_KEY", NEW)]);
    assert!(said.contains("only one of them"), "{said}");
    let both = format!("{by_file}\nkey_command = [\"cat\", {file:?}]");
    assert!(refuses(folder.path(), &both, &[]).contains("only one of them"));
    for key in ["key", "other_key"] {
        let said = refuses(folder.path(), &format!("{key} = \"{NEW}\""), &[]);
        assert!(
            said.contains(&format!("{key}: never in the settings file")),
            "{said}"
        );
    }
    let said = refuses(folder.path(), "key_command = []", &[]);
    assert!(
        said.contains("a list of the program and its arguments"),
        "{said}"
    );
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kek");
    key_file(&file, NEW);
    for mode in [0o640, 0o604, 0o644] {
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        for setting in ["key_file", "other_key_file"] {
            let lines = format!("{setting} = {file:?}");
            let variables = [("CONCORD_KEY", NEW)];
            let of_other = setting == "other_key_file";
            let said = refuses(folder.path(), &lines, &variables[..usize::from(of_other)]);
            assert!(
                said.contains(&format!("chmod 600 {}", file.display())),
                "{said}"
            );
        }
    }
    std::fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    assert!(checks(folder.path(), &format!("key_file = {file:?}"), &[]).0);
}

#[test]
fn a_command_that_gives_no_key_is_named_and_not_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "a-secret-of-the-other-side";
    for (script, why) in [
        (format!("echo {secret}; exit 3"), "exit status: 3"),
        (format!("echo {secret} >&2; kill -9 $$"), "signal: 9"),
        (format!("echo {secret}"), "is not a key-encryption key"),
        ("yes".to_owned(), "prints more than a key"),
    ] {
        let lines = format!("key_command = [\"sh\", \"-c\", {script:?}]");
        let said = refuses(folder.path(), &lines, &[]);
        assert!(
            said.contains(why) && said.contains("key command sh"),
            "{said}"
        );
        assert!(!said.contains(secret), "{said}");
    }
    let said = refuses(folder.path(), "key_command = [\"/no/such/program\"]", &[]);
    assert!(said.contains("/no/such/program cannot be run"), "{said}");
}

/// Processes whose command line has this word.
fn processes(word: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    let has = |line: &Vec<u8>| {
        line.split(|byte| *byte == 0)
            .any(|one| one == word.as_bytes())
    };
    lines.filter(has).count()
}

#[test]
fn a_command_that_hangs_is_killed_with_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let nap = format!("61.{}", std::process::id());
    let script = format!("sleep {nap} & sleep {nap}");
    let lines = format!("key_command = [\"sh\", \"-c\", {script:?}]");
    let begun = Instant::now();
    let said = refuses(folder.path(), &lines, &[]);
    assert!(said.contains("did not end within 10 seconds"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    let deadline = Instant::now() + Duration::from_secs(5);
    while processes(&nap) > 0 {
        assert!(Instant::now() < deadline, "a child of it still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}
