//! What a coordinator's spreadsheet called the MOUs that were taken in from it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateMouImports;

#[async_trait::async_trait]
impl MigrationTrait for CreateMouImports {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let to = |column: &'static str, table: &'static str| {
            ForeignKey::create()
                .from("mou_import", column)
                .to(table, "id")
                .to_owned()
        };
        let imports = Table::create()
            .table("mou_import")
            .col(uuid("task_force_id"))
            .col(string("reference"))
            .col(uuid("mou_id"))
            .col(big_integer("imported_at"))
            .primary_key(Index::create().col("task_force_id").col("reference"))
            .foreign_key(&mut to("task_force_id", "task_force"))
            .foreign_key(&mut to("mou_id", "mou"))
            .to_owned();
        manager.create_table(imports).await
    }
}
