//! A referral of one survivor from one agency to another.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{
    Asterisk, Expr, ExprTrait, IntoCondition, LockBehavior, LockType, Order, Query, SelectStatement,
};
use sea_orm::{Condition, FromJsonQueryResult, QueryFilter, QueryOrder, QuerySelect, UpdateMany};
use serde::{Deserialize, Serialize};

use crate::consent;
use crate::ids::{AgencyId, ConsentId, MouId, ReferralId, SurvivorId, TaskForceId};
use crate::instant::Instant;
use crate::mou;
use crate::vocabulary::{
    Categories, Needs, OutcomeCode, ReferralAction, ReferralSide, ReferralStatus, StatusReason,
    Urgency,
};

/// A referral's header and the copied state that finds it; its content is in [`crate::sealed_part`].
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral")]
pub struct Model {
    /// The referral's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReferralId,
    /// The agency that refers.
    pub sender_id: AgencyId,
    /// The agency that is asked.
    pub recipient_id: AgencyId,
    /// The sender's survivor. The recipient never sees this.
    pub survivor_id: SurvivorId,
    /// The consent it stands on.
    pub consent_id: ConsentId,
    /// The MOU it stands on, from its sending.
    pub mou_id: Option<MouId>,
    /// Where it stands by what people did: never `SUSPENDED` or `EXPIRED`, which time and the copied state
    /// of its consent and MOU make of it.
    pub status: ReferralStatus,
    /// Why it stands there.
    pub status_reason: Option<StatusReason>,
    /// What the person needs.
    pub needs: Needs,
    /// How soon an answer is wanted.
    pub urgency: Urgency,
    /// The categories that its package has something in.
    pub contains: Categories,
    /// The version of the key that its package is sealed under, from 1.
    pub key_version: i32,
    /// When it was drafted.
    pub created_at: Instant,
    /// When it was sent.
    pub sent_at: Option<Instant>,
    /// By when an answer is wanted.
    pub respond_by: Option<Instant>,
    /// Until when it can be answered; at that moment it is expired. None while it is a draft.
    pub expires_at: Option<Instant>,
    /// When both sides are told next that it is not answered; none where nobody needs to be.
    pub tell_at: Option<Instant>,
    /// When somebody last changed it.
    pub updated_at: Instant,
    /// As of when [`SETTLED_STATUS`] says where it stands.
    pub settled_at: Instant,
    /// Copied from its consent: when that ends by itself.
    pub consent_until: Option<Instant>,
    /// Copied from its MOU: when that ends by itself.
    pub mou_until: Option<Instant>,
    /// Copied from its consent and MOU: one of them was ended before its time. Where people brought it is kept
    /// beneath, for its return.
    pub halted: bool,
    /// What came of it.
    pub outcome: Option<OutcomeCode>,
    /// The needs that its recipient met, whether or not they were asked for.
    pub provided: Needs,
    /// When that was said.
    pub outcome_at: Option<Instant>,
    /// When it was completed; the outcome can be corrected for a while after that.
    pub completed_at: Option<Instant>,
    /// What was said of it before, and corrected, in the order in which it was said; none where nothing was corrected.
    pub earlier_outcomes: Option<EarlierOutcomes>,
    /// What was done to it last, by which the same is known once more; none before it is sent.
    pub last_action: Option<ReferralAction>,
    /// Which side did that, where both may.
    pub last_action_side: Option<ReferralSide>,
    /// Who of the recipient's people took it on, by the `sub` of their tokens. The sender never sees this.
    pub assignee: Option<String>,
    /// The earlier referral that this one takes up again.
    pub reopens: Option<ReferralId>,
    /// The agency that refers.
    #[sea_orm(belongs_to, from = "sender_id", to = "id", relation_enum = "Sender")]
    pub sender: BelongsTo<super::agency::Entity>,
    /// The agency that is asked.
    #[sea_orm(
        belongs_to,
        from = "recipient_id",
        to = "id",
        relation_enum = "Recipient"
    )]
    pub recipient: BelongsTo<super::agency::Entity>,
    /// The sender's survivor.
    #[sea_orm(belongs_to, from = "survivor_id", to = "id")]
    pub survivor: BelongsTo<super::survivor::Entity>,
    /// The consent it stands on.
    #[sea_orm(belongs_to, from = "consent_id", to = "id")]
    pub consent: BelongsTo<super::consent::Entity>,
    /// The MOU it stands on.
    #[sea_orm(belongs_to, from = "mou_id", to = "id")]
    pub mou: BelongsTo<Option<super::mou::Entity>>,
    /// Its package's content, sealed.
    #[sea_orm(has_many)]
    pub parts: HasMany<super::sealed_part::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The outcomes of a referral that were corrected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct EarlierOutcomes(pub Vec<RecordedOutcome>);

