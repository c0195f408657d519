//! A next version takes the place of the one before as its last party signs: what was sent before stands on it, also where it is
//! narrower.

use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::{Value, json};

use super::{agree, does, impact_digest, signs, terms};
use crate::world::agency::{day, text};
use crate::world::{Agency, Answer, World, on_both};

const AMEND: &str = "mutation($id: ID!, $m: MouInput!, $s: Sha256) { amendMou(id: $id, mou: $m, impactSeen: $s) { id version status supersedes { id version } } }";
const RENEW: &str = "mutation($id: ID!, $d: Date!) { renewMou(id: $id, expiresOn: $d) { id version status expiresOn effectiveOn } }";

/// Terms under which only needs are told, from today on.
fn narrower(parties: &[&Agency]) -> Value {
    let mut mou = terms(parties, 30);
    mou["effectiveOn"] = json!(day(0));
    mou["terms"]["grants"] = json!([{ "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS"] }]);
    mou["terms"]["services"] = json!("two beds");
    mou
}

async fn amends(who: &Agency, id: &str, mou: &Value) -> Answer {
    let seen = impact_digest(who, id).await;
    who.asks(AMEND, json!({ "id": id, "m": mou, "s": seen }))
        .await
}

/// Drafts and offers the next version; all but the last sign it.
pub async fn all_but_one_sign(parties: &[&Agency], id: &str, mou: &Value) -> String {
    let drafted = amends(parties[0], id, mou).await;
    let next = text(&drafted.data()["amendMou"]["id"]);
    parties[0].changes("offerMou", &next, "status").await.data();
    for party in &parties[..parties.len() - 1] {
        signs(party, &next).await.data();
    }
    next
}

on_both!(an_amendment_binds_what_was_sent_before);
async fn an_amendment_binds_what_was_sent_before(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let first = agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    let other = world.second_server();
    let there = other.as_ref().map_or_else(
        || south.at(&south.address),
        |server| south.at(&server.address),
    );
    assert!(there.reads(&ada).await.contains("Ada"));

    let next = all_but_one_sign(&[&north, &south], &first, &narrower(&[&north, &south])).await;
    let seen = north
        .finds("Mou", &next, "version status supersedes { id }")
        .await;
    assert_eq!(
        seen,
        json!({ "version": 2, "status": "PARTIALLY_SIGNED", "supersedes": { "id": first } })
    );
    assert!(
        there.reads(&ada).await.contains("Ada"),
        "until the last one signs"
    );
    signs(&south, &next).await.data();
    signs(&south, &next).await.data();
    let package = there.reads(&ada).await;
    assert!(
        !package.contains("identity: ") && package.contains("MOU_DOES_NOT_COVER"),
        "{package}"
    );
    let stands = south
        .finds("Referral", &ada.referral, "status mou { id version }")
        .await;
    assert_eq!(
        stands,
        json!({ "status": "REQUESTED", "mou": { "id": next, "version": 2 } })
    );
    let before = north.finds("Mou", &first, "status allowedActions").await;
    assert_eq!(
        before,
        json!({ "status": "SUPERSEDED", "allowedActions": [] })
    );
    let told = north.lists("notices", "kind object").await;
    assert_eq!(told, [json!({ "kind": "MOU_SUPERSEDED", "object": next })]);

    let shown = "changes(since: 1) { field before after } history { type version agency { name } }";
    let shown = south.finds("Mou", &next, shown).await;
    let changes = shown["changes"].as_array().unwrap();
    let fields: Vec<_> = changes.iter().map(|one| text(&one["field"])).collect();
    assert_eq!(
        fields,
        [
            "effectiveOn",
            "terms.services",
            "terms.grants.SERVICE_DELIVERY"
        ]
    );
    assert_eq!(
        changes[2],
        json!({ "field": "terms.grants.SERVICE_DELIVERY", "before": "IDENTITY NEEDS", "after": "NEEDS" })
    );
    let history: Vec<_> = shown["history"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|one| {
            format!(
                "{} {} {}",
                text(&one["type"]),
                one["version"],
                text(&one["agency"]["name"])
            )
        })
        .collect();
    assert_eq!(
        history,
        [
            "MOU_DRAFTED 1 north",
            "MOU_OFFERED 1 north",
            "MOU_SIGNED 1 north",
            "MOU_SIGNED 1 south",
            "MOU_DRAFTED 2 north",
            "MOU_OFFERED 2 north",
            "MOU_SIGNED 2 north",
            "MOU_SUPERSEDED 1 south",
            "MOU_SIGNED 2 south",
        ]
    );
    let wrong = "query($id: ID!) { mou(id: $id) { changes(since: 2) { field } } }";
    let wrong = south.asks(wrong, json!({ "id": next })).await;
    assert_eq!(wrong.codes(), "BAD_USER_INPUT");
}

