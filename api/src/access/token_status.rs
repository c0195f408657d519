//! Whether a token that verifies still counts: it is one that we know, its agency and its program take part, its epoch is
//! current, nobody took it back, and nobody retired the key that signed it.
//!
//! A token is a ceiling; this is read again with every decision. Whatever changes it bumps the sharing epoch, so an
//! answer that was read under an epoch holds for exactly as long as that epoch does, and the ledger looks at the
//! epoch before it lets anything leave.

use concord_entities::ids::{AgencyId, ApplicationId, IssuerId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AgencyStatus;
use moka::sync::Cache;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};

use super::Caller;
use super::caller::{Authority, CallerKey};
use crate::clock;
use crate::error::{Error, Result};
use crate::store::Store;

/// Whether a caller's token counts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStatus {
    /// It does.
    Good,
    /// It does not; the caller is not told why.
    Gone,
}

/// What was read of callers' standing, with the epoch under which it was read.
#[derive(Clone, Debug)]
pub struct TokenStatuses {
    known: Cache<CallerKey, (i64, TokenStatus)>,
}

impl Default for TokenStatuses {
    fn default() -> Self {
        Self {
            known: Cache::new(10_000),
        }
    }
}

impl TokenStatuses {
    /// Returns the caller's standing under `epoch`; none where the epoch has passed meanwhile.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn under(
        &self,
        epoch: i64,
        store: &Store,
        caller: &Caller,
    ) -> Result<Option<TokenStatus>> {
        let key = caller.standing_key();
        if let Some((seen, status)) = self.known.get(&key)
            && seen == epoch
        {
            return Ok(Some(status));
        }
        let (status, seen) = query(&store.read, store.backend, caller).await?;
        self.known.insert(key, (seen, status));
        Ok((seen == epoch).then_some(status))
    }
}

/// The caller's standing, read within a change.
pub(crate) async fn read(
    database: &impl ConnectionTrait,
    backend: DbBackend,
    caller: &Caller,
) -> Result<TokenStatus> {
    let (status, _) = query(database, backend, caller).await?;
    Ok(status)
}

/// What whoever makes a token for an application needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IssuingFacts {
    /// The agency's token epoch.
    pub(crate) epoch: u32,
    /// The database's time.
    pub(crate) now: Instant,
    /// Whether the agency ended the tokens of the person whom it is for.
    pub(crate) subject_is_ended: bool,
}

/// Returns the facts for a token of an agency that takes part and whose application does, for `subject`; none where
/// one of them does not. For whoever makes a token, within the same transaction.
pub(crate) async fn of_client(
    database: &impl ConnectionTrait,
    backend: DbBackend,
    agency: AgencyId,
    application: ApplicationId,
    subject: &str,
) -> Result<Option<IssuingFacts>> {
    let facts = TokenFacts::read(
        database,
        backend,
        [
            agency.into(),
            None::<String>.into(),
            application.into(),
            None::<String>.into(),
            None::<IssuerId>.into(),
            subject.into(),
        ],
    )
    .await?;
    let good = facts.agency == Some(AgencyStatus::Active) && facts.has_application();
    let epoch = facts.token_epoch.and_then(|epoch| epoch.try_into().ok());
    Ok(epoch.filter(|_| good).map(|epoch| IssuingFacts {
        epoch,
        now: facts.now,
        subject_is_ended: facts.subject_is_ended(facts.now),
    }))
}

/// Whoever made a link that others read by, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LinkMaker<'m> {
    /// Their agency.
    pub(crate) agency: AgencyId,
    /// The program whose token they had, where it is registered here.
    pub(crate) application: Option<ApplicationId>,
    /// The issuer of the token, where it is not ours.
    pub(crate) issuer: Option<IssuerId>,
    /// Who they are, as the agency calls them.
    pub(crate) subject: &'m str,
    /// When they made it.
    pub(crate) made_at: Instant,
}

/// Returns whether a token of the one that a link was made with could still count, had it no end of its own.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn takes_part(
    database: &impl ConnectionTrait,
    backend: DbBackend,
    maker: LinkMaker<'_>,
) -> Result<bool> {
    let values = [
        maker.agency.into(),
        None::<String>.into(),
        maker.application.into(),
        None::<String>.into(),
        maker.issuer.into(),
        maker.subject.into(),
    ];
    let facts = TokenFacts::read(database, backend, values).await?;
    Ok(facts.bear_link(&maker))
}

async fn query(
    database: &impl ConnectionTrait,
    backend: DbBackend,
    caller: &Caller,
) -> Result<(TokenStatus, i64)> {
    let kid = match caller.authority() {
        Authority::Own { kid, .. } => Some(kid.clone()),
        Authority::Issuer { .. } => None,
    };
    let values = [
        caller.agency().into(),
        caller.token().into(),
        caller.application().into(),
        kid.into(),
        caller.issuer().into(),
        caller.subject().into(),
    ];
    let facts = TokenFacts::read(database, backend, values).await?;
    let status = if facts.bear(caller) {
        TokenStatus::Good
    } else {
        TokenStatus::Gone
    };
    Ok((status, facts.epoch))
}

