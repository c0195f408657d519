//! An allowance that is used up refuses whoever used it up, says for how long, and nobody else.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use concord::access::issuer::Issuers;
use concord::access::issuer::fetch::Fetcher;
use concord::access::limit::Limits;
use concord::access::token::{Claims, Expected};
use concord::access::wait::Wait;
use concord::access::{Caller, TokenVerifier};
use concord::graphql::guard::admit;
use concord::settings::{Allowances, MAX_SELECTIONS, RawSettings, Settings};
use concord_entities::ids::AgencyId;
use serde_json::{Value, json};

use crate::world::{Agency, Database, EVERYTHING, Server, World};

const JSON: &str = "application/json";
const RESPONSE: &str = "application/graphql-response+json";

/// A server whose allowances, once used up, stay so for longer than any test lasts.
fn slow_to_forgive(world: &World) -> Server {
    with(
        world,
        [
            ("CONCORD_SELECTIONS_PER_SECOND", "1"),
            ("CONCORD_SELECTIONS_BURST", "2000"),
            ("CONCORD_FAILED_PER_MINUTE", "3"),
        ],
    )
}

fn with(world: &World, allowances: [(&str, &str); 3]) -> Server {
    Server::start_under(&world.flags(), &allowances)
}

/// A document that comes to so many selections.
fn costing(cost: usize) -> String {
    let query = "...F ".repeat(cost / 50) + &"__typename ".repeat(cost % 50);
    let fragment = "__typename ".repeat(49);
    let document = if cost < 50 {
        format!("{{ {query} }}")
    } else {
        format!("{{ {query} }} fragment F on Query {{ {fragment} }}")
    };
    assert_eq!(admit(&document).unwrap().cost(), cost);
    document
}

/// How a request was answered.
#[derive(Debug)]
struct Answered {
    status: u16,
    retry_after: Option<u64>,
    media: String,
    challenge: Option<String>,
    body: Value,
}

impl Answered {
    /// The body without what differs from one request to the next.
    fn text(&self) -> String {
        let mut body = self.body.clone();
        body["extensions"]["requestId"] = Value::Null;
        body["errors"][0]["extensions"]["retryAfter"] = Value::Null;
        let error = body["errors"][0]["message"].as_str().unwrap();
        let error = error.split(" in ").next().unwrap().to_owned();
        body["errors"][0]["message"] = error.into();
        body.to_string()
    }

    /// How long to wait: the header and the body say the same.
    fn too_much(&self) -> u64 {
        assert_eq!(self.status, 429, "{self:?}");
        let error = &self.body["errors"][0];
        assert_eq!(error["extensions"]["code"], "RATE_LIMITED");
        assert_eq!(error["extensions"]["retryAfter"], json!(self.retry_after));
        assert_eq!(self.body["errors"].as_array().unwrap().len(), 1);
        assert_eq!(self.body.get("data"), None);
        self.retry_after.unwrap()
    }

    fn allowed(&self) {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.body.get("errors"), None, "{self:?}");
        assert_eq!(self.retry_after, None);
    }
}

async fn sends(server: &Server, authorization: Option<&str>, media: &str, query: &str) -> Answered {
    let mut request = reqwest::Client::new()
        .post(format!("http://{}/graphql", server.address))
        .header("accept", media)
        .json(&json!({ "query": query }));
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let answer = request.send().await.unwrap();
    let header = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    Answered {
        status: answer.status().as_u16(),
        retry_after: header("retry-after").map(|seconds| seconds.parse().unwrap()),
        media: header("content-type").unwrap(),
        challenge: header("www-authenticate"),
        body: answer.json().await.unwrap(),
    }
}

async fn asks(server: &Server, token: &str, cost: usize) -> Answered {
    let bearer = format!("Bearer {token}");
    sends(server, Some(&bearer), RESPONSE, &costing(cost)).await
}

/// The token of another program of the same agency's.
fn token_of(world: &World, agency: &Agency, client: &str) -> String {
    token(world, agency.id, |claims| {
        client.clone_into(&mut claims.client);
    })
}

fn token(world: &World, agency: AgencyId, change: impl FnOnce(&mut Claims)) -> String {
    let mut claims = world.claims(agency, EVERYTHING);
    change(&mut claims);
    world.signs(&claims)
}

