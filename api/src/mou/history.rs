//! What happened to an MOU and to the versions before it, and in what a version differs from one before: for whoever may follow
//! it. From the audit log, which has all of it and from the beginning.

use async_graphql::SimpleObject;
use concord_entities::audit_event::AboutRecords;
use concord_entities::ids::AgencyId;
use concord_entities::vocabulary::AuditType;
use concord_entities::{mou, mou_party};
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, Order, QueryTrait};

use super::rules::versions::differences;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::leaf::Leaf;
use crate::audit::ledger::Decided;
use crate::error::{Error, Refusal, Result};
use crate::request::Request;
use crate::request::directory::AgenciesById;
use crate::wire::scalars::DateTime;

/// How many events a history tells, the newest.
const LONGEST: u64 = 500;
/// How many versions before one it goes back.
const VERSIONS: usize = 50;

/// Something that happened to an MOU, or to a version before it. What time alone made of it happened to nobody's record: its days
/// say when.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "MouEvent")]
pub struct MouHistoryEntry {
    /// When.
    pub at: DateTime,
    /// What.
    #[graphql(name = "type")]
    pub kind: AuditType,
    /// To which version.
    pub version: i32,
    /// Who did it; null where the service's operator did.
    pub agency: Option<Agency>,
    /// Which of your people or programs, by the `sub` of their tokens; null where another agency did it.
    pub subject: Option<String>,
    /// How it ends, as a code, where it does.
    pub reason: Option<String>,
}

/// What a field of an MOU said in an earlier version, and says in this one.
#[derive(Clone, Debug, SimpleObject)]
pub struct MouTermChange {
    /// The field's place, such as `terms.services`, `terms.grants.SERVICE_DELIVERY` or `parties.` with an agency's id.
    pub field: String,
    /// What it said; null where it was not there.
    pub before: Option<String>,
    /// What it says; null where it is not there any more.
    pub after: Option<String>,
}

/// Returns a version with those before it that the caller's agency may follow, the newest first.
async fn versions(request: &Request, mou: &mou::Model) -> Result<Vec<mou::Model>> {
    let reader = request.caller.agency();
    let mut versions = vec![mou.clone()];
    let mut before = mou.supersedes;
    while let Some(id) = before
        && versions.len() <= VERSIONS
    {
        let found = mou::Entity::known_to(reader, id);
        let Some(found) = found.one(&request.worker.store.read).await? else {
            break;
        };
        before = found.supersedes;
        versions.push(found);
    }
    Ok(versions)
}

/// Returns what happened to an MOU that the caller's agency may follow, the newest first.
pub(super) async fn history(request: &Request, mou: &mou::Model) -> Result<Vec<MouHistoryEntry>> {
    let store = &request.worker.store;
    let reader = request.caller.agency();
    // Whether the reader may follow a version is decided with its events.
    let followed = |id| Expr::exists(mou::Entity::known_to(reader, id).into_query());
    let records: Vec<_> = versions(request, mou)
        .await?
        .iter()
        .map(|version| {
            let may_follow = Condition::all().add(followed(version.id));
            (version.id.to_string(), may_follow)
        })
        .collect();
    let told: Vec<_> = records.iter().map(|(id, _)| id.clone()).collect();
    let released = request
        .disclose(|| async {
            let about = AboutRecords {
                backend: store.backend,
                reader: None,
                records: &records,
                order: Order::Desc,
                most: LONGEST,
            };
            let found = disclose::all(store, about.select()).await?;
            let events = vec![Event::RecordsListed(told.clone())];
            Ok(Decided { events, ..found })
        })
        .await?;
    let rows = released.content();
    let leaves = rows
        .iter()
        .map(|row| serde_json::from_str(&row.leaf).map_err(Refusal::internal))
        .collect::<Result<Vec<Leaf>>>()?;
    let acting = leaves.iter().filter_map(Leaf::acting_agency);
    let agencies = request.worker.directory.among(store, acting).await?;
    let entries = leaves
        .into_iter()
        .map(|leaf| entry(leaf, reader, &agencies));
    Ok(entries.collect())
}

fn entry(leaf: Leaf, reader: AgencyId, agencies: &AgenciesById) -> MouHistoryEntry {
    let acting = leaf.acting_agency();
    let own = acting == Some(reader);
    MouHistoryEntry {
        at: leaf.recorded_at.into(),
        kind: leaf.kind,
        version: leaf.mou_version.unwrap_or(1),
        agency: acting.map(|id| Agency::from_directory(agencies, id)),
        subject: own.then_some(leaf.subject),
        reason: leaf.reason,
    }
}

/// Lists in what an MOU differs from a version before it.
///
/// # Errors
/// `BAD_USER_INPUT`: there is no such version before it that the caller's agency may follow.
pub(super) async fn changes_since(
    request: &Request,
    mou: &mou::Model,
    since: i32,
) -> Result<Vec<MouTermChange>> {
    let store = &request.worker.store;
    let versions = versions(request, mou).await?;
    let mut before = versions.iter().filter(|one| one.id != mou.id);
    let before = before
        .find(|one| one.version == since)
        .ok_or_else(|| Error::input("since", "a version of this MOU before this one"))?;
    let reader = request.caller.agency();
    let released = request
        .disclose(|| {
            let among = mou::Entity::known_to(reader, before.id);
            disclose::one(store, among, &before.id, |row| row.id.to_string())
        })
        .await?;
    let before = released.content().ok_or(Error::NotFound)?;
    let parties = mou_party::Entity::of([before.id, mou.id]);
    let parties = parties.all(&store.read).await?;
    let (earlier, later): (Vec<_>, Vec<_>) = parties
        .into_iter()
        .partition(|party| party.mou_id == before.id);
    let differing = differences((&before, &earlier), (mou, &later));
    let shown = differing.into_iter().map(|one| MouTermChange {
        field: one.field,
        before: one.before,
        after: one.after,
    });
    Ok(shown.collect())
}
