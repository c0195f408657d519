//! A grant, as it is told and taken: one purpose, and what may be told for it.

use async_graphql::{InputObject, SimpleObject};
use concord_entities::grants::Grants;
use concord_entities::vocabulary::{DataCategory, Purpose};

use crate::error::{Error, Result};

/// What may be told for one purpose.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject, InputObject)]
#[graphql(input_name = "GrantInput")]
pub struct Grant {
    /// What for.
    pub purpose: Purpose,
    /// What may be told for it: at least one category.
    pub categories: Vec<DataCategory>,
}

/// Returns the pairs that these say. A purpose that is named twice has the categories of both.
///
/// # Errors
/// `BAD_USER_INPUT`: one names no category, in `field`.
pub fn to_grants(field: &str, said: &[Grant]) -> Result<Grants> {
    if said.iter().any(|grant| grant.categories.is_empty()) {
        let text = "name at least one category for each purpose, or leave the purpose out";
        return Err(Error::input(field, text).into());
    }
    let pairs = said
        .iter()
        .map(|grant| (grant.purpose, grant.categories.iter().copied().collect()));
    Ok(pairs.collect())
}

/// Returns each purpose with its categories.
#[must_use]
pub fn from_grants(grants: &Grants) -> Vec<Grant> {
    let one = |(purpose, categories): (Purpose, concord_entities::vocabulary::Categories)| Grant {
        purpose,
        categories: categories.iter().collect(),
    };
    grants.iter().map(one).collect()
}