#[tokio::test]
async fn an_application_that_asks_too_much_waits_and_no_other() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let server = slow_to_forgive(&world);

    asks(&server, &north.token, 1000).await.allowed();
    asks(&server, &north.token, 1000).await.allowed();
    let seconds = asks(&server, &north.token, 1000).await.too_much();
    assert!((900..=1000).contains(&seconds), "{seconds}");
    // What is refused is not charged: the wait grows no longer.
    let again = asks(&server, &north.token, 1000).await.too_much();
    assert!(again <= seconds, "{again} {seconds}");
    // Another token of the same application's is no way round it.
    let another = token_of(&world, &north, "test");
    assert_ne!(another, north.token);
    asks(&server, &another, 1000).await.too_much();

    let other_program = token_of(&world, &north, "other");
    asks(&server, &other_program, 1000).await.allowed();
    asks(&server, &south.token, 1000).await.allowed();
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_the_others_before_execution() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = slow_to_forgive(&world);
    asks(&server, &north.token, MAX_SELECTIONS).await.allowed();

    let bearer = format!("Bearer {}", north.token);
    for media in [JSON, RESPONSE] {
        let refused = sends(&server, Some(&bearer), media, &costing(500)).await;
        refused.too_much();
        assert_eq!(refused.media, format!("{media}; charset=utf-8"));
        assert_eq!(refused.challenge, None);
    }
    // A document that the guard refuses is the same mistake as ever.
    let beyond = format!("{{ {} }}", "__typename ".repeat(MAX_SELECTIONS + 1));
    let refused = sends(&server, Some(&bearer), RESPONSE, &beyond).await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body["errors"][0]["extensions"]["code"],
        "QUERY_TOO_COSTLY"
    );
}

#[tokio::test]
async fn a_big_query_costs_what_ten_small_ones_cost() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let server = slow_to_forgive(&world);

    for _ in 0..10 {
        asks(&server, &north.token, 200).await.allowed();
    }
    asks(&server, &north.token, 200).await.too_much();
    asks(&server, &south.token, 2000).await.allowed();
    asks(&server, &south.token, 200).await.too_much();
}

#[tokio::test]
async fn failures_are_limited_and_good_tokens_pass() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = slow_to_forgive(&world);
    let good = format!("Bearer {}", north.token);
    let query = costing(1);

    let bad = [
        "Bearer nonsense".to_owned(),
        format!("{good}x"),
        good.replace("Bearer", "Basic"),
        format!(
            "Bearer {}",
            token(&world, north.id, |claims| claims.audience.push('x'))
        ),
        // It verifies; that it does not count is seen only when the facts are read.
        format!(
            "Bearer {}",
            token(&world, north.id, |claims| claims.epoch -= 1)
        ),
    ];
    for authorization in &bad[..3] {
        let refused = sends(&server, Some(authorization), RESPONSE, &query).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert_eq!(refused.retry_after, None);
    }
    let viewer = "{ viewer { subject } }";
    let mut shapes = Vec::new();
    for authorization in bad.iter().cycle().take(10) {
        let refused = sends(&server, Some(authorization), RESPONSE, viewer).await;
        let seconds = refused.too_much();
        assert!((1..=20).contains(&seconds), "{seconds}");
        assert_eq!(refused.challenge, None);
        shapes.push(refused.text());
        sends(&server, Some(&good), RESPONSE, viewer)
            .await
            .allowed();
    }
    shapes.dedup();
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    // Who sends no token has not failed.
    let asked = sends(&server, None, RESPONSE, &query).await;
    assert_eq!(asked.status, 401);
    let challenge = asked.challenge.unwrap();
    assert!(!challenge.contains("error"), "{challenge}");
}

