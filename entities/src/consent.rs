//! One version of a survivor's consent: one discloser, one recipient, named categories and purposes, an end.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{Condition, QueryFilter, QueryOrder};

use crate::ids::{AgencyId, ConsentId, SurvivorId};
use crate::instant::Instant;
use crate::vocabulary::{AgencyStatus, Categories, Purposes, RevocationChannel};
use crate::{agency, membership};

/// A consent. Its status is computed from these dates when it is read, never stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,
    /// The version of the agreement, from 1.
    pub version: i32,
    /// The version before this one.
    pub supersedes: Option<ConsentId>,
    /// Who consents.
    pub survivor_id: SurvivorId,
    /// The agency that may disclose.
    pub discloser_id: AgencyId,
    /// The one agency that may be told.
    pub recipient_id: AgencyId,
    /// What may be told.
    pub categories: Categories,
    /// What for.
    pub purposes: Purposes,
    /// The language in which it was explained, BCP 47.
    pub language: String,
    /// From when.
    pub effective_at: Instant,
    /// Until when.
    pub expires_at: Instant,
    /// When the last required signature was recorded.
    pub signed_at: Option<Instant>,
    /// When the survivor took it back.
    pub revoked_at: Option<Instant>,
    /// How the survivor took it back; none where it ended because the survivor was erased.
    pub revocation_channel: Option<RevocationChannel>,
    /// When a later version took its place.
    pub superseded_at: Option<Instant>,
    /// When it was found that it should never have been.
    pub entered_in_error_at: Option<Instant>,
    /// When it was drafted.
    pub created_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The consents under which `agency` may disclose, newest first.
    #[must_use]
    pub fn given_to(agency: AgencyId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::DiscloserId.eq(agency))
            .order_by_desc(Column::Id)
    }

    /// The signed consents under which `agency` may be told, newest first.
    #[must_use]
    pub fn naming(agency: AgencyId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::RecipientId.eq(agency))
            .filter(Column::SignedAt.is_not_null())
            .filter(Column::EnteredInErrorAt.is_null())
            .order_by_desc(Column::Id)
    }

    /// Those of these consents that `agency` holds, or is named in once they are signed.
    #[must_use]
    pub fn known_to(agency: AgencyId, ids: impl IntoIterator<Item = ConsentId>) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::Id.is_in(ids))
            .filter(
                Condition::any().add(Column::DiscloserId.eq(agency)).add(
                    Condition::all()
                        .add(Column::RecipientId.eq(agency))
                        .add(Column::SignedAt.is_not_null())
                        .add(Column::EnteredInErrorAt.is_null()),
                ),
            )
    }

    /// Every consent of this survivor of `agency`'s.
    #[must_use]
    pub fn of_survivor(agency: AgencyId, survivor: SurvivorId) -> Select<Self> {
        Self::given_to(agency).filter(Column::SurvivorId.eq(survivor))
    }

    /// The later versions that took this one's place at once, signed or not, for whoever ends it.
    #[must_use]
    pub fn following(consent: &Model) -> Select<Self> {
        Self::given_to(consent.discloser_id).filter(Column::Supersedes.eq(consent.id))
    }

    /// The consent `id`, where its discloser does not take part and is in a task force that `coordinator` coordinates:
    /// for taking it back when the discloser cannot.
    #[must_use]
    pub fn orphaned(coordinator: AgencyId, id: ConsentId) -> Select<Self> {
        let absent = Query::select()
            .column(agency::Column::Id)
            .from(agency::Entity)
            .and_where(agency::Column::Status.ne(AgencyStatus::Active))
            .to_owned();
        <Self as EntityTrait>::find()
            .filter(Column::Id.eq(id))
            .filter(Column::DiscloserId.in_subquery(membership::coordinated_with(coordinator)))
            .filter(Column::DiscloserId.in_subquery(absent))
    }

    /// The consent `id`, whosever it is, for the command line alone.
    #[must_use]
    pub fn anywhere(id: ConsentId) -> Select<Self> {
        <Self as EntityTrait>::find().filter(Column::Id.eq(id))
    }

    /// The consent `id` under which `agency` may disclose.
    #[must_use]
    pub fn held_by(agency: AgencyId, id: ConsentId) -> Select<Self> {
        <Self as EntityTrait>::find()
            .filter(Column::Id.eq(id))
            .filter(Column::DiscloserId.eq(agency))
    }
}
