//! The schema's input types: what variables are declared as, and what arguments take.

use std::collections::{BTreeMap, HashMap};

use async_graphql::Name;
use async_graphql::parser::types::{
    FieldDefinition, InputObjectType, InputValueDefinition, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::parser::{self, parse_schema};

use crate::wire::scalars::{self, ScalarCheck};

/// The schema's input types, and what each field takes.
#[derive(Clone, Debug)]
pub struct InputTypes {
    types: HashMap<Name, InputKind>,
    /// The arguments of each field of each type.
    taken: HashMap<Name, HashMap<Name, BTreeMap<Name, InputField>>>,
}

/// What an input type is.
#[derive(Clone, Debug)]
pub(super) enum InputKind {
    Int,
    Float,
    Text,
    Boolean,
    Id,
    /// A scalar of the schema's own: text, judged as its parser does where that is known.
    Custom(Option<ScalarCheck>),
    Enum(Vec<Name>),
    Object {
        fields: BTreeMap<Name, InputField>,
        one_of: bool,
    },
}

/// A field of an input object, or an argument.
#[derive(Clone, Debug)]
pub(super) struct InputField {
    pub(super) ty: Type,
    pub(super) required: bool,
}

impl InputTypes {
    /// Reads the input types from the schema's own text (`Schema::sdl`). Once, at the start.
    ///
    /// # Errors
    /// The parser's, where the text is not a schema.
    pub fn from_sdl(sdl: &str) -> Result<Self, parser::Error> {
        let built_in = [
            ("Int", InputKind::Int),
            ("Float", InputKind::Float),
            ("String", InputKind::Text),
            ("Boolean", InputKind::Boolean),
            ("ID", InputKind::Id),
        ];
        let mut read = Self {
            types: built_in
                .into_iter()
                .map(|(name, kind)| (Name::new(name), kind))
                .collect(),
            taken: HashMap::new(),
        };
        for definition in parse_schema(sdl)?.definitions {
            if let TypeSystemDefinition::Type(definition) = definition {
                read.add(definition.node);
            }
        }
        Ok(read)
    }

    fn add(&mut self, definition: TypeDefinition) {
        let mut directives = definition.directives.iter();
        let one_of = directives.any(|directive| directive.node.name.node == "oneOf");
        let name = definition.name.node;
        let kind = match definition.kind {
            TypeKind::Scalar => InputKind::Custom(scalars::check_of(&name)),
            TypeKind::Enum(choice) => {
                let values = choice.values.into_iter();
                InputKind::Enum(values.map(|value| value.node.value.node).collect())
            }
            TypeKind::InputObject(object) => InputKind::object(object, one_of),
            TypeKind::Object(object) => return self.take(name, object.fields),
            TypeKind::Interface(interface) => return self.take(name, interface.fields),
            TypeKind::Union(_) => return,
        };
        self.types.entry(name).or_insert(kind);
    }

    fn take(&mut self, name: Name, fields: Vec<parser::Positioned<FieldDefinition>>) {
        let taken = fields.into_iter().map(|field| {
            let arguments = field.node.arguments.into_iter();
            let arguments = arguments.map(|argument| InputField::named(argument.node));
            (field.node.name.node, arguments.collect())
        });
        self.taken.insert(name, taken.collect());
    }

    /// Returns the kind of the input type of this name.
    pub(super) fn kind(&self, name: &Name) -> Option<&InputKind> {
        self.types.get(name)
    }

    /// Returns the arguments that a field takes; none where there is no such field.
    pub(super) fn arguments(
        &self,
        parent: &Name,
        field: &Name,
    ) -> Option<&BTreeMap<Name, InputField>> {
        self.taken.get(parent)?.get(field)
    }
}

impl InputKind {
    fn object(object: InputObjectType, one_of: bool) -> Self {
        let fields = object.fields.into_iter();
        Self::Object {
            fields: fields.map(|field| InputField::named(field.node)).collect(),
            one_of,
        }
    }
}

impl InputField {
    fn named(definition: InputValueDefinition) -> (Name, Self) {
        let required = !definition.ty.node.nullable && definition.default_value.is_none();
        let ty = definition.ty.node;
        (definition.name.node, Self { ty, required })
    }
}
