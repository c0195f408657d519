//! Which records the fields of an operation ask for, for the audit log where one is refused.

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection};
use async_graphql::{PathSegment, Value, Variables};

use crate::request::object;

/// The arguments that name the record which a field of the root is about, the first of them first.
const ARGUMENTS: [&str; 3] = ["id", "survivor", "tokenId"];

/// The record that each field of the root asks for, by the field's key in the answer.
#[derive(Debug, Default)]
pub struct AskedObjects(Vec<(String, String)>);

impl AskedObjects {
    /// Returns what an operation asks for, its fragments included.
    #[must_use]
    pub fn of(
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        variables: &Variables,
    ) -> Self {
        let mut asked = Vec::new();
        let mut waiting = vec![&operation.selection_set.node];
        while let Some(selections) = waiting.pop() {
            for selection in &selections.items {
                match &selection.node {
                    Selection::Field(field) => {
                        let field = &field.node;
                        let key = || field.response_key().node.to_string();
                        asked.extend(named(field, variables).map(|id| (key(), id)));
                    }
                    Selection::FragmentSpread(spread) => {
                        let fragment = document.fragments.get(&spread.node.fragment_name.node);
                        waiting.extend(fragment.map(|one| &one.node.selection_set.node));
                    }
                    Selection::InlineFragment(fragment) => {
                        waiting.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
        Self(asked)
    }

    /// Returns what was asked for where the answer has an error.
    #[must_use]
    pub fn at(&self, path: &[PathSegment]) -> Option<&str> {
        let Some(PathSegment::Field(key)) = path.first() else {
            return None;
        };
        let mut asked = self.0.iter();
        let (_, object) = asked.find(|(field, _)| field == key)?;
        Some(object)
    }
}

fn named(field: &Field, variables: &Variables) -> Option<String> {
    let argument = ARGUMENTS.iter().find_map(|name| field.get_argument(name))?;
    let variable = |name| variables.get(&name).cloned().ok_or(());
    match argument.node.clone().into_const_with(variable) {
        Ok(Value::String(text)) => object::on_record(&text),
        Ok(_) | Err(()) => None,
    }
}
