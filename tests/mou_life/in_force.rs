//! Random histories of an MOU, at two servers while everybody reads: no disclosure is ever decided under a version that was not
//! in force, or that did not permit it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use concord_entities::grants::Grants;
use concord_entities::ids::MouId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use concord_entities::vocabulary::{AuditType, Categories, Purpose};
use concord_entities::{audit_event, mou, mou_past};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{agree, all_of, does, impact_digest, signs, terms};
use crate::world::agency::{day, text};
use crate::world::{Agency, World, on_both};

/// How long a history is.
const STEPS: usize = 40;

#[derive(Clone, Copy, Debug)]
enum Step {
    Suspend(usize),
    Reinstate(usize),
    /// A next version, which permits these of two categories.
    Amend(bool, bool),
    Breach(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..2_usize).prop_map(Step::Suspend),
        5 => (0..2_usize).prop_map(Step::Reinstate),
        5 => (any::<bool>(), any::<bool>()).prop_map(|(one, other)| Step::Amend(one, other)),
        1 => (0..2_usize).prop_map(Step::Breach),
    ]
}

fn permitting(parties: &[&Agency; 2], identity: bool, needs: bool) -> Value {
    let mut mou = terms(parties.as_slice(), 30);
    mou["effectiveOn"] = json!(day(0));
    let categories: Vec<_> = [("IDENTITY", identity), ("NEEDS", needs)]
        .into_iter()
        .filter(|(_, is_permitted)| *is_permitted)
        .map(|(category, _)| category)
        .collect();
    mou["terms"]["grants"] = if categories.is_empty() {
        json!([])
    } else {
        json!([{ "purpose": "SERVICE_DELIVERY", "categories": categories }])
    };
    mou
}

/// What an MOU said, and until when.
struct Said {
    until: Option<Instant>,
    version: i32,
    grants: Grants,
    dates: mou::MouDates,
}

async fn everything_said(world: &World) -> Vec<(MouId, Said)> {
    let now = all_of::<mou::Entity>(world).await;
    let past = all_of::<mou_past::Entity>(world).await;
    let halts = |row: &mou_past::Model| {
        [
            row.suspended_at,
            row.terminated_at,
            row.declined_at,
            row.superseded_at,
        ]
        .into_iter()
        .flatten()
        .min()
    };
    let past = past.iter().map(|row| {
        let dates = mou::MouDates {
            begins_at: row.begins_at,
            ends_at: row.ends_at,
            signed_at: row.signed_at,
            halted_at: halts(row),
        };
        let said = Said {
            until: Some(row.until),
            version: row.version,
            grants: row.grants,
            dates,
        };
        (row.id, said)
    });
    let now = now.iter().map(|row| {
        let said = Said {
            until: None,
            version: row.version,
            grants: row.grants,
            dates: row.dates(),
        };
        (row.id, said)
    });
    past.chain(now).collect()
}

on_both!(no_disclosure_is_decided_under_a_version_that_was_not_in_force);
async fn no_disclosure_is_decided_under_a_version_that_was_not_in_force(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let parties = [&north, &south];
    let mut id = agree(&parties, &permitting(&parties, true, true)).await;
    let told = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    let other = world.second_server();
    let addresses = [
        south.address.clone(),
        other
            .as_ref()
            .map_or_else(|| south.address.clone(), |server| server.address.clone()),
    ];
    let is_over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = addresses
        .iter()
        .map(|address| {
            let (reader, told, is_over) = (south.at(address), told.clone(), is_over.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    reader.reads(&told).await;
                }
            })
        })
        .collect();
    let mut runner = TestRunner::default();
    for nth in 0..STEPS {
        let step = step().new_tree(&mut runner).unwrap().current();
        let at = |place: usize| parties[place].at(&addresses[nth % 2]);
        match step {
            Step::Suspend(who) => {
                does(&at(who), &id, "SUSPEND", "id").await;
            }
            Step::Reinstate(who) => {
                does(&at(who), &id, "REINSTATE", "id").await;
            }
            Step::Amend(identity, needs) => {
                let amend = "mutation($id: ID!, $m: MouInput!, $s: Sha256) { amendMou(id: $id, mou: $m, impactSeen: $s) { id } }";
                let next = permitting(&parties, identity, needs);
                let seen = impact_digest(&at(0), &id).await;
                let drafted = at(0)
                    .asks(amend, json!({ "id": id, "m": next, "s": seen }))
                    .await;
                if drafted.codes().is_empty() {
                    let next = text(&drafted.data()["amendMou"]["id"]);
                    at(0).changes("offerMou", &next, "id").await.data();
                    signs(&at(0), &next).await.data();
                    signs(&at(1), &next).await.data();
                    id = next;
                }
            }
            Step::Breach(who) => {
                let broken = "mutation($id: ID!) { terminateMou(id: $id, reason: \"x\", breach: true) { id } }";
                at(who).asks(broken, json!({ "id": id })).await.data();
                id = agree(&parties, &permitting(&parties, true, true)).await;
                // The survivor's consent stands, and the referral goes on under the new one.
                let go_on =
                    "mutation($id: ID!, $c: ID!) { continueReferral(id: $id, consent: $c) { id } }";
                let variables = json!({ "id": told.referral, "c": told.consent });
                north.asks(go_on, variables).await.data();
            }
        }
    }
    is_over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    let said = everything_said(&world).await;
    let mut events = all_of::<audit_event::Entity>(&world).await;
    events.retain(|event| event.kind == AuditType::PackageRead);
    let mut disclosed = 0;
    for event in &events {
        let leaf: Value = serde_json::from_str(&event.leaf).unwrap();
        let Some(under) = leaf["mou"].as_str() else {
            continue;
        };
        let under: MouId = under.parse().unwrap();
        let at = event.recorded_at;
        let then = said
            .iter()
            .filter(|(id, said)| *id == under && said.until.is_none_or(|until| until > at))
            .min_by_key(|(_, said)| said.until.unwrap_or(Instant(i64::MAX)));
        let (_, then) = then.unwrap();
        assert!(then.dates.is_in_force(at), "{}", event.leaf);
        assert_eq!(leaf["mouVersion"], then.version);
        let categories: Categories = serde_json::from_value(leaf["categories"].clone()).unwrap();
        let permitted = then.grants.categories_for(Purpose::ServiceDelivery);
        assert!(categories.within(permitted), "{}", event.leaf);
        disclosed += 1;
    }
    assert!(
        disclosed > 5 && events.len() > disclosed,
        "{disclosed} of {}",
        events.len()
    );
}
