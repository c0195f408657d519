//! The limits that a document must keep before it reaches the executor.
//!
//! The library's own limits come too late: its parser overflows the stack on a small nested literal, and its
//! validation expands fragments, whose number can double at each level. Here a document is first looked at token by
//! token, then parsed, then measured without expanding anything. [`Documents`] keeps what passed, so that a document
//! is read once and not at each request.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::Pos;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::parser::{self, parse_query};
use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;

use super::given::position;
use super::input_types::InputTypes;
use super::lexer::{MAX_NESTING, count_tokens};
use super::literals;
use super::merge;
use super::output_types::OutputTypes;
use super::scopes::DocumentScopes;
use crate::error::{Error, InputFault};
use crate::settings::MAX_SELECTIONS;

/// How deep selections may nest, a spread fragment counting as a level: what the executor itself allows.
pub const MAX_DEPTH: usize = 32;

/// A document that keeps to the limits, parsed.
#[derive(Debug)]
pub struct Admitted {
    document: Arc<ExecutableDocument>,
    tokens: usize,
    cost: usize,
    repeats_a_key: bool,
    scopes: OnceLock<DocumentScopes>,
    literal_faults: OnceLock<Vec<InputFault>>,
}

impl Admitted {
    /// Returns what of its own arguments does not fit, found once.
    #[must_use]
    pub fn literal_faults(&self, inputs: &InputTypes, outputs: &OutputTypes) -> &[InputFault] {
        self.literal_faults
            .get_or_init(|| literals::faults(inputs, outputs, &self.document))
    }

    /// Returns which scopes its operations ask for, found once.
    #[must_use]
    pub fn scopes(&self, types: &OutputTypes) -> &DocumentScopes {
        self.scopes
            .get_or_init(|| DocumentScopes::of(types, &self.document))
    }

    /// Returns the parsed document. The executor wants one of its own: `Request::set_parsed_query` takes a clone.
    #[must_use]
    pub fn document(&self) -> &Arc<ExecutableDocument> {
        &self.document
    }

    /// Returns whether its selections are to be merged before it is executed: see [`merge`].
    #[must_use]
    pub fn repeats_a_key(&self) -> bool {
        self.repeats_a_key
    }

    /// Returns how many selections it comes to, each fragment counted wherever it is spread.
    #[must_use]
    pub fn cost(&self) -> usize {
        self.cost
    }
}

/// Reads a document if it keeps to the limits. Whether it fits the schema is for validation to say; so is a spread of
/// a fragment that does not exist.
///
/// # Errors
/// [`Error::BadUserInput`] where it is not GraphQL, or a fragment includes itself; [`Error::QueryTooCostly`] where it
/// passes a limit. Neither repeats a part of the document other than names.
pub fn admit(document: &str) -> Result<Admitted, Error> {
    let tokens = count_tokens(document)?;
    let parsed = parse_query(document).map_err(|error| unreadable(&error))?;
    let cost = measure(&parsed)?;
    Ok(Admitted {
        repeats_a_key: merge::repeats_a_key(&parsed),
        document: Arc::new(parsed),
        tokens,
        cost,
        scopes: OnceLock::new(),
        literal_faults: OnceLock::new(),
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
    pub const MAX_TOKENS_KEPT: u64 = 250_000;
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
    pub fn admit(&self, document: &str) -> Result<Arc<Admitted>, Error> {
        let digest = digest(&SHA256, document.as_bytes());
        let Ok(key) = <[u8; 32]>::try_from(digest.as_ref()) else {
            return admit(document).map(Arc::new);
        };
        if let Some(admitted) = self.admitted.get(&key) {
            return Ok(admitted);
        }
        let admitted = Arc::new(admit(document)?);
        self.admitted.insert(key, Arc::clone(&admitted));
        Ok(admitted)
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self::new()
    }
}

/// What a selection set comes to.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    selections: usize,
    depth: usize,
}

/// What a selection set says itself, and where it spreads which fragment.
#[derive(Default)]
struct Outline<'d> {
    own: Extent,
    spreads: Vec<(&'d str, Pos, usize)>,
}

impl<'d> Outline<'d> {
    fn of(set: &'d SelectionSet) -> Self {
        let mut outline = Self::default();
        outline.trace(set, 0);
        outline
    }

    // Descends no further than brackets nest, which is limited before.
    fn trace(&mut self, set: &'d SelectionSet, level: usize) {
        self.own.depth = self.own.depth.max(level);
        for selection in &set.items {
            self.own.selections += 1;
            match &selection.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
                Selection::Field(field) => self.trace(&field.node.selection_set.node, level + 1),
                Selection::InlineFragment(inline) => {
                    self.trace(&inline.node.selection_set.node, level + 1);
                }
                Selection::FragmentSpread(spread) => {
                    self.spreads
                        .push((&spread.node.fragment_name.node, selection.pos, level + 1));
                }
            }
        }
    }
}

