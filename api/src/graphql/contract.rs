//! The contract: the schema's types, read once from its own text.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use async_graphql::parser;

use super::input_types::InputTypes;
use super::introspection::IntrospectionLengths;
use super::output_types::OutputTypes;

/// What the executor tells of the schema beside what the validator knows of (GraphQL specification, section 4.2.2).
const ABOUT_ITSELF: &str = "extend type __Type { isOneOf: Boolean }";

/// The schema's types, as a document is read by them.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The types, as documents are validated by them.
    pub(super) schema: Valid<Schema>,
    /// How long its lists about itself are.
    pub(super) introspection: IntrospectionLengths,
    /// What its inputs are made to fit.
    pub inputs: InputTypes,
    /// Where its fields lead.
    pub outputs: OutputTypes,
}

/// Why a schema's text cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContractError {
    /// It is not a schema.
    #[error("the schema's text cannot be read: {0}")]
    Unreadable(#[from] parser::Error),
    /// It breaks a rule of schemas.
    #[error("the schema is not valid: {0}")]
    Invalid(String),
}

impl Contract {
    /// Reads a schema's own text (`Schema::sdl`). Once, at the start.
    ///
    /// # Errors
    /// [`ContractError`].
    pub fn from_sdl(sdl: &str) -> Result<Self, ContractError> {
        let whole = format!("{sdl}\n{ABOUT_ITSELF}");
        let schema = Schema::parse_and_validate(whole, "schema.graphql")
            .map_err(|invalid| ContractError::Invalid(invalid.errors.to_string()))?;
        Ok(Self {
            introspection: IntrospectionLengths::of(&schema),
            schema,
            inputs: InputTypes::from_sdl(sdl)?,
            outputs: OutputTypes::from_sdl(sdl)?,
        })
    }
}
