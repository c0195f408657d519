//! The schema's output types: where each field leads, and which objects an interface stands for.

use std::collections::{HashMap, HashSet};

use async_graphql::Name;
use async_graphql::parser::types::{
    BaseType, OperationDefinition, OperationType, Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::parser::{self, parse_schema};

/// Which type each field of the schema leads to.
#[derive(Clone, Debug)]
pub struct OutputTypes {
    fields: HashMap<Name, HashMap<Name, Name>>,
    /// The types of which a fragment may select some objects and pass over others, with the objects that they stand for.
    abstract_types: HashMap<Name, HashSet<Name>>,
}

impl OutputTypes {
    /// Reads the output types from the schema's own text (`Schema::sdl`). Once, at the start.
    ///
    /// # Errors
    /// The parser's, where the text is not a schema.
    pub fn from_sdl(sdl: &str) -> Result<Self, parser::Error> {
        let mut types = Self {
            fields: HashMap::new(),
            abstract_types: HashMap::new(),
        };
        for definition in parse_schema(sdl)?.definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let name = definition.node.name.node;
            let fields = match definition.node.kind {
                TypeKind::Object(object) => {
                    for interface in object.implements {
                        let objects = types.abstract_types.entry(interface.node).or_default();
                        objects.insert(name.clone());
                    }
                    object.fields
                }
                TypeKind::Interface(interface) => {
                    types.abstract_types.entry(name.clone()).or_default();
                    interface.fields
                }
                TypeKind::Union(union) => {
                    let members = union.members.into_iter().map(|member| member.node);
                    types.abstract_types.insert(name, members.collect());
                    continue;
                }
                TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => continue,
            };
            let fields = fields
                .into_iter()
                .map(|field| (field.node.name.node, named(&field.node.ty.node)));
            types.fields.insert(name, fields.collect());
        }
        Ok(types)
    }

    /// Returns the type that a field leads to, lists left aside; none where there is no such field.
    pub(super) fn led_to(&self, parent: &Name, field: &str) -> Option<&Name> {
        self.fields.get(parent)?.get(field)
    }

    /// Returns the names of a type's fields.
    pub(super) fn fields_of(&self, ty: &Name) -> impl Iterator<Item = &Name> {
        self.fields.get(ty).into_iter().flat_map(HashMap::keys)
    }

    /// Returns the objects that an interface or a union stands for; none of a type that is neither.
    pub(super) fn objects_of(&self, ty: &Name) -> Option<&HashSet<Name>> {
        self.abstract_types.get(ty)
    }

    /// Returns whether a fragment on `condition` selects every object of the type `parent`, in a document that is valid.
    pub(super) fn selects_all(&self, parent: &Name, condition: Option<&Name>) -> bool {
        let narrower = |condition| condition != parent && self.abstract_types.contains_key(parent);
        !condition.is_some_and(narrower)
    }

    /// Returns what a page's entries are, where the type is a page of a list.
    pub(super) fn entries_of(&self, ty: &Name) -> Option<&Name> {
        self.led_to(ty, "pageInfo")?;
        self.led_to(self.led_to(ty, "edges")?, "node")
    }

    /// Returns whether the type is an entry of a page.
    pub(super) fn is_entry(&self, ty: &Name) -> bool {
        self.led_to(ty, "cursor").is_some() && self.led_to(ty, "node").is_some()
    }
}

/// Returns the type at the root of an operation.
pub(super) fn root_of(operation: &OperationDefinition) -> Name {
    Name::new(match operation.ty {
        OperationType::Query => "Query",
        OperationType::Mutation => "Mutation",
        OperationType::Subscription => "Subscription",
    })
}

/// Returns the name of the type that is left without lists.
fn named(ty: &Type) -> Name {
    match &ty.base {
        BaseType::Named(name) => name.clone(),
        BaseType::List(item) => named(item),
    }
}
