//! Every bad request to the authorization server: what it is answered with, and that it changes nothing.
//!
//! The table is `oauth/refused.snap`; after a change, `INSTA_UPDATE=always cargo test -p concord --test concord
//! oauth::refused` writes it anew, for review.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::bad_assertions::bad_assertions;
use super::bad_exchanges::bad_exchanges;
use super::bad_forms::{bad_clients, bad_forms, bad_proofs, bad_scopes};
use super::partner::{Partner, Said, recorded, said};
use crate::jose::hand::Hand;
use crate::world::agency::text;
use crate::world::{Agency, Database, Server, World};
use reqwest::RequestBuilder;
use serde_json::Value;

/// What is wrong, and the request.
pub type Cases = Vec<(&'static str, RequestBuilder)>;

/// Everybody who asks.
pub struct Cast {
    pub server: Server,
    pub world: World,
    pub north: Agency,
    /// Of north, by key.
    pub keyed: Partner,
    /// Of north, by another key.
    pub beside: Partner,
    /// Of north, by secret.
    pub secret: Partner,
    /// Of north, and its tokens must be bound.
    pub bound: Partner,
    /// Of north, suspended.
    pub suspended: Partner,
    /// Of south.
    pub foreign: Partner,
    /// Of an agency that is suspended.
    pub outcast: Partner,
}

const SCOPE: &str = "referral.rs?category=NEEDS,CONTACT agency.r";

impl Cast {
    async fn new() -> Self {
        let world = World::on(Database::Sqlite).await;
        let server = Server::start_under(&world.flags(), &[("CONCORD_FAILED_PER_MINUTE", "10000")]);
        let [north, south, east] = ["north", "south", "east"];
        let north = world.agency(north).await.at(&server.address);
        let south = world.agency(south).await.at(&server.address);
        let east = world.agency(east).await.at(&server.address);
        let cast = Self {
            keyed: Partner::with_key(&world, &north, SCOPE, Hand::p256()),
            beside: Partner::with_key(&world, &north, SCOPE, Hand::ed25519()),
            secret: Partner::with_secret(&world, &north, SCOPE),
            bound: Partner::dpop_bound(&world, &north, SCOPE),
            suspended: Partner::with_key(&world, &north, SCOPE, Hand::ed25519()),
            foreign: Partner::with_key(&world, &south, SCOPE, Hand::p256()),
            outcast: Partner::with_key(&world, &east, SCOPE, Hand::p256()),
            world,
            server,
            north,
        };
        let (content, said) = cast
            .world
            .commands(&["application", "suspend", &cast.suspended.id]);
        assert!(content, "{said}");
        let coordinator = cast.world.coordinator();
        coordinator.suspends(&east, "a review").await.data();
        cast
    }

    /// How many rows there are of what a refusal must not change.
    fn rows(&self) -> String {
        let tables = ["token_state", "application", "application_secret", "agency"];
        let count = |table: &&str| self.world.tampers(&format!("SELECT count(*) FROM {table}"));
        let denied = "SELECT count(*) FROM token_state WHERE denied_at IS NOT NULL";
        let epoch = "SELECT epoch FROM sharing_epoch";
        let mut rows: Vec<String> = tables.iter().map(count).collect();
        rows.extend([denied, epoch].map(|sql| self.world.tampers(sql)));
        rows.join(" ")
    }
}

/// The table in the making.
#[derive(Default)]
struct Table {
    text: String,
    rows: usize,
    /// The bodies with which strangers were answered.
    strangers: BTreeSet<String>,
}

impl Table {
    /// Asks, right after the requests were made, for their assertions do not last.
    async fn adds(&mut self, cast: &Cast, heading: &str, cases: Cases) {
        let (before, noted) = (cast.rows(), recorded(&cast.world, "CLIENT_REFUSED"));
        let mut answers = Vec::new();
        for (name, request) in cases {
            let answer = said(request).await;
            assert!(answer.status >= 400, "{name}: {}", answer.text);
            answers.push((name, answer));
        }
        assert_eq!(cast.rows(), before, "a refused request has written");
        let reasons = reasons_by_request(&cast.world);
        let denials = answers.iter().filter(|(_, answer)| is_on_record(answer));
        let noted = recorded(&cast.world, "CLIENT_REFUSED") - noted;
        assert_eq!(noted, denials.count());

        writeln!(self.text, "{heading}").unwrap();
        for (name, answer) in answers {
            let request = answer.headers["x-request-id"].to_str().unwrap();
            let reason = reasons.get(request).map_or("-", String::as_str);
            assert_eq!(reason != "-", is_on_record(&answer), "{name}: {reason}");
            let told = told(&answer);
            writeln!(self.text, "  {name:48} {reason:24} {told}").unwrap();
            self.rows += 1;
            if answer.body["error"] == "invalid_client" {
                self.strangers.insert(answer.text);
            }
        }
    }
}

#[tokio::test]
async fn what_each_bad_request_is_answered_with() {
    let mut cast = Cast::new().await;
    let mut table = Table::default();
    table.adds(&cast, "the form", bad_forms(&cast)).await;
    table.adds(&cast, "the client", bad_clients(&cast)).await;
    let cases = bad_assertions(&cast).await;
    table.adds(&cast, "the assertion", cases).await;
    let cases = bad_scopes(&cast);
    table.adds(&cast, "the scope and the target", cases).await;
    let cases = bad_proofs(&cast).await;
    table.adds(&cast, "the proof", cases).await;
    let cases = bad_exchanges(&cast).await;
    table.adds(&cast, "the exchange", cases).await;
    assert!(table.rows >= 150, "{}", table.rows);
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("refused", table.text);
    });
    assert_eq!(table.strangers.len(), 1, "{:?}", table.strangers);

    // A good request still is one, and is noticed.
    let before = cast.rows();
    assert_eq!(cast.keyed.token(&[]).await.status, 200);
    assert_eq!(cast.secret.token(&[]).await.status, 200);
    assert_ne!(cast.rows(), before, "a token was not noticed");
    no_secret_is_told(&mut cast);
}

