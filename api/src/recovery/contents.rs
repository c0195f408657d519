//! What a store, or a copy of one, holds: whose it is, and how far it goes.

use concord_entities::ledger_witness;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::manifest::{StoreContents, StorePart};
use crate::audit::stored;
use crate::audit::tree::{Digest, Head};
use crate::store::migrations::applied;

/// Reads what a store holds; none where it is no store of this kind, or one from before stores had identities.
///
/// # Errors
/// What the database says.
pub(super) async fn read(
    part: StorePart,
    store: &impl ConnectionTrait,
) -> Result<Option<StoreContents>, DbErr> {
    let migrations = applied(store).await?;
    let table = match part {
        StorePart::Data => "store_identity",
        StorePart::Keyring => "keyring_identity",
    };
    if !migrations.iter().any(|step| step.ends_with(table)) {
        return Ok(None);
    }
    let ids = format!("SELECT store_id, keyring_id FROM {table}");
    let ids = Statement::from_string(store.get_database_backend(), ids);
    let Some(ids) = store.query_one_raw(ids).await? else {
        return Ok(None);
    };
    let (head, epoch) = match part {
        StorePart::Data => reached(store).await?,
        StorePart::Keyring => witnessed(store).await?,
    };
    Ok(Some(StoreContents {
        store_id: ids.try_get("", "store_id")?,
        keyring_id: ids.try_get("", "keyring_id")?,
        size: head.size,
        root: head.root,
        epoch,
        migrations,
    }))
}

/// Returns how far a data store has come.
async fn reached(store: &impl ConnectionTrait) -> Result<(Head, i64), DbErr> {
    let head = match stored::head(store).await? {
        Some(row) => stored::size_and_root(&row).ok_or_else(malformed)?,
        None => Head::EMPTY,
    };
    let epoch = "SELECT epoch FROM sharing_epoch";
    let epoch = Statement::from_string(store.get_database_backend(), epoch);
    let epoch = store.query_one_raw(epoch).await?.ok_or_else(malformed)?;
    Ok((head, epoch.try_get("", "epoch")?))
}

/// Returns what a keyring had witnessed of it.
async fn witnessed(keyring: &impl ConnectionTrait) -> Result<(Head, i64), DbErr> {
    let Some(row) = ledger_witness::Entity::newest().one(keyring).await? else {
        return Ok((Head::EMPTY, 0));
    };
    let head = Head {
        size: u64::try_from(row.size).map_err(|_| malformed())?,
        root: Digest(row.root.try_into().map_err(|_| malformed())?),
    };
    Ok((head, row.epoch.unwrap_or(0)))
}

fn malformed() -> DbErr {
    DbErr::Type("the store's head, epoch or witness is malformed".to_owned())
}
