//! Agencies' own identity providers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, json, json_null, string, string_uniq, text, text_null, uuid,
};

#[derive(DeriveMigrationName)]
pub(crate) struct CreateTrustedIssuers;

#[async_trait::async_trait]
impl MigrationTrait for CreateTrustedIssuers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(trusted_issuer()).await?;
        manager
            .create_index(
                Index::create()
                    .name("trusted_issuer_of_agency")
                    .table("trusted_issuer")
                    .col("agency_id")
                    .to_owned(),
            )
            .await
    }
}

fn trusted_issuer() -> TableCreateStatement {
    Table::create()
        .table("trusted_issuer")
        .col(uuid("id").primary_key())
        .col(uuid("agency_id"))
        .col(string_uniq("issuer"))
        .col(text("jwks_uri"))
        .col(string("token_type"))
        .col(json("algorithms"))
        .col(text("scope"))
        .col(json_null("mapping"))
        .col(string("status"))
        .col(text_null("jwks"))
        .col(big_integer_null("fetched_at"))
        .col(big_integer_null("attempted_at"))
        .col(big_integer("created_at"))
        .foreign_key(
            ForeignKey::create()
                .from("trusted_issuer", "agency_id")
                .to("agency", "id"),
        )
        .to_owned()
}
