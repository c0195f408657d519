//! A document before it may be executed: read, validated, measured and priced. Once, however often it is sent.
//!
//! `apollo-compiler` reads and validates: it counts brackets and tokens before it descends, and looks at each fragment once
//! however often it is spread. The executor's own parser then finds nothing that could exhaust it, and its validation is
//! not asked. What graphql-js refuses is refused here (`tests/interop` compares the verdicts), with our words where an
//! argument does not fit: those name its place.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use apollo_compiler::ExecutableDocument as Typed;
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::Valid;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Pos, Variables};
use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;

use super::coercion::MAX_FAULTS;
use super::contract::Contract;
use super::cost::{Cost, Price};
use super::extent::{self, MAX_BYTES, MAX_NESTING, MAX_TOKENS};
use super::scopes::DocumentScopes;
use super::{conflicts, diagnostics, inner_values, literals, merge};
use crate::error::{Error, InputFault, SourcePosition};

/// A document that may be executed.
#[derive(Debug)]
pub struct Admitted {
    sha256: [u8; 32],
    document: Arc<ExecutableDocument>,
    tokens: usize,
    repeats_a_key: bool,
    scopes: DocumentScopes,
    /// By the place of an operation's selections.
    prices: Vec<(Pos, Price)>,
}

impl Admitted {
    /// Returns the parsed document. The executor wants one of its own: `Request::set_parsed_query` takes a clone.
    #[must_use]
    pub fn document(&self) -> &Arc<ExecutableDocument> {
        &self.document
    }

    /// Returns the SHA-256 of its text, as the audit log has it.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex::encode(self.sha256)
    }

    /// Returns which scopes its operations ask for.
    #[must_use]
    pub fn scopes(&self) -> &DocumentScopes {
        &self.scopes
    }

    /// Returns whether its selections are to be merged before it is executed: see [`merge`].
    #[must_use]
    pub fn repeats_a_key(&self) -> bool {
        self.repeats_a_key
    }

    /// Returns what one of its operations costs with these variables, and how large its answer may become.
    #[must_use]
    pub fn cost(&self, operation: &OperationDefinition, variables: &Variables) -> Cost {
        let place = operation.selection_set.pos;
        let price = self.prices.iter().find(|(at, _)| *at == place);
        // What has no price is not for free: it is refused.
        price.map_or(Cost::BEYOND, |(_, price)| price.with(variables))
    }
}

/// What is wrong with a document that may not be executed.
#[derive(Debug)]
pub struct Unfit {
    /// Each fault, as far as they can be told at once.
    pub faults: Vec<Error>,
    /// The document, where it can be read.
    pub document: Option<ExecutableDocument>,
}

impl From<Error> for Box<Unfit> {
    fn from(fault: Error) -> Self {
        Self::new(Unfit {
            faults: vec![fault],
            document: None,
        })
    }
}

/// Reads and validates a document, and measures it.
///
/// # Errors
/// All that is wrong with it, as far as it can be told at once (100 faults at most): [`Error::BadUserInput`] where it is not
/// GraphQL or does not fit the schema, [`Error::QueryTooCostly`] where it passes a limit. None repeats a part of the
/// document other than names.
pub fn admit(contract: &Contract, text: &str) -> Result<Admitted, Box<Unfit>> {
    if text.len() > MAX_BYTES {
        return Err(Error::QueryTooCostly(
            format!(
                "this document has {} bytes and may have {MAX_BYTES}: send its literals as variables, or split it into several requests",
                text.len()
            )
            .into(),
        )
        .into());
    }
    let mut parser = Parser::new()
        .recursion_limit(MAX_NESTING)
        .token_limit(MAX_TOKENS);
    let tree = parser
        .parse_ast(text, "")
        .map_err(|unread| diagnostics::unreadable(&unread.errors))?;
    let validated = tree.to_executable_validate(&contract.schema);
    let document = match (parse_query(text), &validated) {
        (Ok(document), _) => document,
        (Err(_), Err(invalid)) => {
            return Err(unfit(diagnostics::faults(contract, invalid, &[]), None));
        }
        (Err(unread), Ok(_)) => return Err(unreadable(&unread).into()),
    };
    let written = literals::faults(&contract.inputs, &contract.outputs, &document);
    let typed = match (validated, written.is_empty()) {
        (Ok(typed), true) => typed,
        (validated, _) => {
            let invalid = validated.err();
            let invalid = invalid.map(|invalid| diagnostics::faults(contract, &invalid, &written));
            let faults = written.into_iter().chain(invalid.into_iter().flatten());
            return Err(unfit(faults, Some(document)));
        }
    };
    extent::check(&typed)?;
    let mut faults = inner_values::faults(&contract.schema, &typed);
    let repeats_a_key = merge::repeats_a_key(&document);
    if repeats_a_key {
        faults.extend(conflicts::faults(&contract.schema, &typed));
    }
    if !faults.is_empty() {
        return Err(unfit(faults, Some(document)));
    }
    Ok(Admitted {
        sha256: sha256(text),
        repeats_a_key,
        scopes: DocumentScopes::of(&contract.outputs, &document),
        prices: prices(contract, &document, &typed),
        tokens: parser.tokens_reached(),
        document: Arc::new(document),
    })
}

