//! Events that reviews flag.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::{AuditEventId, AuditFlagId, AuditReviewId};
use crate::instant::Instant;
use crate::vocabulary::FlagNote;

/// An event that a review flags, with a note. Never changed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_flag")]
pub struct Model {
    /// The flag's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditFlagId,
    /// The review.
    #[sea_orm(unique_key = "once")]
    pub review_id: AuditReviewId,
    /// The event.
    #[sea_orm(unique_key = "once")]
    pub event_id: AuditEventId,
    /// Why.
    #[sea_orm(unique_key = "once")]
    pub note: FlagNote,
    /// Who flagged it, as the reviewing agency calls them.
    pub flagged_by: String,
    /// When.
    pub flagged_at: Instant,
    /// The review.
    #[sea_orm(belongs_to, from = "review_id", to = "id")]
    pub review: BelongsTo<super::audit_review::Entity>,
    /// The event.
    #[sea_orm(belongs_to, from = "event_id", to = "id")]
    pub event: BelongsTo<super::audit_event::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the flags of a review that was found for the agency whose it is, newest first.
    #[must_use]
    pub fn of(review: &super::audit_review::Model) -> Select<Self> {
        Self::find()
            .filter(COLUMN.review_id.eq(review.id))
            .order_by_desc(COLUMN.id)
    }
}
