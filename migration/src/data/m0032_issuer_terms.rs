//! What an agency's own identity provider writes into its tokens, where that is not what Concord would.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer_null, string_null};

#[derive(DeriveMigrationName)]
pub(crate) struct AddIssuerTerms;

#[async_trait::async_trait]
impl MigrationTrait for AddIssuerTerms {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [string_null("audience"), integer_null("max_life")] {
            let added = Table::alter()
                .table("trusted_issuer")
                .add_column(column)
                .to_owned();
            manager.alter_table(added).await?;
        }
        Ok(())
    }
}
