//! Whoever changes the record is found out.

use concord::audit::check::LedgerCheckError;
use concord::audit::integrator::{self, Integrated, IntegrationError, settle};
use concord::audit::tree::leaf_hash;
use concord_entities::{audit_place, audit_tile};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::{Place, SIZE, VICTIM};
use crate::world::{Database, on_both};

/// A way to tamper, and how the check begins to tell of it.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    Sql(&'static str, &'static str),
    Leaf(&'static str),
    Tile(&'static str),
}

const EDITED: [Tampering; 9] = [
    Tampering::Sql(
        "UPDATE audit_event SET leaf = replace(leaf, 'SUCCESS', 'REFUSED') WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
        "event 17: the stored tile 0/0 does not hold",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET kind = 'AUDIT_READ' WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
        "event 17: its type is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET outcome = 'REFUSED' WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
        "event 17: its outcome is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET agency_id = NULL WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
        "event 17: its agency is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET recipient_id = agency_id WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
        "event 17: its recipient is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET discloser_id = agency_id WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
        "event 17: its discloser is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET address = '192.0.2.2' WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
        "event 17: its network address is",
    ),
    Tampering::Leaf("event 17: the stored tile 0/0 does not hold"),
    Tampering::Tile("event 17: the stored tile 0/0 does not hold"),
];
const DELETED: [Tampering; 1] = [Tampering::Sql(
    "DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)",
    "event 17: it is missing, and later",
)];
const TRUNCATED: [Tampering; 1] = [Tampering::Sql(
    "DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 299)",
    "event 299: it is missing with all that follow",
)];
const REORDERED: [Tampering; 1] = [Tampering::Sql(
    "UPDATE audit_place SET leaf_index = -1 WHERE leaf_index = 17; \
         UPDATE audit_place SET leaf_index = 17 WHERE leaf_index = 18; \
         UPDATE audit_place SET leaf_index = 18 WHERE leaf_index = -1",
    "event 17: the stored tile 0/0 does not hold",
)];
const UNSIGNED: [Tampering; 1] = [Tampering::Sql(
    "UPDATE audit_tree SET note = ''",
    "event 0: there are 300 events, and no checkpoint",
)];

on_both!(an_edited_event_is_named_by_its_index: Database, flavor = "multi_thread");
async fn an_edited_event_is_named_by_its_index(database: Database) {
    is_told(database, &EDITED).await;
}

on_both!(a_deleted_event_is_named_by_its_index: Database, flavor = "multi_thread");
async fn a_deleted_event_is_named_by_its_index(database: Database) {
    is_told(database, &DELETED).await;
}

on_both!(a_truncated_log_is_named_by_the_first_index_that_is_gone: Database, flavor = "multi_thread");
async fn a_truncated_log_is_named_by_the_first_index_that_is_gone(database: Database) {
    is_told(database, &TRUNCATED).await;
}

on_both!(reordered_events_are_named_by_the_first_index: Database, flavor = "multi_thread");
async fn reordered_events_are_named_by_the_first_index(database: Database) {
    is_told(database, &REORDERED).await;
}

on_both!(a_log_without_its_checkpoint_is_not_believed: Database, flavor = "multi_thread");
async fn a_log_without_its_checkpoint_is_not_believed(database: Database) {
    is_told(database, &UNSIGNED).await;
}

/// Tampers with a log of its own in each of these ways, and checks what is told of it.
async fn is_told(database: Database, ways: &[Tampering]) {
    for tampering in ways.iter().copied() {
        let place = Place::recorded(database).await;
        let verified = place.check().await.unwrap();
        assert_eq!((verified.head.size, verified.signed), (SIZE, Some(SIZE)));
        let expected = match tampering {
            Tampering::Sql(sql, expected) => {
                place.run(sql).await;
                expected
            }
            Tampering::Leaf(expected) => {
                let leaf = place.victim().await.leaf.replace("SUCCESS", "REFUSED");
                let mut row = place.victim().await.into_active_model();
                row.leaf = sea_orm::Set(leaf);
                row.update(&place.store.write).await.unwrap();
                expected
            }
            Tampering::Tile(expected) => {
                let tiles = audit_tile::Entity::all()
                    .all(&place.store.write)
                    .await
                    .unwrap();
                let first = tiles
                    .into_iter()
                    .find(|tile| (tile.level, tile.place) == (0, 0))
                    .unwrap();
                let mut hashes = first.hashes.clone();
                hashes[17 * 32] ^= 1;
                let mut row = first.into_active_model();
                row.hashes = sea_orm::Set(hashes);
                row.update(&place.store.write).await.unwrap();
                expected
            }
        };
        let broken = place.check().await.unwrap_err().to_string();
        assert!(
            broken.starts_with(expected),
            "{tampering:?} is told as: {broken}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_put_in_is_found() {
    const COPY: &str = "INSERT INTO audit_event SELECT x'00000000000070008000000000000001', recorded_at, agency_id, \
         recipient_id, kind, outcome, leaf, address, salt, disclosed_under, discloser_id FROM audit_event \
         WHERE id = (SELECT event_id FROM audit_place WHERE leaf_index = 17)";
    let place = Place::recorded(Database::Sqlite).await;
    place.run(COPY).await;
    assert!(matches!(
        place.check().await,
        Err(LedgerCheckError::Unplaced { rows: 1 })
    ));
    place
        .run("INSERT INTO audit_place VALUES (300, x'00000000000070008000000000000001')")
        .await;
    assert!(matches!(
        place.check().await,
        Err(LedgerCheckError::Surplus {
            index: SIZE,
            rows: 301
        })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_an_index_is_counted_and_checked() {
    let waiting = "(SELECT event_id FROM audit_waiting)";
    for (tampering, told) in [
        (
            format!("UPDATE audit_event SET outcome = 'REFUSED' WHERE id IN {waiting}"),
            "outcome",
        ),
        (
            format!(
                "UPDATE audit_event SET leaf = replace(leaf, 'SUCCESS', 'REFUSED') WHERE id IN {waiting}"
            ),
            "leaf hash",
        ),
        (
            format!("DELETE FROM audit_event WHERE id IN {waiting}"),
            "row, which has gone,",
        ),
    ] {
        let place = Place::recorded(Database::Sqlite).await;
        place.record(2).await;
        assert_eq!(place.check().await.unwrap().awaiting, 2);
        place.run(&tampering).await;
        let broken = place.check().await.unwrap_err();
        assert!(
            matches!(broken, LedgerCheckError::Awaiting { what, .. } if what == told),
            "{broken}"
        );
    }
}

on_both!(more_events_than_a_page_wait_and_are_all_counted: Database, flavor = "multi_thread");
async fn more_events_than_a_page_wait_and_are_all_counted(database: Database) {
    let place = Place::on(database).await;
    for _ in 0..3 {
        place.record(900).await;
    }
    assert_eq!(place.check().await.unwrap().awaiting, 2700);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_tree_is_not_signed_and_not_believed() {
    let place = Place::recorded(Database::Sqlite).await;
    let note = place.head().await.note;
    let leaf = place.victim().await.leaf.replace("\"ada\"", "\"eve\"");
    let mut row = place.victim().await.into_active_model();
    let changed = hex::encode(leaf_hash(leaf.as_bytes()).0);
    row.leaf = sea_orm::Set(leaf);
    row.update(&place.store.write).await.unwrap();
    // Everything is integrated anew, as if the changed event had always been so.
    let hashes = audit_tile::Entity::all()
        .all(&place.store.write)
        .await
        .unwrap();
    let hashes: Vec<u8> = hashes
        .into_iter()
        .filter(|tile| tile.level == 0)
        .flat_map(|tile| tile.hashes)
        .collect();
    let places = audit_place::Entity::from(0)
        .all(&place.store.write)
        .await
        .unwrap();
    for (row, hash) in places.iter().zip(hashes.chunks(32)) {
        let hash = if row.leaf_index == VICTIM {
            changed.clone()
        } else {
            hex::encode(hash)
        };
        let event = row.event_id.0.simple();
        let time = row.leaf_index;
        place
            .run(&format!(
                "INSERT INTO audit_waiting (recorded_at, event_id, leaf_hash) VALUES ({time}, x'{event}', x'{hash}')"
            ))
            .await;
    }
    place
        .run("DELETE FROM audit_place; DELETE FROM audit_tile; DELETE FROM audit_tree")
        .await;
    while integrator::integrate(&place.store).await.unwrap() != Integrated::Last(0) {}
    place
        .run(&format!("UPDATE audit_tree SET note = '{note}'"))
        .await;

    let refused = settle(&place.store, &place.key).await;
    assert!(
        matches!(refused, Err(IntegrationError::Rewritten)),
        "{refused:?}"
    );
    assert_eq!(place.head().await.note, note);
    let broken = place.check().await.unwrap_err();
    assert!(
        matches!(broken, LedgerCheckError::Ledger(fault) if fault.through == SIZE - 1),
        "{broken}"
    );
}
