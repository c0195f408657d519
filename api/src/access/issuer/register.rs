//! The registrations of trusted issuers: made, refreshed and suspended by the operator, each with its audit event.

use concord_entities::ids::{AgencyId, IssuerId};
use concord_entities::instant::Instant;
use concord_entities::trusted_issuer::{self, Algorithms};
use concord_entities::vocabulary::AgencyStatus;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IntoActiveModel};

use super::age::PAUSE;
use super::fetch::{FetchError, Fetched, Fetcher};
use super::rules::{IssuerError, IssuerRegistration};
use crate::access::revoked;
use crate::audit::change::{Author, ByOperator, Change, Ending};
use crate::audit::event::{Event, IssuerEvent};
use crate::error::{Refusal, Result};
use crate::jose::jwk::ExternalKeys;
use crate::jose::jws::Algorithm;
use crate::store::Store;

/// Why a registration was not made or changed. Nothing was.
#[derive(Debug, thiserror::Error)]
pub enum IssuerChangeError {
    /// The registration is not fit.
    #[error(transparent)]
    Unfit(#[from] IssuerError),
    /// It names this service itself.
    #[error("the issuer: this service's own, whose tokens are known by its own keys")]
    Ourselves,
    /// The issuer is registered already; one issuer speaks for one agency.
    #[error("this issuer is registered already, for this agency or another one")]
    Registered,
    /// There is no such issuer.
    #[error("no issuer has this id")]
    NoSuchIssuer,
    /// It is suspended.
    #[error("this issuer is suspended")]
    Suspended,
    /// It is not suspended.
    #[error("this issuer is not suspended")]
    InForce,
    /// Its keys cannot be had.
    #[error("the keys at {jwks_uri} cannot be had: {fault}")]
    NotFetched {
        /// Where they should be.
        jwks_uri: String,
        /// Why they cannot.
        fault: FetchError,
    },
    /// Its keys cannot prove anything that it may sign.
    #[error("none of its keys is for {0}: name the algorithm that it signs with")]
    NoFittingKey(String),
    /// The store cannot be used.
    #[error("the store cannot be used")]
    Refused(Refusal),
}

impl From<Refusal> for IssuerChangeError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DbErr> for IssuerChangeError {
    fn from(fault: DbErr) -> Self {
        Self::Refused(fault.into())
    }
}

/// Registers an issuer for `agency`, with the keys that it publishes now. `ours` is the `iss` of this service.
///
/// # Errors
/// [`IssuerChangeError`]: it is not fit, known already, or its keys cannot be had.
pub async fn add(
    store: &Store,
    fetcher: &Fetcher,
    ours: &str,
    agency: AgencyId,
    registration: IssuerRegistration,
) -> Result<(IssuerId, Fetched), IssuerChangeError> {
    registration.terms()?;
    if registration.issuer == ours {
        return Err(IssuerChangeError::Ourselves);
    }
    let copy = fetch(fetcher, &registration.jwks_uri).await?;
    if !have_one_for(&registration.algorithms, &copy.keys) {
        return Err(IssuerChangeError::NoFittingKey(
            registration.algorithms.join(", "),
        ));
    }
    let change = Change::at_command_line(store, ByOperator::default()).await?;
    let now = change.now();
    let same = trusted_issuer::Entity::issuing_as(&registration.issuer);
    if same.one(&change).await?.is_some() {
        return Err(IssuerChangeError::Registered);
    }
    let max_life = registration.max_life_in_seconds();
    let row = trusted_issuer::Model {
        id: IssuerId::new(),
        agency_id: agency,
        issuer: registration.issuer,
        jwks_uri: registration.jwks_uri,
        token_type: registration.token_type,
        algorithms: Algorithms(registration.algorithms),
        scope: registration.scope,
        mapping: registration.mapping,
        status: AgencyStatus::Active,
        jwks: Some(copy.jwks.clone()),
        fetched_at: Some(now),
        attempted_at: Some(now),
        created_at: now,
        believed_from: None,
        max_life,
        audience: registration.audience,
    };
    let id = row.id;
    trusted_issuer::Entity::insert(row.into_active_model())
        .exec_without_returning(&change)
        .await?;
    let issuer = IssuerEvent { id, agency };
    change.commit(Event::IssuerTrusted(issuer)).await?;
    Ok((id, copy))
}

fn have_one_for(algorithms: &[String], keys: &ExternalKeys) -> bool {
    let allowed = algorithms.iter().filter_map(|name| Algorithm::named(name));
    let mut fitting =
        allowed.flat_map(|algorithm| keys.iter().filter(move |key| key.fits(algorithm)));
    fitting.next().is_some()
}

/// Fetches an issuer's keys now, whenever they were last fetched.
///
/// # Errors
/// [`IssuerChangeError`]: there is no such issuer in force, or its keys cannot be had; the last good copy stays.
pub async fn refresh(
    store: &Store,
    fetcher: &Fetcher,
    id: IssuerId,
) -> Result<Fetched, IssuerChangeError> {
    let row = in_force(&store.read, id).await?;
    let copy = fetch(fetcher, &row.jwks_uri).await?;
    let change = Change::at_command_line(store, ByOperator::default()).await?;
    let agency = in_force(&change, id).await?.agency_id;
    write_keys(&change, id, &copy.jwks, change.now()).await?;
    trusted_issuer::Entity::note_attempt(id, change.now())
        .exec(&change)
        .await?;
    let issuer = IssuerEvent { id, agency };
    change.commit(Event::IssuerRefreshed(issuer)).await?;
    Ok(copy)
}

/// Ends the trust in an issuer: its tokens are over with the next request of every replica.
///
/// # Errors
/// [`IssuerChangeError`]: there is no such issuer in force.
pub async fn suspend(store: &Store, id: IssuerId) -> Result<(), IssuerChangeError> {
    in_force(&store.read, id).await?;
    let ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let agency = in_force(&ending, id).await?.agency_id;
    trusted_issuer::Entity::suspend(id).exec(&ending).await?;
    revoked::revoke_of_issuer(&ending, agency, id).await?;
    let issuer = IssuerEvent { id, agency };
    ending.commit(Event::IssuerSuspended(issuer)).await?;
    Ok(())
}

/// Trusts an issuer again that was suspended, in what it issues from now on; the applications that were registered through
/// it are given tokens again.
///
/// # Errors
/// [`IssuerChangeError`]: there is no such issuer, or it is in force.
pub async fn reinstate(store: &Store, id: IssuerId) -> Result<(), IssuerChangeError> {
    // Nobody's sharing ends, but what was read of its tokens under this epoch is no longer so.
    let ending = Ending::at_command_line(store, ByOperator::default()).await?;
    let row = trusted_issuer::Entity::named(id).one(&ending).await?;
    let row = row.ok_or(IssuerChangeError::NoSuchIssuer)?;
    if row.status == AgencyStatus::Active {
        return Err(IssuerChangeError::InForce);
    }
    trusted_issuer::Entity::reinstate(id, ending.now())
        .exec(&ending)
        .await?;
    let agency = row.agency_id;
    let issuer = IssuerEvent { id, agency };
    ending.commit(Event::IssuerReinstated(issuer)).await?;
    Ok(())
}

/// Suspends an issuer within an open ending; returns what to record of it, or none where it is not in force.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn suspend_again<By: Author>(
    ending: &Ending<'_, By>,
    id: IssuerId,
) -> Result<Option<Event>> {
    let found = trusted_issuer::Entity::named(id).one(ending).await?;
    let Some(row) = found.filter(|row| row.status == AgencyStatus::Active) else {
        return Ok(None);
    };
    trusted_issuer::Entity::suspend(id).exec(ending).await?;
    revoked::revoke_of_issuer(ending, row.agency_id, id).await?;
    let agency = row.agency_id;
    Ok(Some(Event::IssuerSuspended(IssuerEvent { id, agency })))
}

