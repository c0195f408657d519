//! What the witnesses of other houses cosigned of the log's checkpoints. It goes with the checkpoint.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, text};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateCosignatures;

#[async_trait::async_trait]
impl MigrationTrait for CreateCosignatures {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("audit_cosignature")
            .col(big_integer("size"))
            .col(text("vkey"))
            .col(text("signature"))
            .col(big_integer("cosigned_at"))
            .primary_key(Index::create().col("size").col("vkey"))
            .foreign_key(
                ForeignKey::create()
                    .from("audit_cosignature", "size")
                    .to("audit_checkpoint", "size")
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(table).await
    }
}
