//! One version of a memorandum of understanding.

use std::time::Duration;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};
use sea_orm::{Condition, FromJsonQueryResult, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use serde::{Deserialize, Serialize};

use crate::grants::Grants;
use crate::ids::{AgencyId, MouId, TaskForceId};
use crate::instant::{Day, Instant};
use crate::membership;
use crate::mou_party;
use crate::vocabulary::{MouKind, MouStatus};
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
    /// Its last day in force; of one that is open-ended, the last day on which its review can be made up for.
    pub expires_on: Day,
    /// Whether it was agreed without a last day, to be reviewed.
    pub open_ended: bool,
    /// Its last day by a party's notice, where that comes before the one that was agreed.
    pub terminates_on: Option<Day>,
    /// In which its days are counted.
    pub time_zone: Zone,
    /// Whether release 0.1 drafted it, which knew no time zones, and no task force follows it.
    pub zone_assumed: bool,
    /// The task force whose time zone that is then: its parties' first common one; none where they have none in common.
    pub zone_from: Option<TaskForceId>,
    /// When its first day begins there.
    pub begins_at: Instant,
    /// When its last day is over there.
    pub ends_at: Instant,
    /// When the day of its review begins there.
    pub review_at: Option<Instant>,
    /// When it was put before its parties.
    pub offered_at: Option<Instant>,
    /// When the last party signed.
    pub signed_at: Option<Instant>,
    /// Since when it is suspended, by any of its parties.
    pub suspended_at: Option<Instant>,
    /// When it was ended at once, before its last day.
    pub terminated_at: Option<Instant>,
    /// When a party turned it down.
    pub declined_at: Option<Instant>,
    /// When a later version took its place.
    pub superseded_at: Option<Instant>,
    /// When its parties were reminded last of its review or its end.
    pub reminded_at: Option<Instant>,
    /// What is told of the text that its parties sign, where it is stored.
    pub document: Option<SignedText>,
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

/// How long before its review or its end the parties of an MOU are reminded for the first time, and two days, since days begin
/// elsewhere at other moments.
const REMINDED_WITHIN: Duration = Duration::from_hours(92 * 24);

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

/// The moments of an MOU, of all its row or of what is counted of it: what halts one is said here alone.
macro_rules! dates_of {
    ($mou:expr) => {{
        let halts = [
            $mou.suspended_at,
            $mou.terminated_at,
            $mou.declined_at,
            $mou.superseded_at,
        ];
        MouDates {
            begins_at: $mou.begins_at,
            ends_at: $mou.ends_at,
            signed_at: $mou.signed_at,
            halted_at: halts.into_iter().flatten().min(),
        }
    }};
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
    /// Returns its last day as things stand: the one that was agreed, or that of a notice before it.
    #[must_use]
    pub fn last_day(&self) -> Day {
        let notice = self.terminates_on.unwrap_or(self.expires_on);
        Ord::min(self.expires_on, notice)
    }

    /// Returns until when what is sent under it stands, as things stand: until its end, or since it was halted not at all.
    #[must_use]
    pub fn stands_until(&self) -> Instant {
        let halted = self.dates().halted_at;
        halted.map_or(self.ends_at, |halted| Ord::min(halted, self.ends_at))
    }

    /// Returns the moments that say whether it is in force.
    #[must_use]
    pub fn dates(&self) -> MouDates {
        dates_of!(self)
    }
}

/// Returns the condition that an MOU stands so at `now`: what the rule computes, said to a database.
#[must_use]
pub fn stands_at(status: MouStatus, now: &Expr) -> Condition {
    let past = |column: Column| Expr::col((Entity, column)).lte(now.clone());
    let to_come = |column: Column| Expr::col((Entity, column)).gt(now.clone());
    let is_set = |column: Column| Expr::col((Entity, column)).is_not_null();
    let is_unset = |column: Column| Expr::col((Entity, column)).is_null();
    let all = |conditions: Vec<Expr>| {
        let all = Condition::all();
        conditions.into_iter().fold(all, Condition::add)
    };
    let stays = all(vec![
        is_unset(Column::SupersededAt),
        is_unset(Column::TerminatedAt),
        is_unset(Column::DeclinedAt),
    ]);
    let offered = stays.clone().add(is_set(Column::OfferedAt));
    let ended = offered.clone().add(past(Column::EndsAt));
    let runs = offered.add(to_come(Column::EndsAt));
    let waits = runs.clone().add(is_unset(Column::SignedAt));
    let signed = runs.add(is_set(Column::SignedAt));
    let stands = signed.clone().add(is_unset(Column::SuspendedAt));
    let in_force = all(vec![past(Column::SignedAt), past(Column::BeginsAt)]);
    let by_somebody = Expr::exists(mou_party::signatures_of(COLUMN.id));
    match status {
        MouStatus::Superseded => all(vec![is_set(Column::SupersededAt)]),
        // At once, or as a notice was over.
        MouStatus::Terminated => all(vec![is_unset(Column::SupersededAt)]).add(
            Condition::any()
                .add(is_set(Column::TerminatedAt))
                .add(ended.add(is_set(Column::TerminatesOn))),
        ),
        MouStatus::Declined => all(vec![
            is_unset(Column::SupersededAt),
            is_unset(Column::TerminatedAt),
            is_set(Column::DeclinedAt),
        ]),
        MouStatus::Draft => stays.add(is_unset(Column::OfferedAt)),
        MouStatus::Expired => ended.add(is_unset(Column::TerminatesOn)),
        MouStatus::Offered => waits.add(by_somebody.not()),
        MouStatus::PartiallySigned => waits.add(by_somebody),
        MouStatus::Suspended => signed.add(is_set(Column::SuspendedAt)),
        MouStatus::Signed => stands.add(in_force.not()),
        MouStatus::DueForReview => stands.add(in_force).add(past(Column::ReviewAt)),
        MouStatus::Active => stands.add(in_force).add(
            Condition::any()
                .add(is_unset(Column::ReviewAt))
                .add(to_come(Column::ReviewAt)),
        ),
    }
}

/// Returns the condition that an MOU waits at `now` for its parties' signatures.
#[must_use]
pub fn awaits_signatures(now: &Expr) -> Condition {
    [MouStatus::Offered, MouStatus::PartiallySigned]
        .into_iter()
        .fold(Condition::any(), |any, status| {
            any.add(stands_at(status, now))
        })
}

/// Returns the condition that an MOU's last day comes before `day`.
#[must_use]
pub fn ends_before(day: Day) -> Condition {
    // For the index: nowhere does a day begin more than a day later than in UTC.
    Condition::all()
        .add(Expr::col((Entity, Column::EndsAt)).lte(day.end()))
        .add(
            Condition::any()
                .add(COLUMN.expires_on.lt(day))
                .add(COLUMN.terminates_on.lt(day)),
        )
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
    /// Whether whoever is told of substance-use records agreed to be bound by 42 CFR part 2, as a qualified service organisation.
    #[serde(default)]
    pub qsoa: bool,
}

/// What is told of the text that the parties of an MOU sign, a stored file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct SignedText {
    /// Its SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// Its media type, such as `application/pdf`.
    pub content_type: String,
    /// How long it is, in bytes.
    pub bytes: i64,
    /// When it was stored.
    pub stored_at: Instant,
    /// The party that stored it.
    pub stored_by: AgencyId,
}

