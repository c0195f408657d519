//! What in the keyring is wrapped under which key-encryption key, and how it is wrapped under another one.

use std::collections::BTreeMap;
use std::time::Duration;

use concord_entities::kek_wrapped::{self, KekWrapped};
use concord_entities::{document_key, package_key, record_key, signing_key};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ModelTrait, PaginatorTrait, QuerySelect, Select};
use tracing::warn;

use super::envelope::{KeyOwner, SealError};
use super::kek_set::{KekSet, UnwrapError};
use super::vault::BETWEEN_BATCHES;
use super::{paper, record, signing, vault};
use crate::error::{Refusal, Result};
use crate::store::Connections;

/// How many keys are wrapped anew by one transaction.
const BATCH: u64 = 100;
/// How often everything is gone through before it is given up: servers may go on wrapping under another key.
const PASSES: usize = 20;
/// How long keys that others keep are left to them.
const BETWEEN_PASSES: Duration = Duration::from_millis(100);

/// How many wrapped keys there are under the key-encryption key of each id. Those without one were wrapped before there were
/// ids.
pub type WrappingCounts = BTreeMap<Option<Vec<u8>>, u64>;

/// A row that holds a wrapped key or secret.
trait Held: ModelTrait {
    /// Returns whose it is.
    fn holder(&self) -> Result<KeyOwner<'_>>;
}

impl Held for package_key::Model {
    fn holder(&self) -> Result<KeyOwner<'_>> {
        vault::holder(self.into())
    }
}

impl Held for document_key::Model {
    fn holder(&self) -> Result<KeyOwner<'_>> {
        let version = u32::try_from(self.version).map_err(Refusal::internal)?;
        Ok(paper::holder(self.consent_id, version))
    }
}

impl Held for record_key::Model {
    fn holder(&self) -> Result<KeyOwner<'_>> {
        record::holder(&self.kind, self.owner, self.version)
    }
}

impl Held for signing_key::Model {
    fn holder(&self) -> Result<KeyOwner<'_>> {
        Ok(signing::holder(&self.kid))
    }
}

/// Returns whether the keyring holds any key at all.
///
/// # Errors
/// What the keyring says.
pub(super) async fn any(keyring: &Connections) -> Result<bool, DbErr> {
    let ledgers = signing_key::Entity::signing("ledger");
    Ok(ledgers.limit(1).one(keyring).await?.is_some())
}

/// Why the keys at hand may not be enough for the keyring.
pub(super) enum CheckError {
    Store(DbErr),
    Needed(UnwrapError),
}

impl From<DbErr> for CheckError {
    fn from(fault: DbErr) -> Self {
        Self::Store(fault)
    }
}

impl From<UnwrapError> for CheckError {
    fn from(fault: UnwrapError) -> Self {
        Self::Needed(fault)
    }
}

/// Checks that every key-encryption key that the keyring needs is at hand.
pub(super) async fn check(keyring: &Connections, keks: &KekSet) -> Result<(), CheckError> {
    check_table::<signing_key::Entity>(keyring, keks).await?;
    check_table::<package_key::Entity>(keyring, keks).await?;
    check_table::<document_key::Entity>(keyring, keks).await?;
    check_table::<record_key::Entity>(keyring, keks).await
}

async fn check_table<E>(keyring: &Connections, keks: &KekSet) -> Result<(), CheckError>
where
    E: KekWrapped,
    E::Model: Held,
{
    for id in ids::<E>(keyring).await? {
        keks.holds(&id)?;
    }
    // One that is damaged stops nobody.
    let before_ids = kek_wrapped::wrapped_under::<E>(None).limit(BATCH);
    let mut missing = None;
    for row in before_ids.all(keyring).await? {
        match secret_in::<E>(keks, &row) {
            Ok(_) => return Ok(()),
            Err(fault) => missing = Some(fault),
        }
    }
    missing.map_or(Ok(()), |fault| Err(fault.into()))
}

