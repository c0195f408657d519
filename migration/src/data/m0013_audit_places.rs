//! Audit events are written once: an event's place in the tree is a row of its own, and so is that it waits for one. The
//! agency that disclosed gets a column, so that its list is walked from an index. On PostgreSQL a batch of events is one
//! call of a function.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, uuid, uuid_null};
use sea_orm_migration::sea_orm::prelude::Uuid;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, Statement};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateAuditPlaces;

#[async_trait::async_trait]
impl MigrationTrait for CreateAuditPlaces {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let database = manager.get_connection();
        manager.create_table(audit_place()).await?;
        manager.create_table(audit_waiting()).await?;
        for (table, column) in [
            ("audit_event", uuid_null("discloser_id")),
            (
                "audit_checkpoint",
                big_integer("signed_at").default(0).to_owned(),
            ),
        ] {
            let added = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(added).await?;
        }
        for statement in [
            "INSERT INTO audit_place (leaf_index, event_id) \
             SELECT leaf_index, id FROM audit_event WHERE leaf_index IS NOT NULL ORDER BY leaf_index",
            "INSERT INTO audit_waiting (recorded_at, event_id, leaf_hash) \
             SELECT recorded_at, id, leaf_hash FROM audit_event WHERE leaf_index IS NULL",
            // As old as the last event that it covers.
            "UPDATE audit_checkpoint SET signed_at = coalesce(\
             (SELECT recorded_at FROM audit_event WHERE leaf_index = audit_checkpoint.size - 1), 0)",
            "CREATE UNIQUE INDEX audit_place_of_event ON audit_place (event_id)",
            "DROP INDEX audit_event_awaiting",
            "DROP INDEX audit_event_leaf",
            "ALTER TABLE audit_event DROP COLUMN leaf_index",
            "ALTER TABLE audit_event DROP COLUMN leaf_hash",
        ] {
            database.execute_unprepared(statement).await?;
        }
        name_disclosers(database).await?;
        database
            .execute_unprepared(
                "CREATE INDEX audit_event_of_discloser ON audit_event (discloser_id, id DESC) \
                 WHERE discloser_id IS NOT NULL",
            )
            .await?;
        if database.get_database_backend() == DbBackend::Postgres {
            for statement in [
                // Rows come and go by the thousand a second: dead ones must not pile up before the live.
                "ALTER TABLE audit_waiting SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, \
                 autovacuum_vacuum_cost_delay = 0)",
                RECORD,
            ] {
                database.execute_unprepared(statement).await?;
            }
        }
        Ok(())
    }
}

/// Records events under the sharing lock, in one round trip: nobody who stalls holds the lock. Those that were decided
/// under the epoch in force, or hold under any, are written; an event that is there already is not written again. Returns the epoch.
///
/// Each statement of the function has a snapshot of its own, so that the epoch is read as it is after the lock was
/// waited for. Where the transaction keeps its first snapshot, that would be an older one: it is refused.
const RECORD: &str = r"
CREATE FUNCTION concord_record(
    lock bigint, decided bigint[], ids uuid[], recorded bigint[], agencies uuid[], recipients uuid[], disclosers uuid[],
    kinds text[], outcomes text[], leaves text[], addresses text[], salts bytea[], grounds uuid[], hashes bytea[]
) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE in_force bigint;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'events are recorded in read committed transactions' USING ERRCODE = '25001';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(lock);
    SELECT epoch INTO STRICT in_force FROM sharing_epoch;
    WITH batch AS (
        SELECT * FROM unnest(decided, ids, recorded, agencies, recipients, disclosers, kinds, outcomes, leaves, addresses,
            salts, grounds, hashes)
        AS event (epoch, id, recorded_at, agency_id, recipient_id, discloser_id, kind, outcome, leaf, address, salt,
            disclosed_under, leaf_hash)
        WHERE epoch IS NULL OR epoch = in_force
    ), written AS (
        INSERT INTO audit_event (id, recorded_at, agency_id, recipient_id, discloser_id, kind, outcome, leaf, address, salt,
            disclosed_under)
        SELECT id, recorded_at, agency_id, recipient_id, discloser_id, kind, outcome, leaf, address, salt, disclosed_under
        FROM batch
        ON CONFLICT (id) DO NOTHING
        RETURNING id
    )
    INSERT INTO audit_waiting (recorded_at, event_id, leaf_hash)
    SELECT batch.recorded_at, batch.id, batch.leaf_hash FROM batch JOIN written USING (id);
    RETURN in_force;
END $$";

fn audit_place() -> TableCreateStatement {
    Table::create()
        .table("audit_place")
        .col(big_integer("leaf_index").primary_key())
        .col(uuid("event_id"))
        .to_owned()
}

fn audit_waiting() -> TableCreateStatement {
    Table::create()
        .table("audit_waiting")
        .col(big_integer("recorded_at"))
        .col(uuid("event_id"))
        .col(blob("leaf_hash"))
        .primary_key(Index::create().col("recorded_at").col("event_id"))
        .to_owned()
}

/// Fills the new column of the events that are there already, a thousand at a time.
async fn name_disclosers(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    let mut after = Uuid::nil();
    loop {
        let page = "SELECT id, agency_id, leaf FROM audit_event \
             WHERE kind IN ('PACKAGE_READ', 'MANDATED_DISCLOSURE_RECORDED') AND id > $1 ORDER BY id LIMIT 1000";
        let page = Statement::from_sql_and_values(backend, page, [after.into()]);
        let rows = database.query_all_raw(page).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            after = row.try_get("", "id")?;
            let leaf: String = row.try_get("", "leaf")?;
            let actor: Option<Uuid> = row.try_get("", "agency_id")?;
            let Some(discloser) = discloser(&leaf).filter(|discloser| Some(*discloser) != actor)
            else {
                continue;
            };
            let update = "UPDATE audit_event SET discloser_id = $1 WHERE id = $2";
            let values = [discloser.into(), after.into()];
            database
                .execute_raw(Statement::from_sql_and_values(backend, update, values))
                .await?;
        }
    }
}

/// Returns the agency that disclosed, as a leaf of the first version names it.
fn discloser(leaf: &str) -> Option<Uuid> {
    let (_, rest) = leaf.split_once("\"discloser\":\"agency_")?;
    let (letters, _) = rest.split_once('"')?;
    super::type_id(letters)
}
