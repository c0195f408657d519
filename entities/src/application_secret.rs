//! What an application's secret is checked against.

use sea_orm::entity::prelude::*;
use sea_orm::{Condition, QueryFilter};

use crate::ids::{ApplicationId, SecretId};
use crate::instant::Instant;

/// One secret of an application's: its hash alone. While it is being changed there are two.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "application_secret")]
pub struct Model {
    /// Which.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SecretId,
    /// Whose.
    pub application_id: ApplicationId,
    /// Its argon2id hash, as a PHC string.
    pub hash: String,
    /// When it was made.
    pub created_at: Instant,
    /// When it stops being good, where a newer one has taken its place.
    pub ends_at: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// The secrets of `application` that are good at `now`.
    #[must_use]
    pub fn in_force(application: ApplicationId, now: Instant) -> Select<Self> {
        let unended = Condition::any()
            .add(Column::EndsAt.is_null())
            .add(Column::EndsAt.gt(now));
        <Self as EntityTrait>::find()
            .filter(Column::ApplicationId.eq(application))
            .filter(unended)
    }
}
