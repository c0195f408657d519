//! An allowance that is used up refuses whoever used it up, says for how long, and nobody else.

use std::net::IpAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use async_graphql::Variables;
use concord::access::issuer::Issuers;
use concord::access::issuer::fetch::Fetcher;
use concord::access::limit::Limits;
use concord::access::token::{Claims, Expected};
use concord::access::wait::Wait;
use concord::access::{Caller, TokenVerifier};
use concord::graphql::contract::Contract;
use concord::graphql::document::admit;
use concord::graphql::operation::select_operation;
use concord::graphql::prices::REQUEST;
use concord::settings::{AGENCY_SHARE, Allowances, MAX_COST, RawSettings, Settings};
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
            ("CONCORD_COST_PER_SECOND", "1"),
            ("CONCORD_COST_BURST", "250000"),
            ("CONCORD_FAILED_PER_MINUTE", "3"),
        ],
    )
}

fn with(world: &World, allowances: [(&str, &str); 3]) -> Server {
    Server::start_under(&world.flags(), &allowances)
}

/// Pages of this many packages each of an inbox in which there are none.
fn pages_of(size: u64, pages: u64) -> String {
    let package = "package(purpose: HOUSING_PLACEMENT) { withheld { category } }";
    let page = |n| {
        format!("p{n}: referrals(box: INBOX, first: {size}) {{ edges {{ node {{ {package} }} }} }}")
    };
    let pages: Vec<String> = (0..pages).map(page).collect();
    format!("{{ {} }}", pages.join(" "))
}

fn page(size: u64) -> String {
    pages_of(size, 1)
}

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::from_sdl(&concord::graphql::schema::sdl()).unwrap());

fn cost(document: &str) -> u64 {
    let admitted = admit(&CONTRACT, document).unwrap();
    let operation = select_operation(admitted.document(), None).unwrap();
    admitted.cost(operation, &Variables::default()).charged
}

/// What a document without variables costs, where that is admitted.
pub fn cost_within(document: &str) -> Option<u64> {
    let contract = &*CONTRACT;
    let admitted = admit(contract, document).ok()?;
    let operation = select_operation(admitted.document(), None).ok()?;
    if !operation.variable_definitions.is_empty() {
        return None;
    }
    let cost = admitted.cost(operation, &Variables::default());
    cost.check().ok()?;
    Some(cost.charged)
}

/// A document that costs little less than this part of what one may cost.
fn costing(part: u64) -> String {
    let one = cost(&page(1)) - cost(&page(0));
    let wanted = MAX_COST / part;
    let pages = wanted / cost(&page(100)) + 1;
    let each = (wanted / pages - cost(&page(0))) / one;
    let document = pages_of(each.min(100), pages);
    let cost = cost(&document);
    assert!(
        (wanted * 9 / 10..=wanted).contains(&cost),
        "{cost} of {wanted}"
    );
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

/// Asks for a part of what one operation may cost.
async fn asks(server: &Server, token: &str, part: u64) -> Answered {
    let bearer = format!("Bearer {token}");
    sends(server, Some(&bearer), RESPONSE, &costing(part)).await
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

    asks(&server, &north.token, 2).await.allowed();
    asks(&server, &north.token, 2).await.allowed();
    let seconds = asks(&server, &north.token, 2).await.too_much();
    let half = MAX_COST / 2;
    assert!((half * 8 / 10..=half).contains(&seconds), "{seconds}");
    // What is refused is charged no more than any request: the wait grows by no more.
    let again = asks(&server, &north.token, 2).await.too_much();
    assert!(again <= seconds + REQUEST, "{again} {seconds}");
    // Another token of the same application's is no way round it.
    let another = token_of(&world, &north, "test");
    assert_ne!(another, north.token);
    asks(&server, &another, 2).await.too_much();

    let other_program = token_of(&world, &north, "other");
    asks(&server, &other_program, 2).await.allowed();
    asks(&server, &south.token, 2).await.allowed();
}

#[tokio::test]
async fn more_programs_buy_an_agency_nothing() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let server = slow_to_forgive(&world);
    for program in 0..AGENCY_SHARE {
        let program = token_of(&world, &north, &format!("program {program}"));
        asks(&server, &program, 1).await.allowed();
    }
    let one_more = token_of(&world, &north, "one more");
    asks(&server, &one_more, 2).await.too_much();
    asks(&server, &south.token, 2).await.allowed();
}

