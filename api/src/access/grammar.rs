//! How scopes are written: `referral.rs?category=NEEDS,LANGUAGE&purpose=HOUSING_PLACEMENT`.
//!
//! As in SMART App Launch 2: a resource, the letters of what may be done with it (create, read, update, delete,
//! search, in this order), and the limits within which it may be done. There is no wildcard, and one unknown word
//! spoils the whole text: whoever wrote it meant something, and to guess it would be to grant it.

use std::fmt;
use std::str::FromStr;

use concord_entities::vocabulary::{Code, Set};

use super::grant::{Permission, Permissions, Resource};
use super::scope::{Scope, Scopes};

/// Why a text is not a list of scopes. Safe to show: it repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scope {place}: {reason}")]
pub struct ScopeListError {
    /// Which scope of the text is at fault, from 1.
    pub place: usize,
    /// What is wrong with it.
    pub reason: ScopeError,
}

/// What is wrong with a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// The whole text is beyond [`Scopes::MAX_TEXT`] bytes.
    #[error("the text is too long: at most 4096 bytes")]
    TooLong,
    /// There is nothing between two spaces, or at an end.
    #[error("nothing is written here: put one space between scopes, and none at the ends")]
    Blank,
    /// The resource is unknown.
    #[error("no such resource: write one of {}", every_resource())]
    Resource,
    /// The letters are not some of `cruds`, in this order, each once.
    #[error(
        "after the resource write a point and some of the letters `cruds`, in this order, each once"
    )]
    Permissions,
    /// The parameter's key is unknown.
    #[error("no such parameter: write `category=` or `purpose=`")]
    Key,
    /// The parameter was given before.
    #[error("the same parameter twice: join its values with commas")]
    RepeatedKey,
    /// The value is no code of its list, or is empty.
    #[error("no such code: write codes as the schema spells them, joined with commas")]
    Value,
    /// The value was given before.
    #[error("the same code twice")]
    RepeatedValue,
}

fn every_resource() -> String {
    Resource::ALL
        .iter()
        .map(|resource| resource.name())
        .collect::<Vec<_>>()
        .join(", ")
}

impl Scopes {
    /// How long the text of a token's scopes may be, in bytes.
    pub const MAX_TEXT: usize = 4096;

    /// Reads scopes with one space between them. An empty text is a list of none.
    ///
    /// # Errors
    /// The first fault of the text. A token with such a text grants nothing at all.
    pub fn parse(text: &str) -> Result<Self, ScopeListError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        if text.len() > Self::MAX_TEXT {
            return Err(ScopeListError {
                place: 1,
                reason: ScopeError::TooLong,
            });
        }
        text.split(' ')
            .zip(1..)
            .map(|(scope, place)| {
                parse_scope(scope).map_err(|reason| ScopeListError { place, reason })
            })
            .collect()
    }
}

fn parse_scope(text: &str) -> Result<Scope, ScopeError> {
    if text.is_empty() {
        return Err(ScopeError::Blank);
    }
    let (head, parameters) = text
        .split_once('?')
        .map_or((text, None), |(head, rest)| (head, Some(rest)));
    let (resource, letters) = head.split_once('.').unwrap_or((head, ""));
    let mut scope = Scope {
        resource: parse_resource(resource)?,
        permissions: parse_letters(letters)?,
        categories: None,
        purposes: None,
    };
    for parameter in parameters
        .into_iter()
        .flat_map(|parameters| parameters.split('&'))
    {
        match parameter.split_once('=').unwrap_or((parameter, "")) {
            ("category", values) => limit(&mut scope.categories, values)?,
            ("purpose", values) => limit(&mut scope.purposes, values)?,
            _ => return Err(ScopeError::Key),
        }
    }
    Ok(scope)
}

fn parse_resource(name: &str) -> Result<Resource, ScopeError> {
    let named = |resource: &Resource| resource.name() == name;
    Resource::ALL
        .iter()
        .copied()
        .find(named)
        .ok_or(ScopeError::Resource)
}

fn parse_letters(letters: &str) -> Result<Permissions, ScopeError> {
    let permissions: Permissions = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| letters.contains(permission.code()))
        .collect();
    // Only one spelling of a set is right, so the right spelling is the whole check: order, repeats, strangers.
    if permissions.is_empty() || spell(permissions) != letters {
        return Err(ScopeError::Permissions);
    }
    Ok(permissions)
}

fn spell(permissions: Permissions) -> String {
    permissions.iter().map(Code::code).collect()
}

fn limit<C: Code>(limit: &mut Option<Set<C>>, values: &str) -> Result<(), ScopeError> {
    if limit.is_some() {
        return Err(ScopeError::RepeatedKey);
    }
    let mut codes = Set::EMPTY;
    for value in values.split(',') {
        let code = C::from_code(value).ok_or(ScopeError::Value)?;
        if codes.has(code) {
            return Err(ScopeError::RepeatedValue);
        }
        codes = codes.with(code);
    }
    *limit = Some(codes);
    Ok(())
}

impl FromStr for Scopes {
    type Err = ScopeListError;

    fn from_str(text: &str) -> Result<Self, ScopeListError> {
        Self::parse(text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.resource.name(), spell(self.permissions))?;
        let parameters = [
            ("category", self.categories.map(list)),
            ("purpose", self.purposes.map(list)),
        ];
        let given = parameters
            .into_iter()
            .filter_map(|(key, values)| Some((key, values?)));
        for ((key, values), before) in given.zip(['?', '&']) {
            write!(f, "{before}{key}={values}")?;
        }
        Ok(())
    }
}

fn list<C: Code>(codes: Set<C>) -> String {
    codes.iter().map(Code::code).collect::<Vec<_>>().join(",")
}

/// The normal text, which parses to the same scopes.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (scope, before) in self
            .iter()
            .zip(std::iter::once("").chain(std::iter::repeat(" ")))
        {
            write!(f, "{before}{scope}")?;
        }
        Ok(())
    }
}
