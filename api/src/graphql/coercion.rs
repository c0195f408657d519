//! Whether an input fits its type, and all the places where it does not (GraphQL specification, section 3).

use std::collections::BTreeMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Name, Number, Value};

use super::given::{GivenValue, Shape};
use super::input_types::{InputField, InputKind, InputTypes};
use crate::error::InputStep;

/// How deep a value may nest: deeper than any input type of ours, shallow enough for the stack.
const MAX_NESTING: usize = 32;
/// How many faults of its inputs a request is told at most.
pub const MAX_FAULTS: usize = 100;
/// How many of an enum's values a fault lists.
const MAX_CHOICES: usize = 20;

/// A place at which an input does not fit, and what would. Never repeats a value.
#[derive(Debug)]
pub(super) struct Misfit {
    /// Where it is, within the input.
    pub(super) steps: Vec<InputStep>,
    /// What to send there instead.
    pub(super) remedy: String,
}

/// A check of an input against its type, that goes on after a misfit.
#[derive(Debug)]
pub(super) struct Coercion<'t> {
    types: &'t InputTypes,
    steps: Vec<InputStep>,
    misfits: Vec<Misfit>,
}

impl<'t> Coercion<'t> {
    /// Returns the value as the executor takes it, or all its misfits: single values wrapped where a list is declared, ids
    /// as text.
    pub(super) fn coerce<V: GivenValue>(
        types: &'t InputTypes,
        ty: &Type,
        given: &V,
    ) -> Result<Value, Vec<Misfit>> {
        let mut coercion = Self {
            types,
            steps: Vec::new(),
            misfits: Vec::new(),
        };
        match coercion.value(ty, given) {
            Some(value) if coercion.misfits.is_empty() => Ok(value),
            Some(_) | None => Err(coercion.misfits),
        }
    }

    fn refuse(&mut self, remedy: impl Into<String>) -> Option<Value> {
        if self.misfits.len() < MAX_FAULTS {
            self.misfits.push(Misfit {
                steps: self.steps.clone(),
                remedy: remedy.into(),
            });
        }
        None
    }

    fn within<V: GivenValue>(&mut self, step: InputStep, ty: &Type, given: &V) -> Option<Value> {
        self.steps.push(step);
        let value = self.value(ty, given);
        self.steps.pop();
        value
    }

    /// Returns the value that fits, or none once its misfits are noted.
    fn value<V: GivenValue>(&mut self, ty: &Type, given: &V) -> Option<Value> {
        if self.steps.len() > MAX_NESTING {
            return self.refuse(format!("nests too deep: at most {MAX_NESTING} levels"));
        }
        match (&ty.base, given.shape()) {
            // Whether a variable may stand here is for validation to say.
            (_, Shape::Variable) => Some(Value::Null),
            (_, Shape::Null) if ty.nullable => Some(Value::Null),
            (_, Shape::Null) => self.refuse(format!("may not be null: send a `{ty}`")),
            (BaseType::List(item), Shape::List(given)) => {
                let items = given.iter().enumerate();
                let items: Vec<Option<Value>> = items
                    .map(|(index, one)| self.within(InputStep::Index(index), item, one))
                    .collect();
                items.into_iter().collect::<Option<_>>().map(Value::List)
            }
            (BaseType::List(item), _) => {
                let single = self.value(item, given)?;
                Some(Value::List(vec![single]))
            }
            (BaseType::Named(name), shape) => match self.types.kind(name) {
                Some(InputKind::Object { fields, one_of }) => {
                    self.object(name, fields, *one_of, shape)
                }
                Some(leaf) => match leaf.coerce::<V>(&shape) {
                    Ok(value) => Some(value),
                    Err(remedy) => {
                        self.refuse(remedy.unwrap_or_else(|| leaf.wanted::<V>(name, &shape)))
                    }
                },
                None => self.refuse(format!(
                    "is declared as `{name}`, which is not an input type"
                )),
            },
        }
    }

    fn object<V: GivenValue>(
        &mut self,
        name: &Name,
        fields: &BTreeMap<Name, InputField>,
        one_of: bool,
        given: Shape<'_, V>,
    ) -> Option<Value> {
        let Shape::Object(given) = given else {
            return self.refuse(format!("must be an object of type `{name}`"));
        };
        let before = self.misfits.len();
        for (key, _) in given.iter().filter(|(key, _)| !fields.contains_key(*key)) {
            self.refuse(unknown(key, name, fields));
        }
        let is_null = |(_, one): &(&str, &V)| matches!(one.shape(), Shape::Null);
        if one_of && (given.len() != 1 || given.iter().any(is_null)) {
            self.refuse(format!(
                "must have exactly one field of `{name}`, and not null"
            ));
        }
        let mut object = IndexMap::with_capacity(given.len());
        for (key, field) in fields {
            let step = InputStep::Name(key.to_string());
            match given.iter().find(|(known, _)| known == key) {
                Some((_, value)) => {
                    let value = self.within(step, &field.ty, *value);
                    object.extend(value.map(|value| (key.clone(), value)));
                }
                None if field.required => {
                    self.steps.push(step);
                    self.refuse(format!("is required: send a `{}`", field.ty));
                    self.steps.pop();
                }
                None => {}
            }
        }
        (self.misfits.len() == before).then_some(Value::Object(object))
    }
}

