//! What happened to a referral: who, when and why, as each side is told.

use concord::audit::change::{ByOperator, Change};
use concord_entities::audit_event::{self, AboutRecords, Column};
use concord_entities::ids::AuditEventId;
use concord_entities::vocabulary::DataCategory::Identity;
use sea_orm::sea_query::Order;
use sea_orm::{ColumnTrait, Condition, DbBackend, QueryTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::endings::bounded::{plan, rows_read};
use crate::world::agency::Told;
use crate::world::{Agency, Database, World, on_both};

/// What happened, oldest first, on one line each.
async fn happened(agency: &Agency, referral: &str) -> Vec<String> {
    let shown = "timeline(first: 100) { edges { node { type reason subject agency { name } } } }";
    let seen = agency.finds("Referral", referral, shown).await;
    let edges = seen["timeline"]["edges"].as_array().unwrap();
    let line = |edge: &Value| {
        let node = &edge["node"];
        let by = if node["subject"].is_string() {
            format!("{} (own)", node["agency"]["name"].as_str().unwrap())
        } else {
            node["agency"]["name"]
                .as_str()
                .unwrap_or("nobody")
                .to_owned()
        };
        let why = node["reason"].as_str().map(|why| format!(", {why}"));
        let what = node["type"].as_str().unwrap();
        format!("{what} by {by}{}", why.unwrap_or_default())
    };
    edges.iter().rev().map(line).collect()
}

on_both!(both_sides_see_what_happened_who_did_it_and_why);
async fn both_sides_see_what_happened_who_did_it_and_why(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).drafted([Identity]).await;
    north.does("sendReferral", &ada).await.data();
    south.does("acceptReferral", &ada).await.data();
    let assign = "mutation($id: ID!) { assignReferral(id: $id, subject: \"eve\") { id } }";
    let hold = "mutation($id: ID!) { holdReferral(id: $id, reason: NO_CAPACITY) { id } }";
    for verb in [assign, hold] {
        south.asks(verb, json!({ "id": ada.referral })).await.data();
    }
    south.does("resumeReferral", &ada).await.data();
    north.revokes_consent(&ada).await.data();
    let told = [
        "REFERRAL_SENT by north",
        "REFERRAL_ACCEPTED by south (own)",
        "REFERRAL_ASSIGNED by south (own)",
        "REFERRAL_HELD by south (own), NO_CAPACITY",
        "REFERRAL_RESUMED by south (own)",
        "CONSENT_REVOKED by north",
    ];
    assert_eq!(happened(&south, &ada.referral).await, told);
    let known = [
        "REFERRAL_DRAFTED by north (own)",
        "REFERRAL_SENT by north (own)",
        "REFERRAL_ACCEPTED by south",
        "REFERRAL_ASSIGNED by south",
        "REFERRAL_HELD by south, NO_CAPACITY",
        "REFERRAL_RESUMED by south",
        "CONSENT_REVOKED by north (own), TELEPHONE",
    ];
    assert_eq!(happened(&north, &ada.referral).await, known);

    // Page by page it is the same, both ways, and its reading is on record.
    let paged = "query($id: ID!, $after: String) { referral(id: $id) { timeline(first: 3, after: $after) \
        { edges { cursor node { type event } } pageInfo { hasNextPage endCursor } } } }";
    let mut after = Value::Null;
    let mut found = 0;
    loop {
        let page = north
            .asks(paged, json!({ "id": ada.referral, "after": after }))
            .await;
        let timeline = page.data()["referral"]["timeline"].clone();
        found += timeline["edges"].as_array().unwrap().len();
        after = timeline["pageInfo"]["endCursor"].clone();
        if timeline["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(found, known.len());
    let newest = "query($id: ID!) { referral(id: $id) { timeline(last: 1) { edges { node { type } } pageInfo { hasPreviousPage } } } }";
    let oldest = north.asks(newest, json!({ "id": ada.referral })).await;
    let oldest = &oldest.data()["referral"]["timeline"];
    assert_eq!(oldest["edges"][0]["node"]["type"], "REFERRAL_DRAFTED");
    assert_eq!(oldest["pageInfo"]["hasPreviousPage"], true);
}

on_both!(what_happens_to_its_mou_is_part_of_a_referrals_story);
async fn what_happens_to_its_mou_is_part_of_a_referrals_story(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let stands_on = north.finds("Referral", &ada.referral, "mou { id }").await;
    let mou = &stands_on["mou"]["id"];
    let says = async |who: &Agency, verb: &str, more: &str| {
        let says = format!("mutation($id: ID!) {{ {verb}(id: $id{more}) {{ id }} }}");
        who.asks(&says, json!({ "id": mou })).await.data();
    };
    says(
        &south,
        "suspendMou",
        ", reason: \"a breach is looked into\"",
    )
    .await;
    says(&south, "reinstateMou", "").await;
    says(
        &north,
        "terminateMou",
        ", reason: \"told others\", breach: true",
    )
    .await;
    for (reader, own) in [(&north, " (own)"), (&south, "")] {
        let story = happened(reader, &ada.referral).await;
        let other = if own.is_empty() { " (own)" } else { "" };
        let told = [
            format!("MOU_SUSPENDED by south{other}"),
            format!("MOU_REINSTATED by south{other}"),
            format!("MOU_TERMINATED by north{own}, FOR_BREACH"),
        ];
        assert_eq!(story[story.len() - 3..], told);
    }
    let stranger = world.agency("stranger").await;
    let shown = "timeline { edges { node { type } } }";
    let seen = stranger.finds("Referral", &ada.referral, shown).await;
    assert_eq!(seen, Value::Null);
}

on_both!(a_timeline_names_no_more_than_its_own_referral);
async fn a_timeline_names_no_more_than_its_own_referral(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    south.does("acceptReferral", &bea).await.data();
    north.revokes_consent(&bea).await.data();
    assert_eq!(
        happened(&south, &ada.referral).await,
        ["REFERRAL_SENT by north"]
    );
    // What happened to a consent before the referral was drafted is none of its story.
    let next = north.renews(&bea.consent).await;
    assert_ne!(next.codes(), "INTERNAL");
    let stranger = world.agency("stranger").await;
    let seen = stranger
        .finds(
            "Referral",
            &ada.referral,
            "timeline { edges { node { type } } }",
        )
        .await;
    assert_eq!(seen, Value::Null);
    // A token that writes, and does not read, is told nothing either.
    let writer = north.with(world.token(north.id, "referral.cu"));
    let asked = writer
        .asks(
            "query($id: ID!) { referral(id: $id) { timeline { edges { node { type } } } } }",
            json!({ "id": ada.referral }),
        )
        .await;
    assert_eq!(asked.codes(), "FORBIDDEN_SCOPE");
}

on_both!(a_referral_that_was_continued_tells_how_its_earlier_consent_ended);
async fn a_referral_that_was_continued_tells_how_its_earlier_consent_ended(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    north.revokes_consent(&ada).await.data();
    let survivor = north.survivor_of(&ada.consent).await;
    let next = north.consents(&survivor, &south, &[Identity]).await;
    north.signs(&next).await.data();
    let package = json!({ "identity": { "givenName": "Ada" } });
    north.continues(&ada, &next, package).await.data();
    north.revokes(&next).await.data();
    let told = [
        "REFERRAL_SENT by north",
        "CONSENT_REVOKED by north",
        "REFERRAL_CONTINUED by north",
        "CONSENT_REVOKED by north",
    ];
    assert_eq!(happened(&south, &ada.referral).await, told);
}

/// The page of a timeline, as its agency reads it from the middle of the log.
fn about(backend: DbBackend, records: &[(String, Condition)]) -> AboutRecords<'_> {
    AboutRecords {
        backend,
        records,
        order: Order::Desc,
        most: 21,
    }
}

fn records(reader: &Agency, told: &Told) -> [(String, Condition); 2] {
    let middle = AuditEventId(Uuid::from_u128(u128::MAX / 2));
    let older = || {
        Condition::all()
            .add(audit_event::did_or_was_told(reader.id))
            .add(Column::Id.lt(middle))
    };
    [
        (told.referral.clone(), older()),
        (told.consent.clone(), older()),
    ]
}

#[tokio::test]
async fn a_page_is_read_from_the_index_however_long_the_log_is() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    // Two thousand events of hers, and twenty thousand of others.
    world.tampers(&format!(
        "INSERT INTO audit_event (id, recorded_at, agency_id, kind, outcome, leaf) \
         SELECT gen_random_uuid(), recorded_at, agency_id, kind, outcome, \
             CASE WHEN n % 11 = 0 THEN leaf ELSE replace(leaf, '{referral}', 'referral_' || n % 500) END \
         FROM generate_series(1, 22000) n, \
             (SELECT * FROM audit_event WHERE kind = 'REFERRAL_SENT' AND leaf LIKE '%{referral}%' LIMIT 1) one; \
         ANALYZE audit_event",
        referral = ada.referral
    ));
    let store = &world.service.store;
    // Whom the copies do not name is told of its sending and of the consent's signature.
    for (reader, expected) in [(&north, 21), (&south, 2)] {
        let change = Change::at_command_line(store, ByOperator::default())
            .await
            .unwrap();
        let before = rows_read(&change).await;
        let records = records(reader, &ada);
        let page = about(store.backend, &records).select();
        let found = page.all(&change).await.unwrap();
        assert_eq!(found.len(), expected);
        let read = rows_read(&change).await - before;
        let most = if expected > 2 { 200 } else { 1_200 };
        assert!(read < most, "{read} rows were read");
        change.give_up().await.unwrap();
    }
    // The copies are no events.
    world.goes_unverified();
}

#[tokio::test]
async fn sqlite_reads_a_page_from_the_index_as_well() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let records = records(&north, &ada);
    let statement = about(DbBackend::Sqlite, &records).select();
    let plan = plan(
        &world.service.store.read,
        statement.build(DbBackend::Sqlite),
    )
    .await;
    assert!(plan.contains("audit_event_of_object"), "{plan}");
    assert!(!plan.contains("SCAN audit_event"), "{plan}");
}
