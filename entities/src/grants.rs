//! What may be told for what: pairs of a category and a purpose. A category that is granted for one purpose is not granted
//! for another one that happens to be granted too.

use std::fmt;
use std::str::FromStr;

use sea_orm::DeriveValueType;
use sea_orm::sea_query::ValueTypeErr;

use crate::code::Code;
use crate::vocabulary::{Categories, DataCategory, Purpose, Purposes};

const PURPOSES: usize = <Purpose as Code>::ALL.len();

/// Which categories may be told, or touched, for which purpose: of a consent, of an MOU's ceiling, of a token. In the
/// database a short text, since every row of an inbox with packages reads two of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct Grants {
    /// One set a purpose, in the order of [`Purpose::ALL`].
    by_purpose: [Categories; PURPOSES],
}

impl Grants {
    /// No pair.
    pub const EMPTY: Self = Self {
        by_purpose: [Categories::EMPTY; PURPOSES],
    };

    /// Returns every one of these categories for every one of these purposes.
    #[must_use]
    pub fn product(categories: Categories, purposes: Purposes) -> Self {
        purposes
            .iter()
            .map(|purpose| (purpose, categories))
            .collect()
    }

    /// Returns whether this category may be told for this purpose.
    #[must_use]
    pub fn permits(&self, category: DataCategory, purpose: Purpose) -> bool {
        self.categories_for(purpose).has(category)
    }

    /// Returns the categories that may be told for this purpose.
    #[must_use]
    pub fn categories_for(&self, purpose: Purpose) -> Categories {
        self.iter()
            .find_map(|(of, categories)| (of == purpose).then_some(categories))
            .unwrap_or(Categories::EMPTY)
    }

    /// Returns the categories that may be told for some purpose.
    #[must_use]
    pub fn categories(&self) -> Categories {
        self.iter()
            .flat_map(|(_, categories)| categories.iter())
            .collect()
    }

    /// Returns the purposes for which some category may be told.
    #[must_use]
    pub fn purposes(&self) -> Purposes {
        self.iter().map(|(purpose, _)| purpose).collect()
    }

    /// Returns whether every pair of this is a pair of `wider`.
    #[must_use]
    pub fn within(&self, wider: &Self) -> bool {
        self.iter()
            .all(|(purpose, categories)| categories.within(wider.categories_for(purpose)))
    }

    /// Returns the pairs that both have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = |(purpose, categories): (Purpose, Categories)| {
            let others = other.categories_for(purpose);
            let shared = categories.iter().filter(|category| others.has(*category));
            (purpose, shared.collect())
        };
        self.iter().map(both).collect()
    }

    /// Returns the pairs that this has, and `other` has not.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let own = |(purpose, categories): (Purpose, Categories)| {
            let others = other.categories_for(purpose);
            let beyond = categories.iter().filter(|category| !others.has(*category));
            (purpose, beyond.collect())
        };
        self.iter().map(own).collect()
    }

    /// Returns the pairs of these categories alone.
    #[must_use]
    pub fn only(&self, categories: Categories) -> Self {
        self.and(&Self::product(categories, self.purposes()))
    }

    /// Returns whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns each purpose for which there is a category, with its categories, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = (Purpose, Categories)> {
        let all = Purpose::ALL.iter().copied().zip(self.by_purpose);
        all.filter(|(_, categories)| !categories.is_empty())
    }
}

/// A purpose that is named twice has the categories of both.
impl FromIterator<(Purpose, Categories)> for Grants {
    fn from_iter<I: IntoIterator<Item = (Purpose, Categories)>>(pairs: I) -> Self {
        let mut grants = Self::EMPTY;
        for (purpose, more) in pairs {
            let mut places = Purpose::ALL.iter().zip(&mut grants.by_purpose);
            if let Some((_, categories)) = places.find(|(of, _)| **of == purpose) {
                *categories = categories.iter().chain(more.iter()).collect();
            }
        }
        grants
    }
}

/// Four hexadecimal digits a purpose, in the order of the list: the set of its categories, one bit a code. Purposes that come
/// to the list later are at its end.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by_purpose
            .iter()
            .try_for_each(|categories| write!(f, "{:04x}", categories.bits()))
    }
}

impl FromStr for Grants {
    type Err = ValueTypeErr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut grants = Self::EMPTY;
        let mut rest = text;
        for categories in &mut grants.by_purpose {
            let Some((digits, others)) = rest.split_at_checked(4) else {
                break;
            };
            let bits = u16::from_str_radix(digits, 16).map_err(|_| ValueTypeErr)?;
            let known = DataCategory::ALL.iter().copied();
            *categories = known
                .filter(|category| bits & (1 << category.place()) != 0)
                .collect();
            rest = others;
        }
        if rest.is_empty() {
            Ok(grants)
        } else {
            Err(ValueTypeErr)
        }
    }
}
