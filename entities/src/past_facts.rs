//! Since when it is kept what each decision stood on.
//!
//! Beside each table that a decision reads lies one of its versions that are over ([`referral_past`](crate::referral_past) and
//! its like), written by the database itself whenever a column that decides is changed: what the row said, and until when.
//! What was so at a moment is what the earliest version says that was over only after it, or else the record.
//!
//! A version is over when the change was written, by the database's clock, which is after the sharing lock was had and before
//! the commit. So every read that was released before an ending, which holds the lock alone, is earlier than that, and
//! every one after it later. What ends no sharing holds the lock beside others: a read in the few milliseconds until its commit
//! still saw what was before. On SQLite the clock has milliseconds.

use sea_orm::entity::prelude::*;

use crate::instant::Instant;

/// Since when.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "past_facts")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// When this store began to keep it: what was before is not known.
    pub kept_since: Instant,
}

impl ActiveModelBehavior for ActiveModel {}
