//! What an agency's programs poll: what changed, in the ledger's order, none lost and none doubled; and the counts of a badge.

mod cursors;
mod mailbox;
mod polled;
mod rules;
mod seen;
mod story;

use std::time::Duration;

use concord::request::log_end::JUST_NOW;
use serde_json::{Value, json};

use crate::world::agency::{entries, text};
use crate::world::{Agency, World};

/// A page of the feed.
#[derive(Debug)]
struct Page {
    /// Of each change, its type, its state and its record.
    named: Vec<(String, String, String)>,
    /// When each was recorded.
    times: Vec<String>,
    more: bool,
    end: String,
}

impl Page {
    fn records(&self) -> Vec<&str> {
        self.named
            .iter()
            .map(|(_, _, record)| record.as_str())
            .collect()
    }

    /// The changes without their records, each on a line.
    fn told(&self) -> Vec<String> {
        let line = |(kind, state, _): &(String, String, String)| format!("{kind} {state}");
        self.named.iter().map(line).collect()
    }
}

const CHANGES: &str = "query($after: String, $first: Int) { changes(after: $after, first: $first) { \
    edges { node { type object at state } } pageInfo { endCursor hasNextPage hasPreviousPage } } }";

/// Where an agency's feed ends now.
async fn newest(reader: &Agency) -> String {
    let mailbox = reader.asks("{ mailbox { changesCursor } }", Value::Null);
    text(&mailbox.await.data()["mailbox"]["changesCursor"])
}

/// The page behind a cursor.
async fn page(reader: &Agency, after: Option<&str>, first: usize) -> Page {
    let wanted = json!({ "after": after, "first": first });
    let answer = reader.asks(CHANGES, wanted).await;
    let changes = &answer.data()["changes"];
    let nodes = entries(changes);
    let named = |node: &Value| {
        (
            text(&node["type"]),
            text(&node["state"]),
            text(&node["object"]),
        )
    };
    Page {
        named: nodes.iter().map(named).collect(),
        times: nodes.iter().map(|node| text(&node["at"])).collect(),
        more: changes["pageInfo"]["hasNextPage"] == true,
        end: text(&changes["pageInfo"]["endCursor"]),
    }
}

/// The page behind a cursor, once every event so far has its place.
async fn settled(world: &World, reader: &Agency, after: &str) -> Page {
    all_have_their_places(world).await;
    page(reader, Some(after), 100).await
}

/// Waits until every event so far has its place, and no server takes an end of before for the end any more.
async fn all_have_their_places(world: &World) {
    while world.tampers("SELECT count(*) FROM audit_waiting") != "0" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(JUST_NOW).await;
}

/// How many events the log has.
fn events(world: &World) -> u64 {
    let count = world.tampers("SELECT count(*) FROM audit_event");
    count.parse().unwrap()
}