#[tokio::test]
async fn whoever_waits_as_long_as_told_may_ask_again() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = with(
        &world,
        [
            ("CONCORD_SELECTIONS_PER_SECOND", "2000"),
            ("CONCORD_SELECTIONS_BURST", "2000"),
            ("CONCORD_FAILED_PER_MINUTE", "30"),
        ],
    );
    // The allowance of five seconds, asked for at once.
    let asked = (0..5).map(|_| asks(&server, &north.token, 2000));
    let answers = futures_util::future::join_all(asked).await;
    let waits: Vec<u64> = answers
        .iter()
        .filter(|answer| answer.status != 200)
        .map(Answered::too_much)
        .collect();
    assert!(!waits.is_empty() && waits.len() < 5, "{waits:?}");
    assert_eq!(waits.iter().max(), Some(&1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    asks(&server, &north.token, 2000).await.allowed();
}

#[test]
fn settings_that_would_refuse_what_the_guard_admits_are_faults() {
    let read = |per_second, burst, failed| {
        Settings::read(
            None,
            &RawSettings {
                selections_per_second: per_second,
                selections_burst: burst,
                failed_per_minute: failed,
                ..RawSettings::default()
            },
        )
    };
    let faults = read(Some(0), Some(1999), Some(0)).unwrap_err().to_string();
    insta::assert_snapshot!(faults, @r"
    the settings are not usable:
      - selections_per_second: at least 1
      - failed_per_minute: at least 1
      - selections_burst: at least 2000, which one document may come to
    ");
    assert!(read(Some(1), Some(2000), Some(1)).is_ok());
    let usual = read(None, None, None).unwrap().allowances;
    assert_eq!(
        usual.to_string(),
        "5000 selections a second and 50000 at once, 1 tokens and programs ended a second and 30 at once, 30 failures a minute to prove who one is"
    );
}

// ------------------------------------------------------------------ the limits by themselves

const HERE: &str = "192.0.2.7";

fn limits(per_second: u32, failed_per_minute: u32) -> Limits {
    Limits::new(Allowances {
        selections_per_second: per_second.try_into().unwrap(),
        selections_burst: 2000.try_into().unwrap(),
        endings_per_second: 1.try_into().unwrap(),
        endings_burst: 30.try_into().unwrap(),
        failed_per_minute: failed_per_minute.try_into().unwrap(),
    })
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn caller(world: &World, agency: &Agency) -> Caller {
    let expected = Expected {
        issuer: world.service.settings.issuer.clone(),
        audience: world.service.settings.audience.clone(),
    };
    let issuers = Issuers::new(Fetcher::from_settings(&world.service.settings).unwrap());
    TokenVerifier::new(world.service.key_cache.clone(), issuers, expected)
        .read(&world.service.store, &agency.token)
        .await
        .unwrap()
}

#[test]
fn a_client_that_fails_too_often_is_not_worth_a_hash_from_there() {
    let limits = limits(1, 3);
    let may = |at: &str, client: &str| limits.may_try_secret(address(at), client).is_ok();
    for _ in 0..100 {
        assert!(may(HERE, "housing"), "to look costs nothing");
    }
    for _ in 0..3 {
        assert!(may(HERE, "housing"));
        limits.failed(address(HERE), Some("housing")).unwrap();
    }
    assert!(!may(HERE, "housing"));
    assert!(!may(&format!("::ffff:{HERE}"), "housing"), "the same host");
    assert!(may("192.0.2.8", "housing"));
    assert!(may(HERE, "legal"));
    let wait = limits.failed(address(HERE), Some("legal")).unwrap_err();
    assert!((1..=20).contains(&wait.seconds()), "{wait:?}");
}

#[test]
fn an_ipv6_host_does_not_get_new_allowances_from_its_own_network() {
    let limits = limits(1, 3);
    for host in 1..=3 {
        let one = format!("2001:db8:0:1::{host}");
        limits.failed(address(&one), None).unwrap();
    }
    assert!(
        limits
            .failed(address("2001:db8:0:1:ffff::9"), None)
            .is_err()
    );
    assert!(limits.failed(address("2001:db8:0:2::1"), None).is_ok());
}

#[test]
fn a_flood_of_failures_is_forgotten_in_order_and_the_newest_count() {
    let limits = limits(1, 3);
    let flood = u32::try_from(Limits::MAX_FAILING).unwrap() + 5_000;
    for host in 0..flood {
        let host = IpAddr::V4((0x0a00_0000 + host).into());
        limits.failed(host, None).unwrap();
    }
    for _ in 0..3 {
        limits.failed(address(HERE), None).unwrap();
    }
    assert!(limits.failed(address(HERE), None).is_err());
    assert!(limits.failing() <= Limits::MAX_FAILING);
}

#[tokio::test]
async fn an_application_that_is_idle_is_forgotten() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let limits = limits(1, 3);
    let (north, south) = (caller(&world, &north).await, caller(&world, &south).await);
    limits.charge(&north, 0).unwrap();
    assert_eq!(limits.asking(), 0, "nothing costs nothing");

    limits.charge(&north, 2000).unwrap();
    limits.charge(&south, 1).unwrap();
    assert_eq!(limits.asking(), 2);
    let began = Instant::now();
    while limits.asking() > 1 && began.elapsed() < Duration::from_secs(10) {
        limits.tidy();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(limits.asking(), 1, "one has its allowance back");
    assert!(limits.charge(&north, 1000).is_err());

    let beyond = limits.charge(&south, usize::MAX);
    assert_eq!(beyond.map_err(Wait::seconds), Err(2000));
}
