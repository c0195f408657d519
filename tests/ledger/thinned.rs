//! Checkpoints thin out with age, and what is left still vouches for the whole ledger.

use concord::sweep;
use concord_entities::audit_checkpoint;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::Place;
use crate::world::{Database, on_both};

const HOUR: i64 = 3_600_000_000;

on_both!(checkpoints_thin_out_with_age: Database, flavor = "multi_thread");
async fn checkpoints_thin_out_with_age(database: Database) {
    let place = Place::recorded(database).await;
    let now = place.store.ping().await.unwrap();
    // At the beginning of a day, so that no period is cut in two.
    let today = now.0 - now.0.rem_euclid(24 * HOUR);
    let quarters =
        |day: i64| (0..96).map(move |quarter| today - day * 24 * HOUR + quarter * HOUR / 4);
    let signed: Vec<i64> = quarters(40).chain(quarters(10)).collect();
    for (size, signed_at) in (1_000..).zip(&signed) {
        let row = audit_checkpoint::Model {
            size,
            note: "kept".to_owned(),
            signed_at: concord_entities::instant::Instant(*signed_at),
        };
        audit_checkpoint::Entity::insert(row.into_active_model())
            .exec_without_returning(&place.store.write)
            .await
            .unwrap();
    }
    sweep::forget_old_rows(&place.store, now).await.unwrap();
    let left = audit_checkpoint::Entity::beyond(999)
        .all(&place.store.write)
        .await
        .unwrap();
    let ages: Vec<i64> = left
        .iter()
        .map(|row| (today - row.signed_at.0) / HOUR)
        .collect();
    let mut expected = vec![39 * 24];
    expected.extend((0..24).map(|hour| 10 * 24 - hour - 1));
    assert_eq!(ages, expected, "the last one of the day, and of each hour");

    place
        .run("DELETE FROM audit_checkpoint WHERE note = 'kept'")
        .await;
    place.check().await.unwrap();
}
