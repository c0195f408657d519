//! Taking a consent back: what it lists, whom it tells, and that it asks nothing of an agency's standing.

use concord_entities::vocabulary::DataCategory::{Identity, Needs, SubstanceUse};
use serde_json::{Value, json};

use crate::world::agency::{Told, entries, text};
use crate::world::postgres::Cluster;
use crate::world::{Agency, Answer, Database, World, on_both, packed};

const REVOKE: &str = "mutation($id: ID!) { revokeConsent(id: $id, channel: IN_PERSON) { referralsSuspended \
    consent { status survivor { pseudonym } revokedAt } \
    disclosed { edges { node { event recipient { name } categories purpose referral consent } } } \
    notices { kind object recipient { name } seenAt } } }";

async fn revokes(caller: &Agency, told: &Told) -> Answer {
    caller.asks(REVOKE, json!({ "id": told.consent })).await
}

const SEEN: &str = "mutation($id: ID!) { markNoticeSeen(id: $id) { seenAt } }";

async fn notices(reader: &Agency) -> Vec<Value> {
    reader.lists("notices", "kind object seenAt").await
}

fn told_events(revocation: &Value) -> Vec<Value> {
    entries(&revocation["disclosed"])
}

on_both!(a_revocation_lists_what_was_told_and_tells_the_recipient_and_can_be_repeated);
async fn a_revocation_lists_what_was_told_and_tells_the_recipient_and_can_be_repeated(
    world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));
    assert!(
        north.reads(&ada).await.contains("Ada"),
        "no disclosure: its own"
    );
    let withheld = south.reads_for(&ada, "PROSECUTION").await;
    assert!(!withheld.contains("Ada"), "no disclosure: withheld");
    assert!(
        south.reads(&bea).await.contains("Bea"),
        "of another consent"
    );
    assert_eq!(notices(&south).await, Vec::<Value>::new());

    let first = revokes(&north, &ada).await;
    let first = &first.data()["revokeConsent"];
    assert_eq!(first["consent"]["status"], "REVOKED");
    assert_eq!(first["referralsSuspended"], 1);
    let told = told_events(first);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["recipient"]["name"], "south");
    assert_eq!(told[0]["categories"], json!(["IDENTITY", "NEEDS"]));
    assert_eq!(told[0]["purpose"], "SERVICE_DELIVERY");
    assert_eq!(told[0]["referral"], ada.referral.as_str());
    assert_eq!(told[0]["consent"], ada.consent.as_str());
    assert_eq!(first["notices"][0]["recipient"]["name"], "south");
    assert_eq!(first["notices"][0]["seenAt"], Value::Null);
    assert!(!world.has_key(&ada.referral));
    assert!(world.has_key(&bea.referral));

    let received = notices(&south).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["kind"], "CONSENT_REVOKED");
    assert_eq!(received[0]["object"], ada.consent.as_str());
    assert_eq!(notices(&north).await, Vec::<Value>::new());

    let again = revokes(&north, &ada).await;
    let again = &again.data()["revokeConsent"];
    for same in ["consent", "referralsSuspended", "disclosed"] {
        assert_eq!(again[same], first[same]);
    }
    assert_eq!(again["notices"].as_array().unwrap().len(), 1);
    assert_eq!(
        again["notices"][0]["seenAt"],
        Value::Null,
        "read, and no more"
    );
    let notice = south.lists("notices", "id").await;
    let seen = south.asks(SEEN, json!({ "id": notice[0]["id"] })).await;
    let seen = &seen.data()["markNoticeSeen"]["seenAt"];
    assert!(seen.is_string());
    let told = revokes(&north, &ada).await;
    assert_eq!(&told.data()["revokeConsent"]["notices"][0]["seenAt"], seen);
    let recorded = format!(
        "SELECT count(*) FROM audit_event WHERE kind = 'CONSENT_REVOKED' AND leaf LIKE '%{}%'",
        ada.consent
    );
    assert_eq!(world.tampers(&recorded), "1");
}

#[tokio::test]
async fn what_was_never_signed_is_told_to_nobody() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    let revoked = north.asks(REVOKE, json!({ "id": consent })).await;
    assert_eq!(revoked.data()["revokeConsent"]["notices"], json!([]));
    assert_eq!(notices(&south).await, Vec::<Value>::new());
}

