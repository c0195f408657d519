//! Coded values: each has one stable word, and some of them together are one number in the database.

use std::fmt;
use std::marker::PhantomData;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, QueryResult, TryGetError, TryGetable};

/// A list of codes: every value has one stable word.
pub trait Code: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// Every value, in the order of the list.
    const ALL: &'static [Self];

    /// Returns the word for this value.
    fn code(self) -> &'static str;

    /// Returns this value's place in the list, from 0. Stored in sets: new values are added at the end.
    fn place(self) -> u32;

    /// Returns the value that a word stands for.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.code() == code)
    }
}

/// Some codes of one list: data categories, purposes or needs. A number in the database, one bit a code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set<C> {
    bits: i32,
    of: PhantomData<C>,
}

impl<C: Code> Set<C> {
    /// No code.
    pub const EMPTY: Self = Self {
        bits: 0,
        of: PhantomData,
    };

    /// Returns every code of the list.
    #[must_use]
    pub fn all() -> Self {
        C::ALL.iter().copied().collect()
    }

    /// Returns the set of just this one.
    #[must_use]
    pub fn only(code: C) -> Self {
        Self::EMPTY.with(code)
    }

    /// Returns these and `code`.
    #[must_use]
    pub fn with(self, code: C) -> Self {
        Self {
            bits: self.bits | (1 << code.place()),
            of: PhantomData,
        }
    }

    /// Returns these without `code`.
    #[must_use]
    pub fn without(self, code: C) -> Self {
        Self {
            bits: self.bits & !(1 << code.place()),
            of: PhantomData,
        }
    }

    /// Returns whether `code` is among these.
    #[must_use]
    pub fn has(self, code: C) -> bool {
        self.bits & (1 << code.place()) != 0
    }

    /// Returns whether these are all among `others`.
    #[must_use]
    pub fn within(self, others: Self) -> bool {
        self.bits & !others.bits == 0
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// Returns each of these, in the order of the list.
    pub fn iter(self) -> impl Iterator<Item = C> {
        C::ALL.iter().copied().filter(move |code| self.has(*code))
    }

    /// Returns the number that the database holds.
    #[must_use]
    pub fn bits(self) -> i32 {
        self.bits
    }
}

impl<C: Code> FromIterator<C> for Set<C> {
    fn from_iter<I: IntoIterator<Item = C>>(codes: I) -> Self {
        codes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl<C: Code> fmt::Debug for Set<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<C: Code + serde::Serialize> serde::Serialize for Set<C> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, C: Code + serde::Deserialize<'de>> serde::Deserialize<'de> for Set<C> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<C>::deserialize(deserializer).map(|codes| codes.into_iter().collect())
    }
}

impl<C> From<Set<C>> for Value {
    fn from(set: Set<C>) -> Self {
        Self::Int(Some(set.bits))
    }
}

impl<C> TryGetable for Set<C> {
    fn try_get_by<I: ColIdx>(row: &QueryResult, column: I) -> Result<Self, TryGetError> {
        i32::try_get_by(row, column).map(|bits| Self {
            bits,
            of: PhantomData,
        })
    }
}

impl<C> ValueType for Set<C> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <i32 as ValueType>::try_from(value).map(|bits| Self {
            bits,
            of: PhantomData,
        })
    }

    fn type_name() -> String {
        "Set".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Int
    }

    fn column_type() -> ColumnType {
        ColumnType::Integer
    }
}

impl<C> Nullable for Set<C> {
    fn null() -> Value {
        Value::Int(None)
    }
}

/// Defines lists of codes: an enum each, with a doc comment and a word for every value, on the wire, in the database and in
/// JSON.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, async_graphql::Enum, sea_orm::DeriveValueType)]
        #[sea_orm(value_type = "String")]
        pub enum $name { $($(#[$vdoc])* #[graphql(name = $code)] $variant,)* }

        impl crate::code::Code for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            #[expect(clippy::as_conversions, reason = "a field-less enum's place has no other spelling")]
            fn place(self) -> u32 {
                self as u32
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(crate::code::Code::code(*self))
            }
        }

        impl std::str::FromStr for $name {
            type Err = sea_orm::sea_query::ValueTypeErr;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                <Self as crate::code::Code>::from_code(text).ok_or(sea_orm::sea_query::ValueTypeErr)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(crate::code::Code::code(*self))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                <Self as crate::code::Code>::from_code(&code).ok_or_else(|| serde::de::Error::custom("an unknown code"))
            }
        }
    )*};
}

pub(crate) use codes;
