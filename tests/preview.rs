//! A sender sees what its recipient is told, before and after, and why.

use std::collections::BTreeSet;

use concord_entities::grants::Grants;
use concord_entities::vocabulary::DataCategory::{Contact, Identity, Needs};
use concord_entities::vocabulary::{Code, DataCategory, Purpose};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::world::agency::{PACKAGE, Told};
use crate::world::{Agency, EVERYTHING, World, on_both};

/// What becomes of what a referral stands on.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The referral is brought to another status.
    Status(&'static str),
    Halted(bool),
    Answerable(bool),
    ConsentGrants(Purpose, u16),
    ConsentEnded(bool),
    ConsentRevoked(bool),
    ConsentSuspended(bool),
    MouGrants(Purpose, u16),
    MouSuspended(bool),
    MouEnded(bool),
    AgencySuspended(bool, bool),
}

fn turn() -> impl Strategy<Value = Turn> {
    let purpose = || prop::sample::select(Purpose::ALL.to_vec());
    let statuses = [
        "REQUESTED",
        "ACCEPTED",
        "IN_PROGRESS",
        "ON_HOLD",
        "REQUESTED",
        "ACCEPTED",
        "IN_PROGRESS",
        "REJECTED",
        "COMPLETED",
        "CANCELLED",
    ];
    // Most are undone more often than done, so that something is shared at all.
    let seldom = || prop::bool::weighted(0.2);
    prop_oneof![
        prop::sample::select(statuses.to_vec()).prop_map(Turn::Status),
        seldom().prop_map(Turn::Halted),
        seldom().prop_map(Turn::Answerable),
        (purpose(), any::<u16>()).prop_map(|(purpose, bits)| Turn::ConsentGrants(purpose, bits)),
        seldom().prop_map(Turn::ConsentEnded),
        seldom().prop_map(Turn::ConsentRevoked),
        seldom().prop_map(Turn::ConsentSuspended),
        (purpose(), any::<u16>()).prop_map(|(purpose, bits)| Turn::MouGrants(purpose, bits)),
        seldom().prop_map(Turn::MouSuspended),
        seldom().prop_map(Turn::MouEnded),
        (any::<bool>(), seldom()).prop_map(|(whose, is)| Turn::AgencySuspended(whose, is)),
    ]
}

/// A long time ago, and in a long time.
const PAST: &str = "1000000000000000";
const TO_COME: &str = "4000000000000000";

impl Turn {
    fn statement(self, world: &World, told: &Told, mou: &str, recipient: &Agency) -> String {
        let referral = world.sql_id(&told.referral);
        let consent = world.sql_id(&told.consent);
        let mou = world.sql_id(mou);
        let when = |is: bool| if is { PAST } else { "NULL" };
        let until = |is: bool| if is { PAST } else { TO_COME };
        let (table, set, id) = match self {
            Self::Status(status) => ("referral", format!("status = '{status}'"), referral),
            Self::Halted(is) => ("referral", format!("halted = {is}"), referral),
            Self::Answerable(is) => ("referral", format!("expires_at = {}", until(is)), referral),
            Self::ConsentEnded(is) => ("consent", format!("expires_at = {}", until(is)), consent),
            Self::ConsentRevoked(is) => ("consent", format!("revoked_at = {}", when(is)), consent),
            Self::ConsentSuspended(is) => {
                ("consent", format!("suspends_at = {}", when(is)), consent)
            }
            Self::ConsentGrants(purpose, bits) => ("consent", grants(purpose, bits), consent),
            Self::MouGrants(purpose, bits) => ("mou", grants(purpose, bits), mou),
            Self::MouSuspended(is) => ("mou", format!("suspended_at = {}", when(is)), mou),
            Self::MouEnded(is) => ("mou", format!("ends_at = {}", until(is)), mou),
            Self::AgencySuspended(recipients, is) => {
                let status = if is { "SUSPENDED" } else { "ACTIVE" };
                let agency = world.sql_id(&recipient.id.to_string());
                let whose = if recipients { "=" } else { "<>" };
                let set = format!("status = '{status}'");
                let place = format!(
                    "suspended_at = {} WHERE agency_id {whose} {agency}",
                    when(is)
                );
                // The sender asks, and stays; its place in the task force is what goes.
                if recipients {
                    return format!(
                        "UPDATE membership SET {place}; UPDATE agency SET {set} WHERE id = {agency}"
                    );
                }
                return format!("UPDATE membership SET {place}");
            }
        };
        format!("UPDATE {table} SET {set} WHERE id = {id}")
    }
}