/// An outcome, and when it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOutcome {
    /// What came of it.
    pub code: OutcomeCode,
    /// The needs that were met.
    pub provided: Needs,
    /// When that was said.
    pub at: Instant,
}

/// The column that the database computes of a row: its status as of `settled_at`. It only *finds* rows.
pub const SETTLED_STATUS: &str = "settled_status";
/// The column that the database computes of a row: when its status will be another one than [`SETTLED_STATUS`] by itself;
/// null where it never will be.
pub const SETTLES_AT: &str = "settles_at";

/// Returns the condition that a referral's current status at `now` is `status`: what the rule over one row computes, in
/// SQL.
#[must_use]
pub fn stands_at(status: ReferralStatus, now: &Expr) -> Condition {
    let past = |column: Column, now: Expr| {
        Expr::col(column)
            .is_not_null()
            .and(Expr::col(column).lte(now))
    };
    let suspended = Condition::any()
        .add(Column::Halted.eq(true))
        .add(past(Column::ConsentUntil, now.clone()))
        .add(past(Column::MouUntil, now.clone()));
    let expired = past(Column::ExpiresAt, now.clone());
    match status {
        ReferralStatus::Suspended => Condition::all()
            .add(Column::Status.is_in(ReferralStatus::OPEN))
            .add(suspended),
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

/// Returns the condition that `agency` is a party that may know of the referral: its sender, or once it is sent its recipient.
fn is_known_to(agency: AgencyId) -> Condition {
    let received = Condition::all()
        .add(COLUMN.recipient_id.eq(agency))
        .add(COLUMN.sent_at.is_not_null());
    Condition::any()
        .add(COLUMN.sender_id.eq(agency))
        .add(received)
}

/// Returns the condition that the answer to a referral is overdue at `now`, of one that waits for it.
#[must_use]
pub fn overdue_at(now: &Expr) -> Condition {
    Condition::all().add(Expr::col(Column::RespondBy).lte(now.clone()))
}

/// Returns the condition that a referral stands on an MOU that this task force follows, or that none does.
#[must_use]
pub fn under_mous_followed_in(task_force: Option<TaskForceId>) -> Expr {
    COLUMN.mou_id.in_subquery(mou::ids_followed_in(task_force))
}

/// Returns the condition that a referral has any of these needs, written as the indexes of needs are.
#[must_use]
pub fn needs_any(needs: Needs) -> Expr {
    Expr::cust(format!("needs & {} <> 0", needs.bits()))
}

/// Returns the condition that a row stands at `now` where [`SETTLED_STATUS`] says, and that it says `status`.
#[must_use]
pub fn settled_in(status: ReferralStatus, now: &Expr) -> Condition {
    let settled = Condition::any()
        .add(Expr::col(SETTLES_AT).is_null())
        .add(Expr::col(SETTLES_AT).gt(now.clone()));
    Condition::all()
        .add(Expr::col(SETTLED_STATUS).eq(status))
        .add(settled)
}

/// Returns the rows of which time has changed the status since it was settled: few, and each of them once. To be selected from
/// as a table of that name, so that whatever else is asked of them is asked of no others.
#[must_use]
pub fn unsettled(now: &Expr) -> SelectStatement {
    Query::select()
        .expr(Expr::col(Asterisk))
        .from(Entity)
        .and_where(Expr::col(SETTLES_AT).lte(now.clone()))
        .order_by(SETTLES_AT, Order::Asc)
        // With a limit, the database reads these first.
        .limit(u64::from(u32::MAX))
        .to_owned()
}

impl Entity {
    /// Settles some of the referrals of which time has changed the status by `now`, the first first. What somebody else is
    /// changing is passed by.
    #[must_use]
    pub fn settle(now: Instant, limit: u64) -> UpdateMany<Self> {
        let some = Query::select()
            .column(COLUMN.id)
            .from(Entity)
            .and_where(Expr::col(SETTLES_AT).lte(now))
            .order_by(SETTLES_AT, Order::Asc)
            .limit(limit)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .to_owned();
        Self::update_many()
            .col_expr(Column::SettledAt, Expr::value(now))
            .filter(COLUMN.id.in_subquery(some))
    }

    /// Returns the referrals of which both sides are to be told something by `now`, the first first, for whoever tells them: he
    /// locks them, and passes by what somebody else has locked.
    #[must_use]
    pub fn to_tell(now: Instant, limit: u64) -> Select<Self> {
        let mut rows = Self::find()
            .filter(COLUMN.tell_at.lte(now))
            .order_by_asc(COLUMN.tell_at)
            .limit(limit);
        QuerySelect::query(&mut rows)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
        rows
    }

    /// Returns the referrals with the ids that a statement over an agency's box found.
    #[must_use]
    pub fn found(ids: SelectStatement) -> Select<Self> {
        Self::find().filter(COLUMN.id.in_subquery(ids))
    }

    /// Returns what was sent to `agency`, drafts excepted.
    #[must_use]
    pub fn inbox(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.recipient_id.eq(agency))
            .filter(COLUMN.sent_at.is_not_null())
    }

    /// Returns what was sent to these agencies between two moments, for the statistics of their task force alone.
    pub fn sent_between(
        agencies: impl IntoIterator<Item = AgencyId>,
        from: Instant,
        before: Instant,
    ) -> Select<Self> {
        Self::find()
            .filter(COLUMN.recipient_id.is_in(agencies))
            .filter(COLUMN.sent_at.is_not_null())
            .filter(COLUMN.sent_at.gte(from))
            .filter(COLUMN.sent_at.lt(before))
    }

    /// Counts the referrals that stand on an MOU and are open at `now`, by sender and recipient: all, or those that `involved` sent
    /// or was sent. For the counts of what would stop, alone.
    #[must_use]
    pub fn open_on(mou: MouId, involved: Option<AgencyId>, now: &Expr) -> Select<Self> {
        let open = ReferralStatus::OPEN.into_iter();
        let open = open.fold(Condition::any(), |any, status| {
            any.add(stands_at(status, now))
        });
        Self::find()
            .filter(COLUMN.mou_id.eq(mou))
            .filter(Condition::all().add_option(involved.map(is_known_to)))
            .filter(open)
            .select_only()
            .columns([Column::SenderId, Column::RecipientId])
            .column_as(Column::Id.count(), "referrals")
            .group_by(Column::SenderId)
            .group_by(Column::RecipientId)
    }

    /// Returns the open referrals that `agency` sent or was sent and that stand on an MOU that this task force follows, or none
    /// does: whom its end concerns.
    #[must_use]
    pub fn open_of(agency: AgencyId, task_force: Option<TaskForceId>) -> Select<Self> {
        Self::find()
            .filter(is_known_to(agency))
            .filter(COLUMN.status.is_in(ReferralStatus::OPEN))
            .filter(under_mous_followed_in(task_force))
            .select_only()
            .columns([Column::SenderId, Column::RecipientId])
            .distinct()
    }

    /// Returns what `agency` wrote, drafts included.
    #[must_use]
    pub fn outbox(agency: AgencyId) -> Select<Self> {
        Self::find().filter(COLUMN.sender_id.eq(agency))
    }

    /// Returns the referral `id`, where `agency` is a party that may know of it.
    #[must_use]
    pub fn known_to(agency: AgencyId, id: ReferralId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(is_known_to(agency))
    }

    /// Selects the ids of the referrals of which `agency` is a party that may know of them.
    #[must_use]
    pub fn ids_known_to(agency: AgencyId) -> SelectStatement {
        Query::select()
            .column(Column::Id)
            .from(Entity)
            .cond_where(is_known_to(agency))
            .to_owned()
    }

    /// Returns those of these referrals of which `agency` is a party that may know of them.
    #[must_use]
    pub fn known_among(
        agency: AgencyId,
        ids: impl IntoIterator<Item = ReferralId>,
    ) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.is_in(ids))
            .filter(is_known_to(agency))
    }

    /// Returns the referrals that stand on these consents, where `agency` is a party that may know of them.
    #[must_use]
    pub fn under_consents(
        agency: AgencyId,
        ids: impl IntoIterator<Item = ConsentId>,
    ) -> Select<Self> {
        Self::find()
            .filter(COLUMN.consent_id.is_in(ids))
            .filter(is_known_to(agency))
    }

    /// Returns the referrals that `agency` made of these survivors.
    #[must_use]
    pub fn of_survivors(
        agency: AgencyId,
        ids: impl IntoIterator<Item = SurvivorId>,
    ) -> Select<Self> {
        Self::find()
            .filter(COLUMN.survivor_id.is_in(ids))
            .filter(COLUMN.sender_id.eq(agency))
    }

    /// Returns what waits in `agency`'s inbox for an answer at `now`, what expires first first.
    #[must_use]
    pub fn unanswered(agency: AgencyId, now: &Expr) -> Select<Self> {
        // Said once more so that the index is walked from there on: what has expired keeps the status that it had.
        let not_expired = Expr::col((Entity, Column::ExpiresAt)).gt(now.clone());
        Self::inbox(agency)
            .filter(Expr::cust("\"referral\".\"status\" = 'REQUESTED'"))
            .filter(not_expired)
            .filter(stands_at(ReferralStatus::Requested, now))
            .order_by_asc(COLUMN.expires_at)
    }

    /// Returns what `agency` sent and its recipient has accepted or rejected, where nothing was done with it since or before
    /// `since`, and that is how it stands at `now`; the newest first.
    #[must_use]
    pub fn answered(agency: AgencyId, since: Expr, now: &Expr) -> Select<Self> {
        Self::outbox(agency)
            .filter(Expr::cust(
                "\"referral\".\"status\" IN ('ACCEPTED', 'REJECTED')",
            ))
            .filter(Expr::col((Entity, Column::UpdatedAt)).gt(since))
            .filter(
                Condition::any()
                    .add(stands_at(ReferralStatus::Accepted, now))
                    .add(stands_at(ReferralStatus::Rejected, now)),
            )
            .order_by_desc(COLUMN.updated_at)
    }

    /// Returns the referral `id` that was sent to `agency`.
    #[must_use]
    pub fn sent_to(agency: AgencyId, id: ReferralId) -> Select<Self> {
        Self::inbox(agency).filter(COLUMN.id.eq(id))
    }

    /// Returns the referral `id` that `agency` wrote.
    #[must_use]
    pub fn written_by(agency: AgencyId, id: ReferralId) -> Select<Self> {
        Self::outbox(agency).filter(COLUMN.id.eq(id))
    }

    /// Returns those of these referrals that exist, for the keyring's sweep.
    #[must_use]
    pub fn among(ids: impl IntoIterator<Item = ReferralId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(ids))
    }

    /// Returns those of these referrals whose consent has ended by `now`, for the keyring's sweep. In one statement: a
    /// renewal would otherwise carry a package on between two.
    #[must_use]
    pub fn whose_consent_has_ended(
        ids: impl IntoIterator<Item = ReferralId>,
        now: Instant,
    ) -> Select<Self> {
        Self::among(ids).filter(consent::of_row_has_ended((Entity, Column::ConsentId), now))
    }

    /// Returns the referrals whose consent has not ended by `now`, wherever they are, for the command line alone.
    #[must_use]
    pub fn under_standing_consents(now: Instant) -> Select<Self> {
        let ended = consent::of_row_has_ended((Entity, Column::ConsentId), now);
        Self::find().filter(ended.not())
    }

    /// Returns every referral that `agency` made of this survivor.
    #[must_use]
    pub fn of_survivor(agency: AgencyId, survivor: SurvivorId) -> Select<Self> {
        Self::of_survivors(agency, [survivor])
    }

    /// Returns the referrals of this survivor of `agency`'s that are made to `recipient`.
    #[must_use]
    pub fn of_survivor_to(
        agency: AgencyId,
        survivor: SurvivorId,
        recipient: AgencyId,
    ) -> Select<Self> {
        Self::of_survivor(agency, survivor).filter(COLUMN.recipient_id.eq(recipient))
    }

    /// Returns the referrals that stand on the consent `id`, which the caller holds.
    #[must_use]
    pub fn standing_on(id: ConsentId) -> Select<Self> {
        Self::standing_on_any([id])
    }

    /// Returns the referrals that stand on any of these consents, which the caller holds.
    #[must_use]
    pub fn standing_on_any(ids: impl IntoIterator<Item = ConsentId>) -> Select<Self> {
        Self::find().filter(COLUMN.consent_id.is_in(ids))
    }

    /// Halts the open referrals that stand on `consent`. Where people brought them, and why, stays beneath: they return there
    /// under a new consent.
    #[must_use]
    pub fn halt_under(consent: ConsentId, now: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Halted, Expr::value(true))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(COLUMN.consent_id.eq(consent))
            .filter(COLUMN.status.is_in(ReferralStatus::OPEN))
    }

    /// Has these referrals stand on `consent`, which ends by itself at `until`, in place of the one before.
    pub fn carry_on_under(
        consent: ConsentId,
        until: Instant,
        ids: impl IntoIterator<Item = ReferralId>,
        now: Instant,
    ) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::ConsentId, Expr::value(consent))
            .col_expr(Column::ConsentUntil, Expr::value(until))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(COLUMN.id.is_in(ids))
    }

    /// Has the referrals that stand on `consent` stand until `until` by themselves, since it is suspended then, or is not.
    #[must_use]
    pub fn stand_until(consent: ConsentId, until: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::ConsentUntil, Expr::value(until))
            .filter(COLUMN.consent_id.eq(consent))
    }

    /// Has those of the open referrals that stand on `mou` and were made by or to `party` stand until `until` at the longest,
    /// when that one has left.
    #[must_use]
    pub fn stand_with(mou: MouId, party: AgencyId, until: Instant) -> UpdateMany<Self> {
        let theirs = Condition::any()
            .add(COLUMN.sender_id.eq(party))
            .add(COLUMN.recipient_id.eq(party));
        Self::stand_under(mou, until)
            .filter(theirs)
            .filter(COLUMN.mou_until.gt(until))
    }

    /// Has the open referrals between these parties that stand on a version of an MOU stand on the next one, until when that
    /// stands by itself.
    pub fn stand_on_next(
        version: MouId,
        (next, until): (MouId, Instant),
        parties: impl IntoIterator<Item = AgencyId> + Clone,
    ) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::MouId, Expr::value(next))
            .col_expr(Column::MouUntil, Expr::value(until))
            .filter(COLUMN.mou_id.eq(version))
            .filter(COLUMN.status.is_in(ReferralStatus::OPEN))
            .filter(COLUMN.sender_id.is_in(parties.clone()))
            .filter(COLUMN.recipient_id.is_in(parties))
    }

    /// Has the open referrals that stand on `mou` stand until `until` by themselves, when its last day is over or it is halted.
    #[must_use]
    pub fn stand_under(mou: MouId, until: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::MouUntil, Expr::value(until))
            .filter(COLUMN.mou_id.eq(mou))
            .filter(COLUMN.status.is_in(ReferralStatus::OPEN))
    }

    /// Cancels, as the survivor decided, what is drafted of the survivor `id`, whom the caller serves.
    #[must_use]
    pub fn cancel_drafts_of(id: SurvivorId, now: Instant) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Status, Expr::value(ReferralStatus::Cancelled))
            .col_expr(
                Column::StatusReason,
                Expr::value(StatusReason::SurvivorDecision),
            )
            .col_expr(Column::Halted, Expr::value(false))
            .col_expr(Column::UpdatedAt, Expr::value(now))
            .filter(COLUMN.survivor_id.eq(id))
            .filter(COLUMN.status.eq(ReferralStatus::Draft))
    }

    /// Has what points at the survivor `person` point at `nobody`, for their erasure.
    #[must_use]
    pub fn replace_survivor(person: SurvivorId, nobody: SurvivorId) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::SurvivorId, Expr::value(nobody))
            .filter(COLUMN.survivor_id.eq(person))
    }
}
