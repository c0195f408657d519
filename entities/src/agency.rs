//! An agency, as its partners may know it.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, Query, SelectStatement};
use sea_orm::{Condition, FromJsonQueryResult, QueryFilter, UpdateMany};
use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, TaskForceId};
use crate::instant::Instant;
use crate::name_key::NameKey;
use crate::vocabulary::{AgencyKind, AgencyStatus, Jurisdiction};
use crate::zone::Zone;
use crate::{agency_name, membership, mou};

/// An agency that takes part in a task force.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency")]
pub struct Model {
    /// The agency's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgencyId,
    /// Its name.
    pub name: String,
    /// What kind of collaborator it is.
    pub kind: AgencyKind,
    /// Whose law it enforces, where it enforces any.
    pub jurisdiction: Option<Jurisdiction>,
    /// Whether it is bound by victim confidentiality (community-based advocates are).
    pub confidential_provider: bool,
    /// Whether it takes part now: suspended where every one of its memberships is. Changes with them, in the same change.
    pub status: AgencyStatus,
    /// A token of an earlier epoch than this grants nothing.
    pub token_epoch: i32,
    /// When that epoch began: a token of the agency's own issuer that is older grants nothing.
    pub epoch_began_at: Instant,
    /// The languages it serves in, BCP 47.
    pub languages: TextList,
    /// The areas it serves.
    pub service_areas: TextList,
    /// When it was registered.
    pub created_at: Instant,
    /// Where it works: in the days of this zone its limits are counted.
    pub time_zone: Zone,
    /// Within how many days it answers a referral that was sent to it; what is urgent sooner.
    pub answer_days: i32,
    /// Its places in task forces.
    #[sea_orm(has_many)]
    pub memberships: HasMany<super::membership::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Within how many days an agency answers that has not said otherwise.
pub const USUAL_ANSWER_DAYS: i32 = 30;

/// A list of short texts, stored as one JSON array.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct TextList(pub Vec<String>);

/// Returns the ids of the agencies that belong to a task force of `agency`'s, or belonged to it and left, as a subquery.
fn beside(agency: AgencyId) -> SelectStatement {
    Query::select()
        .column(membership::COLUMN.agency_id)
        .from(membership::Entity)
        .and_where(
            membership::COLUMN
                .task_force_id
                .in_subquery(membership::task_forces_of(agency)),
        )
        .to_owned()
}

/// Returns the condition that an agency shares a task force with `agency`, or is it.
fn is_known_to(agency: AgencyId) -> Condition {
    let partners = beside(agency)
        .and_where(membership::COLUMN.left_at.is_null())
        .to_owned();
    Condition::any()
        .add(COLUMN.id.eq(agency))
        .add(COLUMN.id.in_subquery(partners))
}

impl Entity {
    /// Returns the agencies that share a task force with `agency`, and itself.
    #[must_use]
    pub fn known_to(agency: AgencyId) -> Select<Self> {
        Self::find().filter(is_known_to(agency))
    }

    /// Returns the agency `id`, where it shares a task force with `agency`, or left one after they had an MOU: whoever has left is
    /// found by those that it worked with, while they take part themselves.
    #[must_use]
    pub fn reached_by(agency: AgencyId, id: AgencyId) -> Select<Self> {
        let worked_with = Condition::all()
            .add(COLUMN.id.in_subquery(beside(agency)))
            .add(COLUMN.id.in_subquery(mou::parties_beside(agency)));
        Self::named(id).filter(is_known_to(agency).add(worked_with))
    }

    /// Returns those of these agencies whose names, or former names, have this in them, in a task force that `reader` knows.
    #[must_use]
    pub fn named_like(among: Select<Self>, reader: AgencyId, name: &NameKey) -> Select<Self> {
        let mut pattern = String::from("%");
        for letter in name.0.chars() {
            if matches!(letter, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(letter);
        }
        pattern.push('%');
        let like = || LikeExpr::new(pattern.clone()).escape('\\');
        let members = Query::select()
            .column(membership::COLUMN.agency_id)
            .from(membership::Entity)
            .and_where(
                membership::COLUMN
                    .task_force_id
                    .in_subquery(membership::task_forces_of(reader)),
            )
            .to_owned();
        let named = members
            .clone()
            .and_where(Expr::col((membership::Entity, membership::Column::NameKey)).like(like()))
            .to_owned();
        let once_named = Query::select()
            .column(agency_name::COLUMN.agency_id)
            .from(agency_name::Entity)
            .and_where(agency_name::COLUMN.agency_id.in_subquery(members))
            .and_where(Expr::col((agency_name::Entity, agency_name::Column::NameKey)).like(like()))
            .to_owned();
        among.filter(
            Condition::any()
                .add(COLUMN.id.in_subquery(named))
                .add(COLUMN.id.in_subquery(once_named)),
        )
    }

    /// Returns one agency by its id, for the caller itself and for the directory of names.
    #[must_use]
    pub fn named(id: AgencyId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }

    /// Returns these agencies, for the directory of names.
    pub fn among(ids: impl IntoIterator<Item = AgencyId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(ids))
    }

    /// Returns those of these agencies that take part in no task force now.
    pub fn absent_among(ids: impl IntoIterator<Item = AgencyId>) -> Select<Self> {
        Self::among(ids).filter(COLUMN.status.ne(AgencyStatus::Active))
    }

    /// Returns every agency, for the command line alone.
    #[must_use]
    pub fn everywhere() -> Select<Self> {
        Self::find()
    }

    /// Returns the members of a task force, for the command line alone.
    #[must_use]
    pub fn members_of(task_force: TaskForceId) -> Select<Self> {
        let members = Query::select()
            .column(membership::COLUMN.agency_id)
            .from(membership::Entity)
            .and_where(membership::COLUMN.task_force_id.eq(task_force))
            .to_owned();
        Self::find().filter(COLUMN.id.in_subquery(members))
    }

    /// Begins a new epoch of every agency's tokens, for the command line alone: all that were issued before are over.
    #[must_use]
    pub fn begin_token_epochs(now: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::TokenEpoch, Expr::col(Column::TokenEpoch).add(1))
            .col_expr(Column::EpochBeganAt, Expr::value(now))
    }
}

impl Model {
    /// Returns an agency that the directory no longer has, under the id that other records still name.
    #[must_use]
    pub fn gone(id: AgencyId) -> Self {
        Self {
            id,
            name: "(an agency that is no longer listed)".to_owned(),
            kind: AgencyKind::Other,
            jurisdiction: None,
            confidential_provider: false,
            status: AgencyStatus::Suspended,
            token_epoch: i32::MAX,
            epoch_began_at: Instant(0),
            languages: TextList::default(),
            service_areas: TextList::default(),
            created_at: Instant(0),
            time_zone: Zone::UTC,
            answer_days: USUAL_ANSWER_DAYS,
        }
    }
}
