//! The audit log, its tree, and the sharing epoch.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, integer, string, string_null, text, uuid,
    uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateAudit;

#[async_trait::async_trait]
impl MigrationTrait for CreateAudit {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            audit_event(),
            audit_tile(),
            audit_tree(),
            audit_checkpoint(),
            sharing_epoch(),
        ] {
            manager.create_table(table).await?;
        }
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX audit_event_awaiting ON audit_event (recorded_at, id) WHERE leaf_index IS NULL",
            "CREATE UNIQUE INDEX audit_event_leaf ON audit_event (leaf_index)",
            "CREATE INDEX audit_event_of_agency ON audit_event (agency_id, id DESC)",
            "CREATE INDEX audit_event_of_recipient ON audit_event (recipient_id, id DESC) WHERE recipient_id IS NOT NULL",
            "INSERT INTO sharing_epoch (id, epoch) VALUES (1, 1)",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

fn audit_event() -> TableCreateStatement {
    Table::create()
        .table("audit_event")
        .col(uuid("id").primary_key())
        .col(big_integer("recorded_at"))
        .col(uuid_null("agency_id"))
        .col(uuid_null("recipient_id"))
        .col(string("kind"))
        .col(string("outcome"))
        .col(text("leaf"))
        .col(blob("leaf_hash"))
        .col(big_integer_null("leaf_index"))
        .col(string_null("address"))
        .col(blob_null("salt"))
        .to_owned()
}

fn audit_tile() -> TableCreateStatement {
    Table::create()
        .table("audit_tile")
        .col(integer("level"))
        .col(big_integer("place"))
        .col(blob("hashes"))
        .primary_key(Index::create().col("level").col("place"))
        .to_owned()
}

fn audit_tree() -> TableCreateStatement {
    Table::create()
        .table("audit_tree")
        .col(integer("id").primary_key())
        .col(big_integer("size"))
        .col(blob("root"))
        .col(text("note"))
        .to_owned()
}

fn audit_checkpoint() -> TableCreateStatement {
    Table::create()
        .table("audit_checkpoint")
        .col(big_integer("size").primary_key())
        .col(text("note"))
        .to_owned()
}

fn sharing_epoch() -> TableCreateStatement {
    Table::create()
        .table("sharing_epoch")
        .col(integer("id").primary_key())
        .col(big_integer("epoch"))
        .to_owned()
}
