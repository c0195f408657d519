//! The trusted issuers that a replica has met, with the last good copy of each one's keys.
//!
//! The copy is shared through the database: one fetch serves every replica, and one that has just started needs none.
//! Only a registration makes us ask anybody for keys, so a stranger's token costs one look at the database.

use std::sync::Arc;

use concord_entities::instant::Instant;
use concord_entities::trusted_issuer;
use concord_entities::vocabulary::AgencyStatus;
use moka::future::Cache;
use tracing::{info, warn};

use super::fetch::{self, Fetcher};
use super::rules::{IssuerRegistration, MAX_ISSUER};
use super::token::{self, ExternalClaims, Named, Trusted};
use super::{age, register};
use crate::access::token::TokenError;
use crate::error::{Refusal, Result};
use crate::jose::jwk::ExternalKeys;
use crate::store::Store;

/// How many issuers are remembered.
const REMEMBERED: u64 = 1_000;

/// The trusted issuers, as a replica knows them.
#[derive(Clone, Debug)]
pub struct Issuers {
    fetcher: Fetcher,
    /// By the `iss` of their tokens.
    held: Cache<String, Held>,
}

/// Why a foreign token makes no caller.
#[derive(Clone, Debug)]
pub enum ExternalTokenError {
    /// It proves nothing.
    Fault(TokenError),
    /// Its issuer signed it, and something that it says is at fault.
    Signed(TokenError),
    /// We cannot tell.
    Refused(Refusal),
}

impl From<TokenError> for ExternalTokenError {
    fn from(fault: TokenError) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for ExternalTokenError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What came of looking for an issuer. Whatever is not `Known` is looked for again by whoever asks next.
#[derive(Clone, Debug)]
enum Held {
    /// Nobody who is trusted issues as this.
    Nobody,
    /// It could not be looked for.
    Unknown(Refusal),
    /// It is trusted.
    Known(Arc<Known>),
}

/// A trusted issuer with its keys.
#[derive(Debug)]
struct Known {
    trusted: Trusted,
    keys: ExternalKeys,
    fetched_at: Option<Instant>,
    read_at: Instant,
}

impl Issuers {
    /// Returns an empty cache; keys will be fetched by this fetcher.
    #[must_use]
    pub fn new(fetcher: Fetcher) -> Self {
        Self {
            fetcher,
            held: Cache::new(REMEMBERED),
        }
    }

    /// Returns what a foreign token says, if a trusted issuer signed it for this `audience`, and it is good at `now`.
    ///
    /// Whether the issuer is still trusted at this very moment is for the standing to tell, with the facts.
    ///
    /// # Errors
    /// [`ExternalTokenError`].
    pub async fn verify(
        &self,
        store: &Store,
        compact: &str,
        audience: &str,
        now: Instant,
    ) -> Result<ExternalClaims, ExternalTokenError> {
        let named = token::named(compact)?;
        let known = self.known(store, &named, now).await?;
        let known = known.ok_or(TokenError::WrongIssuer)?;
        if !age::is_usable(known.fetched_at, now) {
            return Err(TokenError::UnknownKey.into());
        }
        let verified = token::verify(compact, &known.trusted, &known.keys, audience, now);
        verified.map_err(|fault| match fault.member() {
            Some(_) => ExternalTokenError::Signed(fault),
            None => fault.into(),
        })
    }

    async fn known(
        &self,
        store: &Store,
        named: &Named,
        now: Instant,
    ) -> Result<Option<Arc<Known>>> {
        if named.issuer.len() > MAX_ISSUER {
            return Ok(None);
        }
        let looking = look(store.clone(), self.fetcher.clone(), named.clone(), now);
        let held = self
            .held
            .entry_by_ref(named.issuer.as_str())
            .or_insert_with_if(looking, |held| held.is_due(named, now))
            .await
            .into_value();
        match held {
            Held::Known(known) => Ok(Some(known)),
            Held::Nobody => Ok(None),
            Held::Unknown(refusal) => Err(refusal),
        }
    }
}

impl Held {
    fn is_due(&self, named: &Named, now: Instant) -> bool {
        match self {
            Self::Nobody | Self::Unknown(_) => true,
            Self::Known(known) => known.lacks(named, now) && now.since(known.read_at) >= age::LOOK,
        }
    }
}

impl Known {
    /// Returns what a row says. One that cannot be understood is nobody's.
    fn of(row: &trusted_issuer::Model, now: Instant) -> Option<Self> {
        let terms = IssuerRegistration::from_row(row).terms().ok()?;
        let keys = row.jwks.as_deref().map(str::as_bytes);
        let keys = keys.and_then(|jwks| fetch::read_set(jwks).ok());
        Some(Self {
            trusted: Trusted {
                id: row.id,
                agency: row.agency_id,
                issuer: row.issuer.clone(),
                terms,
            },
            fetched_at: row.fetched_at.filter(|_| keys.is_some()),
            keys: keys.unwrap_or_default(),
            read_at: now,
        })
    }

    /// Returns whether newer keys are wanted for such a token.
    fn lacks(&self, named: &Named, now: Instant) -> bool {
        let kid = named.kid.as_deref();
        !age::is_fresh(self.fetched_at, now) || self.keys.find(kid, named.algorithm).is_none()
    }
}

/// Looks for an issuer, to the end: were it given up with the request that asked, a stranger could use up the one
/// attempt of each minute by hanging up.
async fn look(store: Store, fetcher: Fetcher, named: Named, now: Instant) -> Held {
    let looking = tokio::spawn(async move { find(&store, &fetcher, &named, now).await });
    match looking.await {
        Ok(Ok(Some(known))) => Held::Known(Arc::new(known)),
        Ok(Ok(None)) => Held::Nobody,
        Ok(Err(refusal)) => Held::Unknown(refusal),
        Err(broken) => Held::Unknown(Refusal::unavailable(broken)),
    }
}

async fn find(
    store: &Store,
    fetcher: &Fetcher,
    named: &Named,
    now: Instant,
) -> Result<Option<Known>> {
    let row = trusted_issuer::Entity::issuing_as(&named.issuer)
        .one(&store.read)
        .await?
        .filter(|row| row.status == AgencyStatus::Active);
    let Some((row, known)) = row.and_then(|row| Known::of(&row, now).map(|known| (row, known)))
    else {
        return Ok(None);
    };
    let asks = known.lacks(named, now)
        && age::may_ask(row.attempted_at, now)
        && register::attempt(store, row.id, now).await?;
    if !asks {
        return Ok(Some(known));
    }
    let issuer = row.id;
    match fetcher.fetch(&row.jwks_uri).await {
        Ok(copy) => {
            register::keep(store, row.id, &copy.jwks, now).await?;
            info!(%issuer, "an issuer's keys were fetched");
            Ok(Some(Known {
                keys: copy.keys,
                fetched_at: Some(now),
                ..known
            }))
        }
        Err(fault) => {
            warn!(%issuer, code = fault.code(), "an issuer's keys were not fetched");
            Ok(Some(known))
        }
    }
}