/// Returns whether this replica is the one to ask an issuer for its keys: among all of them one a minute, with success
/// or without.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn attempt(store: &Store, id: IssuerId, now: Instant) -> Result<bool> {
    let claimed = trusted_issuer::Entity::claim_attempt(id, now, PAUSE)
        .exec(&store.write)
        .await?;
    Ok(claimed.rows_affected == 1)
}

/// Keeps a copy of an issuer's keys for every replica.
///
/// # Errors
/// `UNAVAILABLE`.
pub(super) async fn keep(store: &Store, id: IssuerId, jwks: &str, now: Instant) -> Result<()> {
    Ok(write_keys(&store.write, id, jwks, now).await?)
}

async fn write_keys(
    database: &impl ConnectionTrait,
    id: IssuerId,
    jwks: &str,
    now: Instant,
) -> Result<(), DbErr> {
    trusted_issuer::Entity::keep_keys(id, jwks, now)
        .exec(database)
        .await
        .map(|_| ())
}

async fn fetch(fetcher: &Fetcher, jwks_uri: &str) -> Result<Fetched, IssuerChangeError> {
    let copy = fetcher.fetch(jwks_uri).await;
    copy.map_err(|fault| IssuerChangeError::NotFetched {
        jwks_uri: jwks_uri.to_owned(),
        fault,
    })
}

async fn in_force(
    database: &impl ConnectionTrait,
    id: IssuerId,
) -> Result<trusted_issuer::Model, IssuerChangeError> {
    let row = trusted_issuer::Entity::named(id).one(database).await?;
    let row = row.ok_or(IssuerChangeError::NoSuchIssuer)?;
    match row.status {
        AgencyStatus::Active => Ok(row),
        AgencyStatus::Suspended => Err(IssuerChangeError::Suspended),
    }
}
