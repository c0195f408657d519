//! Selections of one response key merged before execution (GraphQL specification, section 6.3.2, `CollectFields`).
//!
//! The library executes each selection by itself and merges the answers: a mutation's field that is selected twice under
//! one key, also through fragments, would be done twice, and a package disclosed twice. Here fields that the specification
//! takes for one are made one. A document that repeats no such key, which is nearly every one, is left as it is.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, InlineFragment, OperationDefinition,
    Selection, SelectionSet, TypeCondition, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, Value, Variables};

use super::output_types::{OutputTypes, root_of};

/// Returns whether some operation selects one response key twice where that may make a difference: at its root, or in a
/// field that has selections of its own. Sees more than is merged, since it looks at no type and at no condition.
#[must_use]
pub fn repeats_a_key(document: &ExecutableDocument) -> bool {
    document
        .operations
        .iter()
        .any(|(_, operation)| repeats_in(document, &[&operation.node.selection_set.node], true))
}

fn repeats_in(document: &ExecutableDocument, sets: &[&SelectionSet], root: bool) -> bool {
    let mut by_key: HashMap<&Name, Vec<&SelectionSet>> = HashMap::new();
    let mut waiting = sets.to_vec();
    while let Some(set) = waiting.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => by_key
                    .entry(&field.node.response_key().node)
                    .or_default()
                    .push(&field.node.selection_set.node),
                Selection::InlineFragment(inline) => waiting.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    waiting.extend(fragment.map(|one| &one.node.selection_set.node));
                }
            }
        }
    }
    by_key.values().any(|sets| {
        let composite = sets.iter().any(|set| !set.items.is_empty());
        (sets.len() > 1 && (root || composite)) || (composite && repeats_in(document, sets, false))
    })
}

/// Returns the document with the selections of one operation merged, as they stand with these variables. What the
/// specification does not let be merged is left for validation to refuse.
#[must_use]
pub fn merge(
    types: &OutputTypes,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> ExecutableDocument {
    let root = root_of(operation);
    let merging = Merging {
        types,
        document,
        variables,
    };
    let place = operation.selection_set.pos;
    let selections = merging.set(&root, &[&operation.selection_set.node], place);
    let before = Used::by(document, [&operation.selection_set.node]);
    let after = Used::by(document, [&selections.node]);
    // What only a selection used that is merged away is not unused in what the client wrote.
    let still = |definition: &&Positioned<VariableDefinition>| {
        let name = &definition.node.name.node;
        after.variables.contains(name) || !before.variables.contains(name)
    };
    let definitions = operation.variable_definitions.iter().filter(still);
    let variable_definitions = definitions.cloned().collect();
    let merged = OperationDefinition {
        variable_definitions,
        selection_set: selections,
        ..operation.clone()
    };
    let mut operations = document.operations.clone();
    match &mut operations {
        DocumentOperations::Single(only) => only.node = merged,
        DocumentOperations::Multiple(all) => {
            let this =
                |one: &&mut Positioned<OperationDefinition>| one.node.selection_set.pos == place;
            if let Some(one) = all.values_mut().find(this) {
                one.node = merged;
            }
        }
    }
    let sets = operations
        .iter()
        .map(|(_, one)| &one.node.selection_set.node);
    let used = Used::by(document, sets).fragments;
    let mut fragments = document.fragments.clone();
    fragments.retain(|name, _| used.contains(name) || !before.fragments.contains(name));
    ExecutableDocument {
        operations,
        fragments,
    }
}

/// One operation in the making.
struct Merging<'d> {
    types: &'d OutputTypes,
    document: &'d ExecutableDocument,
    variables: &'d Variables,
}

/// What some selection sets come to for the objects of one type.
#[derive(Default)]
struct Collected<'d> {
    by_key: IndexMap<&'d Name, Vec<&'d Positioned<Field>>>,
    /// What fragments select of some of the objects alone, by their type.
    narrower: IndexMap<&'d Name, Vec<&'d SelectionSet>>,
    /// What is left as it is.
    kept: Vec<Positioned<Selection>>,
}

impl<'d> Merging<'d> {
    /// Merges what these sets select of objects of a type.
    fn set(
        &self,
        parent: &Name,
        sets: &[&'d SelectionSet],
        place: Pos,
    ) -> Positioned<SelectionSet> {
        let mut collected = Collected::default();
        for set in sets {
            self.collect(parent, set, &mut collected);
        }
        let mut items = Vec::new();
        for fields in collected.by_key.values() {
            items.extend(self.fields(parent, fields));
        }
        for (condition, sets) in &collected.narrower {
            let inline = InlineFragment {
                type_condition: Some(Positioned::new(
                    TypeCondition {
                        on: Positioned::new((*condition).clone(), place),
                    },
                    place,
                )),
                directives: Vec::new(),
                selection_set: self.set(condition, sets, place),
            };
            let inline = Selection::InlineFragment(Positioned::new(inline, place));
            items.push(Positioned::new(inline, place));
        }
        items.append(&mut collected.kept);
        if items.is_empty() {
            items.push(nothing(place));
        }
        Positioned::new(SelectionSet { items }, place)
    }

    fn collect(&self, parent: &Name, set: &'d SelectionSet, into: &mut Collected<'d>) {
        for selection in &set.items {
            match self.is_included(selection.node.directives()) {
                Some(true) => {}
                Some(false) => continue,
                None => {
                    into.kept.push(selection.clone());
                    continue;
                }
            }
            let (condition, set) = match &selection.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    into.by_key.entry(key).or_default().push(field);
                    continue;
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    (condition, &inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    let Some(fragment) = self.document.fragments.get(name) else {
                        into.kept.push(selection.clone());
                        continue;
                    };
                    let condition = Some(&fragment.node.type_condition);
                    (condition, &fragment.node.selection_set.node)
                }
            };
            let condition = condition.map(|condition| &condition.node.on.node);
            match condition {
                Some(narrower) if !self.types.selects_all(parent, condition) => {
                    into.narrower.entry(narrower).or_default().push(set);
                }
                Some(_) | None => self.collect(parent, set, into),
            }
        }
    }

