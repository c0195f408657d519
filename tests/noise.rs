//! Whoever does not prove who they are is refused, however often, and buys neither silence nor a write with each refusal.

use std::time::{Duration, Instant};

use concord::audit::event::{Agent, RequestMeta};
use concord::audit::ledger::Ledger;
use concord::audit::refusals::{Refusals, Refused, RefusedAttempt};
use concord::store::Store;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::oauth::partner::{Partner, Said, basic, granting, said};
use crate::world::agency::text;
use crate::world::{Database, Server, World, on_both};

/// A server that bears three failures a minute from one address.
fn strict(world: &World) -> Server {
    Server::start_under(&world.flags(), &[("CONCORD_FAILED_PER_MINUTE", "3")])
}

/// The leaves of this kind, oldest first.
fn leaves(world: &World, kind: &str) -> Vec<Value> {
    let select =
        format!("SELECT leaf FROM audit_event WHERE kind = '{kind}' ORDER BY recorded_at, id");
    let leaves = world.tampers(&select);
    leaves
        .lines()
        .map(|leaf| serde_json::from_str(leaf).unwrap())
        .collect()
}

/// How many refusals are on record, by themselves and in all; and the events that stand for several.
fn on_record(leaves: &[Value]) -> (usize, u64, Vec<Value>) {
    let (counted, alone): (Vec<Value>, Vec<Value>) = leaves
        .iter()
        .cloned()
        .partition(|leaf| leaf.get("count").is_some());
    let sum: u64 = counted
        .iter()
        .map(|leaf| leaf["count"].as_u64().unwrap())
        .sum();
    (alone.len(), sum + alone.len() as u64, counted)
}

on_both!(a_flood_of_bad_tokens_is_on_record_by_its_number);
async fn a_flood_of_bad_tokens_is_on_record_by_its_number(world: World) {
    let mut server = strict(&world);
    let http = reqwest::Client::new();
    for n in 0..50 {
        let sent = http
            .post(format!("http://{}/graphql", server.address))
            .bearer_auth(if n % 2 == 0 { "nonsense" } else { "a.b.c" })
            .json(&json!({ "query": "{ __typename }" }));
        let answer = sent.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let challenges = answer.headers().get_all("www-authenticate").iter();
        let told =
            challenges.filter(|one| one.to_str().unwrap().contains("error=\"invalid_token\""));
        assert_eq!(told.count(), 2);
    }
    // What is beyond the allowance is no write, and what is counted is not lost when the service ends.
    let (alone, sum, counted) = on_record(&leaves(&world, "TOKEN_REFUSED"));
    assert_eq!((alone, sum), (3, 3), "{counted:?}");
    assert!(server.ends());
    let (alone, sum, counted) = on_record(&leaves(&world, "TOKEN_REFUSED"));
    assert_eq!((alone, sum), (3, 50), "{counted:?}");
    assert!(
        (1..=2).contains(&counted.len()),
        "one for each reason: {counted:?}"
    );
    for leaf in counted {
        assert_eq!(leaf["subject"], "");
        assert!(leaf["address"].is_string(), "committed to: {leaf}");
    }
}

async fn guesses(program: &Partner, client: &str) -> Said {
    let asked = program.bare("token", &granting(&[]));
    said(asked.header("authorization", basic(client, &"wrong".repeat(9)))).await
}

