//! What counts once: assertions (RFC 7523, 3) and proofs of possession (RFC 9449, 11.1), remembered in the database so
//! that no replica accepts one again.

use concord_entities::instant::Instant;
use concord_entities::spent_proof;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, IntoActiveModel};

use crate::clock::TOLERANCE;
use crate::error::Result;
use crate::store::Store;

/// Records a proof as used. Returns false if it was used before. It is remembered until its own age refuses it, by whatever
/// clock: rows are forgotten by the database's, and proofs are judged by this machine's and other replicas'.
///
/// # Errors
/// `UNAVAILABLE`: do not accept it.
pub async fn record_use(store: &Store, digest: [u8; 32], until: Instant) -> Result<bool> {
    let row = spent_proof::Model {
        digest: digest.to_vec(),
        expires_at: until.plus(TOLERANCE),
    };
    let once = OnConflict::column(spent_proof::Column::Digest)
        .do_nothing()
        .to_owned();
    let written = spent_proof::Entity::insert(row.into_active_model())
        .on_conflict(once)
        .exec_without_returning(&store.write)
        .await?;
    Ok(written == 1)
}