fn sha256(text: &str) -> [u8; 32] {
    let mut sha256 = [0; 32];
    let digest = digest(&SHA256, text.as_bytes());
    for (byte, of_digest) in sha256.iter_mut().zip(digest.as_ref()) {
        *byte = *of_digest;
    }
    sha256
}

/// Prices each operation of a document.
fn prices(
    contract: &Contract,
    document: &ExecutableDocument,
    typed: &Valid<Typed>,
) -> Vec<(Pos, Price)> {
    let operations = document.operations.iter().filter_map(|(name, operation)| {
        let name = name.map(async_graphql::Name::as_str);
        let priced = Price::of(contract, typed, typed.operations.get(name).ok()?);
        Some((operation.node.selection_set.pos, priced))
    });
    operations.collect()
}

/// Tells faults of a document in the order in which they stand in it, each once.
fn unfit(
    faults: impl IntoIterator<Item = InputFault>,
    document: Option<ExecutableDocument>,
) -> Box<Unfit> {
    let mut faults: Vec<InputFault> = faults.into_iter().collect();
    faults.sort_by_key(|fault| fault.location);
    let mut seen = BTreeSet::new();
    faults.retain(|fault| seen.insert((fault.location, fault.text.to_string())));
    faults.truncate(MAX_FAULTS);
    Box::new(Unfit {
        faults: faults.into_iter().map(Error::from).collect(),
        document,
    })
}

/// Says what the executor's parser refuses of what was read before: numbers beyond reason, and what else it reads otherwise.
fn unreadable(error: &parser::Error) -> Error {
    let location = error.positions().next().map(|place| SourcePosition {
        line: place.line,
        column: place.column,
    });
    let place = location.map(|at| format!(" at {at}")).unwrap_or_default();
    Error::from(InputFault {
        location,
        ..InputFault::of_all(format!(
            "the document cannot be read{place}: it is not a document of operations and fragments"
        ))
    })
}

/// The documents that were admitted lately, by the SHA-256 of their text.
///
/// Bounded by their tokens together, since those decide how much memory a parsed document takes. An unused document
/// is dropped after ten minutes, because its literals may be about a person.
#[derive(Clone, Debug)]
pub struct Documents {
    admitted: Cache<[u8; 32], Arc<Admitted>>,
}

impl Documents {
    /// How many tokens all documents may have together: about two thousand documents of usual size.
    pub const MAX_TOKENS_KEPT: u64 = 500_000;
    const UNUSED: Duration = Duration::from_mins(10);

    /// Returns an empty memory of documents.
    #[must_use]
    pub fn new() -> Self {
        Self {
            admitted: Cache::builder()
                .max_capacity(Self::MAX_TOKENS_KEPT)
                .weigher(|_, admitted: &Arc<Admitted>| {
                    u32::try_from(admitted.tokens).unwrap_or(u32::MAX)
                })
                .time_to_idle(Self::UNUSED)
                .build(),
        }
    }

    /// Reads a document, or finds it where it was read before. A refused document is not kept.
    ///
    /// # Errors
    /// As [`admit`].
    pub fn admit(&self, contract: &Contract, text: &str) -> Result<Arc<Admitted>, Box<Unfit>> {
        let key = sha256(text);
        if let Some(admitted) = self.admitted.get(&key) {
            return Ok(admitted);
        }
        let admitted = Arc::new(admit(contract, text)?);
        self.admitted.insert(key, Arc::clone(&admitted));
        Ok(admitted)
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self::new()
    }
}

/// Keeps the executor's copy apart from the cached document, which it would otherwise change.
impl From<&Admitted> for ExecutableDocument {
    fn from(admitted: &Admitted) -> Self {
        Self::clone(&admitted.document)
    }
}
