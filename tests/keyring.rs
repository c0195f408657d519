//! The keyring: where it is, whose it is, and how its keys are moved to another one.

mod killed;
mod moved;
mod named;
mod one_server;
mod restored;
mod rights;

use std::process::{Command, Output};

use crate::world::{KeyringPlace, World};

/// What `concord` says to these words and flags, on one line, and whether it is content.
fn says(words: &[&str], flags: &[String]) -> (bool, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(words)
        .args(flags)
        .output()
        .unwrap();
    let said = String::from_utf8([stdout, stderr].concat()).unwrap();
    // The error is wrapped at the terminal's width.
    let said = said.replace('│', " ");
    let words: Vec<&str> = said.split_whitespace().collect();
    (status.success(), words.join(" "))
}

/// The words that move a world's keys from where they are.
fn moving(from: &KeyringPlace) -> Vec<String> {
    let mut words = vec!["keyring".to_owned(), "move".to_owned()];
    match from {
        KeyringPlace::BesideData => words.push("--from-beside-data".to_owned()),
        KeyringPlace::Url(url) => words.extend(["--from-url".to_owned(), url.clone()]),
        KeyringPlace::File(file) => {
            words.extend(["--from-file".to_owned(), file.display().to_string()]);
        }
    }
    words
}

/// Ends everybody who uses a world's stores.
async fn is_at_rest(world: &mut World) {
    assert!(world.server.ends());
    world.service.store.clone().close().await;
}

/// Moves a world's keys to another place, and has a server serve from there.
async fn moves_to(world: &mut World, place: KeyringPlace) -> String {
    is_at_rest(world).await;
    let from = std::mem::replace(&mut world.keyring, place);
    let words = moving(&from);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (moved, said) = says(&words, &world.flags());
    assert!(moved, "{said}");
    world.server = world.another_server();
    said
}
