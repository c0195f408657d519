//! What each party of an MOU promises: coded services, where, in which languages and for how many people.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::json;

#[derive(DeriveMigrationName)]
pub(crate) struct PromiseServices;

#[async_trait::async_trait]
impl MigrationTrait for PromiseServices {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Whoever signed before promised nothing that is coded, and a server of the version before writes nothing here.
        let add = Table::alter()
            .table("mou_party")
            .add_column(json("promises").default("[]").take())
            .to_owned();
        manager.alter_table(add).await
    }
}
