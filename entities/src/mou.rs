//! One version of a memorandum of understanding.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{Condition, FromJsonQueryResult, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::grants::Grants;
use crate::ids::{AgencyId, MouId, TaskForceId};
use crate::instant::{Day, Instant};
use crate::membership;
use crate::mou_party;
use crate::vocabulary::MouKind;
use crate::zone::Zone;

/// An MOU. Its status is computed from these dates and its parties' signatures when it is read, never stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mou")]
pub struct Model {
    /// The id of this version of the MOU.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MouId,
    /// The version of the agreement, from 1.
    pub version: i32,
    /// The version before this one.
    pub supersedes: Option<MouId>,
    /// What it is for.
    pub kind: MouKind,
    /// Its title.
    pub title: String,
    /// The task force that follows it.
    pub task_force_id: Option<TaskForceId>,
    /// The agency that drafted it.
    pub drafted_by: AgencyId,
    /// What it permits, for what: a ceiling only.
    pub grants: Grants,
    /// What its parties agreed on.
    pub terms: Terms,
    /// Its first day in force.
    pub effective_on: Day,
    /// The day on which its review is due.
    pub review_on: Option<Day>,
    /// Its last day in force.
    pub expires_on: Day,
    /// In which its days are counted.
    pub time_zone: Zone,
    /// When its first day begins there.
    pub begins_at: Instant,
    /// When its last day is over there.
    pub ends_at: Instant,
    /// When it was put before its parties.
    pub offered_at: Option<Instant>,
    /// When the last party signed.
    pub signed_at: Option<Instant>,
    /// When it was suspended.
    pub suspended_at: Option<Instant>,
    /// When it was ended before its last day.
    pub terminated_at: Option<Instant>,
    /// When a party turned it down.
    pub declined_at: Option<Instant>,
    /// When a later version took its place.
    pub superseded_at: Option<Instant>,
    /// When it was drafted.
    pub created_at: Instant,
    /// The task force that follows it.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<Option<super::task_force::Entity>>,
    /// The agency that drafted it.
    #[sea_orm(belongs_to, from = "drafted_by", to = "id", relation_enum = "Drafter")]
    pub drafter: BelongsTo<super::agency::Entity>,
    /// Its parties.
    #[sea_orm(has_many)]
    pub parties: HasMany<super::mou_party::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The moments that say whether an MOU is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MouDates {
    /// When its first day begins.
    pub begins_at: Instant,
    /// When its last day is over.
    pub ends_at: Instant,
    /// When the last party signed.
    pub signed_at: Option<Instant>,
    /// When it was suspended, ended, declined or replaced.
    pub halted_at: Option<Instant>,
}

impl MouDates {
    /// Returns whether it is in force: signed by all, within its days, and not halted.
    #[must_use]
    pub fn is_in_force(&self, now: Instant) -> bool {
        self.signed_at.is_some_and(|signed| signed <= now)
            && self.halted_at.is_none()
            && self.begins_at <= now
            && now < self.ends_at
    }
}

impl Model {
    /// Returns the moments that say whether it is in force.
    #[must_use]
    pub fn dates(&self) -> MouDates {
        let halts = [
            self.suspended_at,
            self.terminated_at,
            self.declined_at,
            self.superseded_at,
        ];
        MouDates {
            begins_at: self.begins_at,
            ends_at: self.ends_at,
            signed_at: self.signed_at,
            halted_at: halts.into_iter().flatten().min(),
        }
    }
}

/// The clauses of an MOU, as its parties agreed on them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Terms {
    /// Why the parties work together.
    pub purpose: String,
    /// What each serves with, and how many people.
    pub services: String,
    /// How information is kept confidential.
    pub confidentiality: String,
    /// Within how many hours a breach is told.
    pub breach_notice_hours: u32,
    /// What training each gives and takes.
    pub training: String,
    /// How conflicts are settled.
    pub conflict_resolution: String,
    /// How many days before leaving a party says so.
    pub termination_notice_days: u32,
}

impl Entity {
    /// Returns the MOUs that `agency` may follow, newest first: it is a party and the MOU is offered, it drafted the
    /// MOU, or it coordinates the task force that follows the MOU.
    #[must_use]
    pub fn followed_by(agency: AgencyId) -> Select<Self> {
        let signed_up = Query::select()
            .column(mou_party::COLUMN.mou_id)
            .from(mou_party::Entity)
            .and_where(mou_party::COLUMN.agency_id.eq(agency))
            .to_owned();
        let coordinated = membership::coordination(agency);
        let followed = Condition::any()
            .add(COLUMN.id.in_subquery(signed_up))
            .add(COLUMN.task_force_id.in_subquery(coordinated));
        Self::find()
            .filter(
                Condition::any().add(COLUMN.drafted_by.eq(agency)).add(
                    Condition::all()
                        .add(COLUMN.offered_at.is_not_null())
                        .add(followed),
                ),
            )
            .order_by_desc(COLUMN.id)
    }

    /// Returns those of these MOUs that `agency` may follow.
    #[must_use]
    pub fn among(agency: AgencyId, ids: impl IntoIterator<Item = MouId>) -> Select<Self> {
        Self::followed_by(agency).filter(COLUMN.id.is_in(ids))
    }

    /// Returns the MOU `id`, where `agency` may follow it.
    #[must_use]
    pub fn known_to(agency: AgencyId, id: MouId) -> Select<Self> {
        Self::among(agency, [id])
    }

    /// Returns the MOU `id` that `agency` drafted.
    #[must_use]
    pub fn drafted_by(agency: AgencyId, id: MouId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(COLUMN.drafted_by.eq(agency))
    }

    /// Returns these MOUs, for the statistics of the task forces that follow them.
    pub fn stood_on(ids: impl IntoIterator<Item = MouId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(ids))
    }

    /// Returns the MOUs that a task force follows, for the command line alone.
    #[must_use]
    pub fn followed_in(task_force: TaskForceId) -> Select<Self> {
        Self::find().filter(COLUMN.task_force_id.eq(task_force))
    }

    /// Returns the MOUs that `agency` drafted and no task force follows, for the command line alone.
    #[must_use]
    pub fn unfollowed_of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.drafted_by.eq(agency))
            .filter(COLUMN.task_force_id.is_null())
    }

    /// Returns the MOUs that `agency` and every other party have signed; whether one is in force is for the rules to
    /// say.
    #[must_use]
    pub fn signed_by(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.in_subquery(mou_party::signed_by(agency)))
            .filter(COLUMN.signed_at.is_not_null())
    }

    /// Returns the MOUs that every party has signed, one of these agencies among them, as far as `reader` may follow them;
    /// whether one is in force is for the rules to say.
    #[must_use]
    pub fn signed_by_any(
        reader: AgencyId,
        agencies: impl IntoIterator<Item = AgencyId>,
    ) -> Select<Self> {
        let signed = Query::select()
            .column(mou_party::COLUMN.mou_id)
            .from(mou_party::Entity)
            .and_where(mou_party::COLUMN.agency_id.is_in(agencies))
            .to_owned();
        Self::followed_by(reader)
            .filter(COLUMN.signed_at.is_not_null())
            .filter(COLUMN.id.in_subquery(signed))
    }

    /// Returns the MOUs that `one` and `other` have both signed, newest first; whether one is in force is for the rules
    /// to say.
    #[must_use]
    pub fn between(one: AgencyId, other: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.in_subquery(mou_party::signed_by(one)))
            .filter(COLUMN.id.in_subquery(mou_party::signed_by(other)))
            .filter(COLUMN.signed_at.is_not_null())
            .order_by_desc(COLUMN.id)
    }
}
