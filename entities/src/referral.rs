//! A referral of one survivor from one agency to another.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{Condition, QueryFilter, QuerySelect};

use crate::consent;
use crate::ids::{AgencyId, ConsentId, MouId, ReferralId, SurvivorId};
use crate::instant::Instant;
use crate::vocabulary::{Categories, Needs, OutcomeCode, ReferralStatus, StatusReason, Urgency};

/// A referral's header and the copied state that finds it; its content is in [`crate::sealed_part`].
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral")]
pub struct Model {
    /// Which.
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
    /// Why.
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
    /// When it last changed.
    pub updated_at: Instant,
    /// Copied from its consent: when that ends by itself.
    pub consent_until: Option<Instant>,
    /// Copied from its MOU: when that ends by itself.
    pub mou_until: Option<Instant>,
    /// Copied from its consent and MOU: one of them was ended before its time. Where people brought it is kept
    /// beneath, for its return.
    pub halted: bool,
    /// What came of it.
    pub outcome: Option<OutcomeCode>,
    /// The needs that its recipient met.
    pub provided: Needs,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// What was sent to `agency`, drafts excepted.
    #[must_use]
    pub fn inbox(agency: AgencyId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::RecipientId.eq(agency))
            .filter(Column::SentAt.is_not_null())
    }

    /// What `agency` wrote, drafts included.
    #[must_use]
    pub fn outbox(agency: AgencyId) -> Select<Self> {
        <Self as EntityTrait>::find().filter(Column::SenderId.eq(agency))
    }

    /// The referral `id`, where `agency` is a party that may know of it.
    #[must_use]
    pub fn known_to(agency: AgencyId, id: ReferralId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::Id.eq(id))
            .filter(
                Condition::any().add(Column::SenderId.eq(agency)).add(
                    Condition::all()
                        .add(Column::RecipientId.eq(agency))
                        .add(Column::SentAt.is_not_null()),
                ),
            )
    }

    /// The referral `id` that was sent to `agency`, locked for a change.
    #[must_use]
    pub fn sent_to(agency: AgencyId, id: ReferralId) -> Select<Self> {
        Self::inbox(agency)
            .filter(Column::Id.eq(id))
            .lock_exclusive()
    }

    /// The referral `id` that `agency` wrote, locked for a change.
    #[must_use]
    pub fn written_by(agency: AgencyId, id: ReferralId) -> Select<Self> {
        Self::outbox(agency)
            .filter(Column::Id.eq(id))
            .lock_exclusive()
    }

    /// Those of these referrals that exist, for the keyring's sweep.
    #[must_use]
    pub fn among(ids: impl IntoIterator<Item = ReferralId>) -> Select<Self> {
        <Self as EntityTrait>::find().filter(Column::Id.is_in(ids))
    }

    /// Those of these referrals whose consent has ended by `now`, for the keyring's sweep.
    #[must_use]
    pub fn whose_consent_has_ended(
        ids: impl IntoIterator<Item = ReferralId>,
        now: Instant,
    ) -> Select<Self> {
        let ended = Query::select()
            .column(consent::Column::Id)
            .from(consent::Entity)
            .cond_where(
                Condition::any()
                    .add(consent::Column::ExpiresAt.lte(now))
                    .add(consent::Column::RevokedAt.is_not_null())
                    .add(consent::Column::SupersededAt.is_not_null())
                    .add(consent::Column::EnteredInErrorAt.is_not_null()),
            )
            .to_owned();
        Self::among(ids).filter(Column::ConsentId.in_subquery(ended))
    }

    /// The referrals whose consent has not ended by `now`, wherever they are, for the command line alone.
    #[must_use]
    pub fn under_standing_consents(now: Instant) -> Select<Self> {
        let standing = Query::select()
            .column(consent::Column::Id)
            .from(consent::Entity)
            .and_where(consent::Column::ExpiresAt.gt(now))
            .and_where(consent::Column::RevokedAt.is_null())
            .and_where(consent::Column::SupersededAt.is_null())
            .and_where(consent::Column::EnteredInErrorAt.is_null())
            .to_owned();
        <Self as EntityTrait>::find().filter(Column::ConsentId.in_subquery(standing))
    }

    /// The referrals of the survivor `id`, which the caller holds.
    #[must_use]
    pub fn of_survivor(id: SurvivorId) -> Select<Self> {
        <Self as EntityTrait>::find().filter(Column::SurvivorId.eq(id))
    }

    /// The referrals that stand on the consent `id`, which the caller holds.
    #[must_use]
    pub fn standing_on(id: ConsentId) -> Select<Self> {
        <Self as EntityTrait>::find().filter(Column::ConsentId.eq(id))
    }
}
