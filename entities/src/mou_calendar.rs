//! Calendars of MOUs' days that programs subscribe to, each opened by a secret.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::{AgencyId, ApplicationId, IssuerId, MouCalendarId, TaskForceId};
use crate::instant::Instant;

/// A calendar of an agency's MOUs, or of those that a task force follows. Revoked, it stays on record.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mou_calendar")]
pub struct Model {
    /// The calendar's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MouCalendarId,
    /// Whose it is.
    pub agency_id: AgencyId,
    /// The person who made it, as the agency calls them: with their tokens it is over.
    pub subject: String,
    /// The task force whose MOUs it shows; the agency's own where there is none.
    pub task_force_id: Option<TaskForceId>,
    /// The SHA-256 of the secret that opens it, as `sha256:` and 64 hexadecimal digits.
    #[sea_orm(unique)]
    pub hash: String,
    /// The program by whose token it was made: with it, it is over.
    pub application_id: Option<ApplicationId>,
    /// The agency's own issuer by whose token it was made: with it, it is over.
    pub issuer_id: Option<IssuerId>,
    /// When it was made.
    pub created_at: Instant,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// Whose it is.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
    /// The task force.
    #[sea_orm(belongs_to, from = "task_force_id", to = "id")]
    pub task_force: BelongsTo<Option<super::task_force::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the calendars of `agency`, newest first.
    #[must_use]
    pub fn of(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }

    /// Returns the calendar `id` of `agency`.
    #[must_use]
    pub fn one_of(agency: AgencyId, id: MouCalendarId) -> Select<Self> {
        Self::of(agency).filter(COLUMN.id.eq(id))
    }

    /// Returns the calendars of `agency` that nobody revoked.
    #[must_use]
    pub fn standing(agency: AgencyId) -> Select<Self> {
        Self::of(agency).filter(COLUMN.revoked_at.is_null())
    }

    /// Returns the calendar that a secret opens which has this hash, where nobody revoked it.
    #[must_use]
    pub fn opened_by(hash: &str) -> Select<Self> {
        Self::find()
            .filter(COLUMN.hash.eq(hash))
            .filter(COLUMN.revoked_at.is_null())
    }

    /// Returns the calendar `id` of anybody, where nobody revoked it, for going on from an older copy.
    #[must_use]
    pub fn anywhere(id: MouCalendarId) -> Select<Self> {
        Self::everywhere().filter(COLUMN.id.eq(id))
    }

    /// Returns every calendar that nobody revoked, for going on from an older copy.
    #[must_use]
    pub fn everywhere() -> Select<Self> {
        Self::find().filter(COLUMN.revoked_at.is_null())
    }
}
