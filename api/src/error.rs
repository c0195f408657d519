//! Why we refuse: one enum, one stable code each.
//!
//! A refusal comes from one of five places:
//!
//! 1. The caller: a token that proves nothing or reaches less far (`UNAUTHENTICATED`, `FORBIDDEN_SCOPE`), text that is
//!    no id, date or code (`BAD_USER_INPUT`), a hash instead of a document (`PERSISTED_QUERY_NOT_SUPPORTED`), more than
//!    one request or a minute may ask for (`QUERY_TOO_COSTLY`, `RATE_LIMITED`).
//! 2. What the caller may not see, which answers as what does not exist (`NOT_FOUND`).
//! 3. A rule that says no: each returns its reason as a value (`INVALID_TRANSITION`, `CONSENT_DEFECTIVE`,
//!    `MOU_REQUIRED`, `LEGAL_HOLD`, `DUPLICATE_REFERRAL`, `CONFLICT`, `PURPOSE_REQUIRED`).
//! 4. What the service stands on, and what may pass by itself: a database that is away, locked, full or restarting, a
//!    ledger that cannot be written, a store that is older than its witnesses (`UNAVAILABLE`: nothing was changed). Where
//!    a change may have been made, or was made and cannot be shown, it is `OUTCOME_UNKNOWN`.
//! 5. Ourselves: SQL that does not fit the tables, a row that cannot be read, a broken seal (`INTERNAL`). Trying again
//!    does not help, so the caller is not told to.
//!
//! Which of the last two a database's error is, [`DbErr`]'s own code says, in [`may_pass`].
//!
//! [`Error`] is for the person who reads it: its text names what was wrong and what to do, and nothing
//! confidential. [`Refusal`] is an `Error` on its way out, with the cause that only the log may see. It is
//! deliberately not `Display`: async-graphql turns any `Display` error into a bare message, so that the first
//! `?` would lose the code and send internal text to the caller.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Value};
use concord_entities::ids::{InvalidIdError, LegalHoldId, ReferralId};
use concord_entities::instant::{Day, InvalidTimeError};
use concord_entities::vocabulary::{
    Code, LegalHoldGround, ReferralAction, ReferralStatus, Severity,
};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::Error as SqlxError;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

/// The reasons for a refusal. `Display` is safe to show; [`Error::code`] is stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no token, or it proves nothing. One wording for every defect: a forger learns nothing.
    #[error(
        "no valid access token: send `Authorization: Bearer <token>` with a token that is in force"
    )]
    Unauthenticated,
    /// The token is good, but does not reach this far.
    #[error("your token does not reach this far: ask for one with the scope `{needed}`")]
    ForbiddenScope {
        /// All scopes that would reach, as a token's `scope` has them.
        needed: String,
        /// Each of them that is lacking, and what asks for it.
        missing: Vec<MissingScope>,
    },
    /// It does not exist, or the caller may not know that it does: the same answer.
    #[error("nothing with this id is open to you")]
    NotFound,
    /// The caller's input is wrong; the text says where and what to write instead.
    #[error("{0}")]
    BadUserInput(Cow<'static, str>),
    /// The referral does not allow this now.
    #[error("this referral is {from}; from there it cannot {tried}")]
    InvalidTransition {
        /// What was tried.
        tried: ReferralAction,
        /// Where the referral stands.
        from: ReferralStatus,
        /// What its caller may do instead.
        allowed: Vec<ReferralAction>,
    },
    /// The consent or MOU does not allow this now.
    #[error("{0}")]
    NotNow(Cow<'static, str>),
    /// A legal hold obliges the agency to keep what is to be erased. Whoever names each hold in force erases all the same.
    #[error(
        "a legal hold obliges your agency to keep what it holds of this survivor: ask your counsel, and release what is \
         over. To erase all the same, call again with `confirmLegalHolds`: the ids of all in `extensions.holds`"
    )]
    LegalHold {
        /// Every hold in force.
        holds: Vec<HoldInForce>,
    },
    /// Your agency has referred this survivor to this recipient already, for one of these needs, and that is not over.
    #[error(
        "your agency has referred this survivor to this recipient for the same need already, and that is not over: look at the \
         referral in `extensions.referral`, or say `again: true` to refer once more"
    )]
    DuplicateReferral {
        /// The first such referral.
        first: ReferralId,
    },
    /// The consent lacks something that the law asks for.
    #[error(
        "this consent is not good enough to act on: see `extensions.findings` for what to mend"
    )]
    ConsentDefective {
        /// What it lacks: code and remedy of each.
        findings: Vec<Finding>,
    },
    /// No MOU in force between the two agencies covers this.
    #[error(
        "no MOU in force between your agency and the recipient covers this: put one in force first"
    )]
    MouRequired,
    /// Somebody else changed it first, or the key was used for something else.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// The token allows several purposes and none was named.
    #[error("name a `purpose`: your token allows more than one, or none")]
    PurposeRequired,
    /// The document is named by its hash alone, as Apollo's automatic persisted queries do: send it as `query`. Libraries
    /// take this message for the word to do so by themselves.
    #[error("PersistedQueryNotSupported")]
    PersistedQueryNotSupported,
    /// The query asks for more than one request may.
    #[error("{0}")]
    QueryTooCostly(Cow<'static, str>),
    /// The application has asked for too much lately, or somebody has failed too often to prove who they are.
    #[error("too much was asked from here lately: try again in {seconds} s")]
    RateLimited {
        /// How long to wait, in seconds; `Retry-After` says the same.
        seconds: u64,
    },
    /// A change may have been made or not, and that cannot be learned now; or it was made, and its result cannot be read
    /// back. Look at what it is about, or make the same call again, with the same `idempotencyKey` where it has one.
    #[error(
        "it is not known whether this was done: look at what it is about, or repeat the same call with the same \
         `idempotencyKey`"
    )]
    OutcomeUnknown,
    /// A promise cannot be kept now, so nothing is released and nothing was changed.
    #[error(
        "the service cannot answer safely at the moment, so it does not answer: try again in a little while"
    )]
    Unavailable,
    /// A fault of ours.
    #[error("a fault of the service's: report it with the request id")]
    Internal,
}

