//! The database itself keeps what each decision stood on, whoever changes it.

use std::collections::BTreeSet;

use concord::sharing::past;
use concord_entities::ids::ReferralId;
use concord_entities::vocabulary::DataCategory::Identity;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{PostgresQueryBuilder, SqliteQueryBuilder};

use super::{explains, moment_between, written};
use crate::world::{Database, World, on_both};

/// The tables that a decision reads, and how many columns of each decide.
const DECISIVE: [(&str, &[&str], usize); 6] = [
    ("agency", &["id"], 1),
    ("membership", &["agency_id", "task_force_id"], 1),
    ("mou", &["id"], 10),
    ("mou_party", &["mou_id", "agency_id"], 2),
    ("consent", &["id"], 11),
    ("referral", &["id"], 9),
];

/// How many versions are over, of all records of a table.
fn versions(world: &World, table: &str) -> usize {
    let count = format!("SELECT count(*) FROM {table}_past");
    world.tampers(&count).parse().unwrap()
}

on_both!(every_column_that_decides_is_kept_when_it_changes_and_only_then);
async fn every_column_that_decides_is_kept_when_it_changes_and_only_then(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let other = north.refers("Bea").to(&south).sharing([Identity]).await;
    let coordinator = world.sql_id(&world.coordinator.to_string());
    let (referral, consent) = (world.sql_id(&told.referral), world.sql_id(&told.consent));
    let north = world.sql_id(&north.id.to_string());
    for (table, key, columns) in DECISIVE {
        let row = match table {
            "agency" => format!("id = {north}"),
            "membership" | "mou_party" => format!("agency_id = {north}"),
            "mou" => format!("id = (SELECT mou_id FROM referral WHERE id = {referral})"),
            "consent" => format!("id = {consent}"),
            _ => format!("id = {referral}"),
        };
        let past = world.columns(&format!("{table}_past"));
        let decides: Vec<&str> = past
            .split(", ")
            .filter(|column| *column != "until" && !key.contains(column))
            .collect();
        assert_eq!(decides.len(), columns, "{table}");
        for column in decides {
            let other = match column {
                "discloser_id" | "sender_id" | "recipient_id" => coordinator.clone(),
                "consent_id" => world.sql_id(&other.consent),
                "mou_id" => "NULL".to_owned(),
                "task_force_id" => world.sql_id(&world.task_force.to_string()),
                "halted" => "NOT halted".to_owned(),
                "status" => "'ANOTHER'".to_owned(),
                "grants" => "'another'".to_owned(),
                _ => format!("coalesce({column}, 0) + 1"),
            };
            let reads = |table: &str| format!("SELECT {column} FROM {table} WHERE {row}");
            let before = world.tampers(&reads(table));
            let kept = versions(&world, table);
            let sets = |value: &str| format!("UPDATE {table} SET {column} = {value} WHERE {row}");
            // What is written as it was is no change.
            world.tampers(&sets(column));
            assert_eq!(versions(&world, table), kept, "{table}.{column}");
            world.tampers(&sets(&other));
            assert_eq!(versions(&world, table), kept + 1, "{table}.{column}");
            let last = format!(
                "{} ORDER BY until DESC LIMIT 1",
                reads(&format!("{table}_past"))
            );
            assert_eq!(world.tampers(&last), before, "{table}.{column}");
            // As it was, that the next column finds it so.
            let earlier = format!("({last})");
            world.tampers(&sets(&earlier));
        }
    }
    // What decides nothing is not kept.
    let kept = versions(&world, "referral");
    world.tampers(&format!(
        "UPDATE referral SET updated_at = updated_at + 1 WHERE id = {referral}"
    ));
    assert_eq!(versions(&world, "referral"), kept);
}

on_both!(nothing_of_a_person_is_kept);
async fn nothing_of_a_person_is_kept(world: World) {
    for (table, _, _) in DECISIVE {
        let columns = world.columns(&format!("{table}_past"));
        assert!(!columns.is_empty());
        for tells in [
            "survivor", "reason", "name", "title", "assignee", "language", "needs",
        ] {
            assert!(!columns.contains(tells), "{table}: {columns}");
        }
    }
}

