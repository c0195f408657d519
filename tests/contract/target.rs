//! The schema keeps to the one that it grows into (`target.graphql`): names, arguments, types and what may be null.
//!
//! What is not built yet stands in `target_not_built.txt`, a line each, and the list only shrinks: what stands there and is
//! built fails, and so does what is built otherwise than it is written.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, FieldDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};

use super::root;

/// How many lines the list may have. Take away what you took from the list.
const MOST_NOT_BUILT: usize = 6;

#[test]
fn the_schema_keeps_to_the_one_that_it_grows_into() {
    let target = include_str!("target.graphql");
    let written = std::fs::read_to_string(root().join("schema.graphql")).unwrap();
    let missing = missing(target, &written);
    let listed = include_str!("target_not_built.txt");
    let listed: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    let built: Vec<_> = listed.difference(&missing).collect();
    assert!(
        built.is_empty(),
        "built, so take them from the list: {built:#?}"
    );
    let lost: Vec<_> = missing.difference(&listed).collect();
    assert!(lost.is_empty(), "not as the target has it: {lost:#?}");
    assert_eq!(listed.len(), MOST_NOT_BUILT, "the list only shrinks");
}

#[test]
fn every_way_to_stray_from_the_target_is_noticed() {
    let target = "
        scalar Gone  interface Node { id: ID! }  enum E { A GONE }
        type Query { gone: Int  a(b: Int!, gone: Int): Int!  wrong: [Int!]!  bare: Int  root: Int!  kept(a: Int): [E!]! }
        type Referral implements Node { id: ID!  package: Int!  status: Int! }
    ";
    let written = "
        interface Node { id: ID! }  enum E { A MORE }
        type Query { a(b: Int, more: Int!, may: Int): Int  wrong: [Int]!  bare: Int!  root: Int  kept(a: Int, b: Int = 1): [E!]
            more: Int }
        type Referral { id: ID!  package: Int  status: Int }
    ";
    let missing: Vec<_> = missing(target, written).into_iter().collect();
    assert_eq!(
        missing,
        [
            "E.GONE",
            "Gone",
            "Query.a(b:) is Int!, and Int here",
            "Query.a(gone:)",
            "Query.a(more:) is asked for here alone",
            "Query.bare is Int, and Int! here",
            "Query.gone",
            "Query.wrong is [Int!], and [Int]! here",
            "Referral is a Node",
            "Referral.status is Int!, and Int here",
        ]
    );
}

/// Returns what of the target is not in a schema, or is otherwise in it.
fn missing(target: &str, written: &str) -> BTreeSet<String> {
    let written = types(written);
    let mut missing = BTreeSet::new();
    for (name, wanted) in types(target) {
        let Some(built) = written.get(&name) else {
            missing.insert(name);
            continue;
        };
        if is_node(&wanted) && !is_node(built) {
            missing.insert(format!("{name} is a Node"));
        }
        let values = values(built);
        for value in self::values(&wanted) {
            if !values.contains(&value) {
                missing.insert(format!("{name}.{value}"));
            }
        }
        let fields = fields(built);
        for (field, wanted) in self::fields(&wanted) {
            let place = format!("{name}.{field}");
            match fields.get(&field) {
                Some(built) => compare(&place, wanted, built, &mut missing),
                None => {
                    missing.insert(place);
                }
            }
        }
    }
    missing
}