/// What coverage counts of an MOU: neither its words nor who wrote them.
#[derive(Clone, Debug, PartialEq, Eq, DerivePartialModel)]
#[sea_orm(entity = "Entity")]
pub struct CountedMou {
    /// Which.
    pub id: MouId,
    /// The task force that follows it.
    pub task_force_id: Option<TaskForceId>,
    /// What it permits, for what.
    pub grants: Grants,
    /// Its last day, as it was agreed.
    pub expires_on: Day,
    /// In which its days are counted.
    pub time_zone: Zone,
    /// When its first day begins there.
    pub begins_at: Instant,
    /// When its last day is over there.
    pub ends_at: Instant,
    /// When the last party signed.
    pub signed_at: Option<Instant>,
    /// Since when it is suspended.
    pub suspended_at: Option<Instant>,
    /// When it was ended at once.
    pub terminated_at: Option<Instant>,
    /// When a party turned it down.
    pub declined_at: Option<Instant>,
    /// When a later version took its place.
    pub superseded_at: Option<Instant>,
}

impl CountedMou {
    /// Returns the moments that say whether it is in force.
    #[must_use]
    pub fn dates(&self) -> MouDates {
        dates_of!(self)
    }
}

/// As what an agency follows MOUs. Each is a walk along an index of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follower {
    /// It drafted them.
    Drafter,
    /// It is a party of them.
    Party,
    /// It coordinates this task force, which follows them.
    CoordinatorOf(TaskForceId),
}

