//! Variables made to fit their declared types before anything is executed (GraphQL specification, section 6.1.2).
//!
//! The library looks at a variable only where a resolver reads it, so a missing `String!` would become a failed field
//! instead of a refused request. The executor still has the last word on custom scalars, and applies the default
//! values of input fields. Where a variable may be used is for validation to say.

use std::collections::{BTreeMap, HashMap};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, InputObjectType, OperationDefinition, Type, TypeKind,
    TypeSystemDefinition, VariableDefinition,
};
use async_graphql::parser::{self, parse_schema};
use async_graphql::{Name, Number, Value, Variables};
use serde_json::Value as Json;

use crate::error::Error;

/// How deep a variable's value may nest: deeper than any input type of ours, shallow enough for the stack.
const MAX_NESTING: usize = 32;
/// How many faults one request reports.
const MAX_FAULTS: usize = 10;
/// How many of an enum's values a fault lists.
const MAX_CHOICES: usize = 20;

/// The schema's input types: what a variable may be declared as.
#[derive(Clone, Debug)]
pub struct InputTypes {
    types: HashMap<Name, InputKind>,
}

#[derive(Clone, Debug)]
enum InputKind {
    Int,
    Float,
    Text,
    Boolean,
    Id,
    /// A custom scalar: any single value, which the scalar's own parser judges.
    Custom,
    Enum(Vec<Name>),
    Object {
        fields: BTreeMap<Name, Field>,
        one_of: bool,
    },
}

#[derive(Clone, Debug)]
struct Field {
    ty: Type,
    required: bool,
}

impl InputTypes {
    /// Reads the input types from the schema's own text (`Schema::sdl`). Once, at the start.
    ///
    /// # Errors
    /// The parser's, where the text is not a schema.
    pub fn from_sdl(sdl: &str) -> Result<Self, parser::Error> {
        let mut types: HashMap<Name, InputKind> = [
            ("Int", InputKind::Int),
            ("Float", InputKind::Float),
            ("String", InputKind::Text),
            ("Boolean", InputKind::Boolean),
            ("ID", InputKind::Id),
        ]
        .into_iter()
        .map(|(name, kind)| (Name::new(name), kind))
        .collect();
        for definition in parse_schema(sdl)?.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let one_of = definition
                .node
                .directives
                .iter()
                .any(|d| d.node.name.node == "oneOf");
            let kind = match definition.node.kind {
                TypeKind::Scalar => InputKind::Custom,
                TypeKind::Enum(choice) => InputKind::Enum(
                    choice
                        .values
                        .into_iter()
                        .map(|v| v.node.value.node)
                        .collect(),
                ),
                TypeKind::InputObject(object) => InputKind::object(object, one_of),
                TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_) => continue,
            };
            types.entry(definition.node.name.node).or_insert(kind);
        }
        Ok(Self { types })
    }

    /// Checks that all operations of a document declare their variables as input types. The library's validation
    /// looks at each operation, and panics on a list of an unknown type.
    fn check(&self, document: &ExecutableDocument) -> Result<(), Error> {
        let mut definitions = document
            .operations
            .iter()
            .flat_map(|(_, operation)| &operation.node.variable_definitions);
        let foreign = definitions.find_map(|definition| {
            let mut ty = &definition.node.var_type.node;
            while let BaseType::List(item) = &ty.base {
                ty = item;
            }
            match &ty.base {
                BaseType::Named(name) if !self.types.contains_key(name) => {
                    Some((&definition.node.name.node, name))
                }
                BaseType::Named(_) | BaseType::List(_) => None,
            }
        });
        foreign.map_or(Ok(()), |(variable, ty)| {
            Err(Path::Variable(variable).refuse(NotAnInputType(ty)))
        })
    }

    /// Makes the variables of a request fit the operation: defaults filled in, single values wrapped where a list is
    /// declared, ids as text. Variables that the operation does not declare are left out.
    ///
    /// # Errors
    /// An [`Error::BadUserInput`] for each variable that does not fit (ten at most), naming the variable and the path
    /// inside it, and never repeating its value.
    pub fn coerce(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        raw: &serde_json::Map<String, Json>,
    ) -> Result<Variables, Vec<Error>> {
        self.check(document).map_err(|fault| vec![fault])?;
        let mut coerced = Variables::default();
        let mut faults = Vec::new();
        for definition in &operation.variable_definitions {
            let name = &definition.node.name.node;
            match self.variable(&definition.node, raw.get(name.as_str())) {
                Ok(Some(value)) => {
                    coerced.insert(name.clone(), value);
                }
                Ok(None) => {}
                Err(fault) if faults.len() < MAX_FAULTS => faults.push(fault),
                Err(_) => break,
            }
        }
        if faults.is_empty() {
            Ok(coerced)
        } else {
            Err(faults)
        }
    }

    fn variable(
        &self,
        definition: &VariableDefinition,
        raw: Option<&Json>,
    ) -> Result<Option<Value>, Error> {
        let ty = &definition.var_type.node;
        let path = Path::Variable(&definition.name.node);
        if let Some(given) = raw {
            return self.value(ty, given, path, 0).map(Some);
        }
        let Some(default) = &definition.default_value else {
            return if ty.nullable {
                Ok(None)
            } else {
                Err(path.refuse(format_args!("is required: send a `{ty}`")))
            };
        };
        let Ok(default) = default.node.clone().into_json() else {
            return Err(path.refuse("has a default value that is not a value"));
        };
        self.value(ty, &default, path, 0).map(Some)
    }

    fn value(
        &self,
        ty: &Type,
        given: &Json,
        path: Path<'_>,
        nesting: usize,
    ) -> Result<Value, Error> {
        if nesting > MAX_NESTING {
            return Err(path.refuse(format_args!("nests too deep: at most {MAX_NESTING} levels")));
        }
        if given.is_null() {
            return if ty.nullable {
                Ok(Value::Null)
            } else {
                Err(path.refuse(format_args!("may not be null: send a `{ty}`")))
            };
        }
        match (&ty.base, given) {
            (BaseType::List(item), Json::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, given)| {
                    self.value(item, given, Path::Item(&path, index), nesting + 1)
                })
                .collect::<Result<Vec<_>, _>>()
                .map(Value::List),
            (BaseType::List(item), single) => {
                let single = self.value(item, single, path, nesting + 1)?;
                Ok(Value::List(vec![single]))
            }
            (BaseType::Named(name), given) => match self.types.get(name) {
                Some(InputKind::Object { fields, one_of }) => {
                    self.object(name, fields, *one_of, given, path, nesting)
                }
                Some(leaf) => leaf
                    .coerce(given)
                    .ok_or_else(|| path.refuse(leaf.wanted(name))),
                None => Err(path.refuse(NotAnInputType(name))),
            },
        }
    }

    fn object(
        &self,
        name: &Name,
        fields: &BTreeMap<Name, Field>,
        one_of: bool,
        given: &Json,
        path: Path<'_>,
        nesting: usize,
    ) -> Result<Value, Error> {
        let Json::Object(given) = given else {
            return Err(path.refuse(format_args!("must be an object of type `{name}`")));
        };
        if let Some(unknown) = given.keys().find(|key| !fields.contains_key(key.as_str())) {
            return Err(path.refuse(Unknown { key: unknown, name }));
        }
        if one_of && (given.len() != 1 || given.values().any(Json::is_null)) {
            return Err(path.refuse(format_args!(
                "must have exactly one field of `{name}`, and not null"
            )));
        }
        let mut object = IndexMap::with_capacity(given.len());
        for (key, field) in fields {
            let inside = Path::Field(&path, key);
            match given.get(key.as_str()) {
                Some(value) => {
                    object.insert(
                        key.clone(),
                        self.value(&field.ty, value, inside, nesting + 1)?,
                    );
                }
                None if field.required => {
                    return Err(inside.refuse(format_args!("is required: send a `{}`", field.ty)));
                }
                None => {}
            }
        }
        Ok(Value::Object(object))
    }
}