/// Why each request was refused, as it is on record under the id that its answer carried.
fn reasons_by_request(world: &World) -> BTreeMap<String, String> {
    let leaves = world.tampers("SELECT leaf FROM audit_event WHERE kind = 'CLIENT_REFUSED'");
    let leaves = leaves.lines().map(|leaf| {
        let leaf: Value = serde_json::from_str(leaf).unwrap();
        (text(&leaf["request"]), text(&leaf["reason"]))
    });
    leaves.collect()
}

/// Status, code, whether it names a way to authenticate, and what to do.
fn told(answer: &Said) -> String {
    let challenge = answer.headers.get("www-authenticate");
    let challenge = challenge.map_or("-", |text| {
        assert_eq!(text, r#"Basic realm="concord", charset="UTF-8""#);
        "Basic"
    });
    assert_eq!(
        answer.headers.get("allow").map(|allow| allow == "POST"),
        (answer.status == 405).then_some(true)
    );
    let member = |name: &str| answer.body[name].as_str().unwrap_or("-").to_owned();
    let members = answer.body.as_object().unwrap();
    assert_eq!(members.len(), 2, "{}", answer.text);
    let description = member("error_description");
    // RFC 6749, 5.2.
    let plain = |letter: u8| matches!(letter, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(description.bytes().all(plain), "{description}");
    let code = member("error");
    format!("{}  {code:22}  {challenge:5}  {description}", answer.status)
}

/// Whether the refusal of an attempt is on record: not that of a request which says nothing.
fn is_on_record(answer: &Said) -> bool {
    let description = answer.body["error_description"].as_str().unwrap();
    match answer.body["error"].as_str().unwrap() {
        "invalid_client"
        | "unauthorized_client"
        | "invalid_scope"
        | "invalid_target"
        | "invalid_dpop_proof" => true,
        _ => [
            "the subject_token is not",
            "a token that is already one user's",
            "this token was exchanged often",
        ]
        .iter()
        .any(|reach| description.starts_with(reach)),
    }
}

/// Neither log nor leaves tell what was sent.
fn no_secret_is_told(cast: &mut Cast) {
    cast.server.ends();
    let log = cast.server.logged();
    assert!(log.contains("a program was refused"), "the log is silent");
    let leaves = cast.world.tampers("SELECT leaf FROM audit_event");
    let secret = cast.secret.secret().strip_prefix("concord_").unwrap();
    for text in [log, leaves] {
        for told in [secret, "concord_wrong", "eyJ"] {
            assert!(!text.contains(told), "{told}");
        }
    }
}