on_both!(of_two_changes_in_one_moment_the_later_wins);
async fn of_two_changes_in_one_moment_the_later_wins(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let before = written(moment_between().await);
    let id = world.sql_id(&told.consent);
    let sets = |value: &str| format!("UPDATE consent SET suspends_at = {value} WHERE id = {id}");
    world.ends_sharing(&[sets("1"), sets("NULL"), sets("2")].join("; "));
    let after = written(moment_between().await);
    world.ends_sharing(&sets("NULL"));
    moment_between().await;
    let as_of = async |moment: &str| explains(&north, &told, &south, Some(moment)).await;
    let shared = r#"REQUESTED | MOU, CONSENT, PURPOSE | ["IDENTITY"]"#;
    assert_eq!(as_of(&before).await, shared);
    let suspended = "REQUESTED | MOU, CONSENT: CONSENT_SUSPENDED, PURPOSE | []";
    assert_eq!(as_of(&after).await, suspended);
    assert_eq!(explains(&north, &told, &south, None).await, shared);
    let order =
        format!("SELECT coalesce(suspends_at, 0) FROM consent_past WHERE id = {id} ORDER BY until");
    let order = world.tampers(&order);
    // Its last versions, the last first.
    let last: Vec<&str> = order.lines().rev().take(3).collect();
    assert_eq!(last, ["2", "0", "1"], "{order}");
}

on_both!(what_was_goes_with_its_record);
async fn what_was_goes_with_its_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).drafted([Identity]).await;
    let kept = north.refers("Bea").to(&south).sharing([Identity]).await;
    let discard = north.changes("discardReferralDraft", &told.referral, "status");
    discard.await.data();
    let (gone, kept) = (world.sql_id(&told.referral), world.sql_id(&kept.referral));
    let count = |id: &str| {
        world.tampers(&format!(
            "SELECT count(*) FROM referral_past WHERE id = {id}"
        ))
    };
    // A discarded draft is a header that stays, and so does that it was one.
    assert_eq!(
        (count(&gone), count(&kept)),
        ("1".to_owned(), "1".to_owned())
    );
    let delete = format!("DELETE FROM referral WHERE id = {gone}");
    let minding_keys = &world.service.store.write;
    minding_keys.execute_unprepared(&delete).await.unwrap();
    assert_eq!(
        (count(&gone), count(&kept)),
        ("0".to_owned(), "1".to_owned())
    );
}

on_both!(the_past_is_looked_up_by_the_keys_of_its_tables);
async fn the_past_is_looked_up_by_the_keys_of_its_tables(world: World) {
    let moments = BTreeSet::from([concord::clock::now(), concord_entities::instant::Instant(1)]);
    let statement = past::statement(&[ReferralId::new()], &moments);
    let plan = match world.database {
        Database::Postgres => format!(
            "SET enable_seqscan = off; EXPLAIN {}",
            statement.to_string(PostgresQueryBuilder)
        ),
        Database::Sqlite => format!(
            "EXPLAIN QUERY PLAN {}",
            statement.to_string(SqliteQueryBuilder)
        ),
    };
    let plan = world.tampers(&plan);
    for (table, _, _) in DECISIVE
        .iter()
        .filter(|(table, _, _)| *table != "membership")
    {
        let key = match world.database {
            Database::Postgres => format!("{table}_past_pkey"),
            Database::Sqlite => format!("sqlite_autoindex_{table}_past_1"),
        };
        assert!(plan.contains(&key), "{table}: {plan}");
    }
    let walked = plan.lines().filter(|line| match world.database {
        // There is one row of it.
        Database::Postgres => line.contains("Seq Scan") && !line.contains("past_facts"),
        // The moments that are asked for, one after the other.
        Database::Sqlite => {
            line.contains("SCAN ")
                && !["past_facts", "CONSTANT ROW", "SCAN w"]
                    .iter()
                    .any(|few| line.contains(few))
        }
    });
    assert_eq!(walked.count(), 0, "{plan}");
}
