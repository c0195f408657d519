//! There is one unit of work: whoever changes something does it by the audit's `Change`.

use std::collections::BTreeSet;

use super::super::{code, root, rust_files};
use super::imports::{House, Imports, house};

#[test]
fn only_the_audit_takes_the_sharing_lock() {
    let imports = House::ours().imports();
    let takers = importing("store/sharing_lock.rs", &imports);
    assert_eq!(
        takers,
        ["audit/change.rs", "audit/ledger.rs", "audit/written.rs"].into()
    );
}

#[test]
fn another_that_takes_it_is_noticed() {
    let house = house(&[
        ("lib.rs", "mod store; mod demo;"),
        ("store/mod.rs", "pub mod sharing_lock;"),
        ("store/sharing_lock.rs", "pub fn open() {}"),
        ("demo.rs", "fn f() { crate::store::sharing_lock::open() }"),
    ]);
    let imports = house.imports();
    assert_eq!(
        importing("store/sharing_lock.rs", &imports),
        ["demo.rs"].into()
    );
}

/// Besides those that hold the sharing lock: the tree, which only records where events stand, its check and a copy, which
/// read, and where connections and sessions are looked after.
#[test]
fn a_transaction_is_opened_in_known_places() {
    let source = root().join("api/src");
    let opening = rust_files("api/src").into_iter().filter(|file| {
        let code = code(file);
        [
            "TransactionTrait",
            "begin_with_",
            ".write.begin",
            ".read.begin",
        ]
        .iter()
        .any(|opening| code.contains(opening))
    });
    let opening: BTreeSet<_> = opening
        .map(|file| file.strip_prefix(&source).unwrap().display().to_string())
        .collect();
    let known = [
        "audit/check.rs",
        "audit/integrator.rs",
        "store/connections.rs",
        "store/copy.rs",
        "store/sharing_lock.rs",
    ];
    assert_eq!(opening, known.map(str::to_owned).into());
}

fn importing<'i>(file: &str, imports: &'i Imports) -> BTreeSet<&'i str> {
    let among = imports.0.keys().filter(|(_, to)| to == file);
    among.map(|(from, _)| from.as_str()).collect()
}
