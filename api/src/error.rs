//! Why we refuse: one enum, one stable code each.
//!
//! [`Error`] is for the person who reads it: its text names what was wrong and what to do, and nothing
//! confidential. [`Refusal`] is an `Error` on its way out, with the cause that only the log may see. It is
//! deliberately not `Display`: async-graphql turns any `Display` error into a bare message, so that the first
//! `?` would lose the code and send internal text to the caller.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Value};
use concord_entities::ids::InvalidIdError;
use concord_entities::instant::InvalidTimeError;
use concord_entities::vocabulary::{Code, ReferralAction, ReferralStatus, Severity};

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
        /// The scope that would reach.
        needed: String,
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
    /// The query asks for more than one request may.
    #[error("{0}")]
    QueryTooCostly(Cow<'static, str>),
    /// The application has asked for too much lately, or somebody has failed too often to prove who they are.
    #[error("too much was asked from here lately: try again in {seconds} s")]
    RateLimited {
        /// How long to wait, in seconds; `Retry-After` says the same.
        seconds: u64,
    },
    /// A promise cannot be kept now, so nothing is released.
    #[error(
        "the service cannot answer safely at the moment, so it does not answer: try again in a little while"
    )]
    Unavailable,
    /// A fault of ours.
    #[error("a fault of the service's: report it with the request id")]
    Internal,
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

impl Error {
    /// The stable code of this reason, as `extensions.code` carries it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::ForbiddenScope { .. } => "FORBIDDEN_SCOPE",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput(_) => "BAD_USER_INPUT",
            Self::InvalidTransition { .. } | Self::NotNow(_) => "INVALID_TRANSITION",
            Self::ConsentDefective { .. } => "CONSENT_DEFECTIVE",
            Self::MouRequired => "MOU_REQUIRED",
            Self::Conflict(_) => "CONFLICT",
            Self::PurposeRequired => "PURPOSE_REQUIRED",
            Self::QueryTooCostly(_) => "QUERY_TOO_COSTLY",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    /// Input that is wrong at `field`, with what to write instead.
    #[must_use]
    pub fn input(field: &str, remedy: impl std::fmt::Display) -> Self {
        Self::BadUserInput(format!("`{field}`: {remedy}").into())
    }

    /// What a GraphQL error carries besides the message.
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
            Self::ForbiddenScope { needed } => extensions.set("scope", needed.as_str()),
            Self::RateLimited { seconds } => extensions.set("retryAfter", *seconds),
            Self::Unauthenticated
            | Self::NotFound
            | Self::BadUserInput(_)
            | Self::NotNow(_)
            | Self::MouRequired
            | Self::Conflict(_)
            | Self::PurposeRequired
            | Self::QueryTooCostly(_)
            | Self::Unavailable
            | Self::Internal => {}
        }
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
    /// We cannot keep a promise, because of `cause`.
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            error: Error::Unavailable,
            cause: Some(Arc::new(cause)),
        }
    }

    /// We are at fault, because of `cause`.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            error: Error::Internal,
            cause: Some(Arc::new(cause)),
        }
    }

    /// What the log may see.
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

impl From<sea_orm::DbErr> for Refusal {
    fn from(cause: sea_orm::DbErr) -> Self {
        Self::unavailable(cause)
    }
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
