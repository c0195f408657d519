//! What each operation leaves in the audit log, asked once by a party that may ask it: the table `authority/recorded.snap`.

use std::fmt::Write;

use concord::store::Store;
use concord_entities::ids::AnyId;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use super::objects::{Party, Stage};
use super::rows::{Row, rows};
use super::trimmed;
use crate::world::{Answer, Database, World};

#[tokio::test]
async fn what_each_operation_leaves_on_record() {
    let world = World::on(Database::Sqlite).await;
    let stage = Stage::set(&world, &world.coordinator().address).await;
    let mut table = "What each operation leaves in the audit log, asked once by a party that may.\n\n\
        Its kind, who acted, who was told, from whom, of which kind of record and of which others, of a person (subject), and the\n\
        consent and MOU with their versions. Nothing is recorded where no record, person or event is told of: the caller's own\n\
        token (viewer), counts (mailbox), texts of our own (mouTemplates), hashes (auditCheckpoint).\n\n"
        .to_owned();
    // One after the other: what two agencies have in common is recorded by whichever row comes first.
    for row in rows() {
        let object = stage.makes(row.given).await;
        let answer = stage
            .asks(row.may, None, row.document, &object.variables)
            .await;
        assert_eq!(answer.codes(), "", "{}", row.label);
        let leaves = leaves(&stage.store, &request_id(&answer)).await;
        describe(&mut table, &stage, row, &leaves);
    }
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("recorded", trimmed(&table));
    });
}

fn request_id(answer: &Answer) -> String {
    answer.body["extensions"]["requestId"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The leaves of a request, in the order in which they were written.
async fn leaves(store: &Store, request: &str) -> Vec<Value> {
    let sql = format!(
        "SELECT leaf FROM audit_event WHERE leaf LIKE '%\"request\":\"{request}\"%' ORDER BY id"
    );
    let statement = Statement::from_string(store.backend, sql);
    let rows = store.read.query_all_raw(statement).await.unwrap();
    let leaves = rows
        .iter()
        .map(|row| row.try_get_by_index::<String>(0).unwrap());
    leaves
        .map(|leaf| serde_json::from_str(&leaf).unwrap())
        .collect()
}

fn describe(table: &mut String, stage: &Stage, row: &Row, leaves: &[Value]) {
    let mut label = row.label;
    for leaf in leaves {
        let mut leaf = leaf.clone();
        if row.operation() == "changes" {
            // What else comes to its place meanwhile is not this row's.
            leaf["objects"] = Value::Null;
        }
        let said = said(&leaf, |id| party(stage, id));
        writeln!(table, "{label:28} {said}").unwrap();
        label = "";
    }
    if leaves.is_empty() {
        writeln!(table, "{label:28} nothing").unwrap();
    }
}

/// What a leaf says, on one line; `party` names an agency.
pub fn said(leaf: &Value, party: impl Fn(&Value) -> &'static str) -> String {
    let mut said = format!("{:28}", leaf["type"].as_str().unwrap());
    write!(said, " {:11}", party(&leaf["agency"])).unwrap();
    for (word, field) in [("told", "recipient"), ("from", "discloser")] {
        if !leaf[field].is_null() {
            write!(said, " {word} {}", party(&leaf[field])).unwrap();
        }
    }
    if let Some(object) = leaf["object"].as_str() {
        write!(said, " of {}", kind(object)).unwrap();
    }
    if let Some(objects) = leaf["objects"].as_object() {
        let kinds: Vec<&str> = objects.keys().map(String::as_str).collect();
        write!(said, " and {}", kinds.join(", ")).unwrap();
    }
    for (field, version) in [
        ("survivor", ""),
        ("consent", "consentVersion"),
        ("mou", "mouVersion"),
    ] {
        if let Some(id) = leaf[field].as_str() {
            write!(said, " {}", kind(id)).unwrap();
            if !leaf[version].is_null() {
                write!(said, " v{}", leaf[version]).unwrap();
            }
        }
    }
    said
}

fn kind(id: &str) -> String {
    id.parse::<AnyId>()
        .map_or_else(|_| "a name".to_owned(), |id| id.prefix)
}

fn party(stage: &Stage, id: &Value) -> &'static str {
    let Some(id) = id.as_str() else {
        return "nobody";
    };
    for (party, name) in [
        (Party::Sender, "sender"),
        (Party::Recipient, "recipient"),
        (Party::Stranger, "stranger"),
        (Party::Coordinator, "coordinator"),
    ] {
        if stage
            .agency(party)
            .is_some_and(|agency| agency.id.to_string() == id)
        {
            return name;
        }
    }
    "another"
}
