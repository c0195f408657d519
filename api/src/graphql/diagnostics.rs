//! What the validator says of a document, in our words where it would quote, and told once.

use std::collections::BTreeSet;

use apollo_compiler::ExecutableDocument as Typed;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::validation::{DiagnosticList, WithErrors};
use async_graphql::Name;

use super::coercion::{MAX_FAULTS, closest};
use super::contract::Contract;
use super::extent::{MAX_NESTING, MAX_TOKENS};
use crate::error::{Error, InputFault, SourcePosition};

/// What the parser calls punctuation.
const PUNCTUATION: [(&str, &str); 10] = [
    ("L_CURLY", "`{`"),
    ("R_CURLY", "`}`"),
    ("L_PAREN", "`(`"),
    ("R_PAREN", "`)`"),
    ("L_BRACK", "`[`"),
    ("R_BRACK", "`]`"),
    ("COLON", "`:`"),
    ("EQ", "`=`"),
    ("<EOF>", "end of the document"),
    ("StringValue", "description"),
];

/// Says why a text cannot be read as a document.
pub(super) fn unreadable(errors: &DiagnosticList) -> Error {
    let first = errors.iter().next();
    let location = first
        .as_ref()
        .and_then(|first| position(first.error.location()?, first.sources));
    let place = location.map(|at| format!(" at {at}")).unwrap_or_default();
    let message = first.map(|first| first.error.to_string());
    let message = message.unwrap_or_default();
    match message.strip_prefix("syntax error: ") {
        None if message.contains("recursion") => Error::QueryTooCostly(
            format!(
                "this document nests more than {MAX_NESTING} deep{place}: ask for less depth, or send nested literals as variables"
            )
            .into(),
        ),
        None => Error::QueryTooCostly(
            format!(
                "this document has more than {MAX_TOKENS} tokens, the space between them counted (the limit is passed{place}): select fewer fields, send literals as variables, or split it into several requests"
            )
            .into(),
        ),
        Some(said) => Error::from(InputFault {
            location,
            ..InputFault::of_all(format!(
                "the document cannot be read{place}: {}",
                expectation(said)
            ))
        }),
    }
}

/// Returns what was expected, without what was found instead: that may be a value.
fn expectation(said: &str) -> String {
    let said = said
        .split_once(", got")
        .map_or(said, |(expected, _)| expected);
    if let Some((unexpected, _)) = said.split_once('"') {
        return format!("{} stands here", unexpected.trim().to_lowercase());
    }
    PUNCTUATION
        .iter()
        .fold(said.to_lowercase(), |said, (name, meant)| {
            said.replace(&name.to_lowercase(), meant)
        })
}

/// Returns what is wrong with a document beside the faults of its written arguments that are told already.
pub(super) fn faults(
    contract: &Contract,
    invalid: &WithErrors<Typed>,
    written: &[InputFault],
) -> Vec<InputFault> {
    let sources = &invalid.partial.sources;
    let told: BTreeSet<SourcePosition> = written.iter().filter_map(|one| one.location).collect();
    let mut values = Vec::new();
    let operations = invalid.partial.operations.iter();
    let sets = operations.map(|operation| &operation.selection_set);
    let fragments = invalid.partial.fragments.values();
    for set in sets.chain(fragments.map(|fragment| &fragment.selection_set)) {
        told_values(set, sources, &told, &mut values);
    }
    let places: Vec<SourceSpan> = invalid
        .errors
        .iter()
        .filter_map(|said| said.error.location())
        .collect();
    let said = invalid.errors.iter().filter(|said| {
        let Some(at) = said.error.location() else {
            return true;
        };
        // Of a field whose selections do not exist, that it has none is no news.
        let within = |place: &SourceSpan| *place != at && holds(at, *place);
        let empty = said
            .error
            .to_string()
            .ends_with("must have a subselection set");
        let told = values.iter().any(|value| holds(*value, at));
        !(told || (empty && places.iter().any(within)))
    });
    let faults = said.filter_map(|said| {
        let location = said.error.location().and_then(|at| position(at, sources));
        let text = said.error.to_string();
        // What is required and not given is ours to say, at the field.
        let ours = text.starts_with("the required argument")
            && location.is_some_and(|at| told.contains(&at));
        (!ours).then(|| InputFault {
            location,
            ..InputFault::of_all(meant(contract, text))
        })
    });
    // No more are told, and one document may have thousands.
    faults.take(MAX_FAULTS).collect()
}

/// Finds the arguments' values of which a fault is told already.
// Descends no further than selections nest, which is limited before.
fn told_values(
    set: &SelectionSet,
    sources: &SourceMap,
    told: &BTreeSet<SourcePosition>,
    values: &mut Vec<SourceSpan>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                let spans = field
                    .arguments
                    .iter()
                    .filter_map(|one| one.value.location());
                values.extend(spans.filter(|span| {
                    position(*span, sources).is_some_and(|start| told.contains(&start))
                }));
                told_values(&field.selection_set, sources, told, values);
            }
            Selection::InlineFragment(inline) => {
                told_values(&inline.selection_set, sources, told, values);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn holds(outer: SourceSpan, inner: SourceSpan) -> bool {
    outer.offset() <= inner.offset() && inner.end_offset() <= outer.end_offset()
}

/// Adds the name that was probably meant, where a field of an output type does not exist.
fn meant(contract: &Contract, text: String) -> String {
    let names: Vec<&str> = text.split('`').collect();
    let [_, parent, " does not have a field ", field, ..] = names.as_slice() else {
        return text;
    };
    let parent = Name::new(parent);
    match closest(field, contract.outputs.fields_of(&parent)) {
        Some(close) => format!("{text}: did you mean `{close}`?"),
        None => text,
    }
}

/// Returns where in a document something begins.
pub(super) fn position(span: SourceSpan, sources: &SourceMap) -> Option<SourcePosition> {
    let text = sources.get(&span.file_id())?.source_text();
    let before = text.get(..span.offset())?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(SourcePosition { line, column })
}