/// Measures each fragment once, however often it is spread.
struct Fragments<'d> {
    outlines: HashMap<&'d str, Outline<'d>>,
    /// `None` while it is being measured: whoever meets it then has come round in a circle.
    measured: HashMap<&'d str, Option<Extent>>,
}

impl<'d> Fragments<'d> {
    fn of(document: &'d ExecutableDocument) -> Self {
        Self {
            outlines: document
                .fragments
                .iter()
                .map(|(name, fragment)| {
                    (
                        name.as_str(),
                        Outline::of(&fragment.node.selection_set.node),
                    )
                })
                .collect(),
            measured: HashMap::new(),
        }
    }

    fn extent(&mut self, outline: &Outline<'d>) -> Result<Extent, Error> {
        let mut whole = outline.own;
        for (name, place, level) in &outline.spreads {
            let spread = self.fragment(name, *place)?;
            whole.selections = whole.selections.saturating_add(spread.selections);
            whole.depth = whole.depth.max(spread.depth.saturating_add(*level));
        }
        Ok(whole)
    }

    fn fragment(&mut self, name: &'d str, spread_at: Pos) -> Result<Extent, Error> {
        match self.measured.get(name) {
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => return Err(circle(name, spread_at)),
            None => {}
        }
        let Some(outline) = self.outlines.remove(name) else {
            return Ok(Extent::default());
        };
        self.measured.insert(name, None);
        let extent = self.extent(&outline)?;
        self.measured.insert(name, Some(extent));
        Ok(extent)
    }
}

/// Measures all operations together, and each fragment by itself too: validation walks unused ones as well.
fn measure(document: &ExecutableDocument) -> Result<usize, Error> {
    let mut fragments = Fragments::of(document);
    for (name, fragment) in &document.fragments {
        check(fragments.fragment(name, fragment.pos)?)?;
    }
    let mut selections = 0_usize;
    for (_, operation) in document.operations.iter() {
        let extent = fragments.extent(&Outline::of(&operation.node.selection_set.node))?;
        selections = selections.saturating_add(extent.selections);
        check(Extent {
            selections,
            ..extent
        })?;
    }
    Ok(selections)
}

fn check(extent: Extent) -> Result<(), Error> {
    if extent.selections > MAX_SELECTIONS {
        return Err(Error::QueryTooCostly(
            format!(
                "this document comes to more than {MAX_SELECTIONS} selections, each fragment counted wherever it is spread: select fewer fields, or split it into several requests"
            )
            .into(),
        ));
    }
    if extent.depth > MAX_DEPTH {
        return Err(Error::QueryTooCostly(
            format!(
                "selections nest more than {MAX_DEPTH} deep, each spread fragment counted as a level: ask for less depth, or spread fewer fragments in one another"
            )
            .into(),
        ));
    }
    Ok(())
}

fn circle(name: &str, at: Pos) -> Error {
    Error::from(InputFault {
        location: Some(position(at)),
        ..InputFault::of_all(format!(
            "the fragment `{name}` includes itself, by the spread at line {}, column {}: take that spread out",
            at.line, at.column
        ))
    })
}

fn unreadable(error: &parser::Error) -> Error {
    let what = match error {
        parser::Error::Syntax { message, .. } => expectation(message),
        parser::Error::MultipleOperations { .. } => {
            "an operation without a name must be the only one: name each operation".into()
        }
        parser::Error::OperationDuplicated { operation, .. } => {
            format!("two operations are named `{operation}`: name them apart")
        }
        parser::Error::FragmentDuplicated { fragment, .. } => {
            format!("two fragments are named `{fragment}`: name them apart")
        }
        parser::Error::MissingOperation => "it has no operation: add a query or a mutation".into(),
        parser::Error::RecursionLimitExceeded => {
            return Error::QueryTooCostly(
                format!("this document nests too deep: nest brackets at most {MAX_NESTING} deep")
                    .into(),
            );
        }
        parser::Error::MultipleRoots { .. } | parser::Error::MissingQueryRoot { .. } | _ => {
            "it is not a document of operations and fragments".into()
        }
    };
    let location = error.positions().next().map(position);
    let place = location.map(|at| format!(" at {at}")).unwrap_or_default();
    Error::from(InputFault {
        location,
        ..InputFault::of_all(format!("the document cannot be read{place}: {what}"))
    })
}

/// Returns the last line of the parser's message, which alone does not quote the document.
fn expectation(message: &str) -> String {
    const LONGEST: usize = 120;
    let Some((_, expected)) = message.rsplit_once("\n  = ") else {
        return "it is not GraphQL".into();
    };
    let spoken = expected
        .trim()
        .replace("EOI", "the end of the document")
        .replace('_', " ");
    if spoken.chars().count() <= LONGEST {
        return spoken;
    }
    spoken.chars().take(LONGEST).chain("...".chars()).collect()
}

/// Keeps the executor's copy apart from the cached document, which it would otherwise change.
impl From<&Admitted> for ExecutableDocument {
    fn from(admitted: &Admitted) -> Self {
        Self::clone(&admitted.document)
    }
}
