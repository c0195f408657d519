//! How applications authenticate, what tokens were exchanged for, and what may be used only once.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, boolean, string, string_null, text, uuid, uuid_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateAccess;

#[async_trait::async_trait]
impl MigrationTrait for CreateAccess {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let added = [
            ("agency", big_integer("epoch_began_at").default(0).take()),
            ("agency", string_null("suspension_reason")),
            (
                "application",
                string("authentication").default("PRIVATE_KEY_JWT").take(),
            ),
            ("application", text("keys").default("{\"keys\":[]}").take()),
            ("application", boolean("dpop_bound").default(false).take()),
            ("token_state", uuid_null("application_id")),
            ("token_state", string_null("parent")),
        ];
        for (table, column) in added {
            let statement = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(statement).await?;
        }
        manager.create_table(application_secret()).await?;
        manager.create_table(spent_proof()).await?;
        let database = manager.get_connection();
        for statement in [
            "CREATE INDEX application_of_agency ON application (agency_id, id DESC)",
            "CREATE INDEX application_secret_of ON application_secret (application_id)",
            "CREATE INDEX spent_proof_expiry ON spent_proof (expires_at)",
            "CREATE INDEX audit_event_of_nobody ON audit_event (id DESC) WHERE agency_id IS NULL AND recipient_id IS NULL",
            "CREATE INDEX token_state_expiry ON token_state (expires_at)",
            "CREATE INDEX token_state_children ON token_state (parent) WHERE parent IS NOT NULL",
        ] {
            database.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

fn application_secret() -> TableCreateStatement {
    Table::create()
        .table("application_secret")
        .col(uuid("id").primary_key())
        .col(uuid("application_id"))
        .col(string("hash"))
        .col(big_integer("created_at"))
        .col(big_integer_null("ends_at"))
        .foreign_key(
            ForeignKey::create()
                .from("application_secret", "application_id")
                .to("application", "id"),
        )
        .to_owned()
}

fn spent_proof() -> TableCreateStatement {
    Table::create()
        .table("spent_proof")
        .col(blob("digest").primary_key())
        .col(big_integer("expires_at"))
        .to_owned()
}