/// The column of grants as the database has it: some categories for one purpose and its neighbour.
fn grants(purpose: Purpose, bits: u16) -> String {
    let categories = DataCategory::ALL.iter().copied();
    let some = categories.filter(|category| bits & (1 << category.place()) != 0);
    let purposes = [purpose, Purpose::ServiceDelivery].into_iter().collect();
    let grants = Grants::product(some.collect(), purposes);
    format!("grants = '{grants}'")
}

/// What a package shows, without the proof of its reading.
fn contents(package: &Value) -> Value {
    let mut package = package.clone();
    if let Some(fields) = package.as_object_mut() {
        fields.remove("receipt");
    }
    package
}

const PREVIEW: &str =
    "query($id: ID!, $p: Purpose!) { referral(id: $id) { preview(purpose: $p) { SELECTED } } }";

/// The same selection as a package's.
fn preview_document() -> String {
    let from = PACKAGE.find("{ identity").unwrap() + 1;
    let to = PACKAGE.rfind("} } }").unwrap();
    PREVIEW.replace("SELECTED", &PACKAGE[from..to])
}

on_both!(a_preview_is_what_the_recipient_receives_whatever_becomes_of_consent_mou_and_agencies);
async fn a_preview_is_what_the_recipient_receives_whatever_becomes_of_consent_mou_and_agencies(
    world: World,
) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let mou = north.agrees_with(&south).await;
    let told = north
        .refers("Ada")
        .to(&south)
        .sharing(DataCategory::ALL.iter().copied())
        .await;
    let preview = preview_document();
    let mut runner = TestRunner::default();
    let (mut different, mut shared) = (BTreeSet::new(), 0);
    for number in 0..150 {
        let turn = turn().new_tree(&mut runner).unwrap().current();
        // At first it is looked at as it was sent.
        if number > 0 {
            world.ends_sharing(&turn.statement(&world, &told, &mou, &south));
        }
        for purpose in [Purpose::ServiceDelivery, Purpose::HealthCare] {
            let variables = json!({ "id": told.referral, "p": purpose.code() });
            let seen = north.asks(&preview, variables.clone()).await;
            let received = south.asks(PACKAGE, variables).await;
            // Where the recipient is shut out everywhere, it has no token to receive anything with.
            if received.status == 401 {
                let withheld = &seen.data()["referral"]["preview"]["withheld"];
                assert_eq!(withheld.as_array().unwrap().len(), DataCategory::ALL.len());
                continue;
            }
            let seen = contents(&seen.data()["referral"]["preview"]);
            let received = contents(&received.data()["referral"]["package"]);
            assert_eq!(seen, received, "after {turn:?}");
            shared += usize::from(!seen["identity"].is_null());
            different.insert(seen.to_string());
        }
    }
    assert!(
        shared > 0 && different.len() > 5,
        "{shared} of {}",
        different.len()
    );
}

on_both!(a_senders_token_limits_what_it_previews_and_nobody_else_does);
async fn a_senders_token_limits_what_it_previews_and_nobody_else_does(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    let narrow = EVERYTHING.replace(
        "referral.crus",
        "referral.rs?category=NEEDS&purpose=SERVICE_DELIVERY",
    );
    let narrow = world.caller(north.id, "north", &narrow);
    let shown = "preview(purpose: SERVICE_DELIVERY) { identity { givenName } needs { request } withheld { category reason } }";
    let seen = narrow.finds("Referral", &told.referral, shown).await;
    assert_eq!(seen["preview"]["identity"], Value::Null);
    assert!(
        seen["preview"]["needs"]["request"]
            .as_str()
            .unwrap()
            .contains("Ada")
    );
    let withheld = seen["preview"]["withheld"].as_array().unwrap();
    let identity = json!({ "category": "IDENTITY", "reason": "TOKEN_TOO_NARROW" });
    assert!(withheld.contains(&identity), "{withheld:?}");
    // It is on record as what it is: a reading of what is the sender's own.
    let log = "auditEvents(first: 1, filter: { types: [PACKAGE_READ] })";
    let logged = north.lists(log, "object purpose categories consent").await;
    let own = json!({ "object": told.referral, "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS"], "consent": null });
    assert_eq!(logged, [own]);

    for asked in [
        shown,
        "explainAccess(agency: \"WHO\", purpose: SERVICE_DELIVERY) { shared }",
    ] {
        let asked = asked.replace("WHO", &north.id.to_string());
        let query = format!("query($id: ID!) {{ referral(id: $id) {{ status {asked} }} }}");
        let refused = south.asks(&query, json!({ "id": told.referral })).await;
        assert_eq!(refused.codes(), "SENDERS_ONLY");
        assert_eq!(refused.body["data"]["referral"]["status"], "REQUESTED");
    }
}

