//! What is told of an agency beside its row.

use concord_entities::agency;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;

use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::Request;

/// Reads what is told of an agency, as of the database's time, under the epoch that is seen; puts it on record that
/// something was told, where there is any.
pub(super) async fn told<T, F>(
    request: &Request,
    id: AgencyId,
    read: impl Fn(Instant) -> F,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<Vec<T>>>,
{
    let store = &request.worker.store;
    let released = request
        .disclose(|| async {
            let among = agency::Entity::named(id);
            let found = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
            // A suspension since would make the decision stale.
            let told = read(found.now).await?;
            let events = found.events.into_iter().filter(|_| !told.is_empty());
            Ok(Decided {
                epoch: found.epoch,
                now: found.now,
                events: events.collect(),
                content: told,
            })
        })
        .await?;
    Ok(released.content())
}
