//! What an application's secret is checked against.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Order, Query};
use sea_orm::{Condition, DeleteMany, QueryFilter, UpdateMany};

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
    /// Its SHA-256, as `sha256:` and 64 hexadecimal digits; one that was made before 0.2 and not used since, its argon2id hash
    /// as a PHC string.
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

    /// Keeps another hash of the same secret, unless somebody else has done so.
    #[must_use]
    pub fn rehash(kept: &Model, hash: &str) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::Hash, Expr::value(hash))
            .filter(COLUMN.id.eq(kept.id))
            .filter(COLUMN.hash.eq(kept.hash.clone()))
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