/// A scope that a token lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingScope {
    /// The scope, such as `consent.r`.
    pub scope: String,
    /// What asks for it, by the keys of the answer; empty where all of the request does.
    pub path: Vec<String>,
}

/// One thing that a consent lacks. Shown to the person who drafts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable code, such as `EXPIRY_TOO_LATE`.
    pub code: &'static str,
    /// Whether it keeps the consent from being signed.
    pub severity: Severity,
    /// What the rule asks for.
    pub rule: &'static str,
    /// Where the rule is written: a state's own law, where its agency named it.
    pub citation: Cow<'static, str>,
    /// What to do about it.
    pub remedy: Cow<'static, str>,
}

/// A legal hold in force, as whoever erases is told of it: no text of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoldInForce {
    /// The hold's id, to be confirmed by.
    pub id: LegalHoldId,
    /// What obliges the agency.
    pub ground: LegalHoldGround,
    /// The day on what obliges it.
    pub issued_on: Day,
    /// Its last day; none where it holds until it is released.
    pub ends_on: Option<Day>,
}

impl Error {
    /// Returns the stable code of this reason, as `extensions.code` carries it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::ForbiddenScope { .. } => "FORBIDDEN_SCOPE",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput(_) => "BAD_USER_INPUT",
            Self::InvalidTransition { .. } | Self::NotNow(_) => "INVALID_TRANSITION",
            Self::LegalHold { .. } => "LEGAL_HOLD",
            Self::DuplicateReferral { .. } => "DUPLICATE_REFERRAL",
            Self::ConsentDefective { .. } => "CONSENT_DEFECTIVE",
            Self::MouRequired => "MOU_REQUIRED",
            Self::Conflict(_) => "CONFLICT",
            Self::PurposeRequired => "PURPOSE_REQUIRED",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::QueryTooCostly(_) => "QUERY_TOO_COSTLY",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// Returns the error for a token that lacks this scope for all that it asks.
    #[must_use]
    pub fn forbidden_scope(needed: String) -> Self {
        Self::ForbiddenScope {
            missing: vec![MissingScope {
                scope: needed.clone(),
                path: Vec::new(),
            }],
            needed,
        }
    }

    /// Returns the error for input that is wrong at `field`, with what to write instead.
    #[must_use]
    pub fn input(field: &str, remedy: impl std::fmt::Display) -> Self {
        Self::BadUserInput(format!("`{field}`: {remedy}").into())
    }

