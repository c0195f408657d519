//! Variables made to fit their declared types before anything is executed (GraphQL specification, section 6.1.2).
//!
//! The library looks at a variable only where a resolver reads it, so a missing `String!` would become a failed field
//! instead of a refused request. The executor applies the default values of input fields. Where a variable may be used is
//! for validation to say.

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, VariableDefinition};
use async_graphql::{Pos, Value, Variables};
use serde_json::Value as Json;

use super::coercion::{Coercion, MAX_FAULTS, Misfit};
use super::given::position;
use super::input_types::InputTypes;
use super::literals;
use crate::error::{Error, InputFault, InputPath};

impl InputTypes {
    /// Makes the variables of a request fit the operation: defaults filled in, single values wrapped where a list is
    /// declared, ids as text. Variables that the operation does not declare are left out.
    ///
    /// # Errors
    /// An [`Error::BadUserInput`] for each place that does not fit (100 at most), naming the variable and the path
    /// inside it, and never repeating its value.
    pub fn coerce(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        raw: &serde_json::Map<String, Json>,
    ) -> Result<Variables, Vec<Error>> {
        let mut coerced = Variables::default();
        let mut faults = Vec::new();
        for definition in &operation.variable_definitions {
            let name = &definition.node.name.node;
            match self.variable(&definition.node, raw.get(name.as_str())) {
                Ok(Some(value)) => {
                    coerced.insert(name.clone(), value);
                }
                Ok(None) => {}
                Err(misfits) => {
                    let place = literals::first_use(document, operation, name);
                    let place = place.unwrap_or_else(|| InputPath::from(name.as_str()));
                    let told = |misfit| fault(name, definition.pos, &place, misfit);
                    faults.extend(misfits.into_iter().map(told).map(Error::from));
                }
            }
        }
        if faults.is_empty() {
            return Ok(coerced);
        }
        faults.truncate(MAX_FAULTS);
        Err(faults)
    }

    fn variable(
        &self,
        definition: &VariableDefinition,
        raw: Option<&Json>,
    ) -> Result<Option<Value>, Vec<Misfit>> {
        let ty = &definition.var_type.node;
        if let Some(given) = raw {
            return Coercion::coerce(self, ty, given).map(Some);
        }
        let Some(default) = &definition.default_value else {
            return if ty.nullable {
                Ok(None)
            } else {
                Err(vec![Misfit {
                    steps: Vec::new(),
                    remedy: format!("is required: send a `{ty}`"),
                }])
            };
        };
        let default = default.node.clone().into_value();
        Coercion::coerce(self, ty, &default).map(Some)
    }
}

/// Says what does not fit: by the variable in words, and by the argument that it is used for as the place.
fn fault(variable: &str, declared: Pos, place: &InputPath, misfit: Misfit) -> InputFault {
    let Misfit { steps, remedy } = misfit;
    let inside = InputPath::from(variable).within(steps.iter().cloned());
    InputFault {
        text: format!("`${inside}` {remedy}").into(),
        field: Some(place.within(steps)),
        location: Some(position(declared)),
    }
}