on_both!(it_is_explained_to_a_sender_who_may_see_its_package_and_why_not);
async fn it_is_explained_to_a_sender_who_may_see_its_package_and_why_not(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let west = world.agency("west").await;
    let mou = north.agrees_with(&south).await;
    let told = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Contact])
        .await;
    let explains = async |agency: &Agency, purpose: &str| {
        let shown = format!(
            "explainAccess(agency: \"{}\", purpose: {purpose}) {{ status keys {{ kind held reason }} shared }}",
            agency.id
        );
        let shown = north.finds("Referral", &told.referral, &shown).await;
        let explained = &shown["explainAccess"];
        let keys = explained["keys"].as_array().unwrap().iter();
        let keys: Vec<_> = keys
            .map(|key| match key["reason"].as_str() {
                Some(reason) => format!("{}: {reason}", key["kind"].as_str().unwrap()),
                None => key["kind"].as_str().unwrap().to_owned(),
            })
            .collect();
        format!(
            "{} | {} | {}",
            explained["status"],
            keys.join(", "),
            explained["shared"]
        )
    };
    let purpose = "SERVICE_DELIVERY";
    for (agency, purpose, expected) in [
        (
            &south,
            purpose,
            r#""REQUESTED" | MOU, CONSENT, PURPOSE | ["IDENTITY","CONTACT"]"#,
        ),
        (
            &south,
            "HEALTH_CARE",
            r#""REQUESTED" | MOU, CONSENT, PURPOSE: PURPOSE_NOT_CONSENTED | []"#,
        ),
        (
            &west,
            purpose,
            r#""REQUESTED" | MOU: NOT_A_PARTY, CONSENT: NOT_A_PARTY, PURPOSE | []"#,
        ),
    ] {
        assert_eq!(explains(agency, purpose).await, expected);
    }
    // One's own agency's token is explained as well: it wrote all of it.
    let own = explains(&north, purpose).await;
    assert!(
        own.starts_with(
            r#""REQUESTED" | MOU, CONSENT, TOKEN, PURPOSE | ["IDENTITY","DEMOGRAPHICS""#
        ),
        "{own}"
    );

    let id = world.sql_id(&mou);
    world.ends_sharing(&format!("UPDATE mou SET suspended_at = 1 WHERE id = {id}"));
    north.revokes_consent(&told).await.data();
    let ended = r#""SUSPENDED" | MOU: MOU_NOT_IN_FORCE, CONSENT: CONSENT_REVOKED, PURPOSE | []"#;
    assert_eq!(explains(&south, purpose).await, ended);
    let invalid = "explainAccess(agency: \"nobody\", purpose: SERVICE_DELIVERY) { shared }";
    let query = format!("query($id: ID!) {{ referral(id: $id) {{ {invalid} }} }}");
    let refused = north.asks(&query, json!({ "id": told.referral })).await;
    refused.is_refused_for_input();
}

on_both!(a_draft_is_previewed_as_if_it_were_sent_now);
async fn a_draft_is_previewed_as_if_it_were_sent_now(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &south, &[Identity, Needs]).await;
    let told = north.drafts_referral(&consent, "Ada", &[Identity]).await;
    let shown = "preview(purpose: SERVICE_DELIVERY) { identity { givenName } withheld { category reason } }";
    let reason = async || {
        let seen = north.finds("Referral", &told.referral, shown).await;
        let preview = seen["preview"].clone();
        let withheld = preview["withheld"].as_array().unwrap().iter();
        let of_identity = withheld.clone().find(|one| one["category"] == "IDENTITY");
        match of_identity {
            Some(withheld) => withheld["reason"].as_str().unwrap().to_owned(),
            None => preview["identity"]["givenName"]
                .as_str()
                .unwrap()
                .to_owned(),
        }
    };
    assert_eq!(reason().await, "NO_MOU");
    north.agrees_with(&south).await;
    assert_eq!(reason().await, "NO_CONSENT");
    north.signs(&consent).await.data();
    let before = reason().await;
    assert!(before.contains("Ada"), "{before}");
    assert_eq!(
        south.finds("Referral", &told.referral, "id").await,
        Value::Null
    );
    north.does("sendReferral", &told).await.data();
    assert!(south.reads(&told).await.contains(&before));
    assert_eq!(reason().await, before);
}
