//! How large a document may be, and how far it may reach: each fragment is measured once, however often it is spread.

use std::collections::HashMap;

use apollo_compiler::ExecutableDocument as Typed;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::validation::Valid;

use crate::error::Error;

/// The longest document, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;
/// How deep selections, lists and input objects may nest in one another.
pub const MAX_NESTING: usize = 24;
/// The most tokens of a document, the space between them counted too.
pub const MAX_TOKENS: usize = 4_000;
/// The most selections of a document, each fragment counted wherever it is spread.
pub const MAX_SELECTIONS: usize = 2_000;
/// How deep selections may nest, a spread fragment counting as a level: what the executor itself allows.
pub const MAX_DEPTH: usize = 32;
/// How many lists of the schema about itself may nest in one another: fewer than this, as graphql-js has it
/// (`MaxIntrospectionDepthRule`). They lead back to themselves, and each level multiplies the answer.
const INTROSPECTION_LISTS: usize = 3;
/// The fields that are such lists.
const LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];

/// What a selection set comes to.
#[derive(Clone, Copy, Default)]
struct Extent {
    selections: usize,
    depth: usize,
    lists: usize,
}

impl Extent {
    fn join(self, inner: Self) -> Self {
        Self {
            selections: self.selections.saturating_add(inner.selections),
            depth: self.depth.max(inner.depth.saturating_add(1)),
            lists: self.lists.max(inner.lists),
        }
    }

    fn check(self) -> Result<(), Error> {
        let fault = if self.selections > MAX_SELECTIONS {
            format!(
                "this document comes to more than {MAX_SELECTIONS} selections, each fragment counted wherever it is spread: select fewer fields, or split it into several requests"
            )
        } else if self.depth > MAX_DEPTH {
            format!(
                "selections nest more than {MAX_DEPTH} deep, each spread fragment counted as a level: ask for less depth, or spread fewer fragments in one another"
            )
        } else if self.lists >= INTROSPECTION_LISTS {
            format!(
                "lists of the schema about itself (`{}`) nest {INTROSPECTION_LISTS} deep: ask for fewer of them in one another",
                LISTS.join("`, `")
            )
        } else {
            return Ok(());
        };
        Err(Error::QueryTooCostly(fault.into()))
    }
}

/// Checks that a document keeps to the limits.
///
/// # Errors
/// [`Error::QueryTooCostly`] where it passes one.
pub(super) fn check(document: &Valid<Typed>) -> Result<(), Error> {
    let mut measure = Measure {
        document,
        fragments: HashMap::new(),
    };
    let mut selections = 0_usize;
    for operation in document.operations.iter() {
        let extent = measure.set(&operation.selection_set);
        selections = selections.saturating_add(extent.selections);
        Extent {
            selections,
            ..extent
        }
        .check()?;
    }
    Ok(())
}

struct Measure<'d> {
    document: &'d Typed,
    fragments: HashMap<&'d str, Extent>,
}

impl<'d> Measure<'d> {
    // Descends no further than selections and fragments nest, which is limited before, and a valid document has no circle.
    fn set(&mut self, set: &'d SelectionSet) -> Extent {
        let mut whole = Extent::default();
        for selection in &set.selections {
            whole.selections = whole.selections.saturating_add(1);
            let inner = match selection {
                Selection::Field(field) if field.selection_set.selections.is_empty() => continue,
                Selection::Field(field) => {
                    let mut inner = self.set(&field.selection_set);
                    let about_itself = field.selection_set.ty.starts_with("__");
                    inner.lists +=
                        usize::from(about_itself && LISTS.contains(&field.name.as_str()));
                    inner
                }
                Selection::InlineFragment(inline) => self.set(&inline.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            };
            whole = whole.join(inner);
        }
        whole
    }

    fn fragment(&mut self, name: &str) -> Extent {
        if let Some(extent) = self.fragments.get(name) {
            return *extent;
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Extent::default();
        };
        let extent = self.set(&fragment.selection_set);
        self.fragments.insert(fragment.name.as_str(), extent);
        extent
    }
}
