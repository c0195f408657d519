//! What time alone makes of referrals: settles the rows whose status it has changed, so that they are found by it, and has both
//! sides told of what is not answered.

use std::time::Duration;

use concord_entities::referral;
use tokio::time::sleep;
use tracing::warn;

use super::expiry;
use crate::audit::ledger::Ledger;
use crate::error::Result;
use crate::store::Store;

/// How often the rows are looked for whose moment has come. Until then a list that is asked for by status looks at them one
/// by one.
const SETTLE: Duration = Duration::from_secs(15);

/// How many are settled by one statement.
const BATCH: u64 = 500;

/// Settles what time has changed; returns how many rows that were.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn once(store: &Store) -> Result<u64> {
    let mut settled = 0;
    loop {
        let now = store.ping().await?;
        let some = referral::Entity::settle(now, BATCH)
            .exec(&store.write)
            .await?
            .rows_affected;
        settled += some;
        if some < BATCH {
            return Ok(settled);
        }
    }
}

/// Settles and tells for as long as the server runs.
pub async fn keep(store: Store, ledger: Ledger) {
    loop {
        let settled = async {
            once(&store).await?;
            expiry::tell_all(&store, &ledger).await
        };
        if let Err(refusal) = settled.await {
            let code = refusal.error.code();
            warn!(code, "referrals are settled the next time");
        }
        sleep(SETTLE).await;
    }
}
