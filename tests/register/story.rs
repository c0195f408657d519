//! What a coordinator sees who looks through the register.

use serde_json::{Value, json};

use crate::world::agency::{day, text};
use crate::world::{Agency, World, on_both};

const DRAFT: &str = "mutation($m: MouInput!) { draftMou(mou: $m) { id } }";

/// An MOU between two agencies that the task force follows and that ends so many days from now: put before both, and signed by
/// none.
pub(super) async fn offered(world: &World, one: &Agency, other: &Agency, last: i32) -> String {
    let mou = json!({
        "kind": "REFERRAL", "title": format!("{} and {}", one.name, other.name), "taskForce": world.task_force.to_string(),
        "parties": [
            { "agency": one.id.to_string(), "responsibilities": "refers" },
            { "agency": other.id.to_string(), "responsibilities": "shelters" },
        ],
        "terms": {
            "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS"] }], "purpose": "shelter",
            "services": "beds", "confidentiality": "sealed", "breachNoticeHours": 24, "training": "yearly",
            "conflictResolution": "the directors meet", "terminationNoticeDays": 30,
        },
        "effectiveOn": day(0), "expiresOn": day(last),
    });
    let drafted = one.asks(DRAFT, json!({ "m": mou })).await;
    let id = text(&drafted.data()["draftMou"]["id"]);
    one.changes("offerMou", &id, "status").await.data();
    id
}

async fn signs(agency: &Agency, id: &str) {
    let sign =
        "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";
    let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board", "documentSha256": "ab".repeat(32) });
    let signed = agency.asks(sign, json!({ "id": id, "s": signature })).await;
    signed.data();
}

/// The ids of a list, in its order.
async fn ids(agency: &Agency, arguments: &str) -> Vec<String> {
    let listed = agency.lists(&format!("mous({arguments})"), "id").await;
    listed.iter().map(|mou| text(&mou["id"])).collect()
}

on_both!(a_coordinator_sees_what_ends_first_and_whose_signature_is_missing);
async fn a_coordinator_sees_what_ends_first_and_whose_signature_is_missing(world: World) {
    let coordinator = world.coordinator();
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let later = offered(&world, &north, &south, 300).await;
    let sooner = offered(&world, &south, &north, 20).await;
    let own = offered(&world, &south, &coordinator, 100).await;
    for agency in [&north, &south] {
        signs(agency, &later).await;
    }
    signs(&south, &sooner).await;

    assert_eq!(
        ids(&coordinator, "first: 9").await,
        [own.as_str(), &sooner, &later]
    );
    let by_end = ids(&coordinator, "orderBy: ENDING").await;
    assert_eq!(by_end, [sooner.as_str(), &own, &later]);
    let in_force = ids(
        &coordinator,
        "filter: { statuses: [ACTIVE, DUE_FOR_REVIEW] }",
    )
    .await;
    assert_eq!(in_force, [later.as_str()]);
    let waiting = format!("filter: {{ lackingSignatureOf: \"{}\" }}", north.id);
    assert_eq!(ids(&coordinator, &waiting).await, [sooner.as_str()]);
    assert_eq!(ids(&south, &waiting).await, [sooner.as_str()]);
    let waiting = format!("filter: {{ lackingSignatureOf: \"{}\" }}", south.id);
    assert_eq!(ids(&coordinator, &waiting).await, [own.as_str()]);
    let party = format!("filter: {{ party: \"{}\" }}, orderBy: ENDING", north.id);
    assert_eq!(ids(&coordinator, &party).await, [sooner.as_str(), &later]);
    let soon = format!("filter: {{ endingBefore: \"{}\" }}", day(100));
    assert_eq!(ids(&coordinator, &soon).await, [sooner.as_str()]);
    let soon = format!("filter: {{ endingBefore: \"{}\" }}", day(101));
    assert_eq!(ids(&coordinator, &soon).await, [own.as_str(), &sooner]);
    // Whoever follows none of them learns nothing by naming others.
    let west = world.agency("west").await;
    assert_eq!(ids(&west, &party).await, Vec::<String>::new());
}

on_both!(an_mou_names_the_task_force_that_follows_it_to_who_belongs_to_it);
async fn an_mou_names_the_task_force_that_follows_it_to_who_belongs_to_it(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let id = offered(&world, &north, &south, 30).await;
    offered(&world, &north, &south, 40).await;
    let shown = "id taskForce { id name timeZone members { agency { name } role } }";
    for reader in [&north, &south, &world.coordinator()] {
        let listed = reader.lists("mous(first: 9)", shown).await;
        for mou in &listed {
            assert_eq!(mou["taskForce"]["id"], world.task_force.to_string());
            assert_eq!(mou["taskForce"]["members"].as_array().unwrap().len(), 3);
        }
        assert_eq!(listed.len(), 2);
    }
    // One token may read MOUs and no directory; another agency left the task force.
    let narrow = world.caller(south.id, "south", "mou.rs");
    let query = "query($id: ID!) { mou(id: $id) { id taskForce { name } } }";
    let answer = narrow.asks(query, json!({ "id": id })).await;
    assert_eq!(answer.codes(), "FORBIDDEN_SCOPE");
    assert_eq!(answer.body["data"]["mou"]["taskForce"], Value::Null);
    let agency = world.sql_id(&south.id.to_string());
    world.tampers(&format!(
        "DELETE FROM membership WHERE agency_id = {agency}"
    ));
    let seen = south.finds("Mou", &id, "id taskForce { name }").await;
    assert_eq!(seen, json!({ "id": id, "taskForce": null }));
}

on_both!(what_makes_no_list_is_refused_at_its_place);
async fn what_makes_no_list_is_refused_at_its_place(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let other = south.id.to_string().replace("agency", "mou");
    let first = north
        .asks("{ mous { pageInfo { startCursor } } }", Value::Null)
        .await;
    let cursor = &first.data()["mous"]["pageInfo"]["startCursor"];
    for (arguments, place) in [
        ("filter: { statuses: [] }".to_owned(), "filter.statuses"),
        ("filter: { kinds: [] }".to_owned(), "filter.kinds"),
        (format!("filter: {{ party: \"{other}\" }}"), "filter.party"),
        (
            "filter: { taskForce: \"x\" }".to_owned(),
            "filter.taskForce",
        ),
        (
            format!("filter: {{ lackingSignatureOf: \"{other}\" }}"),
            "filter.lackingSignatureOf",
        ),
        (
            "filter: { endingBefore: \"soon\" }".to_owned(),
            "filter.endingBefore",
        ),
        ("after: \"AAAA\"".to_owned(), "after"),
        (format!("after: {cursor}, orderBy: ENDING"), "after"),
        (format!("before: {cursor}, orderBy: ENDING"), "before"),
    ] {
        let query = format!("{{ mous({arguments}) {{ edges {{ cursor }} }} }}");
        north.asks(&query, Value::Null).await.is_refused_for(place);
    }
}
