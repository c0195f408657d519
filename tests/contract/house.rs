//! The shape of the house: what is pure stays pure, and concepts know little of each other.

use std::collections::BTreeSet;

use super::{code, root, rust_files};

/// The files that decide without asking anybody, besides every `rules.rs`.
const PURE: &[&str] = &[
    "access/claim.rs",
    "access/dpop.rs",
    "access/foreign_key.rs",
    "access/grammar.rs",
    "access/grant.rs",
    "access/issuer/address.rs",
    "access/issuer/age.rs",
    "access/issuer/token.rs",
    "access/jose.rs",
    "access/key_life.rs",
    "access/once.rs",
    "access/scope.rs",
    "audit/checkpoint.rs",
    "audit/proof.rs",
    "audit/tree.rs",
    "audit/verify.rs",
    "consent/document.rs",
    "consent/form/page.rs",
    "consent/form/texts.rs",
    "contact/door.rs",
    "consent/checks.rs",
    "consent/lint.rs",
    "consent/signatures.rs",
    "consent/signers.rs",
    "oauth/assertion.rs",
    "seal/envelope.rs",
    "sharing/decide.rs",
];

/// What a pure file does not do: ask a database, wait, tell the time, read files or its surroundings. The entities'
/// types may be arguments.
const IMPURE: [&str; 12] = [
    "sea_orm",
    "sqlx",
    "async ",
    ".await",
    "clock",
    "SystemTime",
    "Instant::now",
    "std::fs",
    "std::env",
    "tokio",
    "actix_web",
    "Entity::",
];

/// Where a concept shows another's wire type, and why.
const SHOWN: &[(&str, &str)] = &[
    // The program that acted, to its own agency.
    ("audit", "application::graphql::Application"),
    ("audit", "application::graphql::own"),
    // Who acted or was told.
    ("audit", "agency::graphql::Agency"),
    // Its two sides.
    ("consent", "agency::graphql::Agency"),
    // Whose it is, to the agency that holds it.
    ("consent", "survivor::graphql::Survivor"),
    // Whose plan was set.
    ("contact", "survivor::graphql::Survivor"),
    // Who was told, and of whom, to the agency that told.
    ("mandate", "agency::graphql::Agency"),
    ("mandate", "survivor::graphql::Survivor"),
    // Its parties.
    ("mou", "agency::graphql::Agency"),
    // Its sender and recipient.
    ("referral", "agency::graphql::Agency"),
    // What it stands on.
    ("referral", "consent::graphql::Consent"),
    ("referral", "consent::graphql::Shown"),
    ("referral", "mou::graphql::Mou"),
    ("referral", "mou::graphql::Shown"),
];

const CONCEPTS: [&str; 9] = [
    "agency",
    "application",
    "audit",
    "consent",
    "contact",
    "mandate",
    "mou",
    "referral",
    "survivor",
];

