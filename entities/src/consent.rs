//! One version of a survivor's consent: one discloser, one recipient, named categories for each purpose, an end.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, IntoColumnRef, Query};
use sea_orm::{Condition, FromJsonQueryResult, QueryFilter, QueryOrder, QuerySelect, UpdateMany};
use serde::{Deserialize, Serialize};

use crate::grants::Grants;
use crate::ids::{AgencyId, ConsentId, SurvivorId};
use crate::instant::Instant;
use crate::vocabulary::{AgencyStatus, ConsentStatus, Explanations, MinorAlone, RevocationChannel};
use crate::{agency, membership};

/// A consent. Its status is computed from these dates when it is read, never stored.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    /// The id of this version of the consent.
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
    /// What may be told, for what.
    pub grants: Grants,
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
    pub interpreter: Option<StoredInterpreter>,
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
    /// Whether a minor has one parent or guardian alone; none where nobody said.
    pub sole_guardian: Option<bool>,
    /// From when it allows nothing, since it lacks what the law asks for: the day that the operator set. None where none
    /// was.
    pub suspends_at: Option<Instant>,
    /// Who consents.
    #[sea_orm(belongs_to, from = "survivor_id", to = "id")]
    pub survivor: BelongsTo<super::survivor::Entity>,
    /// The agency that may disclose.
    #[sea_orm(
        belongs_to,
        from = "discloser_id",
        to = "id",
        relation_enum = "Discloser"
    )]
    pub discloser: BelongsTo<super::agency::Entity>,
    /// The one agency that may be told.
    #[sea_orm(
        belongs_to,
        from = "recipient_id",
        to = "id",
        relation_enum = "Recipient"
    )]
    pub recipient: BelongsTo<super::agency::Entity>,
    /// The signatures under it.
    #[sea_orm(has_many)]
    pub signatures: HasMany<super::consent_signature::Entity>,
    /// The signed paper behind it, sealed.
    #[sea_orm(has_one)]
    pub document: HasOne<super::consent_document::Entity>,
}

/// Whoever interpreted, in what matters. Never a name: the paper has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, told on the wire by its name"
)]
pub struct StoredInterpreter {
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

/// The moments that say whether a consent is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentDates {
    /// From when.
    pub effective_at: Instant,
    /// Until when.
    pub expires_at: Instant,
    /// When it was completely signed.
    pub signed_at: Option<Instant>,
    /// When the survivor took it back.
    pub revoked_at: Option<Instant>,
    /// When it was replaced, or found to be an error.
    pub void_at: Option<Instant>,
    /// From when it allows nothing, since it lacks what the law asks for.
    pub suspends_at: Option<Instant>,
}

impl ConsentDates {
    /// Returns whether it is signed and its time has come.
    #[must_use]
    pub fn has_begun(&self, now: Instant) -> bool {
        self.signed_at.is_some_and(|signed| signed <= now) && self.effective_at <= now
    }

    /// Returns whether it has ended, signed or not: it expired, was revoked, superseded or entered in error. [`ended`]
    /// says the same in SQL.
    #[must_use]
    pub fn has_ended(&self, now: Instant) -> bool {
        self.expires_at <= now || self.revoked_at.is_some() || self.void_at.is_some()
    }

    /// Returns whether it is suspended, for what it lacks. It may come back into force, and so has not ended.
    #[must_use]
    pub fn is_suspended(&self, now: Instant) -> bool {
        self.suspends_at.is_some_and(|from| from <= now)
    }

    /// Returns whether it is in force.
    #[must_use]
    pub fn is_in_force(&self, now: Instant) -> bool {
        self.has_begun(now) && !self.has_ended(now) && !self.is_suspended(now)
    }
}

impl Model {
    /// Returns when it ceases to allow anything by itself: it ends, or is suspended before.
    #[must_use]
    pub fn stands_until(&self) -> Instant {
        let ends = self.suspends_at.into_iter().chain([self.expires_at]);
        ends.min().unwrap_or(self.expires_at)
    }

    /// Returns the moments that say whether it is in force.
    #[must_use]
    pub fn dates(&self) -> ConsentDates {
        let void = self.superseded_at.into_iter();
        ConsentDates {
            effective_at: self.effective_at,
            expires_at: self.expires_at,
            signed_at: self.signed_at,
            revoked_at: self.revoked_at,
            void_at: void.chain(self.entered_in_error_at).min(),
            suspends_at: self.suspends_at,
        }
    }
}

