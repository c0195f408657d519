//! Taking tokens back, and with each everything that was exchanged for it. No exchange is under way beside an ending.

use concord_entities::ids::{AgencyId, ApplicationId, IssuerId};
use concord_entities::instant::Instant;
use concord_entities::{token_state, trusted_issuer};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, Statement, Value,
};

use super::caller::issuer_of;
use super::issuer::token::known_as;
use super::token::{LEEWAY, MAX_JTI, MAX_LIFE};
use crate::audit::change::{Author, Ending};
use crate::error::Result;
use crate::jose::claim::is_name;

/// What there is to take back of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocable {
    /// The agency has no such token.
    Unknown,
    /// It was taken back before, or has died of itself; what was exchanged for it with it.
    Over,
    /// It may be in force.
    Living,
}

/// Returns what there is to take back of the token `jti` of `agency` at `now`.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn outlook(
    database: &impl ConnectionTrait,
    agency: AgencyId,
    jti: &str,
    now: Instant,
) -> Result<Revocable> {
    match token_state::Entity::of(agency, jti).one(database).await? {
        Some(known) if known.denied_at.is_some() || known.expires_at.plus(LEEWAY) <= now => {
            Ok(Revocable::Over)
        }
        Some(_) => Ok(Revocable::Living),
        None if is_of_own_issuer(database, agency, jti).await? => Ok(Revocable::Living),
        None => Ok(Revocable::Unknown),
    }
}

/// Denies the token `jti` of `agency` from now on, and every token that it was exchanged for, however often; returns
/// what there was to take back. One that is over stays as it is: then nothing ended.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn revoke<By: Author>(
    ending: &Ending<'_, By>,
    agency: AgencyId,
    jti: &str,
) -> Result<Revocable> {
    let outlook = outlook(&**ending, agency, jti, ending.now()).await?;
    if outlook == Revocable::Living {
        let known = token_state::Entity::of(agency, jti).one(ending).await?;
        if known.is_none() {
            remember_foreign(ending, agency, jti, ending.now()).await?;
        }
        let roots = "SELECT jti FROM token_state WHERE jti = $2";
        deny(ending, roots, vec![jti.into()]).await?;
    }
    Ok(outlook)
}

/// Denies every token of an application and of those that were registered through it, and what was exchanged for them.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn revoke_of_application<By: Author>(
    ending: &Ending<'_, By>,
    application: ApplicationId,
) -> Result<()> {
    // What has died of itself need not be denied, and may be a day's tokens.
    let roots = "SELECT jti FROM token_state WHERE application_id = $2 AND expires_at > $3 \
                 UNION SELECT t.jti FROM application_registrar r JOIN token_state t ON t.application_id = r.application_id \
                 WHERE r.registrar_id = $2 AND t.expires_at > $3";
    let living = ending.now().minus(LEEWAY);
    deny(ending, roots, vec![application.into(), living.into()]).await
}

/// Denies what was exchanged for the tokens of an agency's own issuer, which themselves fall with its registration; and
/// every token of the applications that were registered through it.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn revoke_of_issuer<By: Author>(
    ending: &Ending<'_, By>,
    agency: AgencyId,
    issuer: IssuerId,
) -> Result<()> {
    let roots = "SELECT jti FROM token_state WHERE agency_id = $2 AND parent IS NOT NULL \
                 AND substr(parent, 1, length($3)) = $3 \
                 UNION SELECT t.jti FROM application_registrar r JOIN token_state t ON t.application_id = r.application_id \
                 WHERE r.registrar_id = $4";
    let prefix = known_as(issuer, "");
    let values = vec![agency.into(), prefix.into(), issuer.into()];
    deny(ending, roots, values).await
}

/// Denies the roots and what was exchanged for them. `roots` selects `jti`s, by values from `$2` on.
async fn deny<By: Author>(ending: &Ending<'_, By>, roots: &str, values: Vec<Value>) -> Result<()> {
    // `UNION`, not `UNION ALL`: a circle of parents, which nothing makes, would otherwise never end.
    let sql = format!(
        "WITH RECURSIVE taken (jti) AS ( \
           {roots} \
           UNION \
           SELECT t.jti FROM token_state t JOIN taken ON t.parent = taken.jti) \
         UPDATE token_state SET denied_at = $1 \
         WHERE denied_at IS NULL AND jti IN (SELECT jti FROM taken)"
    );
    let values = [vec![ending.now().into()], values].concat();
    let statement = Statement::from_sql_and_values(ending.get_database_backend(), sql, values);
    ending.execute_raw(statement).await?;
    Ok(())
}

/// Returns whether a token can be one of the agency's own issuers', of which nothing is known before somebody takes it
/// back.
async fn is_of_own_issuer(
    database: &impl ConnectionTrait,
    agency: AgencyId,
    jti: &str,
) -> Result<bool> {
    let named = jti
        .split_once('/')
        .is_some_and(|(_, id)| is_name(id, MAX_JTI));
    let Some(issuer) = issuer_of(jti).filter(|_| named) else {
        return Ok(false);
    };
    let own = trusted_issuer::Entity::of(agency)
        .filter(trusted_issuer::Column::Id.eq(issuer))
        .one(database)
        .await?;
    Ok(own.is_some())
}

/// Makes a row for a token of the agency's own issuer.
async fn remember_foreign(
    database: &impl ConnectionTrait,
    agency: AgencyId,
    jti: &str,
    now: Instant,
) -> Result<()> {
    let row = token_state::Model {
        jti: jti.to_owned(),
        agency_id: agency,
        application_id: None,
        parent: None,
        // It may have been issued a moment ago, by a clock that is ahead of ours.
        expires_at: now.plus(MAX_LIFE).plus(LEEWAY),
        denied_at: None,
    };
    token_state::Entity::insert(row.into_active_model())
        .exec_without_returning(database)
        .await?;
    Ok(())
}
