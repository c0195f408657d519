//! One version of a survivor's consent: one discloser, one recipient, named categories and purposes, an end.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Query;
use sea_orm::{Condition, FromJsonQueryResult, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, ConsentId, SurvivorId};
use crate::instant::Instant;
use crate::vocabulary::{
    AgencyStatus, Categories, Explanations, MinorAlone, Purposes, RevocationChannel,
};
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
    /// What was explained before it was asked for; none where nobody said.
    pub explained: Option<Explanations>,
    /// Whether services do not depend on it, and the person was told so; none where nobody said.
    pub voluntary: Option<bool>,
    /// Whether it says that it can be taken back at any time, orally or in writing, without a reason; none where nobody
    /// said.
    pub revocable: Option<bool>,
    /// Who interpreted the explanation; none where it needed nobody.
    pub interpreter: Option<Interpreter>,
    /// Whether what is told goes through an intermediary.
    pub through_intermediary: bool,
    /// The agency that it goes through.
    pub intermediary_id: Option<AgencyId>,
    /// Whether it names substance-use records in so many words.
    pub names_substance_use: bool,
    /// Why the law lets a minor consent alone; none where it does not.
    pub minor_alone: Option<MinorAlone>,
    /// Whether a court appointed somebody to decide for the person.
    pub incapacitated: bool,
}

/// Whoever interpreted, in what matters. Never a name: the paper has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, told on the wire by its name"
)]
pub struct Interpreter {
    /// Into which language, BCP 47.
    pub language: String,
    /// Whether it was the person's own dialect.
    pub same_dialect: bool,
    /// Whether they are qualified and certified, and understand trafficking and confidentiality.
    pub qualified: bool,
    /// Whether the paper names them.
    pub named_on_paper: bool,
    /// Whether they know the survivor other than as an interpreter.
    pub knows_survivor: bool,
    /// Whether they know the accused.
    pub knows_accused: bool,
    /// Whether they are another victim.
    pub is_victim: bool,
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

    /// The consent `id`, where `agency` may take it back: its own, or a signed one whose discloser cannot, since it does
    /// not take part, and is in a task force that `agency` coordinates. What nobody signed allows nothing.
    #[must_use]
    pub fn revocable_by(agency: AgencyId, id: ConsentId) -> Select<Self> {
        let absent = Query::select()
            .column(agency::Column::Id)
            .from(agency::Entity)
            .and_where(agency::Column::Status.ne(AgencyStatus::Active))
            .to_owned();
        let orphaned = Condition::all()
            .add(Column::SignedAt.is_not_null())
            .add(Column::DiscloserId.in_subquery(membership::coordinated_with(agency)))
            .add(Column::DiscloserId.in_subquery(absent));
        <Self as EntityTrait>::find()
            .filter(Column::Id.eq(id))
            .filter(
                Condition::any()
                    .add(Column::DiscloserId.eq(agency))
                    .add(orphaned),
            )
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
