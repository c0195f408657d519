//! Reviews of the audit log.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryFilter, QueryOrder};

use crate::ids::{AgencyId, AuditReviewId};
use crate::instant::Instant;
use crate::vocabulary::{AuditReviewStatus, ReviewConclusion};

/// A review of the log over a period, by an agency's reviewers.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_review")]
pub struct Model {
    /// The review's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditReviewId,
    /// The agency that reviews.
    pub agency_id: AgencyId,
    /// Who opened it, as that agency calls them.
    pub opened_by: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// The agency whose events are reviewed; all within reach where none is named.
    pub of_agency_id: Option<AgencyId>,
    /// The person or program whose events are reviewed, as their agency calls them; everybody's where none is named.
    pub subject: Option<String>,
    /// What was recorded from this moment on.
    pub since: Instant,
    /// What was recorded before this moment.
    pub until: Instant,
    /// Where it stands.
    pub status: AuditReviewStatus,
    /// What came of it.
    pub conclusion: Option<ReviewConclusion>,
    /// Who concluded it.
    pub concluded_by: Option<String>,
    /// When it was concluded.
    pub concluded_at: Option<Instant>,
    /// The agency that reviews.
    #[sea_orm(belongs_to, relation_enum = "Agency", from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
    /// The agency whose events are reviewed.
    #[sea_orm(
        belongs_to,
        relation_enum = "OfAgency",
        from = "of_agency_id",
        to = "id"
    )]
    pub of_agency: BelongsTo<Option<super::agency::Entity>>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the reviews of `agency`, newest first.
    #[must_use]
    pub fn by(agency: AgencyId) -> Select<Self> {
        Self::find()
            .filter(COLUMN.agency_id.eq(agency))
            .order_by_desc(COLUMN.id)
    }

    /// Returns the review `id` of `agency`.
    #[must_use]
    pub fn one_by(agency: AgencyId, id: AuditReviewId) -> Select<Self> {
        Self::by(agency).filter(COLUMN.id.eq(id))
    }
}
