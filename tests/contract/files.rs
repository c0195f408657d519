//! The tests' own files: short enough to read, and in need of nothing that `tests/run` does not install.

use std::collections::BTreeSet;
use std::fs;

use super::{root, rust_files};

/// How many lines a test file has at the most: beyond, it tells two stories.
const MOST_LINES: usize = 600;

/// What every machine has that has a shell.
const EVERYWHERE: [&str; 3] = ["bash", "sh", "timeout"];

#[test]
fn every_test_file_is_short() {
    let mut long = Vec::new();
    for file in rust_files("tests") {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        if lines > MOST_LINES {
            long.push(format!("{}: {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "split by what they tell: {long:#?}");
}

#[test]
fn the_tests_start_no_program_that_their_script_does_not_look_for() {
    let script = fs::read_to_string(root().join("tests/run")).unwrap();
    let looked_for: BTreeSet<&str> = script
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect();
    let start = concat!("Command::new", "(\"");
    let mut started = BTreeSet::new();
    for file in rust_files("tests") {
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split(start).skip(1) {
            started.insert(rest.split('"').next().unwrap().to_owned());
        }
    }
    assert!(started.contains("node"), "nothing was found: {started:?}");
    let missing: Vec<&String> = started
        .iter()
        .filter(|name| !EVERYWHERE.contains(&name.as_str()) && !looked_for.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "tests/run installs none of {missing:?}");
}

#[test]
fn no_test_speaks_python() {
    let scripts = ["tests/run", ".ci/run"].map(|script| root().join(script));
    for file in rust_files("tests").into_iter().chain(scripts) {
        let text = fs::read_to_string(&file).unwrap();
        let named = text.contains(concat!("pyth", "on3"));
        assert!(!named, "{}", file.display());
    }
}
