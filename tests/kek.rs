//! The key-encryption key: where it comes from, and how it is exchanged for another one, or lost.

mod exchanged;
mod interrupted;
mod lost;
mod named;
mod revoked_meanwhile;
mod sources;
mod stolen;

use std::path::PathBuf;
use std::process::{Command, Output};

use concord_entities::ids::ReferralId;

use crate::world::{Agency, Database, EVERYTHING, Server, World, key_file};

/// Another key than a world's own.
const NEW: &str = "c01dbeefc01dbeefc01dbeefc01dbeefc01dbeefc01dbeefc01dbeefc01dbee5";

/// The file with a world's own key.
fn own_file(world: &World) -> PathBuf {
    world.folder.path().join(match world.database {
        Database::Sqlite => "key-encryption-key",
        Database::Postgres => "kek",
    })
}

fn own_key(world: &World) -> String {
    let key = std::fs::read_to_string(own_file(world)).unwrap();
    key.trim().to_owned()
}

/// A world's flags, with a file that holds this other key.
fn with_other(world: &World, key: &str) -> Vec<String> {
    let file = world.folder.path().join("other-key");
    key_file(&file, key);
    let mut flags = world.flags();
    flags.extend(["--other-key-file".to_owned(), file.display().to_string()]);
    flags
}

/// What `concord` says to these words and flags, on one line, and whether it is content.
fn says(words: &[&str], flags: &[String]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(words)
        .args(flags)
        .output()
        .unwrap();
    said(output)
}

fn said(output: Output) -> (bool, String) {
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    // The error is wrapped at the terminal's width.
    let said = said.replace('│', " ");
    let words: Vec<&str> = said.split_whitespace().collect();
    (output.status.success(), words.join(" "))
}

/// What a command that must be content says.
fn does(words: &[&str], flags: &[String]) -> String {
    let (content, said) = says(words, flags);
    assert!(content, "concord {words:?}: {said}");
    said
}

/// Why a server does not start.
fn does_not_start(flags: &[String]) -> String {
    let (content, said) = says(&["serve", "--listen", "127.0.0.1:0"], flags);
    assert!(!content, "{said}");
    said
}

/// Keys of packages that nobody refers to, for a keyring that takes time.
async fn fill(world: &World, count: usize) {
    for _ in 0..count {
        let package = concord::seal::vault::PackageVersion {
            referral: ReferralId::new(),
            version: 1,
        };
        let now = concord::clock::now();
        world.service.vault.seal(package, &[], now).await.unwrap();
    }
}

/// How many keys of the keyring are wrapped under the key of this id, or, as SQL says it, `IS NULL`.
fn wrapped(world: &World, which: &str) -> u64 {
    let tables = ["package_key", "document_key", "record_key", "signing_key"];
    let count = |table: &str| format!("(SELECT count(*) FROM {table} WHERE kek_id {which})");
    let sum = tables.map(count).join(" + ");
    let counted = world.tampers_with_keyring(&format!("SELECT {sum}"));
    counted.trim().parse().unwrap()
}

fn id_in_sql(world: &World, id: &str) -> String {
    match world.database {
        Database::Postgres => format!("= '\\x{id}'::bytea"),
        Database::Sqlite => format!("= x'{id}'"),
    }
}

/// The id of a key in hexadecimal.
fn id_of(key: &str) -> String {
    let key = concord::seal::envelope::KeyEncryptionKey::from_text(key).unwrap();
    key.id().to_string()
}

/// The same agency with a token of today, on this server.
fn anew(world: &World, agency: &Agency, server: &Server) -> Agency {
    let words = ["token", "--agency", &agency.name, "--scope", EVERYTHING];
    let (issued, token) = world.commands(&words);
    assert!(issued, "{token}");
    agency.with(token.trim().to_owned()).at(&server.address)
}