#[test]
fn pure_files_are_pure() {
    let source = root().join("api/src");
    let rules = rust_files("api/src")
        .into_iter()
        .filter(|file| file.ends_with("rules.rs"));
    let pure: BTreeSet<_> = PURE
        .iter()
        .map(|file| source.join(file))
        .chain(rules)
        .collect();
    assert!(pure.len() >= PURE.len() + 3, "the rules were not found");
    let mut faults = Vec::new();
    for file in &pure {
        for word in impure_words(&code(file)) {
            faults.push(format!("{} mentions `{word}`", file.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_impure_is_noticed() {
    let query = "pub async fn x() { clock::now(); }\nuse sea_orm::Select;";
    assert_eq!(impure_words(query), ["sea_orm", "async ", "clock"]);
    for file in ["audit/ledger.rs", "referral/read.rs", "store/pool.rs"] {
        let code = code(&root().join("api/src").join(file));
        assert!(!impure_words(&code).is_empty(), "{file}");
    }
}

#[test]
fn concepts_show_of_each_other_only_what_is_listed() {
    let mut shown = BTreeSet::new();
    for concept in CONCEPTS {
        for file in rust_files(&format!("api/src/{concept}")) {
            for other in CONCEPTS.into_iter().filter(|other| *other != concept) {
                let names = graphql_names(&code(&file), other);
                shown.extend(names.into_iter().map(|name| (concept, name)));
            }
        }
    }
    let listed: BTreeSet<_> = SHOWN
        .iter()
        .map(|(concept, name)| (*concept, (*name).to_owned()))
        .collect();
    assert_eq!(shown, listed);
}

#[test]
fn names_of_another_concept_are_noticed() {
    let code = "use crate::mou::graphql::{Mou, MouTerms as Terms};\nlet x = crate::mou::graphql::node(1);\n\
        use crate::mou::rules;\nuse crate::mou::{graphql, input};";
    let names = graphql_names(code, "mou");
    assert_eq!(
        names,
        [
            "mou::graphql::Mou",
            "mou::graphql::MouTerms",
            "mou::graphql::node",
            "mou::graphql"
        ]
    );
}

#[test]
fn nothing_below_the_wire_knows_of_it() {
    for folder in ["access", "seal", "sharing", "store"] {
        for file in rust_files(&format!("api/src/{folder}")) {
            let code = code(&file);
            for wire in ["crate::http", "crate::graphql", "::graphql::"] {
                let text = code.replace("async_graphql", "");
                assert!(!text.contains(wire), "{} mentions {wire}", file.display());
            }
        }
    }
}

/// Whatever opens a connection to somewhere else, or sends something there.
const OUTGOING: [&str; 8] = [
    "reqwest",
    "TcpStream",
    "UdpSocket",
    "UnixStream",
    "TcpSocket",
    "hyper::client",
    "lettre",
    "awc::",
];

#[test]
fn nothing_goes_out_but_by_the_known_doors() {
    let mut going_out = BTreeSet::new();
    let source = root().join("api/src");
    for file in rust_files("api/src") {
        if OUTGOING.iter().any(|word| code(&file).contains(word)) {
            let name = file.strip_prefix(&source).unwrap().to_owned();
            going_out.insert(name.to_str().unwrap().to_owned());
        }
    }
    // Fetches an issuer's keys. Whatever goes to a person takes a permit of contact/door.rs, and nothing does yet.
    let known = BTreeSet::from(["access/issuer/fetch.rs".to_owned()]);
    assert_eq!(going_out, known);
}

/// Only a plan gives leave to contact a person, and only leave makes a message.
#[test]
fn a_message_to_a_person_is_made_at_the_door_alone() {
    let door = root().join("api/src/contact/door.rs");
    let code = code(&door);
    for made in ["Ok(Outgoing {", "Ok(Self { plan, manner })"] {
        assert_eq!(code.matches(made).count(), 1, "{made}");
    }
    for kept in [
        "pub channel:",
        "pub address:",
        "pub form:",
        "pub plan:",
        "pub manner:",
    ] {
        assert!(!code.contains(kept), "{kept} is open to all");
    }
    for file in rust_files("api/src").iter().filter(|file| **file != door) {
        let code = super::code(file);
        assert!(!code.contains("Outgoing {"), "{}", file.display());
    }
}

fn impure_words(code: &str) -> Vec<&'static str> {
    IMPURE
        .into_iter()
        .filter(|word| code.contains(word))
        .collect()
}

/// What code names of a concept's graphql.rs, in the order in which it stands there.
fn graphql_names(code: &str, concept: &str) -> Vec<String> {
    let module = format!("{concept}::graphql");
    let mut names = Vec::new();
    for rest in code.split(&format!("crate::{module}::")).skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap(),
            None => rest,
        };
        let several = rest.starts_with('{');
        for name in list.split(',').take(if several { usize::MAX } else { 1 }) {
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let name: String = name
                .trim()
                .chars()
                .take_while(|letter| is_name(*letter))
                .collect();
            names.push(format!("{module}::{name}"));
        }
    }
    for rest in code.split(&format!("crate::{concept}::{{")).skip(1) {
        let list = rest.split('}').next().unwrap();
        if list
            .split(',')
            .any(|name| name.trim().starts_with("graphql"))
        {
            names.push(module.clone());
        }
    }
    names
}