/// Returns the ids of the keys under which a table's are wrapped: a step of an index each.
async fn ids<E: KekWrapped>(keyring: &Connections) -> Result<Vec<Vec<u8>>, DbErr> {
    let mut ids: Vec<Vec<u8>> = Vec::new();
    loop {
        let next = kek_wrapped::next_id::<E>(ids.last().map(Vec::as_slice));
        match next.into_tuple().one(keyring).await? {
            Some(id) => ids.push(id),
            None => return Ok(ids),
        }
    }
}

/// Counts what is wrapped under each key.
///
/// # Errors
/// What the keyring says.
pub async fn count(keyring: &Connections) -> Result<WrappingCounts, DbErr> {
    let mut counts = WrappingCounts::new();
    count_table::<package_key::Entity>(keyring, &mut counts).await?;
    count_table::<document_key::Entity>(keyring, &mut counts).await?;
    count_table::<record_key::Entity>(keyring, &mut counts).await?;
    count_table::<signing_key::Entity>(keyring, &mut counts).await?;
    counts.retain(|_, count| *count > 0);
    Ok(counts)
}

async fn count_table<E>(keyring: &Connections, counts: &mut WrappingCounts) -> Result<(), DbErr>
where
    E: KekWrapped,
    E::Model: Send + Sync + 'static,
{
    let ids = ids::<E>(keyring).await?.into_iter().map(Some);
    for id in ids.chain([None]) {
        let under = kek_wrapped::wrapped_under::<E>(id.as_deref());
        *counts.entry(id).or_default() += under.count(keyring).await?;
    }
    Ok(())
}

/// Wraps under the current key whatever is wrapped under another one, in small batches, each durable by itself; `progress` is
/// told how many were in each. Keys that do not unwrap stay as they are, and are told in the log.
///
/// # Errors
/// `UNAVAILABLE`: what is left is wrapped anew the next time.
pub async fn wrap_all_anew(
    keyring: &Connections,
    keks: &KekSet,
    mut progress: impl FnMut(u64),
) -> Result<()> {
    for _ in 0..PASSES {
        let mut found = 0;
        found += pass::<signing_key::Entity>(keyring, keks, &mut progress).await?;
        found += pass::<package_key::Entity>(keyring, keks, &mut progress).await?;
        found += pass::<document_key::Entity>(keyring, keks, &mut progress).await?;
        found += pass::<record_key::Entity>(keyring, keks, &mut progress).await?;
        let id = keks.current().id.to_bytes();
        let counts = count(keyring).await.map_err(Refusal::unavailable)?;
        let done = counts.keys().all(|under| under.as_ref() == Some(&id));
        if done || found == 0 {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_PASSES).await;
    }
    Ok(())
}

/// Goes through a table once. Returns how many keys it found under another key.
async fn pass<E>(
    keyring: &Connections,
    keks: &KekSet,
    progress: &mut impl FnMut(u64),
) -> Result<u64>
where
    E: KekWrapped,
    E::Model: Held + ModelTrait<Entity = E> + Send + Sync,
{
    let id = keks.current().id.to_bytes();
    let (mut after, mut found) = (None, 0);
    loop {
        let rows = kek_wrapped::not_wrapped_under::<E>(&id, after.as_ref(), BATCH);
        let batch = wrap_batch(keyring, keks, rows, progress).await?;
        let Some((last, count)) = batch else {
            return Ok(found);
        };
        (after, found) = (Some(last), found + count);
        tokio::time::sleep(BETWEEN_BATCHES).await;
    }
}

