//! `schema.graphql` is the schema that is served, and everything in it is described.

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition,
};

use super::root;

#[test]
fn the_written_schema_is_the_served_one() {
    let written = std::fs::read_to_string(root().join("schema.graphql")).unwrap_or_default();
    assert!(
        written == concord::graphql::schema::sdl(),
        "schema.graphql is not the schema that is served; read the difference and then renew it with \
         `cargo run -p concord -- schema > schema.graphql`"
    );
}

#[test]
fn the_command_prints_the_schema() {
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_concord"))
        .arg("schema")
        .output()
        .unwrap();
    assert!(printed.status.success());
    assert_eq!(
        String::from_utf8(printed.stdout).unwrap(),
        concord::graphql::schema::sdl()
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    let described = Described::of(&concord::graphql::schema::sdl());
    assert!(described.all > 300, "only {} were looked at", described.all);
    assert!(
        described.bare.is_empty(),
        "without a description:\n{}",
        described.bare.join("\n")
    );
}

/// The texts that have a form of their own, which is said instead of a length.
const FORMS: [&str; 12] = [
    ".after",
    ".before",
    ".country",
    ".currency",
    ".keys",
    ".nationalities",
    ".scopes",
    ".timeZone",
    "(after:)",
    "(before:)",
    "(keys:)",
    "(cursor:)",
];

#[test]
fn every_text_that_goes_in_says_how_long_it_may_be() {
    let mut seen = 0;
    let mut silent = Vec::new();
    for (at, value) in everything_that_goes_in() {
        if value.ty.node.to_string().replace(['[', ']', '!'], "") != "String" {
            continue;
        }
        seen += 1;
        let said = value.description.as_ref();
        let says = said.is_some_and(|said| said.node.contains("characters"));
        if !says && !FORMS.iter().any(|form| at.ends_with(form)) {
            silent.push(at);
        }
    }
    assert!(seen > 60, "only {seen} were looked at");
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

/// Every argument and every field of an input of the served schema, by its place: `Query.nodes(ids:)`, `MouInput.title`.
pub fn everything_that_goes_in() -> Vec<(String, InputValueDefinition)> {
    let mut found = Vec::new();
    let sdl = concord::graphql::schema::sdl();
    for definition in parse_schema(&sdl).unwrap().definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node;
        match definition.node.kind {
            TypeKind::InputObject(object) => {
                let fields = object.fields.into_iter();
                found.extend(
                    fields.map(|field| (format!("{name}.{}", field.node.name.node), field.node)),
                );
            }
            TypeKind::Object(object) => {
                for field in object.fields {
                    let field = field.node;
                    let place = |argument: &str| format!("{name}.{}({argument}:)", field.name.node);
                    let arguments = field.arguments.iter().map(|argument| &argument.node);
                    found.extend(arguments.map(|one| (place(&one.name.node), one.clone())));
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn what_is_not_described_is_noticed() {
    let sdl = r#"
        "A root." type Query { "A field." a("An argument." b: Int, bare: In): E, bare: Int }
        enum E { "A value." A BARE }
        "An input." input In { "A field." a: Int = 1, bare: Int }
        scalar Bare
    "#;
    let described = Described::of(sdl);
    assert_eq!(
        described.bare,
        [
            "Query.a(bare:)",
            "Query.bare",
            "E",
            "E.BARE",
            "In.bare",
            "Bare"
        ]
    );
    assert_eq!(described.all, 12);
}

/// What was looked at: how many, and those that have no description.
#[derive(Default)]
struct Described {
    all: usize,
    bare: Vec<String>,
}

impl Described {
    fn of(sdl: &str) -> Self {
        let mut described = Self::default();
        for definition in parse_schema(sdl).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else {
                continue;
            };
            let definition = definition.node;
            let name = definition.name.node.as_str();
            described.note(name.to_owned(), definition.description.as_ref());
            match &definition.kind {
                TypeKind::Object(object) => described.fields(name, &object.fields),
                TypeKind::Interface(interface) => described.fields(name, &interface.fields),
                TypeKind::InputObject(input) => {
                    for field in &input.fields {
                        let field = &field.node;
                        described.note(
                            format!("{name}.{}", field.name.node),
                            field.description.as_ref(),
                        );
                    }
                }
                TypeKind::Enum(values) => {
                    for value in &values.values {
                        let value = &value.node;
                        described.note(
                            format!("{name}.{}", value.value.node),
                            value.description.as_ref(),
                        );
                    }
                }
                TypeKind::Scalar | TypeKind::Union(_) => {}
            }
        }
        described
    }

    fn fields(&mut self, of: &str, fields: &[Positioned<FieldDefinition>]) {
        for field in fields {
            let field = &field.node;
            let name = format!("{of}.{}", field.name.node);
            self.note(name.clone(), field.description.as_ref());
            for argument in &field.arguments {
                let argument: &InputValueDefinition = &argument.node;
                self.note(
                    format!("{name}({}:)", argument.name.node),
                    argument.description.as_ref(),
                );
            }
        }
    }

    fn note(&mut self, name: String, description: Option<&Positioned<String>>) {
        self.all += 1;
        if description.is_none_or(|text| text.node.trim().is_empty()) {
            self.bare.push(name);
        }
    }
}
