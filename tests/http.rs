//! GraphQL over HTTP, against a real server: what each kind of request is answered with.
//!
//! The table is `http/answers.snap`; after a change, `INSTA_UPDATE=always cargo test -p concord --test concord http::`
//! writes it anew, for review.

mod asking;
mod cases;
mod correlation;
mod doors;
mod forwarded;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::world::{Agency, Database, World};
use asking::Asking;
use cases::cases;

#[tokio::test]
async fn what_each_request_is_answered_with() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    north.registers("Ada").await;
    let asking = Asking::of(&world, &north);
    let before = rows(&world);

    let mut table =
        "                                                     status  type     data  codes\n"
            .to_owned();
    let mut ids = BTreeSet::new();
    for (heading, cases) in cases(&asking) {
        writeln!(table, "{heading}").unwrap();
        for (name, request) in cases {
            let answer = Answered::of(name, request).await;
            writeln!(table, "  {name:50} {}", answer.told(name)).unwrap();
            assert!(
                ids.insert(answer.request_id(name)),
                "{name}: a request id came twice"
            );
        }
    }

    insta::with_settings!({
        snapshot_path => "http",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("answers", table);
    });
    assert_eq!(
        rows(&world),
        before,
        "a request that was refused has written"
    );
    assert_eq!(sees_itself(&north).await, "north");
    north.registers("Bea").await;
    assert_ne!(rows(&world), before, "a write was not noticed");
}

#[tokio::test]
async fn keys_stand_in_the_order_in_which_they_were_asked_for() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let query = "query($no: Boolean!) { z: viewer { subject ...F agency { name id } } \
        referrals(box: INBOX) { pageInfo { endCursor hasNextPage } edges { cursor } } \
        a: viewer { b: subject a: subject no: subject @skip(if: $no) } } fragment F on Viewer { purposes client }";
    let answer = north.asks(query, json!({ "no": true })).await;
    let purposes = answer.body["data"]["z"]["purposes"].to_string();
    assert_eq!(
        answer.text,
        format!(
            r#"{{"data":{{"z":{{"subject":"somebody","purposes":{purposes},"client":"test","agency":{{"name":"north","id":"{}"}}}},"referrals":{{"pageInfo":{{"endCursor":null,"hasNextPage":false}},"edges":[]}},"a":{{"b":"somebody","a":"somebody"}}}},"extensions":{}}}"#,
            north.id, answer.body["extensions"]
        )
    );
}

#[tokio::test]
async fn a_failing_field_nulls_itself_or_its_parent_and_no_more() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let narrow = north.with(world.token(north.id, "directory.s"));
    let never = "referral_01h2xcejqtf2nbrexx3vqjhp41";

    let nullable =
        "query($id: ID!) { viewer { subject } referral(id: $id) { id } after: viewer { subject } }";
    let answer = narrow.asks(nullable, json!({ "id": never })).await;
    assert_eq!(answer.status, 200);
    let subject = json!({ "subject": "somebody" });
    assert_eq!(
        answer.body["data"],
        json!({ "viewer": subject, "referral": null, "after": subject })
    );
    assert_eq!(answer.body["errors"][0]["path"], json!(["referral"]));
    assert_eq!(answer.codes(), "FORBIDDEN_SCOPE");

    let listed = "{ viewer { subject } survivors { edges { cursor } } }";
    let answer = narrow.asks(listed, json!({})).await;
    assert_eq!(answer.status, 200);
    let data = json!({ "viewer": subject, "survivors": null });
    assert_eq!(answer.body["data"], data);

    let alone = "{ survivors { edges { cursor } } }";
    let answer = narrow.asks(alone, json!({})).await;
    // There is nothing to answer, and a wider token is what it takes (RFC 6750, 3.1).
    assert_eq!(answer.status, 403);
    assert_eq!(answer.body.get("data"), None);
    assert_eq!(answer.body["errors"][0]["path"], json!(["survivors"]));
    assert_eq!(answer.codes(), "FORBIDDEN_SCOPE");
}

