//! How far the ledger had come, remembered where the ledger is not: in the keyring.
//!
//! An older copy of the data store, put back, is whole in itself: nothing in it tells of what came after. So the
//! integrator has the size and root that it is about to sign witnessed in the keyring first. A ledger that is shorter
//! than that, or does not begin with it, is a fork: the revocations, suspensions and erasures that were recorded since
//! are not in it, and a service that went on from there would share what it was told to end. It does not start.

use concord_entities::ledger_witness;
use sea_orm::{ConnectionTrait, DbErr, Statement};

use super::proof::{check_consistency, prove_consistency, tiles_for_consistency};
use super::stored;
use super::tree::{Digest, Head};
use crate::store::{Connections, Store};

/// Why a ledger is not the one that was witnessed.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A store does not answer; this says nothing about the ledger.
    #[error("the ledger could not be held against its witness: {0}: try again")]
    Unread(#[from] DbErr),
    /// It ends too early.
    #[error(
        "the data store is an older copy: its ledger is a fork that ends after {size} events, and {signed} were signed \
         for. What was revoked, suspended or erased since then is not in it, so it is not served from. Put the newest \
         copy back; where there is none, `concord audit reopen` goes on from this one"
    )]
    Older {
        /// How many events it has.
        size: u64,
        /// How many were signed for.
        signed: u64,
    },
    /// It does not begin with what was signed.
    #[error(
        "the data store is another one: its ledger is a fork that does not begin with the {signed} events that were \
         signed for. What was revoked, suspended or erased may not be in it, so it is not served from. Run `concord \
         audit verify`, and put the right copy back; where there is none, `concord audit reopen` goes on from this one"
    )]
    Different {
        /// How many events were signed for.
        signed: u64,
    },
}

/// Returns the size and root that were witnessed last; the empty ledger's before the first.
///
/// # Errors
/// What the keyring says.
pub async fn newest(keyring: &Connections) -> Result<Head, DbErr> {
    let Some(row) = ledger_witness::Entity::newest().one(keyring).await? else {
        return Ok(Head::EMPTY);
    };
    let malformed = || DbErr::Type("the ledger's witness is malformed".to_owned());
    Ok(Head {
        size: u64::try_from(row.size).map_err(|_| malformed())?,
        root: Digest(row.root.try_into().map_err(|_| malformed())?),
    })
}

/// Has a committed size and root witnessed, before it is signed. A smaller one than was witnessed changes nothing.
///
/// # Errors
/// What the keyring says.
pub async fn keep(keyring: &Connections, head: Head) -> Result<(), DbErr> {
    write(keyring, head, " WHERE ledger_witness.size < excluded.size").await
}

/// Has the ledger as it stands witnessed, whatever was witnessed before: its operator answers for it.
///
/// # Errors
/// What the stores say.
pub async fn follow(store: &Store) -> Result<(), DbErr> {
    let malformed = || DbErr::Type("the head of the ledger is malformed".to_owned());
    let head = match stored::head(&store.read).await? {
        Some(row) => stored::size_and_root(&row).ok_or_else(malformed)?,
        None => Head::EMPTY,
    };
    write(&store.keyring, head, "").await
}

async fn write(keyring: &Connections, head: Head, only: &str) -> Result<(), DbErr> {
    let sql = format!(
        "INSERT INTO ledger_witness (id, size, root) VALUES (1, $1, $2) \
         ON CONFLICT (id) DO UPDATE SET size = excluded.size, root = excluded.root{only}"
    );
    let values = [
        stored::in_column(head.size)?.into(),
        head.root.0.to_vec().into(),
    ];
    let statement = Statement::from_sql_and_values(keyring.get_database_backend(), sql, values);
    keyring.execute_raw(statement).await.map(|_| ())
}

/// Checks that the ledger is the witnessed one or has grown from it.
///
/// # Errors
/// [`WitnessError`].
pub async fn compare(store: &Store) -> Result<(), WitnessError> {
    // The witness first: it never tells of more than was committed before.
    let witnessed = newest(&store.keyring).await?;
    let signed = witnessed.size;
    let head = match stored::head(&store.read).await? {
        Some(row) => stored::size_and_root(&row).ok_or(WitnessError::Different { signed })?,
        None => Head::EMPTY,
    };
    if head.size < signed {
        return Err(WitnessError::Older {
            size: head.size,
            signed,
        });
    }
    let different = |_| WitnessError::Different { signed };
    let wanted = tiles_for_consistency(signed, head.size).map_err(different)?;
    let tiles = stored::tiles(&store.read, wanted).await?;
    let proof = prove_consistency(signed, head.size, &tiles).map_err(different)?;
    check_consistency(&proof, witnessed, head).map_err(different)
}
