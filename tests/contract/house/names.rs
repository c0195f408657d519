//! One name, one type: no public type shares its name with another, nor hides one that every file knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use super::super::{root, rust_files};
use super::source::{Declared, Source, read};

/// What stands for sea-orm in every entity.
const OF_AN_ENTITY: [&str; 6] = [
    "Model",
    "Entity",
    "Column",
    "ActiveModel",
    "Relation",
    "PrimaryKey",
];

/// The types and traits that Rust itself brings into every file.
const EVERYWHERE: &[&str] = &[
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Box",
    "Clone",
    "Copy",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Into",
    "IntoIterator",
    "Iterator",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Sized",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
];

/// Every file of the workspace by its path, read once.
fn workspace() -> &'static BTreeMap<String, Source> {
    static FILES: LazyLock<BTreeMap<String, Source>> = LazyLock::new(|| {
        let folders = ["api/src", "entities/src", "migration/src"];
        let files = folders.into_iter().flat_map(rust_files);
        let read = |file: PathBuf| {
            let text = std::fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(root()).unwrap();
            (name.to_str().unwrap().to_owned(), read(&text))
        };
        files.map(read).collect()
    });
    &FILES
}

#[test]
fn no_public_type_name_is_defined_twice() {
    let files = workspace();
    assert!(declared(files).count() > 300, "the types were not found");
    let twice = twice(files);
    assert!(twice.is_empty(), "{}:\n{}", twice.len(), twice.join("\n"));
}

#[test]
fn no_type_hides_one_of_the_prelude() {
    let files = workspace();
    let hiding: Vec<_> = declared(files)
        .filter(|(file, one)| {
            EVERYWHERE.contains(&one.name.as_str())
                && (file.as_str(), one.name.as_str()) != ("api/src/error.rs", "Result")
        })
        .map(|(file, one)| format!("{}: {file}", one.name))
        .collect();
    assert!(hiding.is_empty(), "{}", hiding.join("\n"));
}

#[test]
fn every_error_is_called_one() {
    let misnamed = misnamed(workspace());
    assert!(
        misnamed.is_empty(),
        "{}:\n{}",
        misnamed.len(),
        misnamed.join("\n")
    );
}

#[test]
fn names_that_break_the_rules_are_noticed() {
    let files = BTreeMap::from([
        (
            "a.rs".to_owned(),
            read("pub struct Page; pub struct Model; struct Held;"),
        ),
        (
            "b.rs".to_owned(),
            read("struct Page; pub struct Model; struct Held;"),
        ),
        (
            "c.rs".to_owned(),
            read(
                "#[derive(Debug, Error)] enum Gone {} #[derive(Error)] struct GoodError; impl std::error::Error for Bad {}",
            ),
        ),
    ]);
    assert_eq!(twice(&files), ["Page: a.rs, b.rs"]);
    assert_eq!(misnamed(&files), ["Bad: c.rs", "Gone: c.rs"]);
}

fn declared(files: &BTreeMap<String, Source>) -> impl Iterator<Item = (&String, &Declared)> {
    files
        .iter()
        .flat_map(|(file, source)| source.types.iter().map(move |one| (file, one)))
}

/// The names of public types that another type has as well, public or not.
fn twice(files: &BTreeMap<String, Source>) -> Vec<String> {
    let mut places: BTreeMap<&str, (bool, Vec<&str>)> = BTreeMap::new();
    for (file, one) in declared(files) {
        let (public, places) = places.entry(&one.name).or_default();
        *public |= one.public;
        places.push(file);
    }
    places
        .into_iter()
        .filter(|(name, (public, places))| {
            *public && places.len() > 1 && !OF_AN_ENTITY.contains(name)
        })
        .map(|(name, (_, places))| format!("{name}: {}", places.join(", ")))
        .collect()
}

/// The errors whose names do not say so.
fn misnamed(files: &BTreeMap<String, Source>) -> Vec<String> {
    let derived = declared(files)
        .filter(|(_, one)| one.error)
        .map(|(file, one)| (one.name.as_str(), file));
    let by_hand = files
        .iter()
        .flat_map(|(file, source)| source.errors.iter().map(move |name| (name.as_str(), file)));
    let errors: BTreeSet<_> = derived.chain(by_hand).collect();
    errors
        .into_iter()
        .filter(|(name, _)| !name.ends_with("Error"))
        .map(|(name, file)| format!("{name}: {file}"))
        .collect()
}
