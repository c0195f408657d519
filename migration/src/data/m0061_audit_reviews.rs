//! Reviews of the audit log, and an index of what was done with a record beside changing it: who read its package, and who was
//! refused. And the mark up to which the network addresses of old events are forgotten.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, string, string_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;
use sea_orm_migration::sea_orm::prelude::Uuid;

#[derive(DeriveMigrationName)]
pub(crate) struct ReviewAudits;

#[async_trait::async_trait]
impl MigrationTrait for ReviewAudits {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index_other_objects(manager).await?;
        create_reviews(manager).await?;
        create_flags(manager).await?;
        create_address_sweep(manager).await
    }
}

/// What `audit_event_of_object` leaves out, but the reading of lists, which are by far the most of the log and have no one object.
async fn index_other_objects(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let object = if manager.get_database_backend() == DbBackend::Postgres {
        r#"split_part(split_part(leaf, '"object":"', 2), '"', 1) COLLATE "C""#
    } else {
        r#"substr(leaf, instr(leaf, '"object":"') + 10, instr(substr(leaf, instr(leaf, '"object":"') + 10), '"') - 1)"#
    };
    let of_other = format!(
        "CREATE INDEX audit_event_of_other_object ON audit_event (({object}), id DESC) \
         WHERE kind NOT LIKE 'REFERRAL%' AND kind NOT LIKE 'CONSENT%' AND kind NOT LIKE 'MOU%' \
         AND kind <> 'RECORDS_LISTED' AND kind <> 'AUDIT_READ'"
    );
    let connection = manager.get_connection();
    connection.execute_unprepared(&of_other).await?;
    Ok(())
}

async fn create_reviews(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let reviews = Table::create()
        .table("audit_review")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(string("opened_by"))
        .col(big_integer("opened_at"))
        .col(uuid_null("of_agency_id"))
        .col(string_null("subject"))
        .col(big_integer("since"))
        .col(big_integer("until"))
        .col(string("status"))
        .col(string_null("conclusion"))
        .col(string_null("concluded_by"))
        .col(big_integer_null("concluded_at"))
        .foreign_key(
            ForeignKey::create()
                .from("audit_review", "agency_id")
                .to("agency", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("audit_review", "of_agency_id")
                .to("agency", "id"),
        )
        .to_owned();
    manager.create_table(reviews).await?;
    let of_agency = "CREATE INDEX audit_review_of_agency ON audit_review (agency_id, id DESC)";
    let connection = manager.get_connection();
    connection.execute_unprepared(of_agency).await?;
    Ok(())
}

async fn create_flags(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let flags = Table::create()
        .table("audit_flag")
        .col(uuid("id").primary_key())
        .col(uuid("review_id"))
        .col(uuid("event_id"))
        .col(string("note"))
        .col(string("flagged_by"))
        .col(big_integer("flagged_at"))
        .foreign_key(
            ForeignKey::create()
                .from("audit_flag", "review_id")
                .to("audit_review", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("audit_flag", "event_id")
                .to("audit_event", "id"),
        )
        .to_owned();
    manager.create_table(flags).await?;
    let once = "CREATE UNIQUE INDEX audit_flag_once ON audit_flag (review_id, event_id, note)";
    let connection = manager.get_connection();
    connection.execute_unprepared(once).await?;
    Ok(())
}

async fn create_address_sweep(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mark = Table::create()
        .table("address_sweep")
        .col(integer("id").primary_key())
        .col(uuid("through"))
        .to_owned();
    manager.create_table(mark).await?;
    let first = Query::insert()
        .into_table("address_sweep")
        .columns(["id", "through"])
        .values_panic([1.into(), Uuid::nil().into()])
        .to_owned();
    manager.execute(first).await
}
