//! Each wrapped key says which key-encryption key wrapped it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::blob_null;

#[derive(DeriveMigrationName)]
pub(crate) struct AddKekIds;

/// The tables that hold wrapped keys, and the indexes by which those under another key are found.
const TABLES: [(&str, &str); 4] = [
    ("package_key", "package_key_kek"),
    ("document_key", "document_key_kek"),
    ("record_key", "record_key_kek"),
    ("signing_key", "signing_key_kek"),
];

#[async_trait::async_trait]
impl MigrationTrait for AddKekIds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, index) in TABLES {
            let id = Table::alter()
                .table(table)
                .add_column(blob_null("kek_id"))
                .to_owned();
            manager.alter_table(id).await?;
            let by_id = Index::create()
                .name(index)
                .table(table)
                .col("kek_id")
                .to_owned();
            manager.create_index(by_id).await?;
        }
        Ok(())
    }
}
