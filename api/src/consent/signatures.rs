//! Whether a signature fits those that are on record: under the same consent, and under the versions before it. Pure.

use concord_entities::consent_signature::Model;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::SignerRole;

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
    /// No number of a signer.
    #[error("1 to 9: who of those that sign in this role")]
    Signer,
    /// Somebody signed in this role already.
    #[error(
        "this one has signed in this role already, and another has another number (`signer`); the survivor is one; where it \
        was wrong, mark the consent as entered in error and draft a new one"
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
            Self::Signer => "signature.signer",
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
    } else if !SIGNERS.contains(&new.signer) {
        Err(SignatureError::Signer)
    } else if beside.iter().any(|one| is_of_the_same(one, new)) {
        Err(SignatureError::RoleTaken)
    } else {
        Ok(())
    }
}

/// The numbers that those who sign in one role have.
pub const SIGNERS: std::ops::RangeInclusive<i32> = 1..=9;

/// Returns whether two signatures are one signer's. The person is one, whatever the number.
fn is_of_the_same(one: &Model, other: &Model) -> bool {
    let same_signer = one.signer == other.signer || one.role == SignerRole::Survivor;
    one.role == other.role && same_signer
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
