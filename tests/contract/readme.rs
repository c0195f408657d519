//! Every command that the README and the other documents show exists.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::documents::DOCUMENTS;
use super::root;

/// Programs that are not ours.
const COMMON: [&str; 10] = [
    "cd", "cp", "curl", "export", "git", "grep", "head", "install", "kill", "rm",
];
/// The documents in which commands are shown.
const SHOWING: [&str; 4] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/CLIENTS.md",
    "docs/OPERATING.md",
];

#[test]
fn every_command_of_the_documents_exists() {
    let mut faults = Vec::new();
    for (name, _) in DOCUMENTS {
        let document = std::fs::read_to_string(root().join(name)).unwrap();
        let commands = commands(&document);
        assert!(
            !commands.is_empty() || !SHOWING.contains(&name),
            "{name} shows no command"
        );
        for command in commands {
            if let Some(fault) = fault(&command) {
                faults.push(format!("{name}: `{command}`: {fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_command_that_does_not_exist_is_noticed() {
    let readme = "# X\n```console\n$ tests/run\ntests/no output\n$ cargo run -p concord -- token \\\n    --agency a --scope 'b c'\n\
        ```\n```sh\n$ tests/none\n```\n```console\n$ cd x\n```\n";
    let found = commands(readme);
    assert_eq!(
        found,
        [
            "tests/run",
            "cargo run -p concord -- token     --agency a --scope 'b c'",
            "cd x"
        ]
    );
    for good in &found {
        assert_eq!(fault(good), None, "{good}");
    }
    for bad in [
        "tests/none",
        "cargo run -- dance",
        "cargo run -- audit",
        "cargo run -- audit dance",
        "cargo run -- serve --dance",
        "cargo dance",
        "target/release/concord dance",
        "dance",
    ] {
        assert!(fault(bad).is_some(), "{bad}");
    }
}

/// The commands of the `console` blocks, continued lines joined.
fn commands(readme: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut shown = None;
    let mut fence = false;
    for line in readme.lines() {
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            fence = !fence;
            shown = (fence && kind.trim() == "console").then_some(false);
            continue;
        }
        let Some(continued) = &mut shown else {
            continue;
        };
        let text = match (line.strip_prefix("$ "), *continued) {
            (Some(command), _) => {
                commands.push(String::new());
                command
            }
            (None, true) => line,
            (None, false) => continue,
        };
        let joined = text.strip_suffix('\\');
        *continued = joined.is_some();
        commands
            .last_mut()
            .unwrap()
            .push_str(joined.unwrap_or(text));
    }
    commands
}

/// What is wrong with a command. Only its first program is looked at, not what its output is sent to.
fn fault(command: &str) -> Option<String> {
    let words: Vec<&str> = command
        .split_whitespace()
        .take_while(|word| !["|", ">", ">>", "&&", ";", "&"].contains(word))
        .skip_while(|word| word.contains('=') && !word.starts_with('-'))
        .collect();
    let (program, arguments) = words.split_first()?;
    match *program {
        "cargo" => cargo(arguments),
        _ if COMMON.contains(program) => None,
        _ if program.ends_with("/concord") || *program == "concord" => concord(arguments),
        _ => {
            let file = root().join(program).metadata();
            let runs =
                file.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
            (!runs).then(|| "no such program".to_owned())
        }
    }
}

fn cargo(arguments: &[&str]) -> Option<String> {
    match arguments.first().copied() {
        Some("run") => {
            let after = arguments.iter().position(|word| *word == "--")?;
            concord(&arguments[after + 1..])
        }
        Some("build" | "test" | "bench" | "install" | "clippy" | "fmt") => None,
        Some(_) | None => Some("not a cargo command that we know".to_owned()),
    }
}

/// Asks the program for help about the subcommand, and looks for each flag in it.
fn concord(arguments: &[&str]) -> Option<String> {
    let named = arguments.iter().take_while(|word| !word.starts_with('-'));
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(named)
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        return Some("no such subcommand".to_owned());
    }
    if help.contains("<COMMAND>") {
        return Some("its subcommand is missing".to_owned());
    }
    let flags = arguments.iter().filter(|word| word.starts_with("--"));
    let unknown = flags
        .map(|flag| flag.split('=').next().unwrap())
        .find(|flag| {
            !help
                .split_whitespace()
                .any(|word| word.trim_end_matches(',') == *flag)
        });
    unknown.map(|flag| format!("no such flag: {flag}"))
}
