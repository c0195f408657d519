//! No two files import each other, whatever way round.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::imports::{House, Imports, house};

#[test]
fn no_files_import_each_other_in_a_circle() {
    let circles = circles(&House::ours().imports());
    assert!(
        circles.is_empty(),
        "{} circles:\n\n{}",
        circles.len(),
        circles.join("\n")
    );
}

#[test]
fn a_circle_is_noticed() {
    let house = house(&[
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::X;"),
        ("b.rs", "fn f() { crate::c::g() }"),
        ("c.rs", "use crate::a; fn g() { a::h() }"),
        ("d.rs", "use crate::a::h;"),
    ]);
    assert_eq!(
        circles(&house.imports()),
        ["a.rs -> b.rs: X\nb.rs -> c.rs: g\nc.rs -> a.rs: h, self\n"]
    );
}

/// The groups of files that all lead to one another, each as its imports.
pub(super) fn circles(imports: &Imports) -> Vec<String> {
    let mut leads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in imports.0.keys() {
        leads.entry(from).or_default().insert(to);
    }
    let files: Vec<_> = leads.keys().copied().collect();
    let reached: BTreeMap<_, _> = files
        .iter()
        .map(|file| (*file, from(file, &leads)))
        .collect();
    let both = |one: &str, other: &str| {
        let leads = |from: &str, to: &str| reached.get(from).is_some_and(|all| all.contains(to));
        leads(one, other) && leads(other, one)
    };
    let mut circles = BTreeSet::new();
    for file in files {
        let circle: BTreeSet<_> = reached[file]
            .iter()
            .filter(|other| both(file, other))
            .collect();
        if circle.is_empty() {
            continue;
        }
        let mut told = String::new();
        for ((from, to), names) in &imports.0 {
            if circle.contains(&from.as_str()) && circle.contains(&to.as_str()) {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                writeln!(told, "{from} -> {to}: {}", names.join(", ")).unwrap();
            }
        }
        circles.insert(told);
    }
    circles.into_iter().collect()
}

/// Every file that one leads to.
fn from<'f>(file: &'f str, leads: &BTreeMap<&'f str, BTreeSet<&'f str>>) -> BTreeSet<&'f str> {
    let mut reached = BTreeSet::new();
    let mut ahead = vec![file];
    while let Some(file) = ahead.pop() {
        for next in leads.get(file).into_iter().flatten() {
            if reached.insert(*next) {
                ahead.push(next);
            }
        }
    }
    reached
}
