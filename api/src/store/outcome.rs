//! Whether a COMMIT came through, where nobody said so.
//!
//! A connection can break after the database has committed and before it has told. So PostgreSQL is asked afterwards what
//! became of the transaction, by the id that it had, until it knows. Only where that cannot be learned in time, the
//! outcome is unknown, and is called so.
//!
//! SQLite has no such gap: it commits within this process, and its COMMIT returns what came of it. One that failed has
//! been rolled back, or is by the connection's closing.

use std::cell::Cell;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use tokio::time::{sleep, timeout};

use super::Store;
use crate::error::{DatabaseFaultError, Error, Refusal, is_connection_lost};

/// For how long the outcome is asked for. A transaction whose client has gone is over sooner: by then it has been idle
/// for too long.
const ASKING: Duration = Duration::from_secs(3);
/// How long to wait before asking again.
const BETWEEN: Duration = Duration::from_millis(25);

/// By what PostgreSQL knows a transaction after its end; nothing on SQLite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TransactionId(pub(crate) Option<String>);

impl TransactionId {
    /// Returns the SQL expression for the id of the transaction that it is in.
    pub(crate) fn sql(backend: DbBackend) -> &'static str {
        if backend == DbBackend::Postgres {
            "pg_current_xact_id()::text"
        } else {
            "NULL"
        }
    }
}

/// It could not be learned whether a transaction was committed.
#[derive(Debug, thiserror::Error)]
#[error("the reply to a COMMIT was lost ({0}), and its outcome could not be learned in time")]
struct OutcomeUnknownError(DatabaseFaultError);

/// The primary has it, and the standby may not.
#[derive(Debug, thiserror::Error)]
#[error("a change was committed on the primary, and its standby did not confirm it in time")]
struct UnconfirmedError;

/// Commits. Where the reply is lost, learns whether the transaction was committed all the same.
///
/// # Errors
/// `OUTCOME_UNKNOWN`; whatever else: it was not committed.
pub(crate) async fn commit(
    store: &Store,
    transaction: DatabaseTransaction,
    id: &TransactionId,
) -> Result<(), Refusal> {
    let committing = store.write.in_time(transaction.commit());
    let Err(fault) = store.standby.confirms(committing).await else {
        return Ok(());
    };
    if store.standby.is_silent() {
        return Err(Refusal::outcome_unknown(UnconfirmedError));
    }
    if !is_connection_lost(&fault) {
        return Err(fault.into());
    }
    match ask(store, id).await {
        // What the primary has by itself says nothing of the standby.
        Some(true) if store.standby.is_demanded() => {
            Err(Refusal::outcome_unknown(UnconfirmedError))
        }
        Some(true) => Ok(()),
        Some(false) => Err(fault.into()),
        None => {
            let fault = DatabaseFaultError::from(&fault);
            Err(Refusal::outcome_unknown(OutcomeUnknownError(fault)))
        }
    }
}

/// Returns whether a transaction was committed, once it is over: the protocol's step `AskOutcome`. None where that
/// cannot be learned in time: `GiveUpAsking`.
async fn ask(store: &Store, TransactionId(id): &TransactionId) -> Option<bool> {
    let id = id.as_deref()?;
    let learning = async {
        loop {
            match status(store, id).await.as_deref() {
                Ok("committed") => return Some(true),
                Ok("aborted") => return Some(false),
                Ok("in progress") | Err(_) => sleep(BETWEEN).await,
                // Too long ago for the database to know.
                Ok(_) => return None,
            }
        }
    };
    timeout(ASKING, learning).await.ok().flatten()
}

async fn status(store: &Store, id: &str) -> Result<String, DbErr> {
    let sql = "SELECT coalesce(pg_xact_status($1::text::xid8), 'forgotten') AS status";
    let statement = Statement::from_sql_and_values(store.backend, sql, [id.into()]);
    let row = store.read.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("the transaction's status".to_owned()))?
        .try_get("", "status")
}

tokio::task_local! {
    /// How much of what runs has committed something, or may have.
    static MAY_HAVE_CHANGED: Cell<usize>;
}

/// Runs a request, and says whether a change of it was made, or may have been: then whatever it fails with afterwards is
/// no failure of the change.
pub async fn noticing_changes<T>(request: impl Future<Output = T>) -> (T, bool) {
    let noticed = async {
        let answer = request.await;
        (answer, MAY_HAVE_CHANGED.with(Cell::get) > 0)
    };
    MAY_HAVE_CHANGED.scope(Cell::new(0), noticed).await
}

/// Returns how many changes were made so far, or may have been, for whoever is [`noticing_changes`]; none where nobody is.
#[must_use]
pub fn changes_noticed() -> usize {
    MAY_HAVE_CHANGED.try_with(Cell::get).unwrap_or_default()
}

/// Commits, for whoever is [`noticing_changes`]: from the first moment on something may have been changed, unless the
/// COMMIT is known to have failed.
pub(crate) async fn noted<T>(
    committing: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    // At the command line nobody is noticing.
    let before = MAY_HAVE_CHANGED.try_with(|noted| noted.replace(noted.get() + 1));
    let committed = committing.await;
    let failed = committed
        .as_ref()
        .is_err_and(|refusal| refusal.error != Error::OutcomeUnknown);
    if let (true, Ok(before)) = (failed, before) {
        MAY_HAVE_CHANGED.with(|noted| noted.set(before));
    }
    committed
}
