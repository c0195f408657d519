//! Through whom an application was registered, so that its access falls with theirs, and from when an issuer is believed
//! that was suspended once.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string_null, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct AddRegistrars;

#[async_trait::async_trait]
impl MigrationTrait for AddRegistrars {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [
            ("application", string_null("registered_by_subject")),
            ("application", string_null("registered_by_client")),
            ("trusted_issuer", big_integer_null("believed_from")),
        ] {
            let added = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(added).await?;
        }
        // A registrar is an application or an issuer. Neither is ever deleted, and no id is of both.
        let registrars = Table::create()
            .table("application_registrar")
            .col(uuid("application_id"))
            .col(uuid("registrar_id"))
            .primary_key(Index::create().col("application_id").col("registrar_id"))
            .foreign_key(
                ForeignKey::create()
                    .from("application_registrar", "application_id")
                    .to("application", "id"),
            )
            .to_owned();
        manager.create_table(registrars).await?;
        let index = "CREATE INDEX application_registrar_of ON application_registrar (registrar_id)";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}