/// What a token depends on besides itself.
#[derive(Debug, FromQueryResult)]
struct TokenFacts {
    epoch: i64,
    now: Instant,
    agency: Option<AgencyStatus>,
    token_epoch: Option<i32>,
    epoch_began_at: Option<Instant>,
    /// The `jti`, where its state is kept.
    state: Option<String>,
    denied_at: Option<Instant>,
    application: Option<AgencyStatus>,
    /// How many of those are suspended through whom the application was registered.
    fallen: i64,
    retired_at: Option<Instant>,
    issuer: Option<AgencyStatus>,
    believed_from: Option<Instant>,
    ended_at: Option<Instant>,
    reinstated_at: Option<Instant>,
}

impl TokenFacts {
    /// Reads, by agency, token, application, signing key, issuer and subject; all but the first and the last may be null.
    async fn read(
        database: &impl ConnectionTrait,
        backend: DbBackend,
        values: [Value; 6],
    ) -> Result<Self> {
        let sql = format!(
            "SELECT e.epoch, {now} AS now, a.status AS agency, a.token_epoch, a.epoch_began_at, t.jti AS state, t.denied_at, \
             p.status AS application, k.retired_at, i.status AS issuer, \
             i.believed_from, s.ended_at, s.reinstated_at, \
             (SELECT count(*) FROM application_registrar r \
              LEFT JOIN application ra ON ra.id = r.registrar_id \
              LEFT JOIN trusted_issuer ri ON ri.id = r.registrar_id \
              WHERE r.application_id = $3 AND COALESCE(ra.status, ri.status, '') <> 'ACTIVE') AS fallen \
             FROM sharing_epoch e \
             LEFT JOIN agency a ON a.id = $1 \
             LEFT JOIN token_state t ON t.jti = $2 \
             LEFT JOIN application p ON p.id = $3 AND p.agency_id = $1 \
             LEFT JOIN token_key k ON k.kid = $4 \
             LEFT JOIN trusted_issuer i ON i.id = $5 AND i.agency_id = $1 \
             LEFT JOIN ended_subject s ON s.agency_id = $1 AND s.subject = $6",
            now = clock::sql(backend),
        );
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let row = Self::find_by_statement(statement).one(database).await?;
        let missing = || sea_orm::DbErr::RecordNotFound("the sharing epoch".to_owned());
        Ok(row.ok_or_else(missing)?)
    }

    /// Returns whether the application takes part, and everybody through whom it was registered.
    fn has_application(&self) -> bool {
        self.application == Some(AgencyStatus::Active) && self.fallen == 0
    }

    /// Returns whether a token that was issued then is one of those that the agency ended of the person.
    fn subject_is_ended(&self, issued_at: Instant) -> bool {
        self.ended_at.is_some() && self.reinstated_at.is_none_or(|from| issued_at < from)
    }

    /// Returns whether an issuer that is none of ours is believed in what it issued then.
    fn believe_issuer(&self, issued_at: Instant) -> bool {
        self.issuer == Some(AgencyStatus::Active)
            && self.believed_from.is_none_or(|from| from <= issued_at)
    }

    /// Returns whether whoever made a link still takes part. A link knows nothing of epochs, but when it was made.
    fn bear_link(&self, maker: &LinkMaker<'_>) -> bool {
        self.agency == Some(AgencyStatus::Active)
            && self
                .epoch_began_at
                .is_some_and(|began| began <= maker.made_at)
            && !self.subject_is_ended(maker.made_at)
            && (maker.application.is_none() || self.has_application())
            && (maker.issuer.is_none() || self.believe_issuer(maker.made_at))
    }

    /// Returns whether a token that verified still counts.
    fn bear(&self, caller: &Caller) -> bool {
        let active = Some(AgencyStatus::Active);
        let believed = match caller.authority() {
            Authority::Own { epoch, .. } => {
                // A token of ours was recorded before it was handed out. Where its state has gone, so has what ended it.
                self.state.is_some()
                    && self.token_epoch.is_some_and(|current| current <= *epoch)
                    && self.retired_at.is_none()
            }
            // Another issuer knows nothing of our epochs, but tells when it issued the token.
            Authority::Issuer { issued_at, .. } => {
                self.believe_issuer(*issued_at)
                    && self.epoch_began_at.is_some_and(|began| began <= *issued_at)
            }
        };
        believed
            && self.agency == active
            && self.denied_at.is_none()
            && !self.subject_is_ended(caller.issued_at())
            && (caller.application().is_none() || self.has_application())
    }
}

impl TokenStatus {
    /// Checks that the token still counts.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`.
    pub fn require(self) -> Result<()> {
        match self {
            Self::Good => Ok(()),
            Self::Gone => Err(Error::Unauthenticated.into()),
        }
    }
}
