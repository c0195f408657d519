//! What an ending touches under the lock does not grow with the tables.
//!
//! Counted in rows that PostgreSQL reads, and for SQLite by its plans; never in time.

use std::time::Duration;

use concord::access::revoked::{self, Revocable};
use concord::audit::change::{ByOperator, Change, Ending};
use concord::audit::leaf;
use concord::consent::ending::{self, By};
use concord_entities::audit_event::reviewed::{Along, Reviewed};
use concord_entities::ids::{AgencyId, ApplicationId, ConsentId, IssuerId, ReferralId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::RevocationChannel;
use concord_entities::{
    application_secret, consent, idempotency, legal_hold, mandated_disclosure, notice, package_key,
    record_key, referral, spent_proof, token_state,
};
use sea_orm::sea_query::Order;
use sea_orm::{Condition, ConnectionTrait, DbBackend, QueryTrait, Statement};
use uuid::Uuid;

use crate::world::agency::Told;
use crate::world::{Agency, Database, World};

/// How many rows each table has besides those that the endings are about.
const CROWD: u32 = 50_000;
/// How many rows an ending may read: far more than it needs, far fewer than there are.
const BOUND: i64 = 300;

/// An agency with two referrals, among a crowd of its own rows.
async fn among_many() -> (World, Agency, [Told; 2]) {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let of_crowd = north.refers("Zoe").to(&south).sharing([Identity]).await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let consent = world.sql_id(&of_crowd.consent);
    let referral = world.sql_id(&of_crowd.referral);
    let agency = world.sql_id(&north.id.to_string());
    let copied = |table: &str, changes: &str, of: &str| {
        let columns = world.columns(table);
        let columns = columns.trim();
        let made = columns.replace(", ", ", made.");
        format!(
            "INSERT INTO {table} ({columns}) SELECT made.{made} FROM crowd, {table} one, \
             LATERAL jsonb_populate_record(one, jsonb_build_object({changes})) made WHERE {of};"
        )
    };
    let statements = [
        format!(
            "CREATE TEMP TABLE crowd AS SELECT n, gen_random_uuid() AS id, NULL::uuid AS other \
             FROM generate_series(1, {CROWD}) n;"
        ),
        // Each third is a later version of the one before.
        "UPDATE crowd SET other = before.id FROM crowd before WHERE before.n = crowd.n - 1 AND crowd.n % 3 = 0;"
            .to_owned(),
        format!("INSERT INTO survivor (id, agency_id, pseudonym, age_group, audit_id, created_at) SELECT id, {agency}, id::text, 'ADULT', id, n FROM crowd;"),
        copied("consent", "'id', crowd.id, 'survivor_id', crowd.id, 'supersedes', crowd.other", &format!("one.id = {consent}")),
        copied("referral", "'id', crowd.id, 'survivor_id', crowd.id, 'consent_id', crowd.id", &format!("one.id = {referral}")),
        format!("INSERT INTO notice SELECT id, {agency}, 'CONSENT_REVOKED', id::text, n, CASE n % 2 WHEN 0 THEN n END FROM crowd;"),
        format!("INSERT INTO idempotency SELECT {agency}, 'test', id::text, ''::bytea, id, n FROM crowd;"),
        format!("INSERT INTO mandated_disclosure (id, agency_id, survivor_id, instrument, dated_on, disclosed_on, ordered, categories, \
                 purposes, attempts, steps, sealed, recorded_at) SELECT id, {agency}, id, 'SUBPOENA', 1, 1, 1, 1, 1, '[]', 1, ''::bytea, n FROM crowd;"),
        format!("INSERT INTO legal_hold SELECT id, {agency}, id, 'SUBPOENA', 1, NULL, ''::bytea, n, NULL FROM crowd;"),
        format!("INSERT INTO token_state (jti, agency_id, expires_at, parent) \
                 SELECT id::text, {agency}, 9000000000000000, CASE n % 2 WHEN 0 THEN other::text END FROM crowd;"),
        "INSERT INTO spent_proof SELECT decode(md5(id::text), 'hex'), n FROM crowd;".to_owned(),
        "INSERT INTO concord_keyring.package_key SELECT id, 1, ''::bytea, n, one.kek_id \
         FROM crowd, (SELECT kek_id FROM concord_keyring.package_key LIMIT 1) one;\
         INSERT INTO concord_keyring.record_key SELECT 'mandate', id, 1, ''::bytea, n, one.kek_id \
         FROM crowd, (SELECT kek_id FROM concord_keyring.package_key LIMIT 1) one;\
         ANALYZE;"
            .to_owned(),
    ];
    world.tampers(&statements.concat());
    (world, north, [ada, bea])
}

/// How many rows this transaction has read so far, by any way.
pub async fn rows_read(transaction: &impl ConnectionTrait) -> i64 {
    let sql = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint AS read \
               FROM pg_stat_xact_user_tables";
    let row = transaction
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .unwrap();
    row.unwrap().try_get("", "read").unwrap()
}

#[tokio::test]
async fn a_consent_and_a_token_end_without_reading_the_others() {
    let (world, north, [ada, _]) = among_many().await;
    let store = &world.service.store;
    let id: ConsentId = ada.consent.parse().unwrap();
    let begun = || Ending::at_command_line(store, ByOperator::default());
    let ending = begun().await.unwrap();
    let named = consent::Entity::anywhere(id).one(&ending).await.unwrap();
    let channel = Some(RevocationChannel::InPerson);
    let ended = ending::revoke(&ending, named.unwrap(), By::Operator, channel);
    assert!(ended.await.unwrap().was_shared);
    let read = rows_read(&ending).await;
    assert!((1..BOUND).contains(&read), "a revocation read {read} rows");
    ending.ends_nothing().give_up().await.unwrap();

    let ending = begun().await.unwrap();
    let jti = world.tampers("SELECT jti FROM token_state WHERE parent IS NULL AND expires_at = 9000000000000000 LIMIT 1");
    let known = revoked::revoke(&ending, north.id, &jti).await.unwrap();
    assert_eq!(known, Revocable::Living);
    let nobodys = ApplicationId::new();
    let revoked = revoked::revoke_of_application(&ending, nobodys);
    revoked.await.unwrap();
    let revoked = revoked::revoke_of_issuer(&ending, AgencyId::new(), IssuerId::new());
    revoked.await.unwrap();
    let read = rows_read(&ending).await;
    assert!((1..BOUND).contains(&read), "tokens' end read {read} rows");
    ending.ends_nothing().give_up().await.unwrap();
}

#[tokio::test]
async fn an_erasure_reads_what_is_erased() {
    let (world, north, [_, bea]) = among_many().await;
    let survivor = north.survivor_of(&bea.consent).await;
    world.tampers("SELECT pg_stat_reset()");
    north
        .changes("eraseSurvivor", &survivor, "packages")
        .await
        .data();
    // A server's counts are known some seconds after its transaction, all of one transaction at once.
    let gone = "SELECT n_tup_del FROM pg_stat_user_tables WHERE relname = 'survivor'";
    while world.tampers(gone) != "1" {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let read = world.tampers(
        "SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables \
         WHERE relname IN ('consent', 'referral', 'notice', 'idempotency', 'mandated_disclosure', 'legal_hold', 'token_state')",
    );
    assert_eq!(read.lines().count(), 7);
    for line in read.lines() {
        let (table, rows) = line.split_once('|').unwrap();
        assert!(rows.parse::<i64>().unwrap() < BOUND, "{table}: {rows} rows");
    }
}

/// A batch of each sweep, from the middle of what there is.
struct Batch {
    name: &'static str,
    statement: fn(DbBackend, Uuid) -> Statement,
    by: &'static [&'static str],
}

const NOW: Instant = Instant(1_000_000_000);
const SIZE: u64 = 500;

/// What the sweeps ask the data store.
const OF_DATA: &[Batch] = &[
    Batch {
        name: "dead tokens",
        statement: |backend, _| token_state::Entity::forget_expired(NOW, SIZE).build(backend),
        by: &["token_state_expiry"],
    },
    Batch {
        name: "spent proofs",
        statement: |backend, _| spent_proof::Entity::forget_expired(NOW, SIZE).build(backend),
        by: &["spent_proof_expiry"],
    },
    Batch {
        name: "idempotency keys",
        statement: |backend, _| idempotency::Entity::forget_old(NOW, SIZE).build(backend),
        by: &["idempotency_age", "sqlite_autoindex_idempotency_1"],
    },
    Batch {
        name: "notices",
        statement: |backend, _| notice::Entity::forget_seen(NOW, SIZE).build(backend),
        by: &["notice_seen"],
    },
    Batch {
        name: "secrets",
        statement: |backend, _| application_secret::Entity::forget_ended(NOW, SIZE).build(backend),
        by: &["application_secret_ended"],
    },
    Batch {
        name: "packages whose consent has ended",
        statement: |backend, middle| {
            let ids = std::iter::repeat_n(ReferralId(middle), 500);
            referral::Entity::whose_consent_has_ended(ids, NOW).build(backend)
        },
        by: &["sqlite_autoindex_referral_1", "sqlite_autoindex_consent_1"],
    },
];

/// What they ask the keyring.
const OF_KEYRING: &[Batch] = &[
    Batch {
        name: "package keys",
        statement: |backend, middle| {
            let after = Some((ReferralId(middle), 1));
            package_key::Entity::in_order(after, SIZE).build(backend)
        },
        by: &["(referral_id,version)>"],
    },
    Batch {
        name: "record keys",
        statement: |backend, middle| {
            let after = Some((middle, 1));
            record_key::Entity::in_order("mandate", NOW, after, SIZE).build(backend)
        },
        by: &["kind=? AND (owner,version)>"],
    },
];

#[tokio::test]
async fn a_batch_of_a_sweep_reads_a_batch() {
    let (world, ..) = among_many().await;
    let store = &world.service.store;
    let middle = Uuid::from_u128(u128::MAX / 2);
    for (database, batches) in [(&store.write, OF_DATA), (&store.keyring, OF_KEYRING)] {
        for batch in batches {
            let transaction = database.begin().await.unwrap();
            let statement = (batch.statement)(DbBackend::Postgres, middle);
            transaction.query_all_raw(statement).await.unwrap();
            let read = rows_read(&transaction).await;
            assert!(read <= 1_100, "{}: {read} rows", batch.name);
            transaction.rollback().await.unwrap();
        }
    }
}

/// What SQLite says of how it would answer.
pub async fn plan(database: &impl ConnectionTrait, statement: Statement) -> String {
    let explained = Statement {
        sql: format!("EXPLAIN QUERY PLAN {}", statement.sql),
        ..statement
    };
    let rows = database.query_all_raw(explained).await.unwrap();
    let lines = rows.iter().map(|row| row.try_get("", "detail").unwrap());
    lines.collect::<Vec<String>>().join("\n")
}

#[tokio::test]
async fn sqlite_scans_nothing_for_an_ending_or_a_sweep() {
    let world = World::on(Database::Sqlite).await;
    let store = &world.service.store;
    let backend = DbBackend::Sqlite;
    for (database, batches) in [(&store.write, OF_DATA), (&store.keyring, OF_KEYRING)] {
        for batch in batches {
            let plan = plan(database, (batch.statement)(backend, Uuid::nil())).await;
            for index in batch.by {
                assert!(plan.contains(index), "{}:\n{plan}", batch.name);
            }
            assert!(!plan.contains("SCAN"), "{}:\n{plan}", batch.name);
        }
    }
    let (agency, person, consent) = (AgencyId::new(), SurvivorId::new(), ConsentId::new());
    let sent = referral::Entity::of_survivor(agency, person);
    let mandates = mandated_disclosure::Entity::of_survivor(agency, person);
    for (statement, index) in [
        (
            consent::Entity::following(agency, consent).build(backend),
            "consent_following",
        ),
        (
            consent::Entity::of_survivor(agency, person).build(backend),
            "consent_of_survivor",
        ),
        (
            referral::Entity::standing_on(consent).build(backend),
            "referral_of_consent",
        ),
        (
            referral::Entity::halt_under(consent, NOW).build(backend),
            "referral_of_consent",
        ),
        (sent.build(backend), "referral_of_survivor"),
        (mandates.build(backend), "mandated_disclosure_of_survivor"),
        (
            legal_hold::Entity::on(agency, person).build(backend),
            "legal_hold_of_survivor",
        ),
        (
            idempotency::Entity::forget([Uuid::nil()]).build(backend),
            "idempotency_object",
        ),
    ] {
        let plan = plan(&store.read, statement).await;
        assert!(plan.contains(index), "{index}:\n{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }
}

#[tokio::test]
async fn what_a_person_did_is_listed_from_an_index() {
    let world = World::on(Database::Postgres).await;
    let north = world.agency("north").await;
    north.registers("Zoe").await;
    let (agency, copied) = (world.sql_id(&north.id.to_string()), 20_000);
    // As many events as that of others of the agency's, and 300 of hers.
    world.tampers(&format!(
        "INSERT INTO audit_event (id, recorded_at, agency_id, kind, outcome, leaf) \
         SELECT gen_random_uuid(), recorded_at, agency_id, kind, outcome, \
             replace(leaf, '\"somebody\"', CASE WHEN n % 67 = 0 THEN '\"ada\"' ELSE '\"person ' || n % 50 || '\"' END) \
         FROM generate_series(1, {copied}) n, \
             (SELECT * FROM audit_event WHERE agency_id = {agency} AND leaf LIKE '%\"somebody\"%' LIMIT 1) one; ANALYZE audit_event"
    ));
    let store = &world.service.store;
    let ada = leaf::subject("ada").unwrap();
    for reader in [north.id, world.coordinator, AgencyId::new()] {
        let change = Change::at_command_line(store, ByOperator::default())
            .await
            .unwrap();
        let before = rows_read(&change).await;
        let hers = Reviewed {
            backend: store.backend,
            reader,
            along: Along::Subject(north.id, ada.clone()),
            range: Condition::all(),
            only: Condition::all(),
        };
        let found = hers
            .within_reach()
            .page(&Order::Desc, 20)
            .all(&change)
            .await
            .unwrap();
        let within_reach = reader == north.id || reader == world.coordinator;
        assert_eq!(found.len(), if within_reach { 20 } else { 0 });
        let read = rows_read(&change).await - before;
        assert!(read < 100, "{read} rows were read");
        change.give_up().await.unwrap();
    }
    // The copies are no events.
    world.goes_unverified();
}
