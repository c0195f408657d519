//! What a party of an MOU promises, coded.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::area::Area;
use crate::vocabulary::Needs;

/// What one party promises. An MOU that was signed before promises were coded has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
pub struct Promises(pub Vec<StoredPromise>);

/// One promise: each of these needs, in each of these languages, in each of these areas.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoredPromise {
    /// What it serves.
    pub needs: Needs,
    /// The languages that it serves in, BCP 47.
    pub languages: Vec<String>,
    /// Where it serves.
    pub areas: Vec<Area>,
    /// For how many people at a time, where it says.
    pub capacity: Option<u32>,
}