on_both!(a_survivor_needs_no_agency_in_good_standing);
async fn a_survivor_needs_no_agency_in_good_standing(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));
    // While the discloser takes part, nobody takes its place.
    assert_eq!(revokes(&coordinator, &ada).await.codes(), "NOT_FOUND");

    // The recipient's standing does not matter.
    suspends(&coordinator, &south).await;
    let revoked = revokes(&north, &cleo).await;
    assert_eq!(
        revoked.data()["revokeConsent"]["consent"]["status"],
        "REVOKED"
    );

    suspends(&coordinator, &north).await;
    assert_eq!(revokes(&north, &ada).await.codes(), "UNAUTHENTICATED");
    let other = world.agency("other").await;
    assert_eq!(revokes(&other, &ada).await.codes(), "NOT_FOUND");
    let revoked = revokes(&coordinator, &ada).await;
    let revoked = &revoked.data()["revokeConsent"];
    assert_eq!(revoked["consent"]["status"], "REVOKED");
    assert_eq!(revoked["consent"]["survivor"], Value::Null);
    assert_eq!(told_events(revoked).len(), 1);
    assert!(!world.has_key(&ada.referral));

    let command = |channel| {
        let words = ["consent", "revoke", &bea.consent, "--channel", channel];
        world.commands(&words)
    };
    assert!(!command("BY_PIGEON").0);
    assert!(world.has_key(&bea.referral));
    let (done, said) = command("WRITTEN");
    assert!(done && said.contains("is revoked"), "{said}");
    assert!(!world.has_key(&bea.referral));
    let (done, said) = command("WRITTEN");
    assert!(done && said.contains("was revoked before"), "{said}");
    let unknown = "consent_01h2xcejqtf2nbrexx3vqjhp41";
    assert!(
        !world
            .commands(&["consent", "revoke", unknown, "--channel", "WRITTEN"])
            .0
    );
}

async fn suspends(coordinator: &Agency, agency: &Agency) {
    let suspended = coordinator.suspends(agency, "review").await;
    assert_eq!(
        text(&suspended.data()["suspendMembership"]["id"]),
        agency.id.to_string()
    );
}

/// How many events list this record as read.
fn listings(world: &World, id: &str) -> usize {
    let count = format!(
        "SELECT count(*) FROM audit_event WHERE kind = 'RECORDS_LISTED' AND leaf LIKE '%{}%'",
        packed(id)
    );
    world.tampers(&count).parse().unwrap()
}

on_both!(a_repeated_revocation_shows_nothing_that_is_not_on_record);
async fn a_repeated_revocation_shows_nothing_that_is_not_on_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    north.revokes_consent(&ada).await.data();
    let before = listings(&world, &ada.consent);
    let again = north.revokes_consent(&ada).await;
    assert_eq!(
        again.data()["revokeConsent"]["consent"]["status"],
        "REVOKED"
    );
    assert_eq!(listings(&world, &ada.consent), before + 1);
}

#[tokio::test]
async fn a_repeated_revocation_that_cannot_be_recorded_shows_nothing() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    north.revokes_consent(&ada).await.data();
    world.tampers(
        "CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END",
    );
    let again = north.revokes_consent(&ada).await;
    world.tampers("DROP TRIGGER full");
    assert_eq!(again.codes(), "UNAVAILABLE", "{}", again.text);
    assert!(!again.text.contains("REVOKED"), "{}", again.text);
}

on_both!(what_a_later_version_carried_on_is_counted_as_suspended);
async fn what_a_later_version_carried_on_is_counted_as_suspended(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let renewed = north.renews(&ada.consent).await;
    let later = text(&renewed.data()["renewConsent"]["id"]);
    assert_eq!(
        north.signs(&later).await.data()["signConsent"]["status"],
        "ACTIVE"
    );
    assert!(south.reads(&ada).await.contains("Ada"));
    for _ in ["once", "again"] {
        let revoked = north.revokes_consent(&ada).await;
        assert_eq!(revoked.data()["revokeConsent"]["referralsSuspended"], 1);
    }
}

/// The discloser, suspended while the test did something about its consents, takes part again.
fn takes_part_again(world: &World, agency: &Agency) {
    let id = world.sql_id(&agency.id.to_string());
    world.ends_sharing(&format!(
        "UPDATE agency SET status = 'ACTIVE', token_epoch = 1 WHERE id = {id}"
    ));
}

async fn revocations_on_record(reader: &Agency, consent: &str) -> Vec<Value> {
    let log = format!("auditEvents(filter: {{ types: [CONSENT_REVOKED], object: {consent:?} }})");
    let shown = "type reason agency { name } consent";
    reader.lists(&log, shown).await
}

