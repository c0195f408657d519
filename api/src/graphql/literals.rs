//! The arguments that a document writes out: whether they fit, and where it uses which variable.

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value as Literal;

use super::coercion::{Coercion, MAX_FAULTS};
use super::given::position;
use super::input_types::InputTypes;
use super::output_types::{OutputTypes, root_of};
use crate::error::{InputFault, InputPath, InputStep};

/// Returns what of a document's arguments does not fit, whatever its variables are (100 faults at most). Arguments and
/// fields that do not exist are for validation to name.
#[must_use]
pub fn faults(
    inputs: &InputTypes,
    outputs: &OutputTypes,
    document: &ExecutableDocument,
) -> Vec<InputFault> {
    let mut search = Search {
        inputs,
        outputs,
        faults: Vec::new(),
    };
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        search.set(&root_of(operation), &operation.selection_set.node);
    }
    for fragment in document.fragments.values() {
        let on = &fragment.node.type_condition.node.on.node;
        search.set(on, &fragment.node.selection_set.node);
    }
    search.faults.sort_by_key(|fault| fault.location);
    search.faults.truncate(MAX_FAULTS);
    search.faults
}

struct Search<'s> {
    inputs: &'s InputTypes,
    outputs: &'s OutputTypes,
    faults: Vec<InputFault>,
}

impl Search<'_> {
    // Descends no further than brackets nest, which is limited before.
    fn set(&mut self, parent: &Name, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.arguments(parent, field);
                    let led_to = self.outputs.led_to(parent, &field.node.name.node).cloned();
                    if let Some(led_to) = led_to {
                        self.set(&led_to, &field.node.selection_set.node);
                    }
                }
                Selection::InlineFragment(inline) => {
                    let inline = &inline.node;
                    let on = inline.type_condition.as_ref().map(|on| &on.node.on.node);
                    self.set(on.unwrap_or(parent), &inline.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn arguments(&mut self, parent: &Name, field: &Positioned<Field>) {
        let Some(taken) = self.inputs.arguments(parent, &field.node.name.node) else {
            return;
        };
        for (name, argument) in taken {
            let place = InputPath::from(name.as_str());
            let mut given = field.node.arguments.iter();
            let given = given.find(|(key, _)| key.node == *name);
            let (misfits, pos) = match given {
                Some((_, value)) => {
                    let fit = Coercion::coerce(self.inputs, &argument.ty, &value.node);
                    (fit.err().unwrap_or_default(), value.pos)
                }
                None if argument.required => {
                    let text = format!("`{name}` is required: give a `{}`", argument.ty);
                    self.faults.push(InputFault {
                        text: text.into(),
                        field: Some(place),
                        location: Some(position(field.pos)),
                    });
                    continue;
                }
                None => continue,
            };
            let told = misfits.into_iter().map(|misfit| {
                let inside = place.within(misfit.steps);
                InputFault {
                    text: format!("`{inside}` {}", misfit.remedy).into(),
                    field: Some(inside),
                    location: Some(position(pos)),
                }
            });
            self.faults.extend(told);
        }
    }
}

/// Returns where an operation uses a variable first, the argument first.
#[must_use]
pub fn first_use(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variable: &Name,
) -> Option<InputPath> {
    let mut waiting = vec![&operation.selection_set.node];
    let mut spread = Vec::new();
    while let Some(set) = waiting.pop() {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let mut arguments = field.node.arguments.iter();
                    let found = arguments.find_map(|(name, value)| {
                        let mut steps = vec![InputStep::Name(name.node.to_string())];
                        leads_to(variable, &value.node, &mut steps).then_some(steps)
                    });
                    if let Some(steps) = found {
                        return Some(InputPath::from(steps));
                    }
                    waiting.push(&field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => waiting.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(used) => {
                    let name = &used.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name)
                        && !spread.contains(&name)
                    {
                        spread.push(name);
                        waiting.push(&fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
    None
}

/// Goes the steps to where a value uses a variable; returns whether it does.
fn leads_to(variable: &Name, value: &Literal, steps: &mut Vec<InputStep>) -> bool {
    let mut through = |step: InputStep, inner: &Literal| {
        steps.push(step);
        let found = leads_to(variable, inner, steps);
        if !found {
            steps.pop();
        }
        found
    };
    match value {
        Literal::Variable(name) => name == variable,
        Literal::List(items) => {
            let mut items = items.iter().enumerate();
            items.any(|(index, item)| through(InputStep::Index(index), item))
        }
        Literal::Object(fields) => {
            let mut fields = fields.iter();
            fields.any(|(key, field)| through(InputStep::Name(key.to_string()), field))
        }
        Literal::Null
        | Literal::Number(_)
        | Literal::String(_)
        | Literal::Boolean(_)
        | Literal::Binary(_)
        | Literal::Enum(_) => false,
    }
}