/// Compares a field that is in both.
fn compare(
    place: &str,
    wanted: &FieldDefinition,
    built: &FieldDefinition,
    missing: &mut BTreeSet<String>,
) {
    differ(
        place,
        &as_meant(place, &wanted.ty.node),
        &built.ty.node,
        missing,
    );
    let arguments = |field: &FieldDefinition| -> BTreeMap<String, (Type, bool)> {
        let arguments = field.arguments.iter().map(|argument| {
            let argument = &argument.node;
            let ty = argument.ty.node.clone();
            let asked_for = !ty.nullable && argument.default_value.is_none();
            (argument.name.node.to_string(), (ty, asked_for))
        });
        arguments.collect()
    };
    let (wanted, built) = (arguments(wanted), arguments(built));
    for (name, (ty, _)) in &wanted {
        let place = format!("{place}({name}:)");
        match built.get(name) {
            Some((built, _)) => differ(&place, ty, built, missing),
            None => {
                missing.insert(place);
            }
        }
    }
    for (name, (_, asked_for)) in &built {
        if *asked_for && !wanted.contains_key(name) {
            missing.insert(format!("{place}({name}:) is asked for here alone"));
        }
    }
}

fn differ(place: &str, wanted: &Type, built: &Type, missing: &mut BTreeSet<String>) {
    if wanted != built {
        missing.insert(format!("{place} is {wanted}, and {built} here"));
    }
}

/// What is refused by itself, whatever else of a referral is answered.
const MAY_BE_REFUSED: [&str; 3] = [
    "Referral.explainAccess",
    "Referral.package",
    "Referral.preview",
];

/// Returns the type of a field as the target's head has it: the roots' fields and a referral's package may be null,
/// and so may what its sender alone is answered.
fn as_meant(place: &str, ty: &Type) -> Type {
    let root = place.starts_with("Query.") || place.starts_with("Mutation.");
    Type {
        nullable: ty.nullable || root || MAY_BE_REFUSED.contains(&place),
        base: match &ty.base {
            BaseType::Named(name) => BaseType::Named(name.clone()),
            BaseType::List(of) => BaseType::List(of.clone()),
        },
    }
}

fn types(sdl: &str) -> BTreeMap<String, TypeDefinition> {
    let definitions = parse_schema(sdl).unwrap().definitions.into_iter();
    let types = definitions.filter_map(|definition| match definition {
        TypeSystemDefinition::Type(Positioned { node, .. }) => {
            Some((node.name.node.to_string(), node))
        }
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    });
    types.collect()
}

fn fields(of: &TypeDefinition) -> BTreeMap<String, &FieldDefinition> {
    let fields = match &of.kind {
        TypeKind::Object(object) => object.fields.as_slice(),
        TypeKind::Interface(interface) => interface.fields.as_slice(),
        _ => &[],
    };
    let fields = fields.iter().map(|field| &field.node);
    fields
        .map(|field| (field.name.node.to_string(), field))
        .collect()
}

fn values(of: &TypeDefinition) -> BTreeSet<String> {
    match &of.kind {
        TypeKind::Enum(of) => {
            let values = of.values.iter();
            values
                .map(|value| value.node.value.node.to_string())
                .collect()
        }
        _ => BTreeSet::new(),
    }
}

fn is_node(of: &TypeDefinition) -> bool {
    match &of.kind {
        TypeKind::Object(object) => object.implements.iter().any(|name| name.node == "Node"),
        _ => false,
    }
}

/// Every type with an id is one that `node` answers.
#[test]
fn everything_with_an_id_is_a_node() {
    let types = types(&concord::graphql::schema::sdl());
    let with_id = types.iter().filter(|(_, ty)| {
        matches!(ty.kind, TypeKind::Object(_))
            && fields(ty)
                .get("id")
                .is_some_and(|id| id.ty.node.to_string() == "ID!")
    });
    let (mut with_id, mut bare) = (with_id.peekable(), Vec::new());
    assert!(with_id.peek().is_some());
    for (name, ty) in with_id {
        if !is_node(ty) {
            bare.push(name);
        }
    }
    assert!(bare.is_empty(), "not a Node: {bare:?}");
    let kinds = concord::graphql::records::RECORD_KINDS.map(|kind| kind.name.to_owned());
    let nodes: Vec<_> = types
        .iter()
        .filter(|(_, ty)| is_node(ty))
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(
        nodes, kinds,
        "what `node` looks up by its prefix is every Node"
    );
}
