//! Nothing points up: a file imports from its own floor and those below.

use std::collections::BTreeSet;

use super::imports::{House, house};

/// The floors from the top, each by its files and folders.
const FLOORS: &[&[&str]] = &[
    &["main.rs", "command/"],
    &["service.rs"],
    &["demo/"],
    &["http/"],
    &["graphql/"],
    &["oauth/"],
    &["erasure/", "recovery/", "data_check.rs", "sweep.rs"],
    &[
        "agency/",
        "application/",
        "consent/",
        "feed/",
        "mandated_disclosure/",
        "mou/",
        "notice/",
        "partnership/",
        "referral/",
        "review/",
        "rule_pack/",
        "statistics/",
        "survivor/",
    ],
    &["request/"],
    &["access/"],
    &["jose/"],
    &["wire/"],
    &["audit/"],
    &["seal/"],
    &["sharing/"],
    &["store/"],
    &["error.rs", "clock.rs", "settings/"],
    &["spreadsheet.rs", "text.rs"],
    &["lists.rs"],
    &[
        "database_fault.rs",
        "input_fault.rs",
        "private_files.rs",
        "telemetry.rs",
    ],
];

/// The imports that run up all the same. This list may only shrink.
const RUNS_UP: &str = include_str!("runs_up.txt");

#[test]
fn imports_run_down_the_floors() {
    let found = runs_up(House::ours());
    let listed: BTreeSet<_> = RUNS_UP
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let new: Vec<_> = found.difference(&listed).cloned().collect();
    assert!(new.is_empty(), "{} run up:\n{}", new.len(), new.join("\n"));
    let gone: Vec<_> = listed.difference(&found).cloned().collect();
    assert!(
        gone.is_empty(),
        "no longer run up, take them off the list:\n{}",
        gone.join("\n")
    );
}

#[test]
fn every_file_stands_on_a_floor_and_every_floor_holds_a_file() {
    let house = House::ours();
    let files: BTreeSet<_> = house
        .files
        .keys()
        .filter(|file| *file != "lib.rs")
        .collect();
    let nowhere: Vec<_> = files.iter().filter(|file| floor(file).is_none()).collect();
    assert!(nowhere.is_empty(), "{nowhere:?}");
    for place in FLOORS.iter().copied().flatten() {
        assert!(files.iter().any(|file| file.starts_with(place)), "{place}");
    }
}

#[test]
fn an_import_that_runs_up_is_noticed() {
    let house = house(&[
        ("lib.rs", "mod store; mod mou; mod survivor; mod error;"),
        (
            "store/mod.rs",
            "use crate::error::Error; use crate::mou::rules; fn f() { rules::sign() }",
        ),
        ("mou/mod.rs", "pub mod rules;"),
        (
            "mou/rules.rs",
            "use crate::survivor::Survivor; use crate::store::open;",
        ),
        ("survivor/mod.rs", "pub struct Survivor;"),
        ("error.rs", "use crate::survivor::Survivor;"),
    ]);
    let expected = [
        "error.rs -> survivor/mod.rs: Survivor",
        "store/mod.rs -> mou/rules.rs: self, sign",
    ];
    assert_eq!(runs_up(&house), expected.map(str::to_owned).into());
}

fn floor(file: &str) -> Option<usize> {
    let holds = |places: &&[&str]| places.iter().any(|place| file.starts_with(place));
    FLOORS.iter().position(holds)
}

/// Every import from a higher floor, one a line.
fn runs_up(house: &House) -> BTreeSet<String> {
    let mut imports = house.imports();
    imports.0.retain(|(from, to), _| floor(to) < floor(from));
    imports.to_string().lines().map(str::to_owned).collect()
}
