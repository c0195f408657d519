//! What changed in the schema since the last release is told, and `CHANGELOG.md` names it.
//!
//! Each release keeps its schema in `tests/fixtures/VERSION/schema.graphql`. A type that came or went, and in a type that
//! stays each field, input field, enum value and member that came, went or is declared otherwise, must stand under
//! "Unreleased" by its name, in backticks: `Type` or `Type.field`. Other words in a description are told, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    ConstDirective, FieldDefinition, InputValueDefinition, SchemaDefinition, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};

use super::root;

#[test]
fn the_changelog_names_what_changed_since_the_last_release() {
    let (version, released) = last_release();
    let written = std::fs::read_to_string(root().join("schema.graphql")).unwrap();
    let changes = changes(&released, &written);
    tell(&version, &changes);
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap_or_default();
    let unnamed = unnamed(&changes, &changelog);
    assert!(
        unnamed.is_empty(),
        "name these in CHANGELOG.md, under [Unreleased], in backticks: {}",
        unnamed.join(", ")
    );
}

#[test]
fn every_kind_of_change_is_noticed() {
    let released = r#"
        "A root." type Query { "A." a(b: Int): Int, gone: Int, "Said." said("An argument." b: Int): Int, same: [Int!]! }
        enum E { A GONE OLD } union U = Query | Left
        type Left { a: Int } interface I { a: Int } type Holds implements I { a: Int }
        input In { a: Int = 1, b: Int } scalar Gone
        schema { query: Query }
    "#;
    let written = r#"
        "Another root." type Query { "A." a(b: Int!): Int, came: Int, "Said." said("Otherwise." b: Int): Int, same: [Int!]! }
        enum E { A CAME OLD @deprecated(reason: "as it is") } union U = Query
        type Left { a: Int } interface I { a: Int } type Holds { a: Int }
        input In { a: Int = 2, b: Int } type Came { a: Int }
        schema { query: Query mutation: Came }
    "#;
    let told: Vec<String> = changes(released, written)
        .iter()
        .map(Change::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "+ Came: type",
            "+ E.CAME: value",
            "- E.GONE: value",
            "~ E.OLD: value -> value @deprecated(reason: \"as it is\")",
            "- Gone: scalar",
            "~ Holds: type implements I -> type",
            "~ In.a: Int = 1 -> Int = 2",
            "  Query: other words",
            "~ Query.a: (b: Int) Int -> (b: Int!) Int",
            "+ Query.came: Int",
            "- Query.gone: Int",
            "  Query.said: other words",
            "- U.Left: member",
            "+ schema.mutation: Came",
        ]
    );
}

#[test]
fn a_schema_that_stays_has_no_changes() {
    let written = std::fs::read_to_string(root().join("schema.graphql")).unwrap();
    assert_eq!(changes(&written, &written), []);
}

#[test]
fn only_what_stands_under_unreleased_in_backticks_is_named() {
    let changes = changes(
        "type Query { a: Int } type Gone { a: Int }",
        "type Query { a: Int! b: Int c: Int } type Came { a: Int }",
    );
    let all = ["Came", "Gone", "Query.a", "Query.b", "Query.c"];
    assert_eq!(unnamed(&changes, ""), all);
    let changelog = "# Changes\n`Gone`\n\n## [Unreleased]\n`Came`, Gone, `Query.a`, `Query.bc`\n\n\
                     ## [0.1.0]\n`Query.c`\n";
    assert_eq!(unnamed(&changes, changelog), ["Gone", "Query.b", "Query.c"]);
    let changelog = format!("## [Unreleased]\n- `{}`\n", all.join("`, `"));
    assert!(unnamed(&changes, &changelog).is_empty());
}

