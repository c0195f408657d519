//! What all of these stories need: servers that must not start, and flags that name another place.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What a server says that does not start, on one line.
pub fn refused(flags: &[String]) -> String {
    refused_under(flags, &[])
}

/// The same, with these variables in its environment.
pub fn refused_under(flags: &[String], environment: &[(&str, &str)]) -> String {
    let output = Command::new("timeout")
        .args(["20", env!("CARGO_BIN_EXE_concord"), "serve"])
        .args(["--listen", "127.0.0.1:0"])
        .args(flags)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let said = on_one_line(&[output.stdout, output.stderr].concat());
    assert_eq!(output.status.code(), Some(1), "it started, or fell: {said}");
    said
}

/// What a command says that does what it is told, on one line.
pub fn done(words: &[&str], flags: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(words)
        .args(flags)
        .output()
        .unwrap();
    let said = on_one_line(&[output.stdout, output.stderr].concat());
    assert!(output.status.success(), "{words:?}: {said}");
    said
}

/// The command line breaks its lines.
fn on_one_line(said: &[u8]) -> String {
    String::from_utf8_lossy(said)
        .split_whitespace()
        .filter(|word| *word != "│")
        .collect::<Vec<_>>()
        .join(" ")
}

/// The same flags with another value in this one's place.
pub fn with(flags: &[String], flag: &str, value: impl AsRef<Path>) -> Vec<String> {
    let mut flags = flags.to_vec();
    let place = flags.iter().position(|one| one == flag).unwrap() + 1;
    flags[place] = value.as_ref().display().to_string();
    flags
}

/// What `/readyz` answers.
pub async fn ready(address: &str) -> (u16, Value) {
    let url = format!("http://{address}/readyz");
    let response = reqwest::get(url).await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

/// Waits until a part of `/readyz` has this word.
pub async fn says(address: &str, part: &str, word: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (_, said) = ready(address).await;
        if said["parts"][part] == word {
            return;
        }
        assert!(Instant::now() < deadline, "{said}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The only file in a folder whose name ends so, as text; none where there is none.
pub fn found(folder: &Path, ending: &str) -> Option<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut named = files
        .map(|file| file.unwrap().path())
        .filter(|file| file.to_string_lossy().ends_with(ending));
    let file = named.next()?;
    assert!(named.next().is_none(), "more than one {ending}");
    Some(std::fs::read_to_string(file).unwrap())
}

/// The same, where there must be one.
pub fn read(folder: &Path, ending: &str) -> String {
    found(folder, ending).unwrap_or_else(|| panic!("no {ending}"))
}
