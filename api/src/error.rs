//! Why we refuse: one enum, one stable code each.
//!
//! A refusal comes from one of five places:
//!
//! 1. The caller: a token that proves nothing or reaches less far (`UNAUTHENTICATED`, `FORBIDDEN_SCOPE`), a page that
//!    may not use it (`FORBIDDEN_ORIGIN`), text that is no id, date or code (`BAD_USER_INPUT`), a hash instead of a document (`PERSISTED_QUERY_NOT_SUPPORTED`), a
//!    document that is none of those that its program may execute (`DOCUMENT_NOT_TRUSTED`), a cursor from too long ago
//!    (`CURSOR_EXPIRED`), more than
//!    one request or a minute may ask for (`QUERY_TOO_COSTLY`, `RATE_LIMITED`).
//! 2. What the caller may not see, which answers as what does not exist (`NOT_FOUND`).
//! 3. A rule that says no: each returns its reason as a value (`INVALID_TRANSITION`, `CONSENT_DEFECTIVE`,
//!    `MOU_REQUIRED`, `LEGAL_HOLD`, `IMPACT_UNSEEN`, `DUPLICATE_REFERRAL`, `CONFLICT`, `PURPOSE_REQUIRED`).
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
use std::sync::Arc;

use async_graphql::{ErrorExtensionValues, Value};
use concord_entities::ids::{LegalHoldId, ReferralId};
use concord_entities::instant::Day;
use concord_entities::vocabulary::{
    Code, LegalHoldGround, ReferralAction, ReferralStatus, Severity,
};
use sea_orm::DbErr;