impl InputKind {
    fn object(object: InputObjectType, one_of: bool) -> Self {
        let fields = object.fields.into_iter().map(|field| {
            let field = field.node;
            let required = !field.ty.node.nullable && field.default_value.is_none();
            let ty = field.ty.node;
            (field.name.node, Field { ty, required })
        });
        Self::Object {
            fields: fields.collect(),
            one_of,
        }
    }

    /// Returns a single value that fits, or none.
    fn coerce(&self, given: &Json) -> Option<Value> {
        match (self, given) {
            (Self::Int, Json::Number(number)) => int(number),
            (Self::Float | Self::Custom, Json::Number(number)) => {
                Some(Value::Number(number.clone()))
            }
            (Self::Text | Self::Id | Self::Custom, Json::String(text)) => {
                Some(Value::String(text.clone()))
            }
            (Self::Boolean | Self::Custom, Json::Bool(truth)) => Some(Value::Boolean(*truth)),
            (Self::Id, Json::Number(number)) if !number.is_f64() => {
                Some(Value::String(number.to_string()))
            }
            (Self::Enum(choices), Json::String(text)) => choices
                .iter()
                .find(|choice| choice.as_str() == text)
                .cloned()
                .map(Value::Enum),
            _ => None,
        }
    }

    fn wanted(&self, name: &Name) -> String {
        match self {
            Self::Int => "must be a whole number from -2147483648 to 2147483647".into(),
            Self::Float => "must be a number".into(),
            Self::Text => "must be a string".into(),
            Self::Boolean => "must be true or false".into(),
            Self::Id => "must be an id: a string or a whole number".into(),
            Self::Custom => format!("must be a single value of `{name}`, not a list or an object"),
            Self::Object { .. } => format!("must be an object of type `{name}`"),
            Self::Enum(choices) => {
                let listed: Vec<&str> =
                    choices.iter().take(MAX_CHOICES).map(Name::as_str).collect();
                let more = if choices.len() > MAX_CHOICES {
                    ", ..."
                } else {
                    ""
                };
                format!("must be a value of `{name}`: {}{more}", listed.join(", "))
            }
        }
    }
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

/// Where inside the variables a value stands.
#[derive(Clone, Copy)]
enum Path<'p> {
    Variable(&'p Name),
    Field(&'p Path<'p>, &'p Name),
    Item(&'p Path<'p>, usize),
}

impl Path<'_> {
    fn refuse(&self, remedy: impl std::fmt::Display) -> Error {
        Error::BadUserInput(format!("`{self}` {remedy}").into())
    }
}

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "${name}"),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// A declared type that is not an input type.
struct NotAnInputType<'f>(&'f Name);

impl std::fmt::Display for NotAnInputType<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "is declared as `{}`, which is not an input type", self.0)
    }
}

/// A field that an input type does not have. Named only where it can be a name: else it may be anything.
struct Unknown<'u> {
    key: &'u str,
    name: &'u Name,
}

impl std::fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { key, name } = self;
        let nameable = key.len() <= 64
            && key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if nameable {
            write!(
                f,
                "has a field `{key}` that `{name}` does not have: take it out"
            )
        } else {
            write!(f, "has a field that `{name}` does not have: take it out")
        }
    }
}
