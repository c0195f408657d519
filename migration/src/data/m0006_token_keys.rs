//! The keys that sign access tokens.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateTokenKeys;

#[async_trait::async_trait]
impl MigrationTrait for CreateTokenKeys {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let token_key = Table::create()
            .table("token_key")
            .col(string("kid").primary_key())
            .col(text("public_key"))
            .col(big_integer("published_at"))
            .col(big_integer_null("signs_from"))
            .col(big_integer_null("superseded_at"))
            .col(big_integer_null("retired_at"))
            .to_owned();
        manager.create_table(token_key).await
    }
}