#[tokio::test]
async fn every_request_costs_something_and_says_what() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let told = async |document: &str| {
        let answered = north.asks(document, json!({})).await;
        answered.body["extensions"]["cost"].as_u64().unwrap()
    };
    let empty = told("{ __typename }").await;
    assert_eq!(empty, cost("{ __typename }"));
    assert!(empty > 0);
    let (few, many) = (told(&page(10)).await, told(&page(100)).await);
    assert_eq!((few, many), (cost(&page(10)), cost(&page(100))));
    assert!(many > 5 * few, "{few} {many}");
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_the_others_before_execution() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = slow_to_forgive(&world);
    asks(&server, &north.token, 1).await.allowed();

    let bearer = format!("Bearer {}", north.token);
    for media in [JSON, RESPONSE] {
        let refused = sends(&server, Some(&bearer), media, &costing(4)).await;
        refused.too_much();
        assert_eq!(refused.media, format!("{media}; charset=utf-8"));
        assert_eq!(refused.challenge, None);
    }
    // What is too much for one request is the same mistake as ever.
    let south = world.agency("south").await;
    let bearer = format!("Bearer {}", south.token);
    let beyond = pages_of(100, 40);
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
        asks(&server, &north.token, 10).await.allowed();
    }
    asks(&server, &north.token, 10).await.too_much();
    asks(&server, &south.token, 1).await.allowed();
    asks(&server, &south.token, 10).await.too_much();
}

#[tokio::test]
async fn a_bad_token_is_told_so_however_often_it_comes_and_good_ones_pass() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = slow_to_forgive(&world);
    let good = format!("Bearer {}", north.token);
    let query = "{ __typename }";

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
        let refused = sends(&server, Some(authorization), RESPONSE, query).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        assert_eq!(refused.retry_after, None);
    }
    // However often it fails, it is told the same: that is what has a library fetch a new token.
    let viewer = "{ viewer { subject } }";
    let mut shapes = Vec::new();
    for authorization in bad.iter().cycle().take(10) {
        let refused = sends(&server, Some(authorization), RESPONSE, viewer).await;
        assert_eq!((refused.status, refused.retry_after), (401, None));
        let challenge = refused.challenge.as_ref().unwrap();
        assert!(
            challenge.contains(r#"error="invalid_token""#),
            "{challenge}"
        );
        shapes.push(refused.text());
        sends(&server, Some(&good), RESPONSE, viewer)
            .await
            .allowed();
    }
    shapes.dedup();
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    // Who sends no token has not failed.
    let asked = sends(&server, None, RESPONSE, query).await;
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
            ("CONCORD_COST_PER_SECOND", "250000"),
            ("CONCORD_COST_BURST", "250000"),
            ("CONCORD_FAILED_PER_MINUTE", "30"),
        ],
    );
    // The allowance of five seconds, asked for at once.
    let asked = (0..5).map(|_| asks(&server, &north.token, 1));
    let answers = futures_util::future::join_all(asked).await;
    let waits: Vec<u64> = answers
        .iter()
        .filter(|answer| answer.status != 200)
        .map(Answered::too_much)
        .collect();
    assert!(!waits.is_empty() && waits.len() < 5, "{waits:?}");
    assert_eq!(waits.iter().max(), Some(&1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    asks(&server, &north.token, 1).await.allowed();
}

#[test]
fn settings_that_would_refuse_what_the_guard_admits_are_faults() {
    let read = |per_second, burst, failed| {
        Settings::read(
            None,
            &RawSettings {
                cost_per_second: per_second,
                cost_burst: burst,
                failed_per_minute: failed,
                ..RawSettings::default()
            },
        )
    };
    let faults = read(Some(0), Some(249_999), Some(0))
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!(faults, @r"
    the settings are not usable:
      - cost_per_second: at least 1
      - failed_per_minute: at least 1
      - cost_burst: at least 250000, which one operation may come to
    ");
    assert!(read(Some(1), Some(250_000), Some(1)).is_ok());
    let usual = read(None, None, None).unwrap().allowances;
    assert_eq!(
        usual.to_string(),
        "a cost of 50000 a second and 1000000 at once for an application, 1 tokens and programs ended a second and 30 at once, 30 failures a minute to prove who one is"
    );
}

// ------------------------------------------------------------------ the limits by themselves

const HERE: &str = "192.0.2.7";

fn limits(per_second: u32, failed_per_minute: u32) -> Limits {
    Limits::new(Allowances {
        cost_per_second: per_second.try_into().unwrap(),
        cost_burst: 2000.try_into().unwrap(),
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
fn a_client_that_fails_too_often_is_not_worth_an_old_hash_from_there() {
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
    let charge = |caller: &Caller, cost| limits.charge(caller.agency(), caller.client(), cost);
    charge(&north, 0).unwrap();
    assert_eq!(limits.asking(), 0, "nothing costs nothing");

    charge(&north, 2000).unwrap();
    charge(&south, 1).unwrap();
    assert_eq!(limits.asking(), 2);
    let began = Instant::now();
    while limits.asking() > 1 && began.elapsed() < Duration::from_secs(10) {
        limits.tidy();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(limits.asking(), 1, "one has its allowance back");
    assert!(charge(&north, 1000).is_err());

    let beyond = charge(&south, u64::MAX);
    assert_eq!(beyond.map_err(Wait::seconds), Err(2000));
}
