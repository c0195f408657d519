//! Task forces, agencies, their programs, and what is known of tokens and idempotency keys.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, boolean, integer, json, string, string_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateAgencies;

#[async_trait::async_trait]
impl MigrationTrait for CreateAgencies {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            task_force(),
            agency(),
            membership(),
            application(),
            token_state(),
            idempotency(),
        ] {
            manager.create_table(table).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("membership_of_agency")
                    .table("membership")
                    .col("agency_id")
                    .to_owned(),
            )
            .await
    }
}

fn task_force() -> TableCreateStatement {
    Table::create()
        .table("task_force")
        .col(uuid("id").primary_key())
        .col(string("name"))
        .col(string("region"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn agency() -> TableCreateStatement {
    Table::create()
        .table("agency")
        .col(uuid("id").primary_key())
        .col(string("name"))
        .col(string("kind"))
        .col(string_null("jurisdiction"))
        .col(boolean("confidential_provider"))
        .col(string("status"))
        .col(integer("token_epoch"))
        .col(json("vetting"))
        .col(json("languages"))
        .col(json("service_areas"))
        .col(big_integer("created_at"))
        .to_owned()
}

fn membership() -> TableCreateStatement {
    Table::create()
        .table("membership")
        .col(uuid("task_force_id"))
        .col(uuid("agency_id"))
        .col(string("role"))
        .col(big_integer("since"))
        .primary_key(Index::create().col("task_force_id").col("agency_id"))
        .foreign_key(
            ForeignKey::create()
                .from("membership", "task_force_id")
                .to("task_force", "id"),
        )
        .foreign_key(
            ForeignKey::create()
                .from("membership", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}

fn application() -> TableCreateStatement {
    Table::create()
        .table("application")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(string("name"))
        .col(string("status"))
        .col(string("scope"))
        .col(big_integer("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("application", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}

fn token_state() -> TableCreateStatement {
    Table::create()
        .table("token_state")
        .col(string("jti").primary_key())
        .col(uuid("agency_id"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("denied_at"))
        .foreign_key(
            ForeignKey::create()
                .from("token_state", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}

fn idempotency() -> TableCreateStatement {
    Table::create()
        .table("idempotency")
        .col(uuid("agency_id"))
        .col(string("client_id"))
        .col(string("key"))
        .col(blob("request_hash"))
        .col(uuid("object_id"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("agency_id").col("client_id").col("key"))
        .foreign_key(
            ForeignKey::create()
                .from("idempotency", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}
