//! What was sent along with an idempotency key is hashed under a key from now on. Hashes without one are forgotten: of a
//! name, they would confirm a guess.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct ForgetPlainHashes;

#[async_trait::async_trait]
impl MigrationTrait for ForgetPlainHashes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let forget = Query::update()
            .table("idempotency")
            .value("request_hash", Vec::<u8>::new())
            .to_owned();
        manager.execute(forget).await
    }
}