/// The newest version of which there is a schema, and that schema.
fn last_release() -> (String, String) {
    let numbers = |version: &str| -> Option<Vec<u32>> {
        version.split('.').map(|part| part.parse().ok()).collect()
    };
    let releases = root().join("tests/fixtures").read_dir().unwrap();
    let releases = releases.filter_map(|entry| {
        let folder: PathBuf = entry.unwrap().path();
        let schema = std::fs::read_to_string(folder.join("schema.graphql")).ok()?;
        let version = folder.file_name()?.to_str()?.to_owned();
        Some((numbers(&version)?, version, schema))
    });
    let (_, version, schema) = releases.max().expect("a release with its schema");
    (version, schema)
}

/// Prints the changes past what catches a test's output, so that they are seen when all is well.
fn tell(version: &str, changes: &[Change]) {
    let lines: Vec<String> = changes
        .iter()
        .map(|change| format!("  {change}\n"))
        .collect();
    let lines = lines.concat();
    let text = format!(
        "schema.graphql since {version}: {} changes\n{lines}",
        changes.len()
    );
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}

/// The names that the changelog's unreleased section does not hold.
fn unnamed(changes: &[Change], changelog: &str) -> Vec<String> {
    let unreleased: Vec<&str> = changelog
        .lines()
        .skip_while(|line| !line.starts_with("## [Unreleased]"))
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .collect();
    let unreleased = unreleased.join("\n");
    changes
        .iter()
        .filter(|change| change.concerns_partners())
        .map(|change| change.name.clone())
        .filter(|name| !unreleased.contains(&format!("`{name}`")))
        .collect()
}

/// Something that is otherwise than it was; at least one side is there.
#[derive(Debug, PartialEq)]
struct Change {
    name: String,
    before: Option<Declared>,
    after: Option<Declared>,
}

impl Change {
    /// Whether more is new than the words of a description.
    fn concerns_partners(&self) -> bool {
        let declaration = |declared: &Option<Declared>| declared.clone().map(|it| it.declaration);
        declaration(&self.before) != declaration(&self.after)
    }
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.name;
        match (&self.before, &self.after) {
            (None, Some(after)) => write!(f, "+ {name}: {}", after.declaration),
            (Some(before), None) => write!(f, "- {name}: {}", before.declaration),
            (Some(before), Some(after)) if self.concerns_partners() => {
                write!(
                    f,
                    "~ {name}: {} -> {}",
                    before.declaration, after.declaration
                )
            }
            (Some(_), Some(_)) => write!(f, "  {name}: other words"),
            (None, None) => write!(f, "  {name}: nothing"),
        }
    }
}

