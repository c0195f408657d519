//! Reads a month's referrals, and publishes what the rules let be published of them. Each statement walks an index, and reads
//! no more than the month's.

use std::collections::HashMap;

use concord_entities::ids::{AgencyId, MouId, ReferralId, TaskForceId};
use concord_entities::instant::Instant;
use concord_entities::month::Month;
use concord_entities::referral_statistics::{self, Column};
use concord_entities::{audit_event, membership, mou, referral, task_force};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryTrait};

use super::rules::{self, CountedAgencies, CountedReferral, MonthSpan};
use crate::error::Result;
use crate::referral::rules::status::{CurrentStatus, StoredStatus};
use crate::store::Store;

/// How many referrals' answers are looked up by one statement.
const BATCH: usize = 500;

/// Publishes a month of a task force that is over. Of several servers at once, one does; what is published stays as it is.
///
/// # Errors
/// `UNAVAILABLE`: nothing was published.
pub(super) async fn publish(
    store: &Store,
    task_force: &task_force::Model,
    month: Month,
) -> Result<()> {
    // Of before anything is read: what is answered since is answered after it.
    let now = store.ping().await?;
    let span = span(store, task_force, month).await?;
    let places = membership::Entity::in_task_force(task_force.id)
        .all(&store.read)
        .await?;
    let agencies = CountedAgencies::of(&places);
    let recipients = agencies.recipients.iter().copied();
    let sent = referral::Entity::sent_between(recipients, span.begins_at, span.ends_at);
    let mut rows = sent.all(&store.read).await?;
    rows.retain(|row| agencies.counts(row.sender_id, row.recipient_id));
    let rows = counted_in(store, task_force.id, rows).await?;
    let counted = count(store, &rows, now).await?;
    let published = referral_statistics::Model {
        task_force_id: task_force.id,
        month,
        begins_at: span.begins_at,
        ends_at: span.ends_at,
        computed_at: now,
        tables: rules::publish(month, &counted, &agencies.recipients),
    };
    let once = OnConflict::columns([Column::TaskForceId, Column::Month])
        .do_nothing()
        .to_owned();
    referral_statistics::Entity::insert(published.into_active_model())
        .on_conflict(once)
        .exec_without_returning(&store.write)
        .await?;
    Ok(())
}

async fn span(store: &Store, task_force: &task_force::Model, month: Month) -> Result<MonthSpan> {
    let mut beside = [None, None];
    let found = referral_statistics::Entity::beside(task_force.id, month);
    for (beside, found) in beside.iter_mut().zip(found) {
        *beside = found.one(&store.read).await?.map(|row| MonthSpan {
            begins_at: row.begins_at,
            ends_at: row.ends_at,
        });
    }
    Ok(MonthSpan::of(month, &task_force.time_zone, beside))
}

/// Returns those of these referrals that are in this task force's statistics.
async fn counted_in(
    store: &Store,
    task_force: TaskForceId,
    rows: Vec<referral::Model>,
) -> Result<Vec<referral::Model>> {
    let mut mous: Vec<MouId> = rows.iter().filter_map(|row| row.mou_id).collect();
    mous.sort_unstable();
    mous.dedup();
    let mous = mou::Entity::stood_on(mous).all(&store.read).await?;
    let followed: HashMap<MouId, Option<TaskForceId>> = mous
        .into_iter()
        .map(|mou| (mou.id, mou.task_force_id))
        .collect();
    let mut agencies: Vec<AgencyId> = rows
        .iter()
        .flat_map(|row| [row.sender_id, row.recipient_id])
        .collect();
    agencies.sort_unstable();
    agencies.dedup();
    let places = membership::Entity::of(agencies).all(&store.read).await?;
    let is_counted = |row: &referral::Model| {
        let followed_by = row
            .mou_id
            .and_then(|mou| followed.get(&mou).copied().flatten());
        let pair = [row.sender_id, row.recipient_id];
        rules::counted_in(followed_by, &places, pair) == Some(task_force)
    };
    Ok(rows.into_iter().filter(is_counted).collect())
}

/// Returns what is counted of these referrals.
async fn count(
    store: &Store,
    rows: &[referral::Model],
    now: Instant,
) -> Result<Vec<CountedReferral>> {
    let mut answers: HashMap<ReferralId, Instant> = HashMap::new();
    for some in rows.chunks(BATCH) {
        let ids: Vec<_> = some.iter().map(|row| row.id).collect();
        let found = audit_event::Entity::answers_to(store.backend, &ids).into_query();
        for row in store.read.query_all(&found).await? {
            let object: String = row.try_get("", "object")?;
            let at: Instant = row.try_get("", "recorded_at")?;
            let id = object
                .parse()
                .map_err(|invalid| DbErr::Custom(format!("{invalid}")))?;
            let first = answers.entry(id).or_insert(at);
            *first = at.min(*first);
        }
    }
    let counted = |row: &referral::Model| {
        let sent_at = row.sent_at.unwrap_or(row.created_at);
        CountedReferral {
            recipient: row.recipient_id,
            status: CurrentStatus::of(&StoredStatus::from(row), now).status,
            needs: row.needs,
            age: now.since(sent_at),
            answered_after: answers.get(&row.id).map(|at| at.since(sent_at)),
        }
    };
    Ok(rows.iter().map(counted).collect())
}
