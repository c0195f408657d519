//! A list of MOUs as SQL. An agency follows MOUs as one thing or another; each is walked along an index of its own, and what
//! the walks find is one list.

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::mou::{self, Column, Follower};
use concord_entities::{membership, mou_party};
use sea_orm::sea_query::{Expr, Query, SelectStatement, UnionType};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, DbErr, QueryFilter, QuerySelect, QueryTrait, Select,
};

use super::register::{MouOrder, MouPlace, MouRegister};
use crate::clock;
use crate::store::Store;
use crate::store::page::Walk;

/// A list of what one agency follows.
#[derive(Clone, Debug)]
pub struct FindMous<'a> {
    /// Which.
    pub register: &'a MouRegister,
    /// Whose.
    pub agency: AgencyId,
    /// The task forces that the agency is known to coordinate, of those that are asked for. What it follows as their coordinator
    /// is found where it still is.
    pub coordinated: Vec<TaskForceId>,
    /// Where it is read.
    pub backend: DbBackend,
}

impl<'a> FindMous<'a> {
    /// Returns a list of what an agency follows.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of(
        store: &Store,
        register: &'a MouRegister,
        agency: AgencyId,
    ) -> Result<Self, DbErr> {
        let coordinated = match register.wanted.task_force {
            Some(id) => vec![id],
            None => membership::Entity::coordinated_by(agency)
                .all(&store.read)
                .await?
                .into_iter()
                .map(|place| place.task_force_id)
                .collect(),
        };
        Ok(Self {
            register,
            agency,
            coordinated,
            backend: store.backend,
        })
    }
    /// Selects the MOUs along a walk of a page, in its order.
    #[must_use]
    pub fn rows(&self, walk: Walk<MouPlace>) -> Select<mou::Entity> {
        let walk = match self.register.order {
            MouOrder::Newest => walk,
            MouOrder::Ending => walk.reversed(),
        };
        let found = mou::Entity::found(self.walked(&walk));
        walk.in_order(found, self.columns()).limit(walk.most)
    }

    /// The columns by which the list is sorted.
    fn columns(&self) -> &'static [Column] {
        match self.register.order {
            MouOrder::Newest => &[Column::Id],
            MouOrder::Ending => &[Column::EndsAt, Column::Id],
        }
    }

    /// The ids along all walks, each once.
    fn walked(&self, walk: &Walk<MouPlace>) -> SelectStatement {
        let narrowed = self.narrowed();
        let mut walks = self.followers().map(|follower| {
            let rows = mou::Entity::followed_as(self.agency, follower)
                .filter(narrowed.clone())
                .select_only()
                .columns([Column::EndsAt, Column::Id]);
            let rows = walk.along(rows, self.columns()).into_query();
            Query::select()
                .columns(self.columns().iter().copied())
                .from_subquery(rows, "walked")
                .to_owned()
        });
        let mut all = walks.next().unwrap_or_default();
        for one in walks {
            all.union(UnionType::Distinct, one);
        }
        for column in self.columns() {
            all.order_by(*column, walk.order());
        }
        all.limit(walk.most);
        Query::select()
            .column(Column::Id)
            .from_subquery(all, "found")
            .to_owned()
    }

    /// As what the agency follows what is asked for.
    fn followers(&self) -> impl Iterator<Item = Follower> {
        let coordinated = self.coordinated.iter().copied();
        [Follower::Drafter, Follower::Party]
            .into_iter()
            .chain(coordinated.map(Follower::CoordinatorOf))
    }

    /// What the list has of them.
    fn narrowed(&self) -> Condition {
        let wanted = &self.register.wanted;
        let now = Expr::cust(clock::of_statement(self.backend));
        let stands_in = |statuses: &[_]| {
            let any = Condition::any();
            statuses
                .iter()
                .fold(any, |any, status| any.add(mou::stands_at(*status, &now)))
        };
        let await_signature = |agency| {
            Condition::all()
                .add(Column::Id.in_subquery(mou_party::unsigned_by(agency)))
                .add(mou::awaits_signatures(&now))
        };
        Condition::all()
            .add_option(wanted.statuses.as_deref().map(stands_in))
            .add_option(
                wanted
                    .kinds
                    .as_ref()
                    .map(|kinds| Column::Kind.is_in(kinds.iter().copied())),
            )
            .add_option(
                wanted
                    .party
                    .map(|agency| Column::Id.in_subquery(mou_party::of_agency(agency))),
            )
            .add_option(wanted.task_force.map(|id| Column::TaskForceId.eq(id)))
            .add_option(wanted.ending_before.map(mou::ends_before))
            .add_option(wanted.lacking_signature_of.map(await_signature))
    }
}