/// What changed, by name. A type that came or went stands for all that is in it.
fn changes(before: &str, after: &str) -> Vec<Change> {
    let (before, after) = (Surface::of(before).0, Surface::of(after).0);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let in_both = |name: &str| before.contains_key(name) && after.contains_key(name);
    names
        .into_iter()
        .filter(|name| name.split_once('.').is_none_or(|(owner, _)| in_both(owner)))
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Change {
            name: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

/// How something is declared, and what is said of it and of its arguments.
#[derive(Clone, Debug, PartialEq)]
struct Declared {
    declaration: String,
    description: String,
}

/// All that a schema declares, by name.
#[derive(Default)]
struct Surface(BTreeMap<String, Declared>);

impl Surface {
    fn of(sdl: &str) -> Self {
        let mut surface = Self::default();
        for definition in parse_schema(sdl).unwrap().definitions {
            match definition {
                TypeSystemDefinition::Type(definition) => surface.define(&definition.node),
                TypeSystemDefinition::Schema(schema) => surface.roots(&schema.node),
                TypeSystemDefinition::Directive(directive) => {
                    let directive = &directive.node;
                    let repeatable = if directive.is_repeatable {
                        " repeatable"
                    } else {
                        ""
                    };
                    let declaration = format!(
                        "{}{repeatable} on {:?}",
                        arguments(&directive.arguments),
                        directive
                            .locations
                            .iter()
                            .map(|place| place.node)
                            .collect::<Vec<_>>()
                    );
                    let name = format!("@{}", directive.name.node);
                    surface.put(name, &declaration, text(directive.description.as_ref()));
                }
            }
        }
        surface
    }

    fn put(&mut self, name: String, declaration: &str, description: String) {
        let declaration = declaration.trim().to_owned();
        let declared = Declared {
            declaration,
            description,
        };
        self.0.insert(name, declared);
    }

    fn roots(&mut self, schema: &SchemaDefinition) {
        self.put("schema".to_owned(), "schema", String::new());
        let roots = [
            ("query", &schema.query),
            ("mutation", &schema.mutation),
            ("subscription", &schema.subscription),
        ];
        for (root, name) in roots {
            if let Some(name) = name {
                self.put(format!("schema.{root}"), name.node.as_ref(), String::new());
            }
        }
    }

    fn define(&mut self, definition: &TypeDefinition) {
        let name = definition.name.node.as_str();
        let kind = match &definition.kind {
            TypeKind::Scalar => "scalar".to_owned(),
            TypeKind::Object(object) => {
                self.fields(name, &object.fields);
                format!("type{}", implements(&object.implements))
            }
            TypeKind::Interface(interface) => {
                self.fields(name, &interface.fields);
                format!("interface{}", implements(&interface.implements))
            }
            TypeKind::Union(union) => {
                for member in &union.members {
                    let member = format!("{name}.{}", member.node);
                    self.put(member, "member", String::new());
                }
                "union".to_owned()
            }
            TypeKind::Enum(values) => {
                for value in &values.values {
                    let value = &value.node;
                    self.put(
                        format!("{name}.{}", value.value.node),
                        &format!("value{}", directives(&value.directives)),
                        text(value.description.as_ref()),
                    );
                }
                "enum".to_owned()
            }
            TypeKind::InputObject(input) => {
                for field in &input.fields {
                    let field = &field.node;
                    self.put(
                        format!("{name}.{}", field.name.node),
                        &typed(field),
                        text(field.description.as_ref()),
                    );
                }
                "input".to_owned()
            }
        };
        let declaration = format!("{kind}{}", directives(&definition.directives));
        self.put(
            name.to_owned(),
            &declaration,
            text(definition.description.as_ref()),
        );
    }

    fn fields(&mut self, of: &str, fields: &[Positioned<FieldDefinition>]) {
        for field in fields {
            let field = &field.node;
            let declaration = format!(
                "{} {}{}",
                arguments(&field.arguments),
                field.ty.node,
                directives(&field.directives)
            );
            let mut said = text(field.description.as_ref());
            for argument in &field.arguments {
                said.push('\n');
                said.push_str(&text(argument.node.description.as_ref()));
            }
            self.put(format!("{of}.{}", field.name.node), &declaration, said);
        }
    }
}

fn text(description: Option<&Positioned<String>>) -> String {
    description.map_or_else(String::new, |text| text.node.clone())
}

fn implements(interfaces: &[Positioned<async_graphql::Name>]) -> String {
    let names: Vec<&str> = interfaces.iter().map(|name| name.node.as_str()).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" implements {}", names.join(" & "))
    }
}

fn arguments(arguments: &[Positioned<InputValueDefinition>]) -> String {
    let each = |argument: &Positioned<InputValueDefinition>| {
        format!("{}: {}", argument.node.name.node, typed(&argument.node))
    };
    if arguments.is_empty() {
        String::new()
    } else {
        let arguments: Vec<String> = arguments.iter().map(each).collect();
        format!("({})", arguments.join(", "))
    }
}

fn typed(value: &InputValueDefinition) -> String {
    let default = value.default_value.as_ref();
    let default = default.map_or_else(String::new, |value| format!(" = {}", value.node));
    format!(
        "{}{default}{}",
        value.ty.node,
        directives(&value.directives)
    )
}

fn directives(directives: &[Positioned<ConstDirective>]) -> String {
    let each = |directive: &Positioned<ConstDirective>| {
        let given = directive.node.arguments.iter();
        let given: Vec<String> = given
            .map(|(name, value)| format!("{}: {}", name.node, value.node))
            .collect();
        format!(" @{}({})", directive.node.name.node, given.join(", "))
    };
    directives.iter().map(each).collect()
}
