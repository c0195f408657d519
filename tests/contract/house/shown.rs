//! Concepts know little of each other: which of another's wire types each shows is written down here.

use std::collections::BTreeSet;

use super::imports::{House, house};
use super::pure::is_wire;

const CONCEPTS: &[&str] = &[
    "agency",
    "application",
    "consent",
    "mandated_disclosure",
    "mou",
    "notice",
    "partnership",
    "referral",
    "review",
    "rule_pack",
    "statistics",
    "survivor",
];

/// Where a concept shows another's wire type, and why.
const SHOWN: &[(&str, &str)] = &[
    // Its two sides.
    ("consent", "agency::graphql::Agency"),
    // Who was told of its end.
    ("consent", "notice::graphql::Notice"),
    ("consent", "notice::graphql::about"),
    // What was disclosed under it.
    ("consent", "review::accounting::Disclosure"),
    ("consent", "review::accounting::page"),
    // The rules that bound it.
    ("consent", "rule_pack::graphql::RulePack"),
    // Whose it is, to the agency that holds it.
    ("consent", "survivor::graphql::Survivor"),
    // Who was told, and of whom, to the agency that told.
    ("mandated_disclosure", "agency::graphql::Agency"),
    ("mandated_disclosure", "survivor::graphql::Survivor"),
    // Its parties, and the task force that follows it.
    ("mou", "agency::graphql::Agency"),
    ("mou", "agency::graphql::TaskForce"),
    // Who was told.
    ("notice", "agency::graphql::Agency"),
    // The two, and what they answered.
    ("partnership", "agency::graphql::Agency"),
    // Its sender and recipient.
    ("referral", "agency::graphql::Agency"),
    // What it stands on.
    ("referral", "consent::graphql::Consent"),
    ("referral", "consent::graphql::ConsentView"),
    ("referral", "consent::selection::ConsentSelection"),
    ("referral", "mou::graphql::Mou"),
    ("referral", "mou::graphql::MouView"),
    // How the person may be reached, in its package.
    ("referral", "survivor::contact::plan::SafeContactPlan"),
    // Who acted or was told.
    ("review", "agency::graphql::Agency"),
    // Whoever outside was told.
    (
        "review",
        "mandated_disclosure::graphql::OutsideRecipientNamed",
    ),
    // Whose language the page is in.
    ("review", "survivor::graphql::find_survivor"),
    // The program that acted, to its own agency.
    ("review", "application::graphql::Application"),
    ("review", "application::graphql::own"),
    // The agency that was asked.
    ("statistics", "agency::graphql::Agency"),
    // What it leaves behind where it ends.
    ("agency", "referral::connection::ReferralConnection"),
    ("agency", "referral::selection::ReferralSelection"),
    // What stands on it.
    ("consent", "referral::connection::ReferralConnection"),
    ("consent", "referral::selection::ReferralSelection"),
    // What the person decided, and what was sent of them.
    ("survivor", "consent::graphql::Consent"),
    ("survivor", "consent::selection::ConsentSelection"),
    ("survivor", "referral::connection::ReferralConnection"),
    ("survivor", "referral::selection::ReferralSelection"),
    // What was disclosed of the person.
    ("survivor", "review::accounting::Disclosure"),
    ("survivor", "review::accounting::page"),
    (
        "survivor",
        "review::accounting::statement::AccountingStatement",
    ),
    ("survivor", "review::accounting::statement::AskedAccounting"),
    ("survivor", "review::accounting::statement::statement"),
];

#[test]
fn concepts_show_of_each_other_only_what_is_listed() {
    let house = House::ours();
    for concept in CONCEPTS {
        let folder = format!("{concept}/");
        assert!(
            house.files.keys().any(|file| file.starts_with(&folder)),
            "{concept}"
        );
    }
    let shown = shown(house);
    let listed = SHOWN
        .iter()
        .map(|(concept, name)| format!("{concept}: {name}"));
    let listed: BTreeSet<_> = listed.collect();
    let new: Vec<_> = shown.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&shown).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "shown and not listed: {new:#?}\nlisted and not shown: {gone:#?}"
    );
}

#[test]
fn what_a_concept_shows_of_another_is_noticed() {
    let house = house(&[
        ("lib.rs", "mod agency; mod mou;"),
        ("agency/mod.rs", "pub mod graphql; pub mod rules;"),
        (
            "agency/graphql.rs",
            "use async_graphql::Object; pub struct Agency; pub struct Vetting;",
        ),
        ("agency/rules.rs", "pub fn known() {}"),
        ("mou/mod.rs", "mod graphql;"),
        (
            "mou/graphql.rs",
            "use crate::agency::graphql::{Agency as Party}; use crate::agency::rules; \
            fn f() { rules::known(); crate::agency::graphql::by_id() }",
        ),
    ]);
    let expected = [
        "mou: agency::graphql::Agency",
        "mou: agency::graphql::by_id",
    ];
    assert_eq!(shown(&house), expected.map(str::to_owned).into());
}

/// What each concept names of another's wire.
fn shown(house: &House) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    for ((from, to), names) in &house.imports().0 {
        let (Some(from), Some(of)) = (concept(from), concept(to)) else {
            continue;
        };
        if from != of && is_wire(to, &house.files[to]) {
            let module = to.trim_end_matches(".rs").replace('/', "::");
            let names = names.iter().filter(|name| *name != "self");
            let names = names.map(|name| format!("{from}: {module}::{name}"));
            shown.extend(names);
        }
    }
    shown
}

fn concept(file: &str) -> Option<&'static str> {
    let folder = file.split('/').next();
    CONCEPTS
        .iter()
        .copied()
        .find(|concept| Some(*concept) == folder)
}