    /// Returns what a GraphQL error carries besides the message.
    pub fn extend(&self, extensions: &mut ErrorExtensionValues) {
        extensions.set("code", self.code());
        match self {
            Self::InvalidTransition { from, allowed, .. } => {
                extensions.set("from", from.to_string());
                extensions.set(
                    "allowed",
                    Value::List(allowed.iter().map(|a| Value::from(a.to_string())).collect()),
                );
            }
            Self::ConsentDefective { findings } => {
                extensions.set(
                    "findings",
                    Value::List(findings.iter().map(Value::from).collect()),
                );
            }
            Self::LegalHold { holds } => {
                extensions.set(
                    "holds",
                    Value::List(holds.iter().map(Value::from).collect()),
                );
            }
            Self::DuplicateReferral { first } => extensions.set("referral", first.to_string()),
            Self::ForbiddenScope { needed, missing } => {
                extensions.set("scope", needed.as_str());
                extensions.set(
                    "scopes",
                    Value::List(missing.iter().map(Value::from).collect()),
                );
            }
            Self::RateLimited { seconds } => extensions.set("retryAfter", *seconds),
            Self::Unauthenticated
            | Self::NotFound
            | Self::BadUserInput(_)
            | Self::NotNow(_)
            | Self::MouRequired
            | Self::Conflict(_)
            | Self::PurposeRequired
            | Self::PersistedQueryNotSupported
            | Self::QueryTooCostly(_)
            | Self::OutcomeUnknown
            | Self::Unavailable
            | Self::Internal => {}
        }
    }
}

impl From<&MissingScope> for Value {
    fn from(missing: &MissingScope) -> Self {
        let path = missing.path.iter().map(|key| Self::from(key.as_str()));
        Self::Object(
            [
                ("scope", Self::from(missing.scope.as_str())),
                ("path", Self::List(path.collect())),
            ]
            .into_iter()
            .map(|(key, value)| (async_graphql::Name::new(key), value))
            .collect(),
        )
    }
}

impl From<&Finding> for Value {
    fn from(finding: &Finding) -> Self {
        Self::Object(
            [
                ("code", finding.code),
                ("severity", finding.severity.code()),
                ("rule", finding.rule),
                ("citation", finding.citation.as_ref()),
                ("remedy", finding.remedy.as_ref()),
            ]
            .into_iter()
            .map(|(key, text)| (async_graphql::Name::new(key), Self::from(text)))
            .collect(),
        )
    }
}

impl From<&HoldInForce> for Value {
    fn from(hold: &HoldInForce) -> Self {
        let ends_on = hold.ends_on.map(|day| Self::from(day.to_string()));
        Self::Object(
            [
                ("id", Self::from(hold.id.to_string())),
                ("ground", Self::from(hold.ground.to_string())),
                ("issuedOn", Self::from(hold.issued_on.to_string())),
                ("endsOn", ends_on.unwrap_or(Self::Null)),
            ]
            .into_iter()
            .map(|(key, value)| (async_graphql::Name::new(key), value))
            .collect(),
        )
    }
}

/// An [`Error`] on its way out, with the cause that only the log may see.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The reason that the caller sees.
    pub error: Error,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What a resolver answers.
pub type Result<T, E = Refusal> = std::result::Result<T, E>;

impl Refusal {
    /// Refuses because a promise cannot be kept now, because of `cause`.
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            error: Error::Unavailable,
            cause: Some(Arc::new(cause)),
        }
    }

    /// Refuses because it cannot be told whether a change was made, because of `cause`.
    pub fn outcome_unknown(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            error: Error::OutcomeUnknown,
            cause: Some(Arc::new(cause)),
        }
    }

    /// Returns the same refusal for a request that has changed something, or may have: it does not say that nothing was.
    #[must_use]
    pub fn after_a_change(&self) -> Self {
        Self {
            error: Error::OutcomeUnknown,
            cause: self.cause.clone(),
        }
    }

    /// Refuses because we are at fault, because of `cause`.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            error: Error::Internal,
            cause: Some(Arc::new(cause)),
        }
    }

    /// Returns what the log may see.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync)> {
        self.cause.as_deref()
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, cause: None }
    }
}

impl From<DbErr> for Refusal {
    fn from(cause: DbErr) -> Self {
        let passes = may_pass(&cause);
        let told = DatabaseFaultError::from(&cause);
        if passes {
            Self::unavailable(told)
        } else {
            Self::internal(told)
        }
    }
}

/// What a database refused, as the log may see it: without the values that its messages and details can hold.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseFaultError(String);

impl From<&DbErr> for DatabaseFaultError {
    fn from(fault: &DbErr) -> Self {
        let refused = sqlx_error(fault).and_then(SqlxError::as_database_error);
        let Some(refused) = refused else {
            return Self(fault.to_string());
        };
        let code = refused.code().unwrap_or_default();
        let mut told = format!("the database refused with code {code}");
        for (what, name) in [
            ("table", refused.table()),
            ("constraint", refused.constraint()),
        ] {
            if let Some(name) = name {
                // Writing to a string does not fail.
                let _ = write!(told, ", {what} {name}");
            }
        }
        // What is wrong with a value is told with the value: data exceptions, and what a trigger or a check says.
        let tells_values = ["22", "23", "P0"]
            .iter()
            .any(|class| code.starts_with(class));
        if !tells_values {
            told.push_str(": ");
            told.push_str(refused.message());
        }
        Self(told)
    }
}

