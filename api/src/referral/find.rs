//! A list of referrals as SQL over the copied state: it only *finds* rows.
//!
//! A status that is asked for is found where the index has it, as long as the row's moment to change has not come; the few
//! rows whose moment has come are looked at one by one.

use concord_entities::ids::AgencyId;
use concord_entities::referral::{self, Column};
use concord_entities::vocabulary::ReferralStatus;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, DbBackend, QueryFilter, QuerySelect, QueryTrait, Select};

use super::listing::{
    FoundBy, IndexKey, IndexWalk, ListPlace, Listing, ReferralBox, ReferralOrder,
};
use crate::clock;
use crate::store::page::Walk;

/// A list of one agency's.
#[derive(Clone, Debug)]
pub struct Find<'a> {
    /// Which.
    pub listing: &'a Listing,
    /// Whose.
    pub agency: AgencyId,
    /// Where it is read.
    pub backend: DbBackend,
}

impl Find<'_> {
    /// Returns the column by which the list is sorted, before the id.
    #[must_use]
    pub fn sorted_by(&self) -> Column {
        match self.listing.order {
            ReferralOrder::Arrival => Column::SentAt,
            ReferralOrder::LastChange => Column::UpdatedAt,
            ReferralOrder::MostUrgent => Column::RespondBy,
        }
    }

    /// Returns a walk of a page as it goes along the list: what is most urgent comes first, and so does what is latest.
    #[must_use]
    pub fn along_list(&self, walk: Walk<ListPlace>) -> Walk<ListPlace> {
        let grows = match self.listing.order {
            ReferralOrder::MostUrgent => true,
            ReferralOrder::Arrival | ReferralOrder::LastChange => false,
        };
        if grows == self.listing.backwards {
            walk
        } else {
            walk.reversed()
        }
    }

    /// Selects the rows along a walk, in its order.
    #[must_use]
    pub fn rows(&self, walk: &Walk<ListPlace>) -> Select<referral::Entity> {
        let columns = [self.sorted_by(), Column::Id];
        match &self.listing.found_by {
            FoundBy::Box(which) => walk.along(self.box_between(*which), &columns),
            FoundBy::Few(which) => walk.along(self.few(*which), &columns),
            FoundBy::Walks(walks) => {
                walk.in_order(referral::Entity::found(self.walked(walk, walks)), &columns)
            }
        }
    }

    /// Counts the entries, as far as `most`.
    #[must_use]
    pub fn count(&self, most: u64) -> SelectStatement {
        let rows = self.rows(&Walk::from_top(most));
        let ids = rows.select_only().column(Column::Id).into_query();
        Query::select()
            .expr_as(Expr::col(Asterisk).count(), "count")
            .from_subquery(ids, "counted")
            .to_owned()
    }

    fn whole_box(&self, which: ReferralBox) -> Select<referral::Entity> {
        match which {
            ReferralBox::Inbox => referral::Entity::inbox(self.agency),
            ReferralBox::Outbox => referral::Entity::outbox(self.agency),
        }
    }

    /// The box between the moments that are asked for, as far as it is in the list's order.
    fn box_between(&self, which: ReferralBox) -> Select<referral::Entity> {
        let wanted = &self.listing.wanted;
        let mut conditions = Condition::all();
        for (column, since) in [
            (Column::SentAt, wanted.sent_since),
            (Column::UpdatedAt, wanted.updated_since),
        ] {
            conditions = conditions.add_option(since.map(|since| column.gte(since)));
        }
        let before = wanted.sent_before;
        conditions = conditions.add_option(before.map(|before| Column::SentAt.lt(before)));
        let has_place = match self.listing.order {
            ReferralOrder::LastChange => None,
            ReferralOrder::Arrival | ReferralOrder::MostUrgent => {
                Some(self.sorted_by().is_not_null())
            }
        };
        self.whole_box(which)
            .filter(conditions.add_option(has_place))
            .filter(Condition::all().add_option(self.on_place(which)))
    }

    /// What stands on an agency's place in a task force. Whatever else is open is passed by along the walk.
    fn on_place(&self, which: ReferralBox) -> Option<Condition> {
        let on_place = self.listing.on_place.as_ref()?;
        let followed = on_place.followed_by.map(|task_force| {
            let under = referral::under_mous_followed_in(Some(task_force));
            Condition::all().add(under)
        });
        let with = on_place.unfollowed_with.iter().copied();
        let unfollowed = Condition::all()
            .add(referral::under_mous_followed_in(None))
            .add(counterpart(which).is_in(with));
        Some(Condition::any().add_option(followed).add(unfollowed))
    }

    /// What a consent or a survivor has, whatever else is asked of it.
    fn few(&self, which: ReferralBox) -> Select<referral::Entity> {
        let wanted = &self.listing.wanted;
        let conditions = Condition::all()
            .add_option(wanted.consent.map(|id| Column::ConsentId.eq(id)))
            .add_option(wanted.survivor.map(|id| Column::SurvivorId.eq(id)))
            .add_option(self.standing(&self.now()));
        self.box_between(which)
            .filter(conditions)
            .filter(self.narrowed_to_any(which))
    }

    /// The ids along all walks, each once.
    fn walked(&self, walk: &Walk<ListPlace>, walks: &[IndexWalk]) -> SelectStatement {
        let now = self.now();
        let by_status =
            self.listing.wanted.statuses.is_some() || self.listing.wanted.overdue.is_some();
        let mut branches: Vec<_> = walks
            .iter()
            .map(|one| {
                self.branch(
                    walk,
                    self.box_between(one.which)
                        .filter(self.indexed(*one, by_status, &now)),
                )
            })
            .collect();
        if by_status {
            for which in [ReferralBox::Inbox, ReferralBox::Outbox] {
                if walks.iter().any(|one| one.which == which) {
                    branches.push(self.unsettled(which, walk, &now));
                }
            }
        }
        let several_needs = self
            .listing
            .wanted
            .needs
            .is_some_and(|needs| needs.iter().count() > 1);
        let union = if several_needs {
            UnionType::Distinct
        } else {
            UnionType::All
        };
        let mut branches = branches.into_iter();
        let mut all = branches.next().unwrap_or_default();
        for branch in branches {
            all.union(union, branch);
        }
        for column in ["at", "id"] {
            all.order_by(column, walk.order());
        }
        all.limit(walk.most);
        Query::select()
            .column("id")
            .from_subquery(all, "found")
            .to_owned()
    }

    /// One walk: where its rows lie, and their ids.
    fn branch(&self, walk: &Walk<ListPlace>, rows: Select<referral::Entity>) -> SelectStatement {
        let sorted = self.sorted_by();
        let rows = rows
            .select_only()
            .column_as(sorted, "at")
            .column(Column::Id);
        let rows = walk.along(rows, &[sorted, Column::Id]).into_query();
        Query::select()
            .columns(["at", "id"])
            .from_subquery(rows, "walked")
            .to_owned()
    }

    /// What an index has of one status and narrowing.
    fn indexed(&self, walk: IndexWalk, by_status: bool, now: &Expr) -> Condition {
        let standing = if by_status {
            referral::settled_in(walk.status, now)
        } else {
            Condition::all().add(Expr::col(referral::SETTLED_STATUS).eq(walk.status))
        };
        let overdue = self.overdue(now);
        standing.add(self.narrowed_to(walk)).add_option(overdue)
    }

    /// What time has moved since it was settled, and what of it is asked for.
    fn unsettled(&self, which: ReferralBox, walk: &Walk<ListPlace>, now: &Expr) -> SelectStatement {
        let standing = Condition::all()
            .add_option(self.standing(now))
            .add_option(self.overdue(now));
        let mut rows = self
            .box_between(which)
            .filter(self.narrowed_to_any(which))
            .filter(standing);
        let query = QueryTrait::query(&mut rows);
        query.from_clear();
        query.from_subquery(referral::unsettled(now), "referral");
        self.branch(walk, rows)
    }

    /// The statuses that are asked for, judged row by row.
    fn standing(&self, now: &Expr) -> Option<Condition> {
        let wanted = &self.listing.wanted;
        let overdue = wanted.overdue.map(|_| vec![ReferralStatus::Requested]);
        let statuses = wanted.statuses.clone().or(overdue)?;
        Some(statuses.iter().fold(Condition::any(), |any, status| {
            any.add(referral::stands_at(*status, now))
        }))
    }

    fn overdue(&self, now: &Expr) -> Option<Condition> {
        let overdue = self.listing.wanted.overdue.is_some();
        overdue.then(|| referral::overdue_at(now))
    }

    fn narrowed_to(&self, walk: IndexWalk) -> Condition {
        let condition = match walk.narrowed {
            IndexKey::None => return Condition::all(),
            IndexKey::Urgency(urgency) => Column::Urgency.eq(urgency),
            IndexKey::Need(need) => referral::needs_any([need].into_iter().collect()),
            IndexKey::Counterpart(agency) => counterpart(walk.which).eq(agency),
            IndexKey::Mou(mou) => Column::MouId.eq(mou),
            IndexKey::Assignee => Column::Assignee.eq(self.listing.wanted.assignee.clone()),
        };
        Condition::all().add(condition)
    }

    /// All that narrows the list, judged row by row.
    fn narrowed_to_any(&self, which: ReferralBox) -> Condition {
        let wanted = &self.listing.wanted;
        let urgencies = wanted.urgencies.as_ref();
        Condition::all()
            .add_option(urgencies.map(|any| Column::Urgency.is_in(any.iter().copied())))
            .add_option(wanted.needs.map(referral::needs_any))
            .add_option(
                wanted
                    .counterpart
                    .map(|agency| counterpart(which).eq(agency)),
            )
            .add_option(wanted.mou.map(|mou| Column::MouId.eq(mou)))
            .add_option(wanted.assignee.clone().map(|who| Column::Assignee.eq(who)))
    }

    fn now(&self) -> Expr {
        Expr::cust(clock::of_statement(self.backend))
    }
}

/// Returns the column of the other agency.
fn counterpart(which: ReferralBox) -> Column {
    match which {
        ReferralBox::Inbox => Column::SenderId,
        ReferralBox::Outbox => Column::RecipientId,
    }
}