on_both!(a_discloser_is_told_that_somebody_else_ended_its_consent);
async fn a_discloser_is_told_that_somebody_else_ended_its_consent(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    north.revokes_consent(&cleo).await.data();
    assert_eq!(notices(&north).await, Vec::<Value>::new(), "its own doing");

    suspends(&coordinator, &north).await;
    let revoked = revokes(&coordinator, &ada).await;
    let told = revoked.data()["revokeConsent"]["notices"].clone();
    let mut told: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["recipient"]["name"].as_str().unwrap())
        .collect();
    told.sort_unstable();
    assert_eq!(told, ["north", "south"]);
    let words = ["consent", "revoke", &bea.consent, "--channel", "WRITTEN"];
    let (done, said) = world.commands(&words);
    assert!(done, "{said}");

    takes_part_again(&world, &north);
    let received = notices(&north).await;
    let about: Vec<&str> = received
        .iter()
        .map(|one| one["object"].as_str().unwrap())
        .collect();
    assert_eq!(about, [&bea.consent, &ada.consent], "newest first");
    assert!(received.iter().all(|one| one["kind"] == "CONSENT_REVOKED"));
    for (told, who) in [(&ada, "Coordination Office"), (&bea, "north")] {
        let events = revocations_on_record(&north, &told.consent).await;
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0]["agency"]["name"], who);
        assert_eq!(events[0]["consent"], told.consent.as_str());
        let events = revocations_on_record(&south, &told.consent).await;
        assert_eq!(events.len(), 1, "{events:?}");
    }
}

#[tokio::test]
async fn whoever_ends_a_consent_for_another_agency_sees_no_content_of_it() {
    const WHOLE: &str = "mutation($id: ID!) { revokeConsent(id: $id, channel: IN_PERSON) { consent { \
        id version status effectiveAt expiresAt revokedAt supersededAt discloser { name } recipient { name } \
        grants { purpose } categories purposes language namesSubstanceUse voluntary revocable incapacitated minorAlone explained \
        intermediary { name } interpreter { language } survivor { id } supersedes { id } rulePacks { id } \
        findings { code } signatures { role } } \
        disclosed { edges { node { recipient { name } categories purpose } } } } }";
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, SubstanceUse])
        .await;
    assert!(south.reads(&ada).await.contains("Ada"));
    let survivor = north.registers("Bea").await;
    let draft = north.consents(&survivor, &south, &[Identity]).await;
    suspends(&coordinator, &north).await;

    let asked = coordinator.asks(REVOKE, json!({ "id": draft })).await;
    assert_eq!(
        asked.codes(),
        "NOT_FOUND",
        "it allows nothing: {}",
        asked.text
    );
    for _ in ["once", "again"] {
        let revoked = coordinator.asks(WHOLE, json!({ "id": ada.consent })).await;
        let revoked = &revoked.data()["revokeConsent"];
        let consent = &revoked["consent"];
        assert_eq!(consent["id"], ada.consent.as_str());
        assert_eq!(consent["version"], 1);
        assert_eq!(consent["status"], "REVOKED");
        assert_eq!(consent["discloser"]["name"], "north");
        assert_eq!(consent["recipient"]["name"], "south");
        for date in ["effectiveAt", "expiresAt", "revokedAt"] {
            assert!(consent[date].is_string(), "{date}");
        }
        for list in [
            "grants",
            "categories",
            "purposes",
            "signatures",
            "rulePacks",
            "findings",
        ] {
            assert_eq!(consent[list], json!([]), "{list}");
        }
        assert_eq!(consent["language"], "und");
        assert_eq!(consent["namesSubstanceUse"], false);
        for hidden in [
            "voluntary",
            "revocable",
            "incapacitated",
            "minorAlone",
            "explained",
            "intermediary",
            "interpreter",
            "survivor",
            "supersedes",
        ] {
            assert_eq!(consent[hidden], Value::Null, "{hidden}");
        }
        // The survivor has nobody else to hear it from.
        let told = told_events(revoked);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["categories"], json!(["IDENTITY", "SUBSTANCE_USE"]));
    }
    let both = coordinator.asks(REVOKE, json!({ "id": draft })).await;
    assert_eq!(both.codes(), "NOT_FOUND");
}

#[tokio::test]
async fn an_operators_revocation_is_not_dated_before_the_sharing_that_it_waited_for() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let now = "(extract(epoch from clock_timestamp()) * 1000000)::bigint";
    let holding = format!(
        "BEGIN; SELECT 'x' FROM (SELECT pg_advisory_xact_lock_shared(12602381)) AS held; \
         SELECT 'y' FROM (SELECT pg_sleep(4)) AS kept; SELECT {now}; COMMIT"
    );
    let released: i64 = std::thread::scope(|scope| {
        let holder = scope.spawn(|| {
            let said = Cluster::shared().psql(world.url(), &holding);
            said.lines().last().unwrap().parse().unwrap()
        });
        let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 12602381";
        while Cluster::shared().psql(world.url(), held) == "0" {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let words = ["consent", "revoke", &ada.consent, "--channel", "WRITTEN"];
        let (done, said) = world.commands(&words);
        assert!(done, "{said}");
        holder.join().unwrap()
    });
    let id = world.sql_id(&ada.consent);
    for sql in [
        format!("SELECT revoked_at FROM consent WHERE id = {id}"),
        "SELECT recorded_at FROM audit_event WHERE kind = 'CONSENT_REVOKED'".to_owned(),
    ] {
        let dated: i64 = world.tampers(&sql).parse().unwrap();
        assert!(dated >= released, "{dated} is before {released}: {sql}");
    }
}
