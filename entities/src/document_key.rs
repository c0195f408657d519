//! The keyring's table of document keys, in a store of its own.

use sea_orm::entity::prelude::*;
use sea_orm::{DeleteMany, QueryFilter, QueryOrder, QuerySelect};

use crate::ids::ConsentId;
use crate::instant::Instant;

/// The key of a consent's signed paper, wrapped by the key-encryption key. Destroying this row destroys the paper, in
/// every copy. It outlives the consent's revocation, because the paper proves what was lawful before.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_key")]
pub struct Model {
    /// The consent whose paper it seals.
    #[sea_orm(primary_key, auto_increment = false)]
    pub consent_id: ConsentId,
    /// The version of the key, from 1.
    pub version: i32,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// The id of the key-encryption key that wrapped it; none where that was before they had ids.
    pub kek_id: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Instant,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns every key, for moving them to another keyring.
    #[must_use]
    pub fn every_key() -> Select<Self> {
        Self::find()
    }

    /// Returns the key of this consent's paper, whose release the caller has decided and recorded.
    #[must_use]
    pub fn of(consent: ConsentId) -> Select<Self> {
        Self::find().filter(COLUMN.consent_id.eq(consent))
    }

    /// Returns the next keys in the order of their consents, for the sweep.
    #[must_use]
    pub fn in_order(after: Option<ConsentId>, limit: u64) -> Select<Self> {
        let keys = Self::find().order_by_asc(COLUMN.consent_id).limit(limit);
        match after {
            Some(after) => keys.filter(COLUMN.consent_id.gt(after)),
            None => keys,
        }
    }

    /// Destroys the keys of these consents' papers, for the survivor's erasure.
    pub fn destroy(consents: impl IntoIterator<Item = ConsentId>) -> DeleteMany<Self> {
        Self::delete_many().filter(COLUMN.consent_id.is_in(consents))
    }

    /// Destroys those of them that were made before this, for the sweep.
    pub fn destroy_made_before(
        before: Instant,
        consents: impl IntoIterator<Item = ConsentId>,
    ) -> DeleteMany<Self> {
        Self::destroy(consents).filter(COLUMN.created_at.lt(before))
    }
}