/// Returns the condition that a consent has ended by `now`, signed or not: it expired, was revoked, superseded or
/// entered in error.
fn ended(now: Instant) -> Condition {
    Condition::any()
        .add(COLUMN.expires_at.lte(now))
        .add(COLUMN.revoked_at.is_not_null())
        .add(COLUMN.superseded_at.is_not_null())
        .add(COLUMN.entered_in_error_at.is_not_null())
}

/// Returns the condition that a consent's status at `now` is `status`: what the rule over one row computes, in SQL.
#[must_use]
pub fn stands_at(status: ConsentStatus, now: &Expr) -> Condition {
    let past = |column: Column| Expr::col((Entity, column)).lte(now.clone());
    let not_yet = |column: Column| {
        Condition::any()
            .add(Expr::col((Entity, column)).is_null())
            .add(Expr::col((Entity, column)).gt(now.clone()))
    };
    let lasts = Condition::all()
        .add(COLUMN.entered_in_error_at.is_null())
        .add(COLUMN.revoked_at.is_null())
        .add(COLUMN.superseded_at.is_null());
    let runs = lasts
        .clone()
        .add(Expr::col((Entity, Column::ExpiresAt)).gt(now.clone()));
    // What is suspended was signed, be it for later.
    let stands = runs.clone().add(
        Condition::any()
            .add(COLUMN.signed_at.is_null())
            .add(not_yet(Column::SuspendsAt)),
    );
    match status {
        ConsentStatus::EnteredInError => {
            Condition::all().add(COLUMN.entered_in_error_at.is_not_null())
        }
        ConsentStatus::Revoked => Condition::all()
            .add(COLUMN.entered_in_error_at.is_null())
            .add(COLUMN.revoked_at.is_not_null()),
        ConsentStatus::Superseded => Condition::all()
            .add(COLUMN.entered_in_error_at.is_null())
            .add(COLUMN.revoked_at.is_null())
            .add(COLUMN.superseded_at.is_not_null()),
        ConsentStatus::Expired => lasts.add(past(Column::ExpiresAt)),
        ConsentStatus::Suspended => runs
            .add(COLUMN.signed_at.is_not_null())
            .add(past(Column::SuspendsAt)),
        ConsentStatus::Active => stands
            .add(past(Column::SignedAt))
            .add(past(Column::EffectiveAt)),
        ConsentStatus::Draft => stands.add(
            not_yet(Column::SignedAt).add(Expr::col((Entity, Column::EffectiveAt)).gt(now.clone())),
        ),
    }
}

/// Returns the condition that the consent which `column` names has ended by `now`. It is looked up by its id, row by row:
/// a list of all that ended would grow with the table.
pub(crate) fn of_row_has_ended(column: impl IntoColumnRef, now: Instant) -> Expr {
    let ended = Query::select()
        .expr(Expr::value(1))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::Id)).equals(column))
        .cond_where(ended(now))
        .to_owned();
    Expr::exists(ended)
}

impl Entity {
    /// Returns the consents under which `agency` may disclose, newest first.
    #[must_use]
    pub fn given_to(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.discloser_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }

