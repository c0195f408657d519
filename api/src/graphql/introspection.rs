//! How long the lists are that the schema has about itself.

use std::collections::BTreeMap;

use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Schema};

/// How many entries such a list has.
#[derive(Clone, Copy, Debug, Default)]
struct Length {
    sum: usize,
    most: usize,
    lists: usize,
}

impl Length {
    fn of(lengths: impl Iterator<Item = usize>) -> Self {
        lengths.fold(Self::default(), |all, length| Self {
            sum: all.sum + length,
            most: all.most.max(length),
            lists: all.lists + 1,
        })
    }
}

/// The lengths of all lists that the schema has about itself.
#[derive(Clone, Debug)]
pub(super) struct IntrospectionLengths {
    types: usize,
    directives: usize,
    /// By the field that such a list is.
    lists: BTreeMap<&'static str, Length>,
}

impl IntrospectionLengths {
    /// Measures them. Once, at the start.
    pub(super) fn of(schema: &Schema) -> Self {
        let each =
            |length: fn(&ExtendedType) -> usize| Length::of(schema.types.values().map(length));
        let objects = schema.types.values().filter_map(ExtendedType::as_object);
        let mut possible: BTreeMap<&Name, usize> = BTreeMap::new();
        for object in objects {
            for interface in &object.implements_interfaces {
                *possible.entry(&interface.name).or_default() += 1;
            }
        }
        let possible = schema.types.iter().map(|(name, ty)| match ty {
            ExtendedType::Union(union) => union.members.len(),
            ExtendedType::Scalar(_)
            | ExtendedType::Object(_)
            | ExtendedType::Interface(_)
            | ExtendedType::Enum(_)
            | ExtendedType::InputObject(_) => possible.get(name).copied().unwrap_or(0),
        });
        let arguments = schema.types.values().flat_map(arguments);
        let of_directives = schema.directive_definitions.values();
        let arguments = arguments.chain(of_directives.map(|one| one.arguments.len()));
        let lists = [
            ("fields", each(fields)),
            ("inputFields", each(input_fields)),
            ("enumValues", each(choices)),
            ("interfaces", each(interfaces)),
            ("possibleTypes", Length::of(possible)),
            ("args", Length::of(arguments)),
        ];
        Self {
            types: schema.types.len(),
            directives: schema.directive_definitions.len(),
            lists: lists.into(),
        }
    }

    /// Returns how many entries such a list has at most or, where it is asked of every type there is, in the mean: so many in so
    /// many lists.
    pub(super) fn length(&self, field: &str, of_every_type: bool) -> (u64, u64) {
        let list = self.lists.get(field).copied().unwrap_or_default();
        let (entries, lists) = match field {
            "types" => (self.types, 1),
            "directives" => (self.directives, 1),
            _ if of_every_type => (list.sum, list.lists),
            _ => (list.most, 1),
        };
        let number = |size: usize| u64::try_from(size.max(1)).unwrap_or(u64::MAX);
        (number(entries), number(lists))
    }
}

fn fields(ty: &ExtendedType) -> usize {
    arguments(ty).count()
}

/// Returns how many arguments each field of a type has.
fn arguments(ty: &ExtendedType) -> impl Iterator<Item = usize> {
    let object = ty.as_object().map(|object| &object.fields);
    let fields = object.or(ty.as_interface().map(|interface| &interface.fields));
    let fields = fields.into_iter().flat_map(|fields| fields.values());
    fields.map(|field| field.arguments.len())
}

fn input_fields(ty: &ExtendedType) -> usize {
    ty.as_input_object().map_or(0, |input| input.fields.len())
}

fn choices(ty: &ExtendedType) -> usize {
    ty.as_enum().map_or(0, |choice| choice.values.len())
}

fn interfaces(ty: &ExtendedType) -> usize {
    let object = ty.as_object().map(|object| &object.implements_interfaces);
    let all = object.or(ty
        .as_interface()
        .map(|interface| &interface.implements_interfaces));
    all.into_iter().flatten().count()
}
