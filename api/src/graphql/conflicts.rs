//! Fields of one key that cannot be one field: lists of another length among their arguments, which the validator takes for
//! the same where one begins as the other (GraphQL specification, section 5.3.2).

use std::collections::HashMap;

use apollo_compiler::ast::{Argument, Value};
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument as Typed, Name, Node, Schema};

use super::diagnostics::position;
use crate::error::InputFault;

/// Returns the fields of a valid document that have a key in common with another and other arguments. What it comes to
/// when fragments are written out is limited before.
pub(super) fn faults(schema: &Schema, document: &Typed) -> Vec<InputFault> {
    let mut search = Search {
        schema,
        document,
        faults: Vec::new(),
    };
    for operation in document.operations.iter() {
        search.sets(&[&operation.selection_set]);
    }
    search.faults
}

/// A field, and the type that it is selected of.
type Selected<'d> = (&'d Name, &'d Node<Field>);

struct Search<'d> {
    schema: &'d Schema,
    document: &'d Typed,
    faults: Vec<InputFault>,
}

impl<'d> Search<'d> {
    /// Looks at what some selection sets of one object select together.
    fn sets(&mut self, sets: &[&'d SelectionSet]) {
        let mut by_key: HashMap<&Name, Vec<Selected<'d>>> = HashMap::new();
        let mut waiting = sets.to_vec();
        while let Some(set) = waiting.pop() {
            for selection in &set.selections {
                match selection {
                    Selection::Field(field) => {
                        let fields = by_key.entry(field.response_key()).or_default();
                        fields.push((&set.ty, field));
                    }
                    Selection::InlineFragment(inline) => waiting.push(&inline.selection_set),
                    Selection::FragmentSpread(spread) => {
                        let fragment = self.document.fragments.get(&spread.fragment_name);
                        waiting.extend(fragment.map(|one| &one.selection_set));
                    }
                }
            }
        }
        for fields in by_key.values() {
            self.fields(fields);
            let sets = fields.iter().map(|(_, field)| &field.selection_set);
            let sets: Vec<&SelectionSet> = sets.filter(|set| !set.selections.is_empty()).collect();
            if !sets.is_empty() {
                self.sets(&sets);
            }
        }
    }

    fn fields(&mut self, fields: &[Selected<'d>]) {
        // Each that differs from all before: a key that is repeated as it is costs no comparison with every other.
        let mut differing: Vec<Selected<'d>> = Vec::new();
        for (parent, field) in fields {
            let is_same = |other: &Field| same(&field.arguments, &other.arguments);
            if differing
                .iter()
                .any(|(ty, other)| ty == parent && is_same(other))
            {
                continue;
            }
            let mut together = differing
                .iter()
                .filter(|(ty, _)| self.may_be_one(parent, ty));
            if together.any(|(_, other)| !is_same(other)) {
                let sources = &self.document.sources;
                self.faults.push(InputFault {
                    location: field.location().and_then(|at| position(at, sources)),
                    ..InputFault::of_all(format!(
                        "`{}` is selected twice with other arguments: give one an alias",
                        field.response_key()
                    ))
                });
            }
            differing.push((parent, field));
        }
    }

    /// Returns whether an object may be of both types.
    fn may_be_one(&self, one: &Name, other: &Name) -> bool {
        let is_object =
            |ty: &Name| matches!(self.schema.types.get(ty), Some(ExtendedType::Object(_)));
        one == other || !is_object(one) || !is_object(other)
    }
}

/// Returns whether both give the same values, in whichever order.
fn same(one: &[Node<Argument>], other: &[Node<Argument>]) -> bool {
    let in_other = |argument: &Node<Argument>| {
        let mut others = other.iter();
        let same = others.find(|same| same.name == argument.name);
        same.is_some_and(|same| same_value(&same.value, &argument.value))
    };
    one.len() == other.len() && one.iter().all(in_other)
}

fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let in_other = |(name, value): &(Name, Node<Value>)| {
                let mut others = other.iter();
                let same = others.find(|(same, _)| same == name);
                same.is_some_and(|(_, same)| same_value(same, value))
            };
            one.len() == other.len() && one.iter().all(in_other)
        }
        _ => one == other,
    }
}
