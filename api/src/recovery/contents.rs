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
    let (head, waiting, epoch) = match part {
        StorePart::Data => reached(store).await?,
        StorePart::Keyring => witnessed(store).await?,
    };
    Ok(Some(StoreContents {
        store_id: ids.try_get("", "store_id")?,
        keyring_id: ids.try_get("", "keyring_id")?,
        size: head.size,
        root: head.root,
        waiting,
        epoch,
        migrations,
    }))
}

/// Returns how far a data store has come.
async fn reached(store: &impl ConnectionTrait) -> Result<(Head, u64, i64), DbErr> {
    let head = match stored::head(store).await? {
        Some(row) => stored::size_and_root(&row).ok_or_else(malformed)?,
        None => Head::EMPTY,
    };
    let rest = "SELECT epoch, (SELECT count(*) FROM audit_waiting) AS waiting FROM sharing_epoch";
    let rest = Statement::from_string(store.get_database_backend(), rest);
    let rest = store.query_one_raw(rest).await?.ok_or_else(malformed)?;
    let waiting: i64 = rest.try_get("", "waiting")?;
    let waiting = u64::try_from(waiting).map_err(|_| malformed())?;
    Ok((head, waiting, rest.try_get("", "epoch")?))
}

/// Returns what a keyring had witnessed of it.
async fn witnessed(keyring: &impl ConnectionTrait) -> Result<(Head, u64, i64), DbErr> {
    let Some(row) = ledger_witness::Entity::newest().one(keyring).await? else {
        return Ok((Head::EMPTY, 0, 0));
    };
    let head = Head {
        size: u64::try_from(row.size).map_err(|_| malformed())?,
        root: Digest(row.root.try_into().map_err(|_| malformed())?),
    };
    Ok((head, 0, row.epoch.unwrap_or(0)))
}

fn malformed() -> DbErr {
    DbErr::Type("the store's head, epoch or witness is malformed".to_owned())
}
