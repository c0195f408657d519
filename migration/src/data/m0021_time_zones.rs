//! In which time zone each agency's days are counted. Until now that was UTC for all: it stays so for those that are
//! there already, and each of them is told by a notice.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string;
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::type_id_text;

#[derive(DeriveMigrationName)]
pub(crate) struct AddTimeZones;

#[async_trait::async_trait]
impl MigrationTrait for AddTimeZones {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["agency", "task_force"] {
            let column = string("time_zone").default("UTC").take();
            let statement = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(statement).await?;
        }
        tell(manager.get_connection()).await
    }
}

/// Tells every agency that its days are counted in UTC.
async fn tell(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    let now = if backend == DbBackend::Postgres {
        "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
    } else {
        "cast(unixepoch('subsec') * 1000000 as integer)"
    };
    let agencies = format!("SELECT id, {now} AS now FROM agency");
    let rows = database
        .query_all_raw(Statement::from_string(backend, agencies))
        .await?;
    for row in rows {
        let agency: Uuid = row.try_get("", "id")?;
        let now: i64 = row.try_get("", "now")?;
        let insert = "INSERT INTO notice (id, agency_id, kind, object, created_at) \
            VALUES ($1, $2, 'TIME_ZONE_ASSUMED', $3, $4)";
        let values = [
            notice_id(agency, now).into(),
            agency.into(),
            type_id_text("agency", agency).into(),
            now.into(),
        ];
        database
            .execute_raw(Statement::from_sql_and_values(backend, insert, values))
            .await?;
    }
    Ok(())
}

/// Returns a UUID of version 7 that says it was made at `now`; its random part is the agency's.
fn notice_id(agency: Uuid, now: i64) -> Uuid {
    const VERSION: u128 = 0xF << 76;
    let millis = u128::try_from(now / 1000).unwrap_or(0) << 80;
    let random = agency.as_u128() & ((1 << 80) - 1) & !VERSION;
    Uuid::from_u128(millis | 7 << 76 | random)
}
