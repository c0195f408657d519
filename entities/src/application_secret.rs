//! What an application's secret is checked against.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Order, Query};
use sea_orm::{Condition, DeleteMany, QueryFilter};

use crate::ids::{ApplicationId, SecretId};
use crate::instant::Instant;

/// One secret of an application's: its hash alone. While it is being changed there are two.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "application_secret")]
pub struct Model {
    /// The secret's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SecretId,
    /// The application that it authenticates.
    pub application_id: ApplicationId,
    /// Its argon2id hash, as a PHC string.
    pub hash: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops being good, where a newer one has taken its place.
    pub ends_at: Option<Instant>,
    /// Whose secret it is.
    #[sea_orm(belongs_to, from = "application_id", to = "id")]
    pub application: BelongsTo<super::application::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the secrets of `application` that are good at `now`.
    #[must_use]
    pub fn in_force(application: ApplicationId, now: Instant) -> Select<Self> {
        let unended = Condition::any()
            .add(COLUMN.ends_at.is_null())
            .add(COLUMN.ends_at.gt(now));
        Self::find()
            .filter(COLUMN.application_id.eq(application))
            .filter(unended)
    }

    /// Forgets some of the secrets that ended before this, the oldest first.
    #[must_use]
    pub fn forget_ended(before: Instant, limit: u64) -> DeleteMany<Self> {
        let some = Query::select()
            .column(COLUMN.id)
            .from(Entity)
            .and_where(COLUMN.ends_at.lt(before))
            .order_by(COLUMN.ends_at, Order::Asc)
            .limit(limit)
            .to_owned();
        Self::delete_many().filter(COLUMN.id.in_subquery(some))
    }
}
