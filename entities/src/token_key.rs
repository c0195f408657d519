//! The keys that sign access tokens: what the world may know of each, and when it came and went.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::NullOrdering;

use crate::instant::Instant;

/// A key that signs access tokens, will sign them, or did. Its private half is in the keyring. Never deleted: that a
/// key was retired must stay known for as long as anybody may show a token of its.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "token_key")]
pub struct Model {
    /// The key's name: its RFC 7638 thumbprint.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    /// The public half, a JWK (RFC 7517).
    pub public_key: String,
    /// When it was published.
    pub published_at: Instant,
    /// When it began to sign; none where it never did.
    pub signs_from: Option<Instant>,
    /// When its successor took over.
    pub superseded_at: Option<Instant>,
    /// When an operator ended it, and with it every token that it signed.
    pub retired_at: Option<Instant>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns every key that was ever published, oldest first; of those made together, first those that signed first.
    /// They belong to nobody: anyone may see them.
    #[must_use]
    pub fn published() -> Select<Self> {
        Self::find()
            .order_by_asc(COLUMN.published_at)
            .order_by_with_nulls(COLUMN.signs_from, sea_orm::Order::Asc, NullOrdering::Last)
            .order_by_asc(COLUMN.kid)
    }
}
