//! What decides asks nobody: the pure files know no database, no waiting, no clock, no files and no wire, and import
//! nothing that does.

use std::collections::BTreeSet;

use super::imports::{House, house};
use super::source::Source;

/// The names of files that decide, in whatever folder. Besides them, all that starts with `rules` and all of [`JOSE`].
const NAMES: &[&str] = &[
    "address",
    "age",
    "assertion",
    "checkpoint",
    "checks",
    "cosignature",
    "decide",
    "explain",
    "envelope",
    "grammar",
    "grant",
    "language",
    "lint",
    "minors",
    "outbound",
    "proof",
    "repeated",
    "schedule",
    "scope",
    "signatures",
    "signers",
    "submission",
    "tile_path",
    "tree",
    "verify",
];

/// The pure files whose names say something else elsewhere.
const FILES: &[&str] = &[
    "access/issuer/token.rs",
    "access/token.rs",
    "consent/document/fault.rs",
    "consent/document/formats.rs",
    "consent/document/pdf.rs",
    "consent/form/page.rs",
    "consent/form/texts.rs",
    "input_fault.rs",
    "lists.rs",
    "settings/origin.rs",
    "sharing/memberships.rs",
    "spreadsheet.rs",
    "text.rs",
];

/// Reads what others signed, and knows nothing of Concord.
const JOSE: &str = "jose/";

/// What a pure file does not do: ask a database, wait, tell the time, read files or its surroundings, speak to a
/// client. The entities' types may be arguments.
const IMPURE: &[&[&str]] = &[
    &["actix_web"],
    &["async"],
    &["async_graphql"],
    &["await"],
    &["clock"],
    &["Entity"],
    &["reqwest"],
    &["sea_orm"],
    &["sqlx"],
    &["SystemTime"],
    &["tokio"],
    &["Instant", "now"],
    &["Timestamp", "now"],
    &["Utc", "now"],
    &["Zoned", "now"],
    &["std", "env"],
    &["std", "fs"],
    &["std", "net", "TcpStream"],
    &["std", "process"],
    &["std", "thread"],
];

#[test]
fn pure_files_are_pure() {
    let house = House::ours();
    let pure: BTreeSet<_> = house.files.keys().filter(|file| is_pure(file)).collect();
    for name in NAMES {
        assert!(pure.iter().any(|file| stem(file) == *name), "no {name}.rs");
    }
    for file in FILES {
        assert!(house.files.contains_key(*file), "no {file}");
    }
    assert!(pure.iter().filter(|file| stem(file) == "rules").count() > 5);
    assert!(pure.iter().any(|file| file.starts_with(JOSE)), "no {JOSE}");
    let faults = faults(house);
    assert!(
        faults.is_empty(),
        "{}:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn what_is_impure_is_noticed() {
    let house = house(&[
        ("lib.rs", "mod a; mod clock; mod error; mod wire;"),
        ("clock.rs", "pub fn now() {}"),
        (
            "error.rs",
            "use async_graphql::ErrorExtensionValues; pub struct Error;",
        ),
        ("wire/mod.rs", "pub mod scalars;"),
        ("wire/scalars.rs", "pub struct Date;"),
        (
            "a/mod.rs",
            "mod rules; mod lint; mod input; mod tree; mod proof; mod change;",
        ),
        (
            "a/rules.rs",
            "// async\nuse crate::clock; use sea_orm::Select; pub async fn x() { clock::now(); \"tokio\" }",
        ),
        (
            "a/lint.rs",
            "use super::input::Asked; use std::{fs, fmt}; #[derive(async_graphql::Enum)] enum E {}",
        ),
        (
            "a/input.rs",
            "use async_graphql::InputObject; pub struct Asked;",
        ),
        (
            "a/tree.rs",
            "use crate::error::Error; use crate::wire::scalars::Date; fn f() { jiff::Timestamp::now() }",
        ),
        (
            "a/proof.rs",
            "use crate::error::Error; use super::{change, tree::f}; use concord_entities::consent; fn f(now: Instant, m: consent::Model) {}",
        ),
        ("a/change.rs", "use sea_orm::Select;"),
    ]);
    assert_eq!(
        faults(&house),
        [
            "a/lint.rs knows async_graphql",
            "a/lint.rs knows std::fs",
            "a/lint.rs knows the wire: a/input.rs",
            "a/proof.rs knows what is not pure: a/change.rs",
            "a/rules.rs knows async",
            "a/rules.rs knows clock",
            "a/rules.rs knows sea_orm",
            "a/rules.rs knows what is not pure: clock.rs",
            "a/tree.rs knows Timestamp::now",
            "a/tree.rs knows the wire: wire/scalars.rs",
        ]
    );
}

fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap();
    name.strip_suffix(".rs").unwrap()
}

fn is_pure(file: &str) -> bool {
    let is_of_rules = file.split('/').any(|part| part.starts_with("rules"));
    is_of_rules || NAMES.contains(&stem(file)) || FILES.contains(&file) || file.starts_with(JOSE)
}

/// Whether a file's types are made for the wire. An error tells the wire how to show it, and is no type of the wire's.
pub(super) fn is_wire(file: &str, source: &Source) -> bool {
    let of_wire = ["graphql/", "http/", "wire/"];
    let is_of_wire = of_wire.iter().any(|folder| file.starts_with(folder));
    is_of_wire || (file != "error.rs" && knows(source, &["async_graphql"]))
}

/// What pure files know that they should not, in order.
fn faults(house: &House) -> Vec<String> {
    let mut faults = BTreeSet::new();
    for (file, source) in house.files.iter().filter(|(file, _)| is_pure(file)) {
        for words in IMPURE.iter().filter(|words| knows(source, words)) {
            faults.insert(format!("{file} knows {}", words.join("::")));
        }
    }
    for (from, to) in house.imports().0.keys() {
        if !is_pure(from) || is_pure(to) || to == "error.rs" {
            continue;
        }
        let is_wire = is_wire(to, &house.files[to]);
        let kind = if is_wire {
            "the wire"
        } else {
            "what is not pure"
        };
        faults.insert(format!("{from} knows {kind}: {to}"));
    }
    faults.into_iter().collect()
}

/// Whether these words stand in a file's imports or code, one after the other as a path.
fn knows(source: &Source, words: &[&str]) -> bool {
    let imported = source.imports.iter().map(|import| &import.path);
    let mut paths = imported.chain(&source.paths);
    let in_path = paths.any(|path| path.windows(words.len()).any(|part| part == words));
    in_path || matches!(words, [word] if source.words.contains(*word))
}
