//! What the validator leaves out of the values that a document writes: whether a variable may stand within a list or an
//! input object, a default of null counted for none (GraphQL specification, section 5.8.5), and that no field is given twice
//! (5.6.3).

use apollo_compiler::ast::{Argument, InputValueDefinition, Type, Value, VariableDefinition};
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{ExecutableDocument as Typed, Name, Node, Schema};

use super::diagnostics::position;
use crate::error::InputFault;

/// Returns what of the values within a document's arguments is wrong, in a document that is valid otherwise.
pub(super) fn faults(schema: &Schema, document: &Typed) -> Vec<InputFault> {
    let mut faults = Vec::new();
    for operation in document.operations.iter() {
        let mut search = Search {
            schema,
            document,
            variables: &operation.variables,
            spread: Vec::new(),
            faults: &mut faults,
        };
        search.set(&operation.selection_set);
    }
    faults
}

/// A place that takes a value.
#[derive(Clone, Copy)]
struct Slot<'s> {
    ty: &'s Type,
    /// Whether there is a default for it.
    has_default: bool,
}

struct Search<'d> {
    schema: &'d Schema,
    document: &'d Typed,
    variables: &'d [Node<VariableDefinition>],
    spread: Vec<&'d Name>,
    faults: &'d mut Vec<InputFault>,
}

impl<'d> Search<'d> {
    // Descends no further than selections nest, and goes into each fragment once.
    fn set(&mut self, set: &'d SelectionSet) {
        for selection in &set.selections {
            for directive in selection.directives() {
                let defined = self.schema.directive_definitions.get(&directive.name);
                self.arguments(&directive.arguments, |name| defined?.argument_by_name(name));
            }
            match selection {
                Selection::Field(field) => {
                    let defined = &field.definition;
                    self.arguments(&field.arguments, |name| defined.argument_by_name(name));
                    self.set(&field.selection_set);
                }
                Selection::InlineFragment(inline) => self.set(&inline.selection_set),
                Selection::FragmentSpread(spread) => {
                    let name = &spread.fragment_name;
                    if let Some(fragment) = self.document.fragments.get(name)
                        && !self.spread.contains(&name)
                    {
                        self.spread.push(name);
                        self.set(&fragment.selection_set);
                    }
                }
            }
        }
    }

    fn arguments(
        &mut self,
        arguments: &[Node<Argument>],
        taken: impl Fn(&str) -> Option<&'d Node<InputValueDefinition>>,
    ) {
        for argument in arguments {
            if let Some(taken) = taken(&argument.name) {
                let slot = Slot {
                    ty: &taken.ty,
                    has_default: taken.default_value.is_some(),
                };
                self.value(slot, &argument.value);
            }
        }
    }

    fn value(&mut self, slot: Slot<'_>, value: &Node<Value>) {
        match value.as_ref() {
            Value::Variable(name) => self.variable(slot, name, value),
            Value::List(items) if slot.ty.is_list() => {
                let item = Slot {
                    ty: slot.ty.item_type(),
                    has_default: false,
                };
                for one in items {
                    self.value(item, one);
                }
            }
            Value::Object(given) => self.object(slot.ty.inner_named_type(), given),
            Value::List(_)
            | Value::Null
            | Value::Enum(_)
            | Value::String(_)
            | Value::Float(_)
            | Value::Int(_)
            | Value::Boolean(_) => {}
        }
    }

    fn object(&mut self, ty: &Name, given: &[(Name, Node<Value>)]) {
        let input = match self.schema.types.get(ty) {
            Some(ExtendedType::InputObject(input)) => Some(input),
            Some(_) | None => None,
        };
        for (place, (name, value)) in given.iter().enumerate() {
            if given.iter().take(place).any(|(earlier, _)| earlier == name) {
                self.refuse(
                    value,
                    format!("`{name}` is given twice in one object: give it once"),
                );
            }
            if let Some(field) = input.and_then(|input| input.fields.get(name)) {
                let slot = Slot {
                    ty: &field.ty,
                    has_default: field.default_value.is_some(),
                };
                self.value(slot, value);
            }
        }
    }

    fn variable(&mut self, slot: Slot<'_>, name: &Name, value: &Node<Value>) {
        let mut declared = self.variables.iter();
        let Some(declared) = declared.find(|declared| declared.name == *name) else {
            return;
        };
        let defaults = declared.default_value.as_ref();
        let has_default = slot.has_default || defaults.is_some_and(|value| !value.is_null());
        let fits = if slot.ty.is_non_null() && has_default {
            let nullable = slot.ty.clone().nullable();
            declared.ty.is_assignable_to(&nullable)
        } else {
            declared.ty.is_assignable_to(slot.ty)
        };
        if !fits {
            let text = format!(
                "variable `${name}` of type `{}` cannot be used where a `{}` stands: declare it so",
                declared.ty, slot.ty
            );
            self.refuse(value, text);
        }
    }

    fn refuse(&mut self, value: &Node<Value>, text: String) {
        let at = value.location();
        self.faults.push(InputFault {
            location: at.and_then(|at| position(at, &self.document.sources)),
            ..InputFault::of_all(text)
        });
    }
}
