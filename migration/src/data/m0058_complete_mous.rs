//! What an agency that ends leaves behind is found along an index: an outbox by status in the order in which it was sent, with
//! everybody or with one other agency, as an inbox is already.
//!
//! And an MOU of release 0.1 that no task force follows has the days of its parties' first common task force, the one that was
//! founded first; where they have none in common, it stays with UTC, in which the days of all were counted. No task force of
//! 0.1 has said where it works: so UTC it is until the operator says so, and the parties are told.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, uuid_null};
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::type_id_text;

#[derive(DeriveMigrationName)]
pub(crate) struct CompleteMous;

#[async_trait::async_trait]
impl MigrationTrait for CompleteMous {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        for (name, key) in [("status", ""), ("counterpart", "recipient_id, ")] {
            let index = format!(
                "CREATE INDEX referral_outbox_sent_{name} ON referral (sender_id, {key}settled_status, sent_at DESC, id DESC) \
                 WHERE sent_at IS NOT NULL"
            );
            database.execute_unprepared(&index).await?;
        }
        for column in [
            boolean("zone_assumed").default(false).take(),
            uuid_null("zone_from"),
        ] {
            let add = Table::alter().table("mou").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        for statement in [ASSUMED, FIRST_COMMON] {
            database.execute_unprepared(statement).await?;
        }
        tell(database).await
    }
}

/// Marks what 0.1 drafted, before there were time zones, and nobody has said anything of since.
const ASSUMED: &str = "UPDATE mou SET zone_assumed = TRUE WHERE task_force_id IS NULL AND time_zone = 'UTC' \
    AND created_at < (SELECT applied_at FROM seaql_migrations WHERE version = 'm0021_time_zones') * 1000000";

/// Has each of these have the days of the first task force to which all of its parties belong.
const FIRST_COMMON: &str = "UPDATE mou SET zone_from = (\
    SELECT t.id FROM task_force t WHERE EXISTS (SELECT 1 FROM mou_party p WHERE p.mou_id = mou.id) \
    AND NOT EXISTS (SELECT 1 FROM mou_party p WHERE p.mou_id = mou.id AND NOT EXISTS (\
    SELECT 1 FROM membership m WHERE m.task_force_id = t.id AND m.agency_id = p.agency_id)) \
    ORDER BY t.created_at, t.id LIMIT 1) WHERE zone_assumed";

/// Tells the parties of each that is not over, and of a draft its drafter.
async fn tell(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    let now = if backend == DbBackend::Postgres {
        "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
    } else {
        "cast(unixepoch('subsec') * 1000000 as integer)"
    };
    let told = format!(
        "SELECT m.id AS mou, p.agency_id AS agency, {now} AS now FROM mou m JOIN mou_party p ON p.mou_id = m.id \
         WHERE m.zone_assumed AND m.ends_at > {now} AND (m.offered_at IS NOT NULL OR p.agency_id = m.drafted_by) \
         ORDER BY m.id, p.agency_id"
    );
    let rows = database
        .query_all_raw(Statement::from_string(backend, told))
        .await?;
    for (place, row) in (0..).zip(rows) {
        let (mou, agency): (Uuid, Uuid) = (row.try_get("", "mou")?, row.try_get("", "agency")?);
        let now: i64 = row.try_get("", "now")?;
        let insert = "INSERT INTO notice (id, agency_id, kind, object, created_at) \
            VALUES ($1, $2, 'TIME_ZONE_ASSUMED', $3, $4)";
        let values = [
            notice_id(mou, agency, now / 1000 + place).into(),
            agency.into(),
            type_id_text("mou", mou).into(),
            now.into(),
        ];
        database
            .execute_raw(Statement::from_sql_and_values(backend, insert, values))
            .await?;
    }
    Ok(())
}

/// Returns a UUID of version 7 that says it was made in this millisecond, each notice in one of its own, so that they have an order;
/// its random part is the MOU's and the agency's.
fn notice_id(mou: Uuid, agency: Uuid, millisecond: i64) -> Uuid {
    const RANDOM: u128 = (1 << 76) - 1;
    const VARIANT: u128 = 0b11 << 62;
    let millis = u128::try_from(millisecond).unwrap_or(0) << 80;
    let random = (mou.as_u128() ^ agency.as_u128().rotate_left(17)) & RANDOM & !VARIANT;
    Uuid::from_u128(millis | 7 << 76 | random | 0b10 << 62)
}