    /// Returns the signed consents under which `agency` may be told, newest first.
    #[must_use]
    pub fn naming(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.recipient_id.eq(agency))
            .filter(COLUMN.signed_at.is_not_null())
            .filter(COLUMN.entered_in_error_at.is_null())
            .order_by_desc(COLUMN.id)
    }

    /// Returns those of these consents that `agency` holds, or is named in once they are signed.
    #[must_use]
    pub fn known_to(agency: AgencyId, ids: impl IntoIterator<Item = ConsentId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(ids)).filter(
            Condition::any().add(COLUMN.discloser_id.eq(agency)).add(
                Condition::all()
                    .add(COLUMN.recipient_id.eq(agency))
                    .add(COLUMN.signed_at.is_not_null())
                    .add(COLUMN.entered_in_error_at.is_null()),
            ),
        )
    }

    /// Returns the consents of these survivors of `agency`'s.
    #[must_use]
    pub fn of_survivors(
        agency: AgencyId,
        ids: impl IntoIterator<Item = SurvivorId>,
    ) -> Select<Self> {
        Self::given_to(agency).filter(COLUMN.survivor_id.is_in(ids))
    }

    /// Counts the consents between these agencies that are in force at `now` and still after `until`, by discloser, recipient and
    /// what they permit: all, or those that `involved` holds or is named in. For the counts of what would stop, alone.
    #[must_use]
    pub fn standing_among(
        agencies: &[AgencyId],
        involved: Option<AgencyId>,
        now: Instant,
        until: Instant,
    ) -> Select<Self> {
        let own = |agency: AgencyId| {
            Condition::any()
                .add(COLUMN.discloser_id.eq(agency))
                .add(COLUMN.recipient_id.eq(agency))
        };
        let lasts = Condition::any()
            .add(COLUMN.suspends_at.is_null())
            .add(COLUMN.suspends_at.gt(until));
        Self::find()
            .filter(COLUMN.discloser_id.is_in(agencies.iter().copied()))
            .filter(COLUMN.recipient_id.is_in(agencies.iter().copied()))
            .filter(Condition::all().add_option(involved.map(own)))
            .filter(stands_at(ConsentStatus::Active, &Expr::value(now)))
            .filter(COLUMN.expires_at.gt(until))
            .filter(lasts)
            .select_only()
            .columns([Column::DiscloserId, Column::RecipientId, Column::Grants])
            .column_as(Column::Id.count(), "consents")
            .group_by(Column::DiscloserId)
            .group_by(Column::RecipientId)
            .group_by(Column::Grants)
    }

    /// Returns every consent of this survivor of `agency`'s.
    #[must_use]
    pub fn of_survivor(agency: AgencyId, survivor: SurvivorId) -> Select<Self> {
        Self::given_to(agency).filter(COLUMN.survivor_id.eq(survivor))
    }

    /// Returns the versions of `discloser`'s that directly follow its consent `id`, signed or not, to end them with it.
    #[must_use]
    pub fn following(discloser: AgencyId, id: ConsentId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.supersedes.eq(id))
            .filter(COLUMN.discloser_id.eq(discloser))
    }

    /// Returns the consent `id`, where `agency` may take it back: its own, or a signed one whose discloser cannot,
    /// since it does not take part, and is in a task force that `agency` coordinates. What nobody signed allows
    /// nothing.
    #[must_use]
    pub fn revocable_by(agency: AgencyId, id: ConsentId) -> Select<Self> {
        let absent = Query::select()
            .column(agency::COLUMN.id)
            .from(agency::Entity)
            .and_where(agency::COLUMN.status.ne(AgencyStatus::Active))
            .to_owned();
        let orphaned = Condition::all()
            .add(COLUMN.signed_at.is_not_null())
            .add(
                COLUMN
                    .discloser_id
                    .in_subquery(membership::coordinated_with(agency)),
            )
            .add(COLUMN.discloser_id.in_subquery(absent));
        Self::find().filter(COLUMN.id.eq(id)).filter(
            Condition::any()
                .add(COLUMN.discloser_id.eq(agency))
                .add(orphaned),
        )
    }

    /// Returns the consents of `agency` that were signed and have not ended, for the command line alone.
    #[must_use]
    pub fn standing_of(agency: AgencyId, now: Instant) -> Select<Self> {
        Self::given_to(agency)
            .filter(COLUMN.signed_at.is_not_null())
            .filter(ended(now).not())
    }

    /// Returns those of these consents under which `agency` may disclose, or might once they are signed.
    #[must_use]
    pub fn held_among(agency: AgencyId, ids: impl IntoIterator<Item = ConsentId>) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.is_in(ids))
            .filter(COLUMN.discloser_id.eq(agency))
    }

    /// Returns the consents of `agency`'s that have not ended by `now`, of these survivors.
    #[must_use]
    pub fn standing_of_survivors(
        agency: AgencyId,
        survivors: impl IntoIterator<Item = SurvivorId>,
        now: Instant,
    ) -> Select<Self> {
        Self::standing_of(agency, now).filter(COLUMN.survivor_id.is_in(survivors))
    }

    /// Returns the consent `id` of any agency, for the command line alone.
    #[must_use]
    pub fn anywhere(id: ConsentId) -> Select<Self> {
        Self::find().filter(COLUMN.id.eq(id))
    }

    /// Returns the consent `id` under which `agency` may disclose.
    #[must_use]
    pub fn held_by(agency: AgencyId, id: ConsentId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(COLUMN.discloser_id.eq(agency))
    }

    /// Removes what these consents tell of the person, for their erasure.
    pub fn forget_person(ids: impl IntoIterator<Item = ConsentId>) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Interpreter, Expr::cust("NULL"))
            .col_expr(Column::MinorAlone, Expr::value(None::<String>))
            .col_expr(Column::Incapacitated, Expr::value(false))
            .col_expr(Column::SoleGuardian, Expr::value(None::<bool>))
            .filter(COLUMN.id.is_in(ids))
    }

    /// Has what points at the survivor `person` point at `nobody`, for their erasure.
    #[must_use]
    pub fn replace_survivor(person: SurvivorId, nobody: SurvivorId) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::SurvivorId, Expr::value(nobody))
            .filter(COLUMN.survivor_id.eq(person))
    }
}
