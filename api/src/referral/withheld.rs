//! Why something is withheld, as the wire spells it.

use async_graphql::Enum;

use crate::sharing::Reason;

/// Why something is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Reason")]
pub enum WithheldReason {
    /// There is no MOU between the two agencies.
    NoMou,
    /// The MOU is not in force today.
    MouNotInForce,
    /// The MOU does not cover this category for this purpose.
    MouDoesNotCover,
    /// There is no signed consent for this recipient.
    NoConsent,
    /// The consent is past its end.
    ConsentExpired,
    /// The survivor took the consent back.
    ConsentRevoked,
    /// The consent lacks what the law asks for, and is suspended until a next version puts that right.
    ConsentSuspended,
    /// The consent does not name this category.
    CategoryNotConsented,
    /// The consent does not name this purpose.
    PurposeNotConsented,
    /// The consent names this category for other purposes only.
    CategoryNotForThisPurpose,
    /// Your token does not reach this category for this purpose.
    TokenTooNarrow,
    /// The referral is suspended.
    ReferralSuspended,
    /// The referral is not open.
    ReferralClosed,
    /// One of the agencies is suspended.
    AgencySuspended,
    /// You are no party of this referral.
    NotAParty,
}
