//! Taking a token back, and with it everything that was exchanged for it.

use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::token_state;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use crate::error::Answer;

/// Denies the token `jti` of `agency` from `now` on, and every token that it was exchanged for, however often. Whether
/// there is such a token: one that was taken back before is, and stays as it is.
///
/// The change that this is part of ends some sharing, so no exchange is under way beside it.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn revoke(
    transaction: &DatabaseTransaction,
    backend: DbBackend,
    agency: AgencyId,
    jti: &str,
    now: Instant,
) -> Answer<bool> {
    let known = token_state::Entity::of(agency, jti)
        .one(transaction)
        .await?;
    if known.is_none() {
        return Ok(false);
    }
    // `UNION`, not `UNION ALL`: a circle of parents, which nothing makes, would otherwise never end.
    let deny = "WITH RECURSIVE taken (jti) AS ( \
           SELECT jti FROM token_state WHERE jti = $1 AND agency_id = $2 \
           UNION \
           SELECT t.jti FROM token_state t JOIN taken ON t.parent = taken.jti) \
         UPDATE token_state SET denied_at = $3 \
         WHERE denied_at IS NULL AND jti IN (SELECT jti FROM taken)";
    let values = [jti.into(), agency.0.into(), now.0.into()];
    transaction
        .execute_raw(Statement::from_sql_and_values(backend, deny, values))
        .await?;
    Ok(true)
}