on_both!(a_renewal_revives_what_lapsed);
async fn a_renewal_revives_what_lapsed(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let first = agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let (mou, referral) = (world.sql_id(&first), world.sql_id(&ada.referral));
    world.tampers(&format!(
        "UPDATE mou SET ends_at = signed_at + 1 WHERE id = {mou}; \
         UPDATE referral SET mou_until = created_at WHERE id = {referral}"
    ));
    let stands = async || north.finds("Referral", &ada.referral, "status").await["status"].clone();
    assert_eq!(stands().await, "SUSPENDED");
    let past = north
        .asks(RENEW, json!({ "id": first, "d": day(-1) }))
        .await;
    past.is_refused_for("expiresOn");
    let renewed = north
        .asks(RENEW, json!({ "id": first, "d": day(700) }))
        .await;
    let renewed = renewed.data()["renewMou"].clone();
    assert_eq!(
        (
            &renewed["version"],
            &renewed["status"],
            &renewed["expiresOn"]
        ),
        (&json!(2), &json!("DRAFT"), &json!(day(700)))
    );
    let next = text(&renewed["id"]);
    north.changes("offerMou", &next, "id").await.data();
    signs(&north, &next).await.data();
    assert_eq!(stands().await, "SUSPENDED");
    signs(&south, &next).await.data();
    assert_eq!(stands().await, "REQUESTED");
    assert!(south.reads(&ada).await.contains("Ada"));

    // What would not be taken today is not renewed as it is.
    let mou = world.sql_id(&next);
    let terms = world.tampers(&format!("SELECT terms FROM mou WHERE id = {mou}"));
    let empty = terms.replace("\"beds\"", "\"\"");
    assert_ne!(terms, empty);
    world.tampers(&format!(
        "UPDATE mou SET terms = '{empty}' WHERE id = {mou}"
    ));
    let unmended = north
        .asks(RENEW, json!({ "id": next, "d": day(700) }))
        .await;
    assert_eq!(unmended.codes(), "INVALID_TRANSITION", "{}", unmended.text);
}

on_both!(a_next_version_is_of_the_same_parties_and_of_what_stands);
async fn a_next_version_is_of_the_same_parties_and_of_what_stands(world: World) {
    let [north, south, west] = super::trio(&world).await;
    let all = [&north, &south, &west];
    let first = agree(&all, &terms(&all, 30)).await;
    let refused = amends(&north, &first, &narrower(&[&north, &south])).await;
    refused.is_refused_for("mou.parties");
    let mut later = narrower(&all);
    later["effectiveOn"] = json!(day(2));
    amends(&north, &first, &later)
        .await
        .is_refused_for("mou.effectiveOn");
    let outside = world.agency("east").await;
    assert_eq!(
        amends(&outside, &first, &narrower(&all)).await.codes(),
        "NOT_FOUND"
    );

    // Of two that were drafted, one takes the place.
    let one = all_but_one_sign(&all, &first, &narrower(&all)).await;
    let two = all_but_one_sign(&all, &first, &narrower(&all)).await;
    // Whoever suspends the one that stands does not want another one before that is over.
    does(&south, &first, "SUSPEND", "id").await.data();
    assert_eq!(signs(&west, &one).await.codes(), "INVALID_TRANSITION");
    assert_eq!(
        north.finds("Mou", &one, "status").await["status"],
        "PARTIALLY_SIGNED"
    );
    does(&south, &first, "REINSTATE", "id").await.data();
    signs(&west, &one).await.data();
    assert_eq!(signs(&west, &two).await.codes(), "INVALID_TRANSITION");
    assert_eq!(north.finds("Mou", &one, "status").await["status"], "ACTIVE");
    let again = amends(&north, &first, &narrower(&all)).await;
    assert_eq!(again.codes(), "INVALID_TRANSITION");

    // Where a notice runs, the version ends with it.
    does(&north, &one, "TERMINATE", "id").await.data();
    let after = amends(&south, &one, &narrower(&all)).await;
    assert_eq!(after.codes(), "INVALID_TRANSITION");
}
