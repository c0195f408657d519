//! What a filter looks for in an inbox or outbox, as SQL over the copied state: it only *finds* rows.

use concord_entities::ids::AgencyId;
use concord_entities::referral::{self, Column};
use concord_entities::vocabulary::{Needs, ReferralStatus};
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{ColumnTrait, Condition, DbBackend, QueryFilter, Select};

use super::graphql::ReferralBox;
use super::input::ReferralFilter;
use super::rules;
use crate::clock;
use crate::error::Result;
use crate::store::page;

/// The rows of one box that a filter lets through.
///
/// # Errors
/// `BAD_USER_INPUT`: an id that is none.
pub fn among(
    which: ReferralBox,
    agency: AgencyId,
    filter: &ReferralFilter,
    backend: DbBackend,
) -> Result<Select<referral::Entity>> {
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
        let any = statuses.iter().fold(Condition::any(), |any, status| {
            any.add(stands_at(*status, backend))
        });
        // No status at all lets nothing through.
        rows = if statuses.is_empty() {
            rows.filter(Expr::value(false))
        } else {
            rows.filter(any)
        };
    }
    Ok(rows)
}

/// The rows that stand at `status` now: the same as [`rules::standing`] says of one row.
fn stands_at(status: ReferralStatus, backend: DbBackend) -> Condition {
    let open = Column::Status.is_in([
        ReferralStatus::Requested,
        ReferralStatus::Accepted,
        ReferralStatus::InProgress,
        ReferralStatus::OnHold,
    ]);
    let now = || Expr::cust(clock::sql(backend));
    let ended = |column: Column| {
        Expr::col(column)
            .is_not_null()
            .and(Expr::col(column).lte(now()))
    };
    let suspended = Condition::any()
        .add(Column::Halted.eq(true))
        .add(ended(Column::ConsentUntil))
        .add(ended(Column::MouUntil));
    let unanswered = i64::try_from(rules::UNANSWERED.as_micros()).unwrap_or(i64::MAX);
    let expired = Expr::col(Column::SentAt).lte(now().sub(unanswered));
    match status {
        ReferralStatus::Suspended => Condition::all().add(open).add(suspended),
        ReferralStatus::Expired => Condition::all()
            .add(Column::Status.eq(ReferralStatus::Requested))
            .add(suspended.not())
            .add(expired),
        ReferralStatus::Requested => Condition::all()
            .add(Column::Status.eq(status))
            .add(suspended.not())
            .add(expired.not()),
        ReferralStatus::Accepted | ReferralStatus::InProgress | ReferralStatus::OnHold => {
            Condition::all()
                .add(Column::Status.eq(status))
                .add(suspended.not())
        }
        ReferralStatus::Draft
        | ReferralStatus::Rejected
        | ReferralStatus::Cancelled
        | ReferralStatus::Completed
        | ReferralStatus::Failed
        | ReferralStatus::EnteredInError => Column::Status.eq(status).into_condition(),
    }
}
