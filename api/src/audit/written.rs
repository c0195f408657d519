//! Events as they are written: each once, with a row that says that it waits for its place in the tree.

use concord_entities::{audit_event, audit_waiting};
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel};

use super::leaf::AuditRecord;
use crate::store::Connections;
use crate::store::sharing_lock::SHARING_LOCK;

/// How many rows one statement inserts at most: SQLite takes at most 32,766 values a statement.
const ROWS: usize = 1000;

/// Writes events within a transaction.
pub(super) async fn within(
    transaction: &DatabaseTransaction,
    records: &[&AuditRecord],
) -> Result<(), DbErr> {
    for some in records.chunks(ROWS) {
        let events = some
            .iter()
            .map(|record| record.row.clone().into_active_model());
        audit_event::Entity::insert_many(events)
            .exec_without_returning(transaction)
            .await?;
        let waiting = some.iter().map(|record| {
            audit_waiting::Model {
                recorded_at: record.row.recorded_at,
                event_id: record.row.id,
                leaf_hash: record.leaf_hash.0.to_vec(),
                changed: record.changed.clone(),
            }
            .into_active_model()
        });
        audit_waiting::Entity::insert_many(waiting)
            .exec_without_returning(transaction)
            .await?;
    }
    Ok(())
}

/// An event, and the epoch under which what it tells of was decided; none where it holds under any.
pub(super) type UnderEpoch<'r> = (Option<i64>, &'r AuditRecord);

/// Writes those events that were decided under the epoch in force, by one statement that takes the sharing lock itself
/// and commits by itself; returns that epoch. May be repeated where its answer was lost: what is there already is not
/// written again. On PostgreSQL only.
pub(super) async fn under_epoch(
    write: &Connections,
    records: &[UnderEpoch<'_>],
) -> Result<i64, DbErr> {
    const STATEMENT: &str =
        "SELECT concord_record($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let rows = || records.iter().map(|(_, record)| &record.row);
    // By the driver itself, as the layer above it has no arrays with nulls in them.
    let recording = sqlx::query_scalar(STATEMENT)
        .bind(SHARING_LOCK)
        .bind(column(records.iter().map(|(epoch, _)| *epoch)))
        .bind(column(rows().map(|row| row.id.0)))
        .bind(column(rows().map(|row| row.recorded_at.0)))
        .bind(column(rows().map(|row| row.agency_id.map(|id| id.0))))
        .bind(column(rows().map(|row| row.recipient_id.map(|id| id.0))))
        .bind(column(rows().map(|row| row.discloser_id.map(|id| id.0))))
        .bind(column(rows().map(|row| row.kind.to_string())))
        .bind(column(rows().map(|row| row.outcome.to_string())))
        .bind(column(rows().map(|row| row.leaf.as_str())))
        .bind(column(rows().map(|row| row.address.as_deref())))
        .bind(column(rows().map(|row| row.salt.as_deref())))
        .bind(column(rows().map(|row| row.disclosed_under)))
        .bind(column(
            records
                .iter()
                .map(|(_, record)| record.leaf_hash.0.as_slice()),
        ));
    write
        .drive(async |connection| recording.fetch_one(connection).await)
        .await
}

fn column<T>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect()
}
