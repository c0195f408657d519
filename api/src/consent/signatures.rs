//! Whether a signature fits those that are on record: under the same consent, and under the versions before it. Pure.

use concord_entities::consent_signature::Model;
use concord_entities::instant::{Day, Instant};

/// Why a signature does not fit those that are on record. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is from a day to come.
    #[error("a signature is not from a day to come")]
    DayToCome,
    /// It is older than the version before was.
    #[error(
        "earlier than the version before was signed: a next version is explained and signed anew"
    )]
    BeforeEarlierVersion,
    /// It names the paper of a version before.
    #[error("the document of a version before this one: a next version has a document of its own")]
    EarlierVersionsDocument,
    /// It names another paper than the other signatures.
    #[error("not the document that another signature under this consent names: all sign one")]
    AnotherDocument,
    /// Somebody signed in this role already.
    #[error(
        "somebody has signed in this role already; where that was wrong, mark the consent as entered in error and draft a new one"
    )]
    RoleTaken,
}

impl SignatureError {
    /// Returns the field of the input that is wrong.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::DayToCome | Self::BeforeEarlierVersion => "signature.signedOn",
            Self::EarlierVersionsDocument | Self::AnotherDocument => "signature.documentSha256",
            Self::RoleTaken => "signature.role",
        }
    }
}

/// Checks that `new` fits the signatures `beside` it under its consent, and those under the versions `before`.
///
/// # Errors
/// The first [`SignatureError`].
pub fn fit(
    new: &Model,
    beside: &[Model],
    before: &[Model],
    now: Instant,
) -> Result<(), SignatureError> {
    let names = |one: &Model| one.document_sha256.is_some();
    let same = |one: &Model| one.document_sha256 == new.document_sha256;
    if !can_be_signed_on(new.signed_on, now) {
        Err(SignatureError::DayToCome)
    } else if before.iter().any(|one| new.signed_on < one.signed_on) {
        Err(SignatureError::BeforeEarlierVersion)
    } else if before.iter().any(|one| names(one) && same(one)) {
        Err(SignatureError::EarlierVersionsDocument)
    } else if beside.iter().any(|one| names(one) && !same(one)) {
        Err(SignatureError::AnotherDocument)
    } else if beside.iter().any(|one| one.role == new.role) {
        Err(SignatureError::RoleTaken)
    } else {
        Ok(())
    }
}

/// Returns whether `new` says what `known` says: the same signature, told once more.
#[must_use]
pub fn is_repeat(new: &Model, known: &Model) -> bool {
    let told = Model {
        id: known.id,
        recorded_at: known.recorded_at,
        ..new.clone()
    };
    told == *known
}

/// Returns whether a day can stand on a signature that is recorded at `now`.
#[must_use]
pub fn can_be_signed_on(day: Day, now: Instant) -> bool {
    // A day ahead, for those whose day has begun before UTC's.
    day <= now.day().plus_days(1)
}
