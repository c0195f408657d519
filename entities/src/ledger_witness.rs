//! How far the ledger had come when it was last signed, and the data store's epoch, clock and history; in the keyring, apart from
//! both.

use sea_orm::entity::prelude::*;

use crate::instant::Instant;

/// The size and root of the ledger. One row, which only ever grows, unless an operator reopens an older ledger.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ledger_witness")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// The number of events.
    pub size: i64,
    /// The RFC 6962 root over them, 32 bytes.
    pub root: Vec<u8>,
    /// The highest sharing epoch.
    pub epoch: Option<i64>,
    /// The latest time by the data store's clock.
    pub latest_at: Option<Instant>,
    /// The `system_identifier` of the data store's PostgreSQL cluster.
    pub system_identifier: Option<i64>,
    /// The cluster's latest timeline.
    pub timeline: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns what was witnessed last.
    #[must_use]
    pub fn newest() -> Select<Self> {
        Self::find()
    }
}
