//! What 0.1 let into force, and nobody could sign today: it stays in force until the day that the operator sets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::fixture::Opened;
use super::telling::{items, oldest_first, plain};
use crate::world::Database;
use crate::world::agency::day;

/// Returns what each agency's consents lack, by the command's own lines.
fn lacking(said: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut of = String::new();
    for line in said.lines() {
        if line.starts_with("consent_") {
            line.split('"').nth(1).unwrap().clone_into(&mut of);
        } else if let Some(code) = line.strip_prefix("  ").filter(|rest| rest.contains(": "))
            && !code.starts_with(' ')
        {
            let code = code.split(':').next().unwrap();
            found.entry(of.clone()).or_default().push(code.to_owned());
        }
    }
    for codes in found.values_mut() {
        codes.sort();
    }
    found
}

/// Returns why NEEDS is withheld of each referral in an inbox, or that it is told, by its consent.
async fn told(opened: &Opened, agency: &str) -> BTreeMap<String, String> {
    let reader = opened.caller(agency).await;
    let query = "{ referrals(box: INBOX, first: 50) { edges { node { id consent { id } } } } }";
    let package = "query($id: ID!) { referral(id: $id) { package(purpose: SERVICE_DELIVERY) { \
        needs { request } withheld { category reason } } } }";
    let mut told = BTreeMap::new();
    for referral in oldest_first(&reader, query, "referrals").await {
        let answer = reader.asks(package, json!({ "id": referral["id"] })).await;
        let package = &answer.data()["referral"]["package"];
        let reason = items(&package["withheld"])
            .find(|one| one["category"] == "NEEDS")
            .map_or("told".to_owned(), |one| plain(&one["reason"]));
        let reason = if package["needs"].is_object() {
            "told".to_owned()
        } else {
            reason
        };
        told.insert(plain(&referral["consent"]["id"]), reason);
    }
    told
}

/// Reviews, sets a day to come, and then today.
async fn is_suspended_on_its_day(database: Database) {
    let mut opened = Opened::made_by("0.1", database).await;
    let harbor = "Quiet Harbor Housing";
    let before = told(&opened, harbor).await;
    let said = opened.says(&["consent", "review"]);
    let lantern = &lacking(&said)["Lantern House Advocates"];
    assert_eq!(lantern, &["NOT_REVOCABLE", "NOT_VOLUNTARY"], "{said}");
    let reviewed: Vec<String> = said
        .lines()
        .filter(|line| line.starts_with("consent_"))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();

    opened.says(&["consent", "review", "--suspend-on", &day(14)]);
    assert_eq!(told(&opened, harbor).await, before);
    let notices = oldest_first(
        &opened.caller("Lantern House Advocates").await,
        "{ notices(first: 50) { edges { node { id kind object } } } }",
        "notices",
    )
    .await;
    let told_of: Vec<&Value> = notices
        .iter()
        .filter(|one| one["kind"] == "CONSENT_SUSPENDS")
        .collect();
    assert_eq!(told_of.len(), lantern.len(), "{notices:?}");

    opened.says(&["consent", "review", "--suspend-on", &day(0)]);
    let mut expected = before;
    let mut changed = 0;
    for (consent, reason) in &mut expected {
        if reviewed.contains(consent) && reason == "told" {
            "CONSENT_SUSPENDED".clone_into(reason);
            changed += 1;
        }
    }
    assert!(changed > 0, "{reviewed:?} {expected:?}");
    let after = told(&opened, harbor).await;
    let shared = |told: &BTreeMap<String, String>| -> Vec<String> {
        let shared = told.iter().filter(|(_, reason)| *reason == "told");
        shared.map(|(consent, _)| consent.clone()).collect()
    };
    assert_eq!(shared(&after), shared(&expected));
    for (consent, reason) in &expected {
        if reason == "CONSENT_SUSPENDED" {
            assert_eq!(&after[consent], reason);
        }
    }
    opened.ends();
}

#[tokio::test]
async fn what_0_1_let_into_force_is_suspended_on_its_day_on_sqlite() {
    is_suspended_on_its_day(Database::Sqlite).await;
}

#[tokio::test]
async fn what_0_1_let_into_force_is_suspended_on_its_day_on_postgres() {
    is_suspended_on_its_day(Database::Postgres).await;
}
