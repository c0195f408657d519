//! A grant, as it is told and taken: one purpose, and what may be told for it.

use async_graphql::{InputObject, SimpleObject};
use concord_entities::grants::Grants;
use concord_entities::vocabulary::{DataCategory, Purpose};

use crate::error::{Faults, Result};

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
/// `BAD_USER_INPUT`: some in the list at `field` name no category.
pub fn to_grants(field: &str, said: &[Grant]) -> Result<Grants> {
    let mut faults = Faults::default();
    for (index, grant) in said.iter().enumerate() {
        faults.require(
            !grant.categories.is_empty(),
            format!("{field}.{index}.categories"),
            "name at least one, or leave this purpose out",
        );
    }
    faults.none()?;
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