/// Returns that `agency` may follow the MOU `id`: for what is told of it, so that both are decided in one statement.
#[must_use]
pub fn may_follow(agency: AgencyId, id: MouId) -> Condition {
    let followed = Entity::known_to(agency, id).into_query();
    Condition::all().add(Expr::exists(followed))
}

/// Returns the ids of the MOUs that a task force follows, or that none does, as a subquery.
pub(crate) fn ids_followed_in(task_force: Option<TaskForceId>) -> SelectStatement {
    let followed = match task_force {
        Some(id) => COLUMN.task_force_id.eq(id),
        None => COLUMN.task_force_id.is_null(),
    };
    Query::select()
        .column(COLUMN.id)
        .from(Entity)
        .and_where(followed)
        .to_owned()
}

/// Returns the parties of the MOUs that were put before `agency`, as a subquery.
pub(crate) fn parties_beside(agency: AgencyId) -> SelectStatement {
    let offered = Query::select()
        .column(COLUMN.id)
        .from(Entity)
        .and_where(COLUMN.id.in_subquery(mou_party::of_agency(agency)))
        .and_where(COLUMN.offered_at.is_not_null())
        .to_owned();
    Query::select()
        .column(mou_party::COLUMN.agency_id)
        .from(mou_party::Entity)
        .and_where(mou_party::COLUMN.mou_id.in_subquery(offered))
        .to_owned()
}

impl Entity {
    /// Returns the parties of the MOUs of `agency` that stand or will by `now` and that this task force follows, or none does: whom
    /// its end concerns.
    #[must_use]
    pub fn partners_of(
        agency: AgencyId,
        task_force: Option<TaskForceId>,
        now: Instant,
    ) -> Select<mou_party::Entity> {
        let standing = Query::select()
            .column(COLUMN.id)
            .from(Entity)
            .and_where(COLUMN.id.in_subquery(ids_followed_in(task_force)))
            .and_where(COLUMN.id.in_subquery(mou_party::of_agency(agency)))
            .and_where(COLUMN.signed_at.is_not_null())
            .and_where(COLUMN.superseded_at.is_null())
            .and_where(COLUMN.terminated_at.is_null())
            .and_where(COLUMN.ends_at.gt(now))
            .to_owned();
        mou_party::Entity::under(standing).filter(mou_party::COLUMN.agency_id.ne(agency))
    }

