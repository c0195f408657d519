//! A referral with every fact that a decision on it needs, as a note on it is written or read.

use concord_entities::ids::{AgencyId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::referral;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryTrait};

use crate::error::Result;
use crate::sharing::facts::{self, Gathered};

/// A referral and what is judged of it.
#[derive(Debug)]
pub(super) struct FoundReferral {
    /// The row.
    pub(super) row: referral::Model,
    /// What is judged.
    pub(super) gathered: Gathered,
}

/// Finds a referral of which `agency` is a party, beside the sharing epoch and the time.
pub(super) async fn find(
    database: &impl ConnectionTrait,
    agency: AgencyId,
    id: ReferralId,
) -> Result<(i64, Instant, Option<FoundReferral>)> {
    let rows = referral::Entity::known_to(agency, id).into_query();
    let statement = facts::beside_epoch(database.get_database_backend(), rows, true);
    let found = database.query_all(&statement).await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let row = found.iter().find(|row| facts::is_row(row));
    let found = row
        .map(|row| {
            Ok::<_, sea_orm::DbErr>(FoundReferral {
                row: referral::Model::from_query_result(row, "")?,
                gathered: Gathered::from_row(row)?,
            })
        })
        .transpose()?;
    Ok((epoch, now, found))
}
