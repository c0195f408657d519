//! What is known of an access token besides what it says of itself.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Order, Query};
use sea_orm::{DeleteMany, QueryFilter};

use crate::ids::{AgencyId, ApplicationId};
use crate::instant::Instant;

/// An issued token. Kept until it has expired.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token_state")]
pub struct Model {
    /// Its `jti`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub jti: String,
    /// The agency it speaks for.
    pub agency_id: AgencyId,
    /// The application that it was issued to, where it is a registered one.
    pub application_id: Option<ApplicationId>,
    /// The `jti` of the token that it was exchanged for. Whatever ends that one ends this.
    pub parent: Option<String>,
    /// When it dies of itself.
    pub expires_at: Instant,
    /// When it was taken back, where it was.
    pub denied_at: Option<Instant>,
    /// The agency it speaks for.
    #[sea_orm(belongs_to, from = "agency_id", to = "id")]
    pub agency: BelongsTo<super::agency::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the state of the token `jti` of `agency`.
    #[must_use]
    pub fn of(agency: AgencyId, jti: &str) -> Select<Self> {
        Self::find()
            .filter(COLUMN.jti.eq(jti))
            .filter(COLUMN.agency_id.eq(agency))
    }

    /// Forgets some of the tokens that expired before this, the oldest first.
    #[must_use]
    pub fn forget_expired(before: Instant, limit: u64) -> DeleteMany<Self> {
        let some = Query::select()
            .column(COLUMN.jti)
            .from(Entity)
            .and_where(COLUMN.expires_at.lt(before))
            .order_by(COLUMN.expires_at, Order::Asc)
            .limit(limit)
            .to_owned();
        Self::delete_many().filter(COLUMN.jti.in_subquery(some))
    }
}