on_both!(nobody_is_locked_out_by_others_who_guess);
async fn nobody_is_locked_out_by_others_who_guess(world: World) {
    let mut server = strict(&world);
    let north = world.agency("north").await.at(&server.address);
    let program = Partner::with_secret(&world, &north, "consent.r");
    let stranger = "application_01h2xcejqtf2nbrexx3vqjhp41";
    let mut statuses = Vec::new();
    for n in 0..35 {
        let client = if n % 2 == 0 {
            program.id.as_str()
        } else {
            stranger
        };
        statuses.push(guesses(&program, client).await.status);
        assert_eq!(program.token(&[]).await.status, 200, "after {n} guesses");
    }
    assert_eq!(statuses[..2], [401, 401]);
    assert_eq!(statuses[34], 429);
    assert!(server.ends());
    let refused = leaves(&world, "CLIENT_REFUSED");
    let (alone, sum, counted) = on_record(&refused);
    assert_eq!((alone, sum), (3, 35), "{counted:?}");
    // The agency whose program was meant sees how often.
    let own = north.id.to_string();
    let of_own = counted.iter().filter(|leaf| leaf["agency"] == own.as_str());
    let of_own: Vec<&Value> = of_own.collect();
    assert_eq!(of_own.len(), 1, "{counted:?}");
    assert_eq!(text(&of_own[0]["client"]), program.id);
    assert!(of_own[0]["count"].as_u64().unwrap() >= 14, "{counted:?}");
}

/// A ledger of its own over the world's store.
fn ledger(world: &World) -> (Store, Ledger) {
    let store = world.service.store.clone();
    let ledger = Ledger::start(store.clone());
    (store, ledger)
}

fn counts(refusals: &Refusals, times: usize, networks: usize) {
    let (agent, meta) = (Agent::stranger(), RequestMeta::default());
    for n in 0..times {
        refusals.count(RefusedAttempt {
            what: Refused::Token,
            why: "expired",
            agent: &agent,
            meta: &meta,
            network: Some(&format!("2001:db8:0:{:x}::/64", n % networks)),
        });
    }
}

#[tokio::test]
async fn a_flood_from_everywhere_is_counted_together() {
    let world = World::on(Database::Sqlite).await;
    let (store, ledger) = ledger(&world);
    let refusals = Refusals::default();
    counts(&refusals, 3000, 1500);
    refusals.record_counts(&store, &ledger).await;
    let (_, sum, counted) = on_record(&leaves(&world, "TOKEN_REFUSED"));
    assert_eq!((sum, counted.len()), (3000, 1001));
    let everywhere: Vec<&Value> = counted
        .iter()
        .filter(|leaf| leaf["address"].is_null())
        .collect();
    assert_eq!(everywhere.len(), 1, "{everywhere:?}");
    assert_eq!(everywhere[0]["count"], 1000);
}

#[tokio::test]
async fn the_counts_are_recorded_when_their_window_ends() {
    let world = World::on(Database::Postgres).await;
    let (store, ledger) = ledger(&world);
    let refusals = Refusals::default();
    let (_stop, stopped) = watch::channel(false);
    let window = Duration::from_millis(50);
    let keeping = refusals.clone().keep(store, ledger, window, stopped);
    let keeping = tokio::spawn(keeping);
    counts(&refusals, 7, 1);
    let began = Instant::now();
    while on_record(&leaves(&world, "TOKEN_REFUSED")).1 < 7 {
        assert!(began.elapsed() < Duration::from_secs(30), "never recorded");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    keeping.abort();
}

/// What the log does not take now is not lost: it is counted, and recorded once the log takes it.
#[tokio::test]
async fn what_cannot_be_recorded_now_is_recorded_later() {
    let world = World::on(Database::Postgres).await;
    let (store, ledger) = ledger(&world);
    let refusals = Refusals::default();
    world.tampers("ALTER TABLE audit_event RENAME TO audit_event_away");
    let attempt = RefusedAttempt {
        what: Refused::Client,
        why: "wrong_secret",
        agent: &Agent::stranger(),
        meta: &RequestMeta::default(),
        network: Some("192.0.2.7"),
    };
    refusals.record(&store, &ledger, attempt).await;
    refusals.record_counts(&store, &ledger).await;
    world.tampers("ALTER TABLE audit_event_away RENAME TO audit_event");
    refusals.record_counts(&store, &ledger).await;
    refusals.record_counts(&store, &ledger).await;
    let (alone, sum, _) = on_record(&leaves(&world, "CLIENT_REFUSED"));
    assert_eq!((alone, sum), (0, 1));
}
