//! Which keyring a keyring is, and which data store it belongs to.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryFilter, UpdateMany};

/// One row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "keyring_identity")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// Which keyring it is. A later one of the same data store has a greater id.
    pub keyring_id: Uuid,
    /// The data store whose keys it keeps.
    pub store_id: Uuid,
    /// How much it keeps of them.
    pub state: State,
}

/// How much a keyring keeps of its data store's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)")]
pub enum State {
    /// Some of them: keys are being moved to it.
    #[sea_orm(string_value = "filling")]
    Filling,
    /// All of them.
    #[sea_orm(string_value = "whole")]
    Whole,
    /// None: they have been moved to another keyring.
    #[sea_orm(string_value = "moved")]
    Moved,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the identity.
    #[must_use]
    pub fn only() -> Select<Self> {
        Self::find()
    }

    /// Notes how much the keyring keeps.
    #[must_use]
    pub fn becomes(state: State) -> UpdateMany<Self> {
        Self::update_many()
            .col_expr(Column::State, Expr::value(state))
            .filter(COLUMN.id.eq(1))
    }
}
