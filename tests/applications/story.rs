//! An agency registers its programs, keeps them, and reads about them; nobody else does.

use concord::application::secret::KeptHash;
use concord::clock;
use concord_entities::application_secret;
use concord_entities::ids::ApplicationId;
use serde_json::{Value, json};

use super::{
    REGISTER, REPLACE, ROTATE, SUSPEND, carried_by, public_key, recorded, with_a_key, with_a_secret,
};
use crate::canary::files;
use crate::world::agency::text;
use crate::world::postgres::Cluster;
use crate::world::{Agency, Database, Server, World, on_both};

on_both!(an_agency_registers_programs_and_reads_of_its_own);
async fn an_agency_registers_programs_and_reads_of_its_own(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);

    let (key, thumbprint) = public_key();
    let scopes = ["referral.rs?purpose=HOUSING_PLACEMENT", "consent.r"];
    let input = json!({ "name": " case manager ", "scopes": scopes, "keys": [key], "dpopBound": true, "idempotencyKey": "one" });
    let answer = north.asks(REGISTER, json!({ "a": input })).await;
    let registered = answer.data()["registerApplication"].clone();
    let id = text(&registered["application"]["id"]);
    assert!(registered["secret"].is_null());
    let mut shown = registered["application"].clone();
    assert!(shown["createdAt"].take().is_string());
    assert_eq!(
        shown,
        json!({
            "id": id, "name": "case manager", "status": "ACTIVE", "authentication": "PRIVATE_KEY_JWT",
            "scopes": ["referral.rs?purpose=HOUSING_PLACEMENT", "consent.r"], "keys": [thumbprint],
            "dpopBound": true, "createdAt": null,
        })
    );

    repeated_it_makes_nothing_more(&world, &north).await;

    let mine = north.lists("applications(first: 100)", "id").await;
    assert_eq!(mine.len(), 2);
    assert_eq!(mine[1]["id"], id.as_str());
    let theirs = south.lists("applications(first: 100)", "id").await;
    assert_eq!(theirs, Vec::<Value>::new());

    let node = "query($id: ID!) { node(id: $id) { id ... on Application { name } } }";
    let mine = north.asks(node, json!({ "id": id })).await;
    assert_eq!(mine.data()["node"]["name"], "case manager");
    let unknown = ApplicationId::new().to_string();
    for id in [&id, &unknown] {
        let theirs = south.asks(node, json!({ "id": id })).await;
        assert!(theirs.data()["node"].is_null());
        nobody_else_changes_it(&south, id).await;
    }
}

/// The same key again gives what the first call made, without the secret; with another input it is a conflict.
async fn repeated_it_makes_nothing_more(world: &World, north: &Agency) {
    let input = json!({ "name": "intake form", "scopes": ["referral.c"], "secret": true, "idempotencyKey": "two" });
    let first = north.asks(REGISTER, json!({ "a": input })).await;
    let again = north.asks(REGISTER, json!({ "a": input })).await;
    let (first, again) = (
        &first.data()["registerApplication"],
        &again.data()["registerApplication"],
    );
    assert_eq!(first["application"], again["application"]);
    assert!(text(&first["secret"]).starts_with("concord_"));
    assert!(again["secret"].is_null());
    let count = world.tampers("SELECT count(*) FROM application_secret");
    assert_eq!(count, "1");

    let mut other = input.clone();
    other["name"] = json!("another form");
    let other = north.asks(REGISTER, json!({ "a": other })).await;
    assert_eq!(other.codes(), "CONFLICT");
}

async fn nobody_else_changes_it(south: &Agency, id: &str) {
    for (change, variables) in [
        (ROTATE, json!({ "id": id })),
        (REPLACE, json!({ "id": id, "keys": [public_key().0] })),
        (SUSPEND, json!({ "id": id })),
    ] {
        let answer = south.asks(change, variables).await;
        assert_eq!(answer.codes(), "NOT_FOUND");
        assert_eq!(
            answer.body["errors"][0]["message"],
            "nothing with this id is open to you"
        );
    }
}

#[tokio::test]
async fn the_log_tells_each_change_and_which_program_acted() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let (id, _) = with_a_secret(&north, "audit.s").await;
    north.asks(ROTATE, json!({ "id": id })).await.data();
    north.asks(SUSPEND, json!({ "id": id })).await.data();
    assert_eq!(
        recorded(&north, &id).await,
        [
            "APPLICATION_REGISTERED",
            "APPLICATION_SECRET_ROTATED",
            "APPLICATION_SUSPENDED"
        ]
    );

    let keyed = with_a_key(&north, "audit.s").await;
    let (key, thumbprint) = public_key();
    let replaced = north
        .asks(REPLACE, json!({ "id": keyed, "keys": [key] }))
        .await;
    assert_eq!(
        replaced.data()["replaceApplicationKeys"]["keys"],
        json!([thumbprint])
    );
    assert_eq!(
        recorded(&north, &keyed).await,
        ["APPLICATION_REGISTERED", "APPLICATION_KEYS_REPLACED"]
    );

    // Who acted is shown where it is the reader's own program.
    let program = carried_by(&world, &north, &keyed).await;
    let viewer = "{ viewer { client application { id name } } }";
    let answer = program.asks(viewer, Value::Null).await;
    assert_eq!(
        answer.data()["viewer"],
        json!({ "client": keyed, "application": { "id": keyed, "name": "case manager" } })
    );
    let answer = north.asks(viewer, Value::Null).await;
    assert_eq!(
        answer.data()["viewer"],
        json!({ "client": "test", "application": null })
    );

    let survivor =
        "mutation { registerSurvivor(survivor: { pseudonym: \"p\", ageGroup: ADULT }) { id } }";
    program.asks(survivor, Value::Null).await.data();
    let events = "auditEvents(filter: { types: [SURVIVOR_REGISTERED] })";
    for (reader, application) in [
        (&north, json!({ "id": keyed })),
        (&world.coordinator(), Value::Null),
    ] {
        let told = reader.lists(events, "id client application { id }").await;
        let event = &told[0];
        assert_eq!(event["client"], keyed.as_str());
        assert_eq!(event["application"], application);
        let (id, shown) = (text(&event["id"]), "application { id }");
        let found = reader.finds("AuditEvent", &id, shown).await;
        assert_eq!(found["application"], application);
    }
}

