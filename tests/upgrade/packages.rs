//! The referrals of the stores, and what each recipient can open of their packages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::telling::{CATEGORIES, Told, compact, items, joined, oldest_first, plain, said};
use crate::world::Agency;

const HEADER: &str = "id status statusReason urgency needs sender { id } recipient { id } consent { id } mou { id } \
    outcome { code provided further } allowedActions";
const PACKAGE: &str = "query($id: ID!, $p: Purpose) { referral(id: $id) { package(purpose: $p) { \
    identity { givenName familyName dateOfBirth otherNames } demographics { age gender nationalities } \
    contact { doNotContact channels { channel address } windows { days from until } timeZone mayLeaveMessage codeWord } \
    location { address locality region country } family { children notes } \
    language { primary others dialect interpreterNeeded } needs { request first childcare transport } \
    safety { plan threats } exploitation { actions means purposes narrative } \
    medical { allergies conditions medications confidentialServiceOnly notes } mentalHealth { notes } \
    substanceUse { substances treatment } immigration { status reliefSought notes } \
    legal { matters cooperationDecided notes } financial { currency neededMinor debts } \
    notice withheld { category reason } } } }";

/// Tells of everything that an agency has written.
pub async fn referrals(told: &mut Told, sender: &Agency) {
    told.section(&format!("The referrals of {}", sender.name));
    let query =
        format!("{{ referrals(box: OUTBOX, first: 50) {{ edges {{ node {{ {HEADER} }} }} }} }}");
    for (place, referral) in oldest_first(sender, &query, "referrals")
        .await
        .iter()
        .enumerate()
    {
        told.calls(referral, format!("referral {}", place + 1));
        header(told, referral, "recipient");
    }
}

/// Tells of everything that was sent to an agency, with what it can open.
pub async fn inbox(told: &mut Told, recipient: &Agency, purposes: &[&str]) {
    told.section(&format!("What {} can open", recipient.name));
    let query =
        format!("{{ referrals(box: INBOX, first: 50) {{ edges {{ node {{ {HEADER} }} }} }} }}");
    for referral in oldest_first(recipient, &query, "referrals").await {
        told.calls(&referral, "referral of Old Mill Shelter".to_owned());
        header(told, &referral, "sender");
        for purpose in purposes {
            let asked = json!({ "id": referral["id"], "p": purpose });
            let answer = recipient.asks(PACKAGE, asked).await;
            let package = &answer.data()["referral"]["package"];
            told.line(&format!("    for {purpose}:"));
            opened(told, package);
        }
    }
}

fn header(told: &mut Told, referral: &Value, other: &str) {
    let outcome = &referral["outcome"];
    let provided = if outcome.is_null() {
        String::new()
    } else {
        let further = joined(&outcome["further"]);
        let provided = joined(&outcome["provided"]);
        if further.is_empty() {
            format!(" [{provided}]")
        } else {
            format!(" [{provided}], further [{further}]")
        }
    };
    let may = joined(&referral["allowedActions"]);
    told.line(&format!(
        "{} {}{} {} [{}] {other} {}{}{}{}{provided}; may {}",
        plain(&referral["id"]),
        plain(&referral["status"]),
        said(" ", &referral["statusReason"]),
        plain(&referral["urgency"]),
        joined(&referral["needs"]),
        plain(&referral[other]["id"]),
        said(" on ", &referral["consent"]["id"]),
        said(" under the MOU ", &referral["mou"]["id"]),
        said(": ", &outcome["code"]),
        if may.is_empty() { "nothing" } else { &may },
    ));
}

fn opened(told: &mut Told, package: &Value) {
    for (field, content) in package.as_object().unwrap() {
        if field != "withheld" && !content.is_null() {
            told.line(&format!("        {field} {}", compact(content)));
        }
    }
    let mut withheld: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in items(&package["withheld"]) {
        let categories = withheld.entry(plain(&one["reason"])).or_default();
        categories.push(plain(&one["category"]));
    }
    for (reason, categories) in withheld {
        let which = if categories.len() == CATEGORIES {
            "everything".to_owned()
        } else {
            categories.join(", ")
        };
        told.line(&format!("        withheld {reason}: {which}"));
    }
}
