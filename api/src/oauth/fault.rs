//! Why the authorization server refuses, as RFC 6749, 5.2 and its successors spell it.

use std::borrow::Cow;

use crate::access::scope::Scopes;
use crate::access::verifier::CallerError;
use crate::error::{Error, Refusal};

/// A refusal of the authorization server's. Its texts repeat nothing of the request, and keep to the letters that
/// RFC 6749, 5.2 allows in `error_description`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthError {
    /// Which kind, for the program that reads it.
    pub kind: OauthErrorCode,
    /// What was wrong and what to do, for its developer.
    pub description: Cow<'static, str>,
    /// The finer reason, for the log and the audit alone.
    pub why: &'static str,
}

/// The kinds of refusal, each with its registered code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OauthErrorCode {
    /// A parameter is missing, repeated or malformed (RFC 6749, 5.2).
    InvalidRequest,
    /// The program did not prove that it is the registered one (RFC 6749, 5.2). One wording for every reason.
    InvalidClient,
    /// The token that is to be taken back was given to another client, or by another issuer (RFC 7009, 2.1).
    UnauthorizedClient,
    /// There is no such grant here (RFC 6749, 5.2).
    UnsupportedGrantType,
    /// The scope is malformed, or wider than what may be granted (RFC 6749, 5.2).
    InvalidScope,
    /// The token is wanted for somebody else (RFC 8707, 2).
    InvalidTarget,
    /// The token that is to be exchanged is not in force (RFC 8693, 2.2.2): the code is that of a wrong request.
    InvalidSubjectToken,
    /// The DPoP proof is not right (RFC 9449, 5).
    InvalidDpopProof,
    /// Too many attempts: try again after so many seconds.
    SlowDown(u64),
    /// A promise cannot be kept now, so nothing is issued.
    Unavailable,
}

impl OauthErrorCode {
    /// Returns the code that `error` carries.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest | Self::InvalidSubjectToken => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::SlowDown(_) | Self::Unavailable => "temporarily_unavailable",
        }
    }
}

impl OauthError {
    /// Returns a request that cannot be understood.
    #[must_use]
    pub const fn request(description: &'static str) -> Self {
        Self::new(OauthErrorCode::InvalidRequest, description)
    }

    /// Returns a refusal of this kind, whose code says all that the audit needs.
    #[must_use]
    pub const fn new(kind: OauthErrorCode, description: &'static str) -> Self {
        Self {
            kind,
            description: Cow::Borrowed(description),
            why: kind.code(),
        }
    }

    /// Returns a program that did not prove who it is: always in the same words.
    #[must_use]
    pub const fn client(why: &'static str) -> Self {
        Self {
            kind: OauthErrorCode::InvalidClient,
            description: Cow::Borrowed(
                "the client is not known here, or did not authenticate as it was registered to",
            ),
            why,
        }
    }

    /// Returns a scope that is malformed, empty, or wider than what this client can get, which is `open`.
    #[must_use]
    pub fn scope(open: &Scopes) -> Self {
        let description = match open.iter().next() {
            Some(open) => format!("ask for some of what this client can get here, such as {open}"),
            None => "this client can get nothing here: ask your agency for wider scopes".to_owned(),
        };
        Self {
            kind: OauthErrorCode::InvalidScope,
            description: Cow::Owned(description),
            why: OauthErrorCode::InvalidScope.code(),
        }
    }

    /// Returns the refusal of a token for somebody whose tokens their agency ended.
    #[must_use]
    pub const fn ended_subject() -> Self {
        Self {
            kind: OauthErrorCode::InvalidSubjectToken,
            description: Cow::Borrowed(
                "your agency ended this person's tokens: there are none until it reinstates them (reinstateSubject)",
            ),
            why: "subject_ended",
        }
    }

    /// Returns the error for too many attempts.
    #[must_use]
    pub const fn slow_down(seconds: u64) -> Self {
        Self {
            kind: OauthErrorCode::SlowDown(seconds),
            description: Cow::Borrowed("too many attempts: wait as long as Retry-After says"),
            why: "too_many_attempts",
        }
    }

    /// Returns a proof of possession that proves nothing (RFC 9449, 4.3).
    #[must_use]
    pub const fn proof(why: &'static str) -> Self {
        Self {
            kind: OauthErrorCode::InvalidDpopProof,
            description: Cow::Borrowed(
                "send one DPoP header with a fresh proof for this method and URL, each proof once",
            ),
            why,
        }
    }
}

/// What the stores or the ledger refuse is nobody's fault who asks.
impl From<Refusal> for OauthError {
    fn from(refusal: Refusal) -> Self {
        match refusal.error {
            Error::Unauthenticated => Self::client("standing"),
            Error::RateLimited { seconds } => Self::slow_down(seconds),
            Error::ForbiddenScope { .. }
            | Error::ForbiddenOrigin
            | Error::NotFound
            | Error::SendersOnly
            | Error::BadUserInput(_)
            | Error::InvalidTransition { .. }
            | Error::NotYours { .. }
            | Error::NotNow(_)
            | Error::LegalHold { .. }
            | Error::DuplicateReferral { .. }
            | Error::ConsentDefective { .. }
            | Error::ImpactUnseen { .. }
            | Error::MouRequired
            | Error::Conflict(_)
            | Error::PurposeRequired
            | Error::PersistedQueryNotSupported
            | Error::DocumentNotTrusted
            | Error::FileRefused { .. }
            | Error::BeyondRulePack { .. }
            | Error::CursorExpired
            | Error::QueryTooCostly(_)
            | Error::OutcomeUnknown
            | Error::Unavailable
            | Error::Internal => {
                if let Some(cause) = refusal.cause() {
                    tracing::error!(code = refusal.error.code(), cause = %cause, "refused");
                }
                Self::new(
                    OauthErrorCode::Unavailable,
                    "the service cannot answer safely at the moment: try again in a little while",
                )
            }
        }
    }
}

/// Returns `said` of a token that proves nothing; where nobody can tell whether it does, the outage.
pub(super) fn unless_unavailable(
    fault: CallerError,
    said: impl FnOnce(&'static str) -> OauthError,
) -> OauthError {
    match fault {
        CallerError::Refused(refusal) => refusal.into(),
        CallerError::Token(_) | CallerError::Signed(_) | CallerError::Holder(_) => {
            said(fault.code())
        }
    }
}

impl From<sea_orm::DbErr> for OauthError {
    fn from(fault: sea_orm::DbErr) -> Self {
        Refusal::from(fault).into()
    }
}