on_both!(a_rotated_secret_overlaps_the_last_one_for_a_day);
async fn a_rotated_secret_overlaps_the_last_one_for_a_day(world: World) {
    let north = world.agency("north").await;
    let (id, first) = with_a_secret(&north, "referral.r").await;
    let rotated = async || {
        let answer = north.asks(ROTATE, json!({ "id": id })).await;
        text(&answer.data()["rotateApplicationSecret"]["secret"])
    };
    let second = rotated().await;
    assert_eq!(good(&world, &id, &[&first, &second]).await, [true, true]);
    let ends = |sql: &str| world.tampers(sql);
    let left = ends("SELECT max(ends_at - created_at) FROM application_secret");
    let left: i64 = left.parse().unwrap();
    assert!((86_400_000_000..86_460_000_000).contains(&left), "{left}");

    // Twice within the overlap: the oldest ends at once, so a secret that leaked can be ended by hand.
    let third = rotated().await;
    assert_eq!(
        good(&world, &id, &[&first, &second, &third]).await,
        [false, true, true]
    );

    // A day later only the newest is good.
    ends("UPDATE application_secret SET ends_at = ends_at - 86400000000 WHERE ends_at IS NOT NULL");
    assert_eq!(
        good(&world, &id, &[&first, &second, &third]).await,
        [false, false, true]
    );

    let keyed = with_a_key(&north, "referral.r").await;
    let refused = north.asks(ROTATE, json!({ "id": keyed })).await;
    assert_eq!(refused.codes(), "INVALID_TRANSITION");
    let refused = north
        .asks(REPLACE, json!({ "id": id, "keys": [public_key().0] }))
        .await;
    assert_eq!(refused.codes(), "INVALID_TRANSITION");
}

/// Whether each of these secrets is one of those that are in force now.
async fn good(world: &World, application: &str, secrets: &[&str]) -> Vec<bool> {
    let id: ApplicationId = application.parse().unwrap();
    let in_force = application_secret::Entity::in_force(id, clock::now())
        .all(&world.service.store.read)
        .await
        .unwrap();
    let is_good = |secret: &&str| {
        let mut kept = in_force.iter();
        kept.any(|kept| KeptHash::parse(&kept.hash).unwrap().is_of(secret))
    };
    secrets.iter().map(is_good).collect()
}

on_both!(a_secret_is_shown_once_and_kept_nowhere);
async fn a_secret_is_shown_once_and_kept_nowhere(world: World) {
    let mut server = Server::start_under(&world.flags(), &[("CONCORD_LOG", "trace")]);
    let north = world.agency("north").await.at(&server.address);
    let (id, first) = with_a_secret(&north, "referral.r").await;
    let rotated = north.asks(ROTATE, json!({ "id": id })).await;
    let second = text(&rotated.data()["rotateApplicationSecret"]["secret"]);

    let everything = "{ applications { edges { node { id name scopes keys authentication } } } }";
    let shown = north.asks(everything, Value::Null).await;
    shown.data();
    let hashes = world.tampers("SELECT hash FROM application_secret");
    assert_eq!(hashes.lines().count(), 2);
    for hash in hashes.lines() {
        assert!(hash.starts_with("sha256:"));
        assert!(!shown.text.contains(hash));
    }
    let leaves = world.tampers("SELECT leaf FROM audit_event");
    server.ends();
    let log = server.logged();
    assert!(log.contains("answered"), "the log is silent");
    let mut stored = String::from_utf8_lossy(&files(world.folder.path())).into_owned();
    if world.database == Database::Postgres {
        stored.push_str(&Cluster::shared().dump(world.url()));
    }
    assert!(stored.contains("sha256:"), "the hashes were not looked at");
    for secret in [first, second] {
        let drawn = secret.strip_prefix("concord_").unwrap();
        for (place, text) in [
            ("an answer", &shown.text),
            ("a leaf", &leaves),
            ("the log", &log),
            ("the store", &stored),
        ] {
            assert!(!text.contains(drawn), "{place} tells a secret");
        }
    }
}

#[tokio::test]
async fn a_program_that_is_not_registered_is_nobody() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let theirs = with_a_key(&south, "referral.r").await;
    for client in [theirs, ApplicationId::new().to_string()] {
        let claims = concord::access::token::Claims {
            client,
            ..world.claims(north.id, "referral.r")
        };
        let forged = north.with(world.signs(&claims));
        assert_eq!(super::whether(&forged).await, "UNAUTHENTICATED");
    }
}