pub use crate::database_fault::{DatabaseFaultError, is_connection_lost, may_pass};
pub use crate::input_fault::{
    Faults, InputFault, InputFaults, InputPath, InputStep, SourcePosition,
};

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
    /// The request comes from a page, and its token's application is not called from pages of this origin.
    #[error(
        "no page of this origin may call with this token: add the origin to the application's `allowedOrigins`, or have the \
         operator add it to the settings"
    )]
    ForbiddenOrigin,
    /// What came after this cursor is not kept any more, or the data store was put back to before it.
    #[error(
        "this cursor is too old to go on from: take a new one (`mailbox {{ changesCursor }}`), read the lists anew, and go on \
         from it"
    )]
    CursorExpired,
    /// It does not exist, or the caller may not know that it does: the same answer.
    #[error("nothing with this id is open to you")]
    NotFound,
    /// The caller's input is wrong: each fault says where (`field`) and what to write instead.
    #[error("{0}")]
    BadUserInput(InputFaults),
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
    /// You can see it, and this is another side's to do: the other party's, the discloser's, the drafter's.
    #[error(
        "this {record} is {from}, and that is not for your agency to do with it: see `extensions.allowed` for what is"
    )]
    NotYours {
        /// What was to be changed.
        record: &'static str,
        /// Where it stands.
        from: &'static str,
        /// What the caller's agency may do with it.
        allowed: Vec<&'static str>,
    },
    /// What a referral's sender alone is answered.
    #[error("this is for the agency that sent the referral: read its `package`")]
    SendersOnly,
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
    /// What would stop has to be seen first, as it stands now: `Mou.impact` tells it.
    #[error(
        "others stand on what this takes away: read the MOU's `impact` without a day, show it, and call again with its `digest` \
         as `impactSeen`. Where it changed since it was read, `extensions.impactSeen` is taken instead, within an hour, whatever \
         changes meanwhile: so it is shown again once"
    )]
    ImpactUnseen {
        /// What is taken as seen once it was shown again; none where nothing was seen before.
        again: Option<String>,
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
    /// The application executes its trusted documents alone, and this is none of them: register it, by the exact text or hash
    /// that the program sends.
    #[error(
        "this application executes its trusted documents alone, and this is none of them: register it (`addTrustedDocuments`, \
         by a token of another application of your agency's), by the very text that is sent or hashed"
    )]
    DocumentNotTrusted,
    /// The file is not what may be stored: `reason` says why.
    #[error("{text}")]
    FileRefused {
        /// The reason's code.
        reason: &'static str,
        /// What is wrong, and what to do.
        text: Cow<'static, str>,
    },
    /// An MOU would permit what a rule pack that binds one of its parties keeps out of every MOU.
    #[error(
        "{category} for {purpose} is wider than {pack} allows, which binds a party ({citation}): leave it out of `grants`"
    )]
    BeyondRulePack {
        /// The category's code.
        category: &'static str,
        /// The purpose's code.
        purpose: &'static str,
        /// The pack's code.
        pack: &'static str,
        /// Where the rule is written.
        citation: &'static str,
    },
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
            Self::ForbiddenOrigin => "FORBIDDEN_ORIGIN",
            Self::CursorExpired => "CURSOR_EXPIRED",
            Self::NotFound => "NOT_FOUND",
            Self::SendersOnly => "SENDERS_ONLY",
            Self::BadUserInput(_) => "BAD_USER_INPUT",
            Self::InvalidTransition { .. } | Self::NotYours { .. } | Self::NotNow(_) => {
                "INVALID_TRANSITION"
            }
            Self::LegalHold { .. } => "LEGAL_HOLD",
            Self::ImpactUnseen { .. } => "IMPACT_UNSEEN",
            Self::DuplicateReferral { .. } => "DUPLICATE_REFERRAL",
            Self::ConsentDefective { .. } => "CONSENT_DEFECTIVE",
            Self::MouRequired => "MOU_REQUIRED",
            Self::Conflict(_) => "CONFLICT",
            Self::PurposeRequired => "PURPOSE_REQUIRED",
            Self::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Self::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Self::FileRefused { .. } => "FILE_REFUSED",
            Self::BeyondRulePack { .. } => "BEYOND_RULE_PACK",
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

    /// Returns the error for input that is wrong at `place`, with what to write instead.
    #[must_use]
    pub fn input(place: impl Into<InputPath>, remedy: impl std::fmt::Display) -> Self {
        InputFault::at(place, remedy).into()
    }

    /// Returns the error for a request that is wrong as a whole.
    #[must_use]
    pub fn bad_request(text: impl Into<Cow<'static, str>>) -> Self {
        InputFault::of_all(text).into()
    }

    /// Returns the errors that a caller is told: one for each fault of an input.
    #[must_use]
    pub fn each(&self) -> Vec<Self> {
        if let Self::BadUserInput(faults) = self {
            faults.iter().cloned().map(Self::from).collect()
        } else {
            vec![self.clone()]
        }
    }

    /// Returns where in the document the fault is, where that is known.
    #[must_use]
    pub fn location(&self) -> Option<SourcePosition> {
        if let Self::BadUserInput(faults) = self {
            faults.iter().find_map(|fault| fault.location)
        } else {
            None
        }
    }

    /// Returns what a GraphQL error carries besides the message.
    pub fn extend(&self, extensions: &mut ErrorExtensionValues) {
        extensions.set("code", self.code());
        match self {
            Self::BadUserInput(faults) => {
                if let Some(field) = faults.iter().find_map(|fault| fault.field.as_ref()) {
                    extensions.set("field", Value::from(field));
                }
            }
            Self::NotYours { from, allowed, .. } => {
                extensions.set("from", *from);
                let allowed = allowed.iter().map(|action| Value::from(*action));
                extensions.set("allowed", Value::List(allowed.collect()));
            }
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
            Self::FileRefused { reason, .. } => extensions.set("reason", *reason),
            Self::BeyondRulePack {
                category,
                purpose,
                pack,
                ..
            } => {
                let field = InputPath::from("mou.terms.grants");
                extensions.set("field", Value::from(&field));
                extensions.set("category", *category);
                extensions.set("purpose", *purpose);
                extensions.set("pack", *pack);
            }
            Self::ImpactUnseen { again } => {
                if let Some(again) = again {
                    extensions.set("impactSeen", again.as_str());
                }
            }
            Self::RateLimited { seconds } => extensions.set("retryAfter", *seconds),
            Self::Unauthenticated
            | Self::ForbiddenOrigin
            | Self::NotFound
            | Self::SendersOnly
            | Self::NotNow(_)
            | Self::MouRequired
            | Self::Conflict(_)
            | Self::PurposeRequired
            | Self::PersistedQueryNotSupported
            | Self::DocumentNotTrusted
            | Self::CursorExpired
            | Self::QueryTooCostly(_)
            | Self::OutcomeUnknown
            | Self::Unavailable
            | Self::Internal => {}
        }
    }
}

impl From<InputFault> for Error {
    fn from(fault: InputFault) -> Self {
        Self::BadUserInput(fault.into())
    }
}

impl Faults {
    /// Returns what was found; none where the input was wrong, which is added.
    ///
    /// # Errors
    /// Whatever else was refused.
    pub fn keep<T, E: Into<Refusal>>(&mut self, found: Result<T, E>) -> Result<Option<T>> {
        match found.map_err(Into::into) {
            Ok(found) => Ok(Some(found)),
            Err(Refusal {
                error: Error::BadUserInput(faults),
                ..
            }) => {
                self.extend(faults);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Checks that nothing was added.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with all that was.
    pub fn none(&self) -> Result<(), Error> {
        self.found()
            .map_or(Ok(()), |faults| Err(Error::BadUserInput(faults)))
    }
}

impl From<&InputPath> for Value {
    fn from(path: &InputPath) -> Self {
        let step = |step: &InputStep| match step {
            InputStep::Name(name) => Self::from(name.as_str()),
            InputStep::Index(index) => Self::from(*index),
        };
        Self::List(path.steps().map(step).collect())
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

/// Returns an error with what caused it: a library's own text may name what was asked, and hide the reason.
#[must_use]
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