    /// Returns the MOUs that `agency` may follow, newest first: it is a party and the MOU is offered, it drafted the
    /// MOU, or it coordinates the task force that follows the MOU.
    #[must_use]
    pub fn followed_by(agency: AgencyId) -> Select<Self> {
        let signed_up = mou_party::of_agency(agency);
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

    /// Returns the MOUs that `agency` follows as this. A party sees none before it is offered.
    #[must_use]
    pub fn followed_as(agency: AgencyId, follower: Follower) -> Select<Self> {
        let offered = || Self::find().filter(COLUMN.offered_at.is_not_null());
        match follower {
            Follower::Drafter => Self::find().filter(COLUMN.drafted_by.eq(agency)),
            Follower::Party => {
                offered().filter(COLUMN.id.in_subquery(mou_party::of_agency(agency)))
            }
            Follower::CoordinatorOf(id) => {
                let task_force = membership::coordination_of(agency, id);
                offered().filter(Expr::col((Entity, Column::TaskForceId)).eq(task_force))
            }
        }
    }

    /// Returns the MOUs of a calendar of `agency`, of which all parties have signed and that stand or will, those that end
    /// soonest: of a task force, where the agency coordinates it, or those that the agency is a party of.
    #[must_use]
    pub fn in_calendar(
        agency: AgencyId,
        task_force: Option<TaskForceId>,
        now: &Expr,
        most: u64,
    ) -> Select<Self> {
        let follower = task_force.map_or(Follower::Party, Follower::CoordinatorOf);
        let stands = [
            MouStatus::Signed,
            MouStatus::Active,
            MouStatus::DueForReview,
            MouStatus::Suspended,
        ];
        let stands = stands.into_iter().fold(Condition::any(), |any, status| {
            any.add(stands_at(status, now))
        });
        Self::followed_as(agency, follower)
            .filter(stands)
            .order_by_asc(COLUMN.ends_at)
            .order_by_asc(COLUMN.id)
            .limit(most)
    }

    /// Returns those of what `agency` follows as this, of this task force's or of any, that were signed and have not been over
    /// since before `since`: what coverage counts.
    #[must_use]
    pub fn promising(
        agency: AgencyId,
        follower: Follower,
        task_force: Option<TaskForceId>,
        since: Instant,
    ) -> Select<Self> {
        let within = task_force.map(|id| COLUMN.task_force_id.eq(id));
        let lately = |column: Column| {
            Condition::any()
                .add(Expr::col((Entity, column)).is_null())
                .add(Expr::col((Entity, column)).gt(since))
        };
        Self::followed_as(agency, follower)
            .filter(Condition::all().add_option(within))
            .filter(COLUMN.signed_at.is_not_null())
            .filter(COLUMN.declined_at.is_null())
            .filter(COLUMN.ends_at.gt(since))
            .filter(lately(Column::TerminatedAt))
            .filter(lately(Column::SupersededAt))
    }

    /// Returns the MOUs with the ids that a statement over what an agency follows found.
    #[must_use]
    pub fn found(ids: SelectStatement) -> Select<Self> {
        Self::find().filter(COLUMN.id.in_subquery(ids))
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

    /// Returns the MOU `id` of anybody: for the version that takes its place, and for going on from an older copy.
    #[must_use]
    pub fn anywhere(id: MouId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }

    /// Returns every MOU that all its parties have signed, for going on from an older copy.
    #[must_use]
    pub fn signed_anywhere() -> Select<Self> {
        Self::find().filter(COLUMN.signed_at.is_not_null())
    }

    /// Returns these MOUs, for the statistics of the task forces that follow them.
    pub fn stood_on(ids: impl IntoIterator<Item = MouId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(ids))
    }

    /// Selects the ids of those of these MOUs that a task force follows, for the command line alone.
    #[must_use]
    pub fn followed_among(
        task_force: TaskForceId,
        ids: impl IntoIterator<Item = MouId>,
    ) -> Select<Self> {
        Self::find()
            .filter(COLUMN.task_force_id.eq(task_force))
            .filter(COLUMN.id.is_in(ids))
            .select_only()
            .column(Column::Id)
    }

    /// Returns the MOUs whose days are a task force's: it follows them, or they are of release 0.1 and it is their parties' first
    /// common one. For the command line alone.
    #[must_use]
    pub fn in_days_of(task_force: TaskForceId) -> Select<Self> {
        Self::find().filter(
            Condition::any()
                .add(COLUMN.task_force_id.eq(task_force))
                .add(COLUMN.zone_from.eq(task_force)),
        )
    }

    /// Returns the signed MOUs that have not ended, and end or are reviewed soon enough for their parties to be reminded, for
    /// whoever reminds them.
    #[must_use]
    pub fn nearing(now: Instant) -> Select<Self> {
        let soon = now.plus(REMINDED_WITHIN);
        let today = Zone::UTC.day(now);
        let near = COLUMN.review_on.between(today, Zone::UTC.day(soon));
        let soon = Condition::any().add(COLUMN.ends_at.lt(soon)).add(near);
        Self::find()
            .filter(COLUMN.signed_at.is_not_null())
            .filter(COLUMN.superseded_at.is_null())
            .filter(COLUMN.ends_at.gt(now))
            .filter(soon)
    }

    /// Returns the MOUs that stand at `now`, or may come to, whoever agreed on them: for the command line alone.
    #[must_use]
    pub fn to_come_or_standing(now: Instant) -> Select<Self> {
        Self::find()
            .filter(COLUMN.superseded_at.is_null())
            .filter(COLUMN.terminated_at.is_null())
            .filter(COLUMN.declined_at.is_null())
            .filter(COLUMN.ends_at.gt(now))
            .order_by_asc(COLUMN.id)
    }

    /// Returns one of them.
    #[must_use]
    pub fn nearing_one(now: Instant, id: MouId) -> Select<Self> {
        Self::nearing(now).filter(COLUMN.id.eq(id))
    }

    /// Returns the MOUs that `agency` drafted and no task force follows, but for those of release 0.1, for the command line alone.
    #[must_use]
    pub fn unfollowed_of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.drafted_by.eq(agency))
            .filter(COLUMN.task_force_id.is_null())
            .filter(COLUMN.zone_assumed.eq(false))
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