/// Returns the driver's error in a database's fault.
fn sqlx_error(fault: &DbErr) -> Option<&SqlxError> {
    if let DbErr::Conn(RuntimeErr::SqlxError(fault))
    | DbErr::Exec(RuntimeErr::SqlxError(fault))
    | DbErr::Query(RuntimeErr::SqlxError(fault)) = fault
    {
        Some(fault)
    } else {
        None
    }
}

/// Returns whether the connection to the database broke, so that nothing is known of what was asked on it.
#[must_use]
pub fn is_connection_lost(fault: &DbErr) -> bool {
    // Ended by its operator, by a crash or by a limit on idleness; shutting down or starting.
    const CODES: [&str; 6] = ["57P01", "57P02", "57P03", "57P05", "25P03", "25P04"];
    let Some(fault) = sqlx_error(fault) else {
        return false;
    };
    match fault.as_database_error() {
        Some(refused) => refused
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|refused| {
                CODES.contains(&refused.code()) || refused.code().starts_with("08")
            }),
        None => matches!(
            fault,
            SqlxError::Io(_)
                | SqlxError::Tls(_)
                | SqlxError::Protocol(_)
                | SqlxError::WorkerCrashed
                | SqlxError::BeginFailed
        ),
    }
}

/// Returns whether what a database refuses may pass by itself: it cannot be reached, is busy, full, restarting or
/// obstructed. Everything else is a fault of ours.
#[must_use]
pub fn may_pass(fault: &DbErr) -> bool {
    if matches!(fault, DbErr::ConnectionAcquire(_) | DbErr::Conn(_)) {
        return true;
    }
    let (DbErr::Exec(RuntimeErr::SqlxError(fault)) | DbErr::Query(RuntimeErr::SqlxError(fault))) =
        fault
    else {
        return false;
    };
    matches!(
        **fault,
        SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolTimedOut
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed
            | SqlxError::BeginFailed
    ) || fault.as_database_error().is_some_and(says_later)
}

fn says_later(fault: &(dyn DatabaseError + 'static)) -> bool {
    if let Some(fault) = fault.try_downcast_ref::<PgDatabaseError>() {
        is_passing_sqlstate(fault.code())
    } else if let Some(code) = fault.code().and_then(|code| code.parse().ok()) {
        is_passing_in_sqlite(code)
    } else {
        false
    }
}

/// Returns whether an SQLSTATE (PostgreSQL, appendix A) may pass.
fn is_passing_sqlstate(code: &str) -> bool {
    // Connections and logins; rolled back by a conflict; out of a resource; a lock; ended by its operator; the system.
    const CLASSES: [&str; 8] = ["08", "28", "3D", "40", "53", "55", "57", "58"];
    // Read-only, as a standby is; idle for too long in a transaction; a transaction that took too long; refused by a
    // trigger, of which we have none.
    const CODES: [&str; 4] = ["25006", "25P03", "25P04", "P0001"];
    CODES.contains(&code) || CLASSES.iter().any(|class| code.starts_with(class))
}

/// Returns whether a result code of SQLite may pass.
fn is_passing_in_sqlite(extended: i32) -> bool {
    const ABORT: i32 = 4;
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NO_MEMORY: i32 = 7;
    const READ_ONLY: i32 = 8;
    const INTERRUPT: i32 = 9;
    const IO: i32 = 10;
    const FULL: i32 = 13;
    const CANNOT_OPEN: i32 = 14;
    const LOCK_PROTOCOL: i32 = 15;
    // Refused by a trigger, of which we have none.
    const TRIGGER: i32 = 0x0713;
    // The primary code is the lowest byte.
    extended == TRIGGER
        || matches!(
            extended & 0xff,
            ABORT
                | BUSY
                | LOCKED
                | NO_MEMORY
                | READ_ONLY
                | INTERRUPT
                | IO
                | FULL
                | CANNOT_OPEN
                | LOCK_PROTOCOL
        )
}

impl From<InvalidIdError> for Refusal {
    fn from(invalid: InvalidIdError) -> Self {
        Error::BadUserInput(invalid.to_string().into()).into()
    }
}

impl From<InvalidTimeError> for Refusal {
    fn from(invalid: InvalidTimeError) -> Self {
        Error::BadUserInput(invalid.to_string().into()).into()
    }
}

impl From<Refusal> for async_graphql::Error {
    fn from(refusal: Refusal) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        refusal.error.extend(&mut extensions);
        Self {
            message: refusal.error.to_string(),
            source: Some(Arc::new(refusal)),
            extensions: Some(extensions),
        }
    }
}