/// Wraps a batch anew. Returns its last row and how many there were; none where there is none.
async fn wrap_batch<E>(
    keyring: &Connections,
    keks: &KekSet,
    rows: Select<E>,
    progress: &mut impl FnMut(u64),
) -> Result<Option<(E::Model, u64)>>
where
    E: KekWrapped,
    E::Model: Held + ModelTrait<Entity = E> + Send + Sync,
{
    // On SQLite whoever read first may not write: there the rows are read before, and each is changed only as it was read.
    let seen = if keyring.get_database_backend() == DbBackend::Sqlite {
        let rows = rows.clone().all(keyring).await;
        Some(rows.map_err(Refusal::unavailable)?)
    } else {
        None
    };
    let batch = keyring.begin().await.map_err(Refusal::unavailable)?;
    let found = match seen {
        Some(seen) => seen,
        // Whoever destroys keys never waits for one that waits for them.
        None => kek_wrapped::kept(rows)
            .all(&batch)
            .await
            .map_err(Refusal::unavailable)?,
    };
    let mut done = 0;
    for row in &found {
        let secret = match secret_in::<E>(keks, row) {
            Ok(secret) => secret,
            Err(fault) => {
                let table = E::default().table_name().to_owned();
                warn!(%fault, table, "a key is not wrapped anew");
                continue;
            }
        };
        let anew = keks
            .wrap_secret(row.holder()?, &secret)
            .map_err(Refusal::unavailable)?;
        let changed = kek_wrapped::wrap_anew::<E>(row, anew.bytes, anew.kek_id)
            .exec(&batch)
            .await
            .map_err(Refusal::unavailable)?;
        done += changed.rows_affected;
    }
    batch.commit().await.map_err(Refusal::unavailable)?;
    progress(done);
    let count = u64::try_from(found.len()).map_err(Refusal::internal)?;
    Ok(found.into_iter().last().map(|last| (last, count)))
}

/// Counts the keys that do not unwrap with those at hand.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn count_unopenable(keyring: &Connections, keks: &KekSet) -> Result<u64> {
    all_unopenable(keyring, keks, false).await
}

/// Destroys the keys that do not unwrap with those at hand. Returns how many.
///
/// # Errors
/// `UNAVAILABLE`: run it again.
pub async fn destroy_unopenable(keyring: &Connections, keks: &KekSet) -> Result<u64> {
    all_unopenable(keyring, keks, true).await
}

async fn all_unopenable(keyring: &Connections, keks: &KekSet, destroy: bool) -> Result<u64> {
    Ok(
        unopenable::<signing_key::Entity>(keyring, keks, destroy).await?
            + unopenable::<package_key::Entity>(keyring, keks, destroy).await?
            + unopenable::<document_key::Entity>(keyring, keks, destroy).await?
            + unopenable::<record_key::Entity>(keyring, keks, destroy).await?,
    )
}

/// Goes through a table for keys that do not unwrap, and destroys them where it is told to.
async fn unopenable<E>(keyring: &Connections, keks: &KekSet, destroy: bool) -> Result<u64>
where
    E: KekWrapped,
    E::Model: Held + ModelTrait<Entity = E> + Send + Sync,
{
    let id = keks.current().id.to_bytes();
    let (mut after, mut count) = (None, 0);
    loop {
        let rows = kek_wrapped::not_wrapped_under::<E>(&id, after.as_ref(), BATCH);
        let rows = rows.all(keyring).await.map_err(Refusal::unavailable)?;
        for row in &rows {
            if secret_in::<E>(keks, row).is_ok() {
                continue;
            }
            count += 1;
            if destroy {
                kek_wrapped::destroy::<E>(row)
                    .exec(keyring)
                    .await
                    .map_err(Refusal::unavailable)?;
            }
        }
        let Some(last) = rows.into_iter().last() else {
            return Ok(count);
        };
        after = Some(last);
    }
}

/// Unwraps what a row holds.
fn secret_in<E>(keks: &KekSet, row: &E::Model) -> Result<zeroize::Zeroizing<Vec<u8>>, UnwrapError>
where
    E: KekWrapped,
    E::Model: Held,
{
    let (wrapped, kek_id) = E::wrapping(row);
    let holder = row.holder().map_err(|_| SealError)?;
    keks.unwrap_secret(holder, wrapped, kek_id)
}