impl InputKind {
    /// Returns a single value that fits, or what its scalar says of it.
    fn coerce<V: GivenValue>(&self, given: &Shape<'_, V>) -> Result<Value, Option<String>> {
        match (self, given) {
            (Self::Int, Shape::Number(number)) => int(number).ok_or(None),
            (Self::Float | Self::Custom(None), Shape::Number(number)) => {
                Ok(Value::Number((*number).clone()))
            }
            (Self::Text | Self::Id | Self::Custom(None), Shape::Text(text)) => {
                Ok(Value::String((*text).to_owned()))
            }
            (Self::Custom(Some(check)), Shape::Text(text)) => match check(text) {
                Ok(()) => Ok(Value::String((*text).to_owned())),
                Err(remedy) => Err(Some(format!("is {remedy}"))),
            },
            (Self::Boolean | Self::Custom(None), Shape::Boolean(truth)) => {
                Ok(Value::Boolean(*truth))
            }
            (Self::Id, Shape::Number(number)) if !number.is_f64() => {
                Ok(Value::String(number.to_string()))
            }
            (Self::Enum(choices), Shape::Enum(text)) => choice(choices, text).ok_or(None),
            (Self::Enum(choices), Shape::Text(text)) if !V::LITERAL => {
                choice(choices, text).ok_or(None)
            }
            _ => Err(None),
        }
    }

    fn wanted<V: GivenValue>(&self, name: &Name, given: &Shape<'_, V>) -> String {
        match self {
            Self::Int => "must be a whole number from -2147483648 to 2147483647".into(),
            Self::Float => "must be a number".into(),
            Self::Text => "must be a string".into(),
            Self::Boolean => "must be true or false".into(),
            Self::Id => "must be an id: a string or a whole number".into(),
            Self::Custom(Some(_)) => format!("must be a `{name}`, written as a string"),
            Self::Custom(None) => {
                format!("must be a single value of `{name}`, not a list or an object")
            }
            Self::Object { .. } => format!("must be an object of type `{name}`"),
            Self::Enum(choices) => {
                let listed: Vec<&str> =
                    choices.iter().take(MAX_CHOICES).map(Name::as_str).collect();
                let more = if choices.len() > MAX_CHOICES {
                    ", ..."
                } else {
                    ""
                };
                let close = if let Shape::Text(text) | Shape::Enum(text) = given {
                    closest(text, choices.iter())
                } else {
                    None
                };
                let meant = match (given, close) {
                    (Shape::Text(_), Some(choice)) if V::LITERAL => {
                        format!("; write `{choice}`, without quotes")
                    }
                    (_, Some(choice)) => format!("; did you mean `{choice}`?"),
                    (_, None) => String::new(),
                };
                format!(
                    "must be a value of `{name}`: {}{more}{meant}",
                    listed.join(", ")
                )
            }
        }
    }
}

fn choice(choices: &[Name], text: &str) -> Option<Value> {
    let found = choices.iter().find(|choice| choice.as_str() == text);
    found.cloned().map(Value::Enum)
}

/// Returns a 32-bit integer; `2.0` is one too.
fn int(number: &Number) -> Option<Value> {
    let whole = match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => i32::try_from(whole).ok()?,
        (None, Some(float)) if float.fract() == 0.0 => format!("{float:.0}").parse().ok()?,
        _ => return None,
    };
    Some(Value::Number(whole.into()))
}

/// Says that an input type does not have a field. Named only where it can be a name: else it may be anything.
fn unknown(key: &str, name: &Name, fields: &BTreeMap<Name, InputField>) -> String {
    let nameable = key.len() <= 64
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !nameable {
        return format!("has a field that `{name}` does not have: take it out");
    }
    match closest(key, fields.keys()) {
        Some(meant) => {
            format!("has a field `{key}` that `{name}` does not have: did you mean `{meant}`?")
        }
        None => format!("has a field `{key}` that `{name}` does not have: take it out"),
    }
}

/// Returns the name that was probably meant by what was written.
pub(super) fn closest<'n>(
    written: &str,
    names: impl IntoIterator<Item = &'n Name>,
) -> Option<&'n Name> {
    let written = written.to_ascii_lowercase();
    // As graphql-js does: two fifths of the letters may differ.
    let most = written.chars().count() * 2 / 5 + 1;
    let distance = |name: &Name| strsim::damerau_levenshtein(&written, &name.to_ascii_lowercase());
    let near = names.into_iter().map(|name| (distance(name), name));
    let near = near.filter(|(distance, _)| *distance <= most);
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
