//! An input as it was given: JSON in a variable, or a literal in the document. One check reads both.

use async_graphql::{Number, Pos};
use async_graphql_value::Value as Literal;
use serde_json::Value as Json;

use crate::error::SourcePosition;

/// Returns a place as the parser tells it.
pub(super) fn position(place: Pos) -> SourcePosition {
    SourcePosition {
        line: place.line,
        column: place.column,
    }
}

/// What a value is, as it was written.
pub(super) enum Shape<'v, V> {
    /// A variable stands here, which is judged by itself.
    Variable,
    Null,
    Number(&'v Number),
    Text(&'v str),
    Boolean(bool),
    Enum(&'v str),
    List(&'v [V]),
    Object(Vec<(&'v str, &'v V)>),
}

/// A value as it was given.
pub(super) trait GivenValue: Sized {
    /// Whether the document says it: values of enums are names then, not texts.
    const LITERAL: bool;

    /// Returns what it is.
    fn shape(&self) -> Shape<'_, Self>;
}

impl GivenValue for Json {
    const LITERAL: bool = false;

    fn shape(&self) -> Shape<'_, Self> {
        match self {
            Self::Null => Shape::Null,
            Self::Bool(truth) => Shape::Boolean(*truth),
            Self::Number(number) => Shape::Number(number),
            Self::String(text) => Shape::Text(text),
            Self::Array(items) => Shape::List(items),
            Self::Object(fields) => Shape::Object(
                fields
                    .iter()
                    .map(|(key, one)| (key.as_str(), one))
                    .collect(),
            ),
        }
    }
}

impl GivenValue for Literal {
    const LITERAL: bool = true;

    fn shape(&self) -> Shape<'_, Self> {
        match self {
            // A document has no bytes.
            Self::Variable(_) | Self::Binary(_) => Shape::Variable,
            Self::Null => Shape::Null,
            Self::Number(number) => Shape::Number(number),
            Self::String(text) => Shape::Text(text),
            Self::Boolean(truth) => Shape::Boolean(*truth),
            Self::Enum(name) => Shape::Enum(name),
            Self::List(items) => Shape::List(items),
            Self::Object(fields) => Shape::Object(
                fields
                    .iter()
                    .map(|(key, one)| (key.as_str(), one))
                    .collect(),
            ),
        }
    }
}