    /// Returns whether `@skip` and `@include` let a selection be; none where they cannot be judged, or where it has
    /// another directive.
    fn is_included(&self, directives: &[Positioned<Directive>]) -> Option<bool> {
        let mut included = true;
        for directive in directives {
            let directive = &directive.node;
            let wanted = match directive.name.node.as_str() {
                "include" => true,
                "skip" => false,
                _ => return None,
            };
            let condition = directive.get_argument("if")?.node.clone();
            let value = |name| self.variables.get(&name).cloned().ok_or(());
            let Ok(Value::Boolean(condition)) = condition.into_const_with(value) else {
                return None;
            };
            included &= condition == wanted;
        }
        Some(included)
    }

    /// Merges the fields of one response key into one, where they are the same field with the same arguments.
    fn fields(
        &self,
        parent: &Name,
        fields: &[&'d Positioned<Field>],
    ) -> Vec<Positioned<Selection>> {
        let Some((first, others)) = fields.split_first() else {
            return Vec::new();
        };
        let led_to = self.types.led_to(parent, &first.node.name.node);
        let same = others.iter().all(|other| {
            other.node.name.node == first.node.name.node && same_arguments(&other.node, &first.node)
        });
        let (Some(led_to), true) = (led_to, same) else {
            return fields
                .iter()
                .map(|field| Positioned::new(Selection::Field((*field).clone()), field.pos))
                .collect();
        };
        let sets: Vec<&SelectionSet> = fields
            .iter()
            .map(|field| &field.node.selection_set.node)
            .filter(|set| !set.items.is_empty())
            .collect();
        let place = first.node.selection_set.pos;
        let selection_set = if sets.is_empty() {
            Positioned::new(SelectionSet::default(), place)
        } else {
            self.set(led_to, &sets, place)
        };
        let merged = Field {
            directives: Vec::new(),
            selection_set,
            ..first.node.clone()
        };
        let merged = Selection::Field(Positioned::new(merged, first.pos));
        vec![Positioned::new(merged, first.pos)]
    }
}

/// Returns whether both give the same value to each argument, in whichever order.
fn same_arguments(one: &Field, other: &Field) -> bool {
    let mut arguments = one.arguments.iter();
    one.arguments.len() == other.arguments.len()
        && arguments.all(|(name, value)| {
            let given = other.get_argument(&name.node);
            given.is_some_and(|given| given.node == value.node)
        })
}

/// Returns a selection of nothing, where everything in a set is skipped: a set must have one.
fn nothing(place: Pos) -> Positioned<Selection> {
    let at = |name: &str| Positioned::new(Name::new(name), place);
    let skipped = Directive {
        name: at("skip"),
        arguments: vec![(
            at("if"),
            Positioned::new(Value::Boolean(true).into_value(), place),
        )],
    };
    let field = Field {
        alias: None,
        name: at("__typename"),
        arguments: Vec::new(),
        directives: vec![Positioned::new(skipped, place)],
        selection_set: Positioned::new(SelectionSet::default(), place),
    };
    Positioned::new(Selection::Field(Positioned::new(field, place)), place)
}

/// The variables and fragments that a selection set uses, its fragments' own among them.
#[derive(Default)]
struct Used<'d> {
    variables: HashSet<Name>,
    fragments: HashSet<&'d Name>,
}

impl<'d> Used<'d> {
    fn by(
        document: &'d ExecutableDocument,
        sets: impl IntoIterator<Item = &'d SelectionSet>,
    ) -> Self {
        let mut used = Self::default();
        let mut waiting: Vec<&SelectionSet> = sets.into_iter().collect();
        while let Some(set) = waiting.pop() {
            for selection in &set.items {
                for directive in selection.node.directives() {
                    used.of_directive(&directive.node);
                }
                match &selection.node {
                    Selection::Field(field) => {
                        used.of_field(&field.node);
                        waiting.push(&field.node.selection_set.node);
                    }
                    Selection::InlineFragment(inline) => {
                        waiting.push(&inline.node.selection_set.node);
                    }
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        if used.fragments.insert(name) {
                            let fragment = document.fragments.get(name);
                            waiting.extend(fragment.map(|one| &one.node.selection_set.node));
                        }
                    }
                }
            }
        }
        used
    }

    fn of_field(&mut self, field: &Field) {
        for (_, value) in &field.arguments {
            let value = value.node.clone();
            let _: Result<Value, Infallible> = value.into_const_with(|name| Ok(self.sees(name)));
        }
    }

    fn of_directive(&mut self, directive: &Directive) {
        for (_, value) in &directive.arguments {
            let value = value.node.clone();
            let _: Result<Value, Infallible> = value.into_const_with(|name| Ok(self.sees(name)));
        }
    }

    fn sees(&mut self, variable: Name) -> Value {
        self.variables.insert(variable);
        Value::Null
    }
}
