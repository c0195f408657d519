//! The id of each kind of record: a UUID in the database, a `TypeID` such as
//! `referral_01h2xcejqtf2nbrexx3vqjhp41` on the wire.
//!
//! One newtype a kind, so that a survivor's id can never be passed where a referral's is expected.

use std::fmt;
use std::str::FromStr;

use sea_orm::DeriveValueType;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::{NoContext, Timestamp, Uuid};

use crate::instant::Instant;

/// Returns a UUID that says it was made at `moment`, so that lists which run by id run by time.
#[must_use]
pub fn uuid_at(moment: Instant) -> Uuid {
    let micros = u64::try_from(moment.0).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(NoContext, micros / 1_000_000, nanos))
}

/// Returns what no UUID that says it was made at `moment`, or later, is smaller than, and every earlier one is.
#[must_use]
pub fn lowest_at(moment: Instant) -> Uuid {
    let millis = u128::try_from(moment.0.div_euclid(1000)).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Why a text is not an id of the expected kind. Safe to show: it repeats nothing but the expected prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id here: it must look like `{expected}_01h2xcejqtf2nbrexx3vqjhp41`")]
pub struct InvalidIdError {
    /// The prefix that an id of this kind starts with.
    pub expected: &'static str,
}

/// An id with the kind that its prefix names, for `node(id:)`, which takes every kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyId {
    /// The prefix, such as `referral`.
    pub prefix: String,
    /// The UUID behind it.
    pub uuid: Uuid,
}

impl fmt::Display for AnyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_type_id(&self.prefix, self.uuid, f)
    }
}

impl FromStr for AnyId {
    type Err = InvalidIdError;

    fn from_str(text: &str) -> Result<Self, InvalidIdError> {
        TypeSafeId::<DynamicType>::from_str(text)
            .map(|id| Self {
                prefix: id.type_prefix().to_owned(),
                uuid: id.uuid(),
            })
            .map_err(|_| InvalidIdError {
                expected: "referral",
            })
    }
}

/// The letters of a `TypeID`'s second part: Crockford's base 32, lower case.
const LETTERS: [u8; 32] = *b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes an id as text. By hand: a page writes a few hundred, and the library would check and allocate for each.
fn write_type_id(prefix: &str, uuid: Uuid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let bits = uuid.as_u128();
    let mut text = [0; 26];
    for (place, letter) in (0..26).rev().zip(&mut text) {
        let five = usize::try_from((bits >> (place * 5)) & 31).map_err(|_| fmt::Error)?;
        *letter = *LETTERS.get(five).ok_or(fmt::Error)?;
    }
    f.write_str(prefix)?;
    f.write_str("_")?;
    f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
}

fn parse_type_id(expected: &'static str, text: &str) -> Result<Uuid, InvalidIdError> {
    match AnyId::from_str(text) {
        Ok(id) if id.prefix == expected => Ok(id.uuid),
        Ok(_) | Err(_) => Err(InvalidIdError { expected }),
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $new:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// The prefix of this kind on the wire.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh id.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "a default id would be a random one")]
            pub fn new() -> Self {
                Self(Uuid::$new())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_type_id($prefix, self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidIdError;

            fn from_str(text: &str) -> Result<Self, InvalidIdError> {
                parse_type_id($prefix, text).map(Self)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <std::borrow::Cow<'de, str>>::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A task force: the circle of agencies that work together.
    TaskForceId = "taskforce", now_v7;
    /// An agency that takes part in a task force.
    AgencyId = "agency", now_v7;
    /// A program of an agency's that calls the service.
    ApplicationId = "application", now_v7;
    /// An agency's own pseudonym for a person it serves. Random (v4): it does not even tell when it was made.
    SurvivorId = "survivor", new_v4;
    /// A person's id in the audit log alone. Random, and its mapping can be erased.
    SurvivorAuditId = "subject", new_v4;
    /// An agency's own issuer of tokens.
    IssuerId = "issuer", now_v7;
    /// A secret of an application's.
    SecretId = "secret", now_v7;
    /// One version of a survivor's consent.
    ConsentId = "consent", now_v7;
    /// One signature under a consent.
    SignatureId = "signature", now_v7;
    /// That a rule pack binds an agency.
    RulePackId = "rulepack", now_v7;
    /// A referral of one survivor from one agency to another.
    ReferralId = "referral", now_v7;
    /// A note on a referral.
    ReferralNoteId = "note", now_v7;
    /// A review of the audit log.
    AuditReviewId = "review", now_v7;
    /// An event that a review flags.
    AuditFlagId = "flag", now_v7;
    /// One version of a memorandum of understanding.
    MouId = "mou", now_v7;
    /// A calendar of MOUs' days.
    MouCalendarId = "moucalendar", now_v7;
    /// What two agencies have come to be to each other.
    PartnershipId = "partnership", now_v7;
    /// One disclosure that a statute or a court's order demanded.
    MandateId = "mandate", now_v7;
    /// That somebody obliges an agency to keep what it holds of a survivor.
    LegalHoldId = "hold", now_v7;
    /// One entry of the audit log.
    AuditEventId = "event", now_v7;
    /// A notice to an agency.
    NoticeId = "notice", now_v7;
    /// The `jti` of an access token.
    TokenId = "token", now_v7;
}
