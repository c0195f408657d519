//! A disclosure that a statute or a court's order demanded: without consent, nothing else discloses.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{FromJsonQueryResult, QueryFilter, QueryOrder, UpdateMany};
use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, MandateId, SurvivorId};
use crate::instant::{Day, Instant};
use crate::vocabulary::{
    Categories, ContactChannel, MandateInstrument, NoNoticeReason, NoProtectionReason,
    NoticeResult, OutsideRecipient, ProtectiveStep, Purposes, Set,
};

/// What an agency had to disclose, to whom, by whose order, and what it did for the person. Only that agency reads it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mandated_disclosure")]
pub struct Model {
    /// The record's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MandateId,
    /// The agency that disclosed.
    pub agency_id: AgencyId,
    /// Who was disclosed.
    pub survivor_id: SurvivorId,
    /// What demanded it.
    pub instrument: MandateInstrument,
    /// The day on the instrument.
    pub dated_on: Day,
    /// The day of the disclosure.
    pub disclosed_on: Day,
    /// The agency that was told, where it is of the task force.
    pub recipient_id: Option<AgencyId>,
    /// What kind of body was told, where it is outside the task force.
    pub recipient_outside: Option<OutsideRecipient>,
    /// What the instrument names.
    pub ordered: Categories,
    /// What was told.
    pub categories: Categories,
    /// What for.
    pub purposes: Purposes,
    /// How the person was notified.
    pub attempts: Attempts,
    /// Why nobody tried.
    pub no_notice: Option<NoNoticeReason>,
    /// What was done to protect the person.
    pub steps: Set<ProtectiveStep>,
    /// Why nothing could be done.
    pub no_protection: Option<NoProtectionReason>,
    /// The texts (authority, citation, the outside recipient's name), sealed: a docket number is identity. Nothing, once
    /// the person is erased.
    pub sealed: Vec<u8>,
    /// When it was put on record.
    pub recorded_at: Instant,
    /// The agency that disclosed.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

/// The attempts to notify the person, in the order in which they were told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Attempts(pub Vec<Attempt>);

/// One attempt to notify the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was made.
    pub at: Instant,
    /// The way in which it was made.
    pub channel: ContactChannel,
    /// What came of it.
    pub result: NoticeResult,
}

impl Entity {
    /// Returns what `agency` had to disclose, newest first.
    #[must_use]
    pub fn by(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }

    /// Returns what `agency` had to disclose of this survivor, newest first.
    #[must_use]
    pub fn of_survivor(agency: AgencyId, survivor: SurvivorId) -> Select<Self> {
        Self::by(agency).filter(COLUMN.survivor_id.eq(survivor))
    }

    /// Returns the disclosure `id` that `agency` had to make.
    #[must_use]
    pub fn one_by(agency: AgencyId, id: MandateId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.id.eq(id))
            .filter(COLUMN.agency_id.eq(agency))
    }

    /// Returns those of these disclosures that exist, for the sweep.
    pub fn among(ids: impl IntoIterator<Item = MandateId>) -> Select<Self> {
        Self::find().filter(COLUMN.id.is_in(ids))
    }

    /// Removes the texts of these disclosures, which identify the person; that it was disclosed stays on record.
    pub fn remove_texts(ids: impl IntoIterator<Item = MandateId>) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Sealed, Expr::value(Vec::<u8>::new()))
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