#[tokio::test]
async fn odd_talk_on_the_socket_ends_that_connection_alone() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let body = r#"{"query":"{ viewer { subject } }"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n",
        north.token
    );
    let length = body.len();
    let huge = "x".repeat(300_000);
    let said = |rest: &str| says(&north.address, &format!("{head}{rest}"));

    let no_accept = said(&format!("content-length: {length}\r\n\r\n{body}"));
    assert!(no_accept.starts_with("HTTP/1.1 200 "), "{no_accept}");
    assert!(
        no_accept
            .to_lowercase()
            .contains("content-type: application/json; charset=utf-8")
    );
    for refused in [
        said(&format!(
            "content-length: {length}\r\ncontent-length: 3\r\n\r\n{body}"
        )),
        said(&format!("content-length: -1\r\n\r\n{body}")),
        said(&format!(
            "x-huge: {huge}\r\ncontent-length: {length}\r\n\r\n{body}"
        )),
        says(&north.address, "\u{1}\u{2}\u{3} nonsense\r\n\r\n"),
    ] {
        let status = refused.split(' ').nth(1).unwrap_or("closed");
        assert!(["400", "431", "closed"].contains(&status), "{refused}");
    }
    // Half a request, held open, keeps nobody else waiting.
    let mut half = TcpStream::connect(&north.address).unwrap();
    half.write_all(format!("{head}content-length: {length}\r\n\r\n{{").as_bytes())
        .unwrap();
    assert_eq!(sees_itself(&north).await, "north");
}

/// Sends bytes and gives back all that comes until the server closes.
fn says(address: &str, text: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    // The server may close before it has read everything; what it said counts.
    let _ = stream.write_all(text.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

async fn sees_itself(agency: &Agency) -> String {
    let answer = agency
        .asks("{ viewer { agency { name } } }", json!({}))
        .await;
    answer.data()["viewer"]["agency"]["name"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// How many rows each table has but the audit log's, where refusals go on record.
fn rows(world: &World) -> String {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
        AND name NOT LIKE 'audit_%' ORDER BY name";
    let names = world.tampers(tables);
    assert!(names.lines().any(|name| name == "survivor"), "{names}");
    let counts: Vec<String> = names
        .lines()
        .map(|name| format!("SELECT '{name}', count(*) FROM {name}"))
        .collect();
    world.tampers(&counts.join("; "))
}

/// An answer as it came.
struct Answered {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    async fn of(name: &str, request: reqwest::RequestBuilder) -> Self {
        let response = request
            .send()
            .await
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Status, media type, `data`, codes and what else tells the client how to go on.
    fn told(&self, name: &str) -> String {
        let body: Value = serde_json::from_str(&self.text)
            .unwrap_or_else(|fault| panic!("{name}: {fault}: {}", self.text));
        let media = match self.header("content-type") {
            "application/json; charset=utf-8" => "json",
            "application/graphql-response+json; charset=utf-8" => "graphql",
            other => other,
        };
        let data = match body.get("data") {
            None => "-",
            Some(Value::Null) => "null",
            Some(_) => "data",
        };
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let codes: Vec<&str> = errors
            .iter()
            .map(|error| error["extensions"]["code"].as_str().unwrap_or("(none)"))
            .collect();
        assert!(
            errors.iter().all(|error| error["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())),
            "{name}: {}",
            self.text
        );
        assert_eq!(self.header("cache-control"), "no-store", "{name}");
        assert!(self.header("vary").contains("Accept"), "{name}");
        let mut told = format!("{}     {media:8} {data:5} {}", self.status, codes.join(" "));
        for header in ["allow", "www-authenticate"] {
            if self.headers.contains_key(header) {
                write!(told, "   {header}: {}", self.header(header)).unwrap();
            }
        }
        told.trim_end().to_owned()
    }

    fn request_id(&self, name: &str) -> String {
        let id = self.header("x-request-id");
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{name}: `{id}`");
        let body: Value = serde_json::from_str(&self.text).unwrap();
        if let Some(told) = body["extensions"].get("requestId") {
            assert_eq!(told, id, "{name}");
        }
        id.to_owned()
    }
}
