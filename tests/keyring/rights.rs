//! Our files are their owner's alone, whatever the umask is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::says;

/// Every file and folder beneath a folder, with its rights.
fn rights(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(met) = fs::metadata(&path) else {
            continue;
        };
        found.push((path.clone(), met.permissions().mode() & 0o7777));
        if met.is_dir() {
            found.extend(rights(&path));
        }
    }
    found
}

#[test]
fn every_file_of_a_demo_is_its_owners_alone_under_any_umask() {
    let folder = tempfile::tempdir().unwrap();
    let (data, keys) = (
        folder.path().join("a/data"),
        folder.path().join("b/keyring.sqlite"),
    );
    let flags = ["--data".to_owned(), data.display().to_string()];
    let keyring = ["--keyring-file".to_owned(), keys.display().to_string()];
    let mut server = Command::new("sh")
        .args([
            "-c",
            "umask 000; exec \"$0\" \"$@\"",
            env!("CARGO_BIN_EXE_concord"),
        ])
        .args(["serve", "--demo", "--listen", "127.0.0.1:0"])
        .args(flags.iter().chain(&keyring))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let tokens = data.join("demo-tokens.json");
    let deadline = Instant::now() + Duration::from_mins(2);
    while !tokens.exists() {
        assert!(Instant::now() < deadline, "the demo did not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    let found = rights(folder.path());
    let names = found
        .iter()
        .map(|(path, _)| path.file_name().unwrap().to_str().unwrap());
    let names: Vec<_> = names.collect();
    for name in [
        "concord.sqlite",
        "concord.sqlite-wal",
        "keyring.sqlite",
        "demo-tokens.json",
        "key-encryption-key",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    for (path, mode) in found {
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{} {mode:o}", path.display());
    }
    server.kill().unwrap();
    server.wait().unwrap();

    // What 0.1 made with wider rights is told.
    let wide = data.join("concord.sqlite");
    fs::set_permissions(&wide, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let (usable, said) = says(&["check-config"], &flags);
    assert!(usable);
    assert!(
        said.contains(&format!("chmod 600 {}", wide.display())),
        "{said}"
    );
    assert!(
        said.contains(&format!("chmod 700 {}", data.display())),
        "{said}"
    );
}
