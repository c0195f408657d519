//! Who may do what: every operation of the schema against every single permission, and against every party.
//!
//! Each cell is a request over a socket. The tables are `authority/scopes.snap` and `authority/parties.snap`; after a
//! change of the rules, `INSTA_UPDATE=always cargo test -p concord --test concord authority` writes them anew, for
//! review.

mod charged;
mod edges;
mod objects;
mod places;
pub mod recorded;
mod rows;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use concord::access::grant::{Permission, Resource};
use concord_entities::vocabulary::Code;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::world::{Answer, Database, Server, World};
use objects::{Object, Party, Stage};
use rows::{Row, rows};

/// How many rows are asked for at once.
const AT_ONCE: usize = 6;

#[test]
fn every_operation_has_a_row_and_every_row_an_operation() {
    let rows: BTreeSet<String> = rows().map(|row| row.operation().to_owned()).collect();
    assert_eq!(rows, operations());
}

/// It asks thousands of times, so it runs once: on SQLite, as who may do what is decided from a token and from rows that
/// are the same on either database.
#[tokio::test]
async fn who_may_do_what() {
    let world = World::on(Database::Sqlite).await;
    // The last column asks for everything with tokens that are over, all from one address.
    let patient = [("CONCORD_FAILED_PER_MINUTE", "100000")];
    let server = Server::start_under(&world.flags(), &patient);
    let stage = Arc::new(Stage::set(&world, &server.address).await);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let filling: Vec<_> = rows()
        .map(|row| {
            let (stage, places) = (Arc::clone(&stage), Arc::clone(&places));
            tokio::spawn(async move {
                let _place = places.acquire().await.unwrap();
                Filling::of(&stage, row).await
            })
        })
        .collect();
    let mut filled = Vec::new();
    for filling in filling {
        filled.push(filling.await.unwrap());
    }

    world.tampers(
        "UPDATE agency SET status = 'SUSPENDED'; UPDATE sharing_epoch SET epoch = epoch + 1",
    );
    for (row, filling) in rows().zip(&mut filled) {
        let answer = stage
            .asks(row.may, None, row.document, &filling.object.variables)
            .await;
        filling.parties.push(cell(row, &answer, &filling.object));
    }

    insta::with_settings!({
        snapshot_path => "authority",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("scopes", scopes(&filled));
        insta::assert_snapshot!("parties", parties(&filled));
    });
}

/// A row's cells, and an object that no cell has used up.
struct Filling {
    scopes: Vec<String>,
    parties: Vec<String>,
    object: Object,
}

impl Filling {
    async fn of(stage: &Stage, row: &Row) -> Self {
        let mut filling = Self {
            scopes: Vec::new(),
            parties: Vec::new(),
            object: stage.makes(row.given).await,
        };
        for scope in every_scope() {
            let cell = filling.ask(stage, row, row.may, Some(&scope)).await;
            filling.scopes.push(cell);
        }
        for party in Party::ALL {
            let cell = filling.ask(stage, row, party, None).await;
            filling.parties.push(cell);
        }
        filling
    }

    /// Asks, and makes a new object where the old one was used up.
    async fn ask(&mut self, stage: &Stage, row: &Row, party: Party, scope: Option<&str>) -> String {
        let answer = stage
            .asks(party, scope, row.document, &self.object.variables)
            .await;
        let cell = cell(row, &answer, &self.object);
        if row.changes() && cell == "ok" {
            self.object = stage.makes(row.given).await;
        }
        cell
    }
}

/// What an answer comes to: `ok`, the codes of its errors, `null` for an object that is not shown, `without` for a
/// list that does not have the object.
fn cell(row: &Row, answer: &Answer, object: &Object) -> String {
    let codes = answer.codes();
    if !codes.is_empty() {
        return codes;
    }
    let field = row.operation();
    let shown = &answer.data()[field];
    let listed = |edge: &Value| edge["node"]["id"] == object.id;
    match (shown, shown["edges"].as_array()) {
        (Value::Null, _) => "null".to_owned(),
        (_, Some(edges)) if !edges.iter().any(listed) => "without".to_owned(),
        (_, _) => "ok".to_owned(),
    }
}

/// Every scope that holds one permission.
fn every_scope() -> impl Iterator<Item = String> {
    Resource::ALL.iter().flat_map(|resource| {
        Permission::ALL
            .iter()
            .map(|permission| resource.to(*permission).to_string())
    })
}

/// Every field of the schema's roots.
fn operations() -> BTreeSet<String> {
    let document = parse_schema(concord::graphql::schema::sdl()).unwrap();
    let mut operations = BTreeSet::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let root =
            ["Query", "Mutation", "Subscription"].contains(&definition.node.name.node.as_str());
        if let (true, TypeKind::Object(object)) = (root, definition.node.kind) {
            let fields = object.fields.iter();
            operations.extend(fields.map(|field| field.node.name.node.to_string()));
        }
    }
    operations
}

fn scopes(filled: &[Filling]) -> String {
    let mut table = "What a token with one permission alone may do, in the hands of a party that may do it.\n\n\
        ok  done or shown        -  FORBIDDEN_SCOPE        0  a list without it\n\n"
        .to_owned();
    write!(table, "{:26}", "").unwrap();
    for resource in Resource::ALL {
        write!(table, " {:15}", resource.name()).unwrap();
    }
    write!(table, "\n{:26}", "").unwrap();
    for _ in Resource::ALL {
        table.push(' ');
        for permission in Permission::ALL {
            write!(table, "{:3}", permission.code()).unwrap();
        }
    }
    table.push('\n');
    for (row, filling) in rows().zip(filled) {
        write!(table, "{:26}", row.label).unwrap();
        for cells in filling.scopes.chunks(Permission::ALL.len()) {
            table.push(' ');
            for cell in cells {
                let cell = match cell.as_str() {
                    "FORBIDDEN_SCOPE" => "-",
                    "without" => "0",
                    other => other,
                };
                write!(table, "{cell:3}").unwrap();
            }
        }
        table.push('\n');
    }
    trimmed(&table)
}

fn parties(filled: &[Filling]) -> String {
    let mut table =
        "What each party may do with what the sender made, its token allowing everything.\n\n\
        sender       refers, holds the consent, drafted the MOU\n\
        recipient    is referred to, named in the consent, a party of the MOU\n\
        stranger     another agency of the same task force\n\
        coordinator  coordinates the task force, which follows the MOU\n\
        no token     nobody\n\
        suspended    whoever may do it, once its agency is suspended\n\n\
        ok  done or shown        null, without  as if it did not exist\n\n"
            .to_owned();
    write!(table, "{:26}", "").unwrap();
    for heading in [
        "sender",
        "recipient",
        "stranger",
        "coordinator",
        "no token",
        "suspended",
    ] {
        write!(table, " {heading:20}").unwrap();
    }
    table.push('\n');
    for (row, filling) in rows().zip(filled) {
        write!(table, "{:26}", row.label).unwrap();
        for cell in &filling.parties {
            write!(table, " {cell:20}").unwrap();
        }
        table.push('\n');
    }
    trimmed(&table)
}

pub fn trimmed(table: &str) -> String {
    table
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}
