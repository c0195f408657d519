//! Agencies' names: no two of a task force look the same, and what an agency was called before is known.

use async_graphql::SimpleObject;
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::name_key::NameKey;
use concord_entities::{agency_name, membership};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use super::beside;
use crate::error::{Error, Refusal, Result};
use crate::request::Request;
use crate::wire::scalars::DateTime;

/// What an agency was called before.
#[derive(Clone, Debug, SimpleObject)]
pub struct FormerName {
    /// The name.
    pub name: String,
    /// Until when it was called so.
    pub until: DateTime,
}

/// Returns the former names of an agency, and puts it on record that they were told.
pub(super) async fn former_names(request: &Request, agency: AgencyId) -> Result<Vec<FormerName>> {
    let store = &request.worker.store;
    beside::told(request, agency, |_| async {
        let latest = agency_name::Entity::latest_of(agency);
        let rows = latest.all(&store.read).await?.into_iter();
        let names = rows.map(|row| FormerName {
            name: row.name,
            until: row.until.into(),
        });
        Ok(names.collect())
    })
    .await
}

/// Checks that no other agency of a task force has, or had, a name that looks like the one that an agency is to have.
///
/// # Errors
/// `CONFLICT`.
pub(super) async fn require_unlike(
    database: &impl ConnectionTrait,
    task_force: TaskForceId,
    (agency, key): (AgencyId, &NameKey),
) -> Result<()> {
    let now =
        membership::Entity::alike(task_force, key).filter(membership::Column::AgencyId.ne(agency));
    let before = agency_name::Entity::alike(task_force, agency, key);
    if now.one(database).await?.is_some() || before.one(database).await?.is_some() {
        return Err(is_taken());
    }
    Ok(())
}

/// Returns the refusal of a name that another agency has, or had.
pub(super) fn is_taken() -> Refusal {
    let text = "an agency of this task force has this name, or had it, or one that looks the same: choose another";
    Error::Conflict(text.into()).into()
}
