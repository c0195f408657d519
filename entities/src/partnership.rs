//! What two agencies have come to be to each other, before any MOU and with one.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{Condition, JoinType, QueryFilter};

use crate::ids::{AgencyId, MouId, PartnershipId, TaskForceId};
use crate::instant::{Day, Instant};
use crate::{membership, mou_party, partnership_place};

/// Two agencies that share a task force, or did: each pair once.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "partnership")]
pub struct Model {
    /// The partnership's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PartnershipId,
    /// The agency of the two whose id is the smaller.
    #[sea_orm(unique_key = "agencies")]
    pub one_id: AgencyId,
    /// The other agency.
    #[sea_orm(unique_key = "agencies")]
    pub other_id: AgencyId,
    /// The day on which each was known to the other.
    pub identified_on: Option<Day>,
    /// The day on which they planned.
    pub planned_on: Option<Day>,
    /// The day on which they met.
    pub met_on: Option<Day>,
    /// How many of these steps are taken: what its lists are sorted by.
    pub steps: i32,
    /// When the two came to share a task force.
    pub created_at: Instant,
    /// The agency of the two whose id is the smaller.
    #[sea_orm(belongs_to, from = "one_id", to = "id", relation_enum = "One")]
    pub one: BelongsTo<super::agency::Entity>,
    /// The other agency.
    #[sea_orm(belongs_to, from = "other_id", to = "id", relation_enum = "Other")]
    pub other: BelongsTo<super::agency::Entity>,
    /// Its places in task forces.
    #[sea_orm(has_many)]
    pub places: HasMany<super::partnership_place::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Returns two agencies that nothing is recorded of yet.
    #[must_use]
    pub fn new(agencies: [AgencyId; 2], now: Instant) -> Self {
        let [one_id, other_id] = in_order(agencies);
        Self {
            id: PartnershipId::new(),
            one_id,
            other_id,
            identified_on: None,
            planned_on: None,
            met_on: None,
            steps: 0,
            created_at: now,
        }
    }

    /// Returns the two agencies.
    #[must_use]
    pub fn agencies(&self) -> [AgencyId; 2] {
        [self.one_id, self.other_id]
    }

    /// Returns whether this agency is one of the two.
    #[must_use]
    pub fn is_of(&self, agency: AgencyId) -> bool {
        self.agencies().contains(&agency)
    }
}

/// Returns two agencies in the order in which a pair has them.
fn in_order([one, other]: [AgencyId; 2]) -> [AgencyId; 2] {
    if one <= other {
        [one, other]
    } else {
        [other, one]
    }
}

/// What holds of the partnerships of `agency`.
pub(crate) fn is_of(agency: AgencyId) -> Condition {
    Condition::any()
        .add(COLUMN.one_id.eq(agency))
        .add(COLUMN.other_id.eq(agency))
}

impl Entity {
    /// Returns the partnerships of `agency`.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find().filter(is_of(agency))
    }

    /// Returns the partnership of these two, one of which acts.
    #[must_use]
    pub fn between(agencies: [AgencyId; 2]) -> Select<Self> {
        let [one, other] = in_order(agencies);
        Self::find()
            .filter(COLUMN.one_id.eq(one))
            .filter(COLUMN.other_id.eq(other))
    }

    /// Returns the partnerships in a task force, beside their places there, as far as `reader` may know of them: all where
    /// it coordinates the task force, and else its own.
    #[must_use]
    pub fn seen_in(task_force: TaskForceId, reader: AgencyId) -> Select<Self> {
        let coordinated = Expr::value(task_force).in_subquery(membership::coordination(reader));
        Self::find()
            .inner_join(partnership_place::Entity)
            .filter(partnership_place::COLUMN.task_force_id.eq(task_force))
            .filter(is_of(reader).add(coordinated))
    }

    /// Returns the partnership `id`, where `reader` is one of the two or coordinates a task force of theirs.
    #[must_use]
    pub fn known_to(reader: AgencyId, id: PartnershipId) -> Select<Self> {
        let coordinated = Query::select()
            .column(partnership_place::COLUMN.partnership_id)
            .from(partnership_place::Entity)
            .and_where(partnership_place::COLUMN.partnership_id.eq(id))
            .and_where(
                partnership_place::COLUMN
                    .task_force_id
                    .in_subquery(membership::coordination(reader)),
            )
            .to_owned();
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(is_of(reader).add(COLUMN.id.in_subquery(coordinated)))
    }

    /// Returns those of these partnerships that `agency` is one of the two of.
    #[must_use]
    pub fn with(among: Select<Self>, agency: AgencyId) -> Select<Self> {
        among.filter(is_of(agency))
    }

    /// Returns those of these partnerships whose two are not both parties of one of these MOUs; who has left it at `now` is
    /// none any more.
    pub fn under_none_of(
        among: Select<Self>,
        mous: impl IntoIterator<Item = MouId>,
        now: Instant,
    ) -> Select<Self> {
        let column = |party: &'static str, column: mou_party::Column| Expr::col((party, column));
        let (one, other) = ("one_party", "other_party");
        let same = column(one, mou_party::Column::MouId).equals((other, mou_party::Column::MouId));
        let stays = |party| {
            let leaves = column(party, mou_party::Column::LeavesAt);
            leaves.clone().is_null().or(leaves.gt(now))
        };
        let both = Query::select()
            .expr(Expr::value(1))
            .from_as(mou_party::Entity, one)
            .join_as(JoinType::InnerJoin, mou_party::Entity, other, same)
            .and_where(column(one, mou_party::Column::MouId).is_in(mous))
            .and_where(column(one, mou_party::Column::AgencyId).equals((Entity, Column::OneId)))
            .and_where(column(other, mou_party::Column::AgencyId).equals((Entity, Column::OtherId)))
            .and_where(stays(one))
            .and_where(stays(other))
            .to_owned();
        among.filter(Expr::exists(both).not())
    }
}
