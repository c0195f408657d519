//! What a filter looks for in an inbox or outbox, as SQL over the copied state: it only *finds* rows.

use concord_entities::ids::AgencyId;
use concord_entities::referral::{self, Column};
use concord_entities::vocabulary::Needs;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, DbBackend, QueryFilter, Select};

use super::input::{ReferralBox, ReferralFilter};
use crate::clock;
use crate::error::{Faults, Result};
use crate::lists;
use crate::store::page;

/// Selects the rows of one box that a filter lets through.
///
/// # Errors
/// `BAD_USER_INPUT`: an id that is none, or a list that names nothing.
pub fn among(
    which: ReferralBox,
    agency: AgencyId,
    filter: &ReferralFilter,
    backend: DbBackend,
) -> Result<Select<referral::Entity>> {
    let mut faults = Faults::default();
    lists::require_some(&mut faults, "filter.statuses", filter.statuses.as_ref());
    lists::require_some(&mut faults, "filter.urgencies", filter.urgencies.as_ref());
    lists::require_some(&mut faults, "filter.needs", filter.needs.as_ref());
    faults.none()?;
    let (mut rows, other) = match which {
        ReferralBox::Inbox => (referral::Entity::inbox(agency), Column::SenderId),
        ReferralBox::Outbox => (referral::Entity::outbox(agency), Column::RecipientId),
    };
    if let Some(counterpart) = &filter.counterpart {
        let counterpart: AgencyId = page::id("filter.counterpart", counterpart)?;
        rows = rows.filter(other.eq(counterpart));
    }
    if let Some(urgencies) = &filter.urgencies {
        rows = rows.filter(Column::Urgency.is_in(urgencies.iter().copied()));
    }
    if let Some(needs) = &filter.needs {
        let needs: Needs = needs.iter().copied().collect();
        rows = rows.filter(Expr::col(Column::Needs).bit_and(needs.bits()).ne(0));
    }
    if let Some(statuses) = &filter.statuses {
        let now = Expr::cust(clock::sql(backend));
        let any = statuses.iter().fold(Condition::any(), |any, status| {
            any.add(referral::stands_at(*status, &now))
        });
        rows = rows.filter(any);
    }
    Ok(rows)
}
