//! Clients that hang up at any moment leave nothing behind.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::chance::Chance;
use super::load::REVOKE;
use super::stage::{Outcome, SERVERS, Stage, says, tries, within};
use crate::world::Agency;
use crate::world::agency::{PACKAGE, Told};
use crate::world::documents::{REGISTER_SURVIVOR, change};

/// How many hang up, and how many at once.
const CALLS: usize = 500;
const AT_ONCE: usize = 12;

/// How many people are referred for it.
const PEOPLE: usize = 24;

/// What PostgreSQL warns of where a connection's next user begins within the transaction of the last.
const CONFUSED: &str = "there is already a transaction in progress";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_hang_up_at_any_moment_leave_nothing_behind() {
    within(Duration::from_mins(2), clients_hang_up()).await;
}

async fn clients_hang_up() {
    let mut chance = Chance::new();
    let mut stage = Stage::set().await;
    let people = stage.refers(PEOPLE, "person").await;
    let callers = (0..AT_ONCE).map(|_| {
        let mut chance = chance.another();
        let (stage, people) = (&stage, &people);
        async move {
            for _ in 0..CALLS.div_ceil(AT_ONCE) {
                let (caller, query, variables) = anything(stage, people, &mut chance);
                let patience = chance.time_below(Duration::from_millis(30));
                hangs_up(&caller, &query, variables, patience).await;
            }
        }
    });
    join_all(callers).await;

    let began = Instant::now();
    let mut failed = Vec::new();
    for _ in 0..50 {
        let (caller, query, variables) = anything(&stage, &people, &mut chance);
        match tries(&caller, &query, variables).await {
            Outcome::Done(_) => {}
            // It was accepted already, or its consent taken back.
            Outcome::Refused(codes) if codes == "INVALID_TRANSITION" => {}
            other => failed.push(format!("{query}: {other:?}")),
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let first = stage.idle_in_transaction();
    let mut left = first;
    while left > 0 && began.elapsed() < Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        left = stage.idle_in_transaction();
    }
    let confused: usize = (0..SERVERS)
        .map(|server| stage.server(server).logged().matches(CONFUSED).count())
        .sum();
    says(&format!(
        "{CALLS} hung up; {confused} connections were handed on in a transaction; {} of the next 50 failed; idle in transaction: {first}, {left} after {:?}",
        failed.len(),
        began.elapsed()
    ));
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(left, 0, "connections are idle in transaction");
    assert_eq!(confused, 0, "connections were handed on in a transaction");
}

/// A read, a change or an ending, at any server.
pub fn anything(stage: &Stage, people: &[Told], chance: &mut Chance) -> (Agency, String, Value) {
    let server = chance.below(SERVERS);
    let person = chance.one_of(people);
    let (north, south) = (
        stage.at(&stage.north, server),
        stage.at(&stage.south, server),
    );
    match chance.below(5) {
        0 | 1 => {
            let variables = json!({ "id": person.referral, "p": "SERVICE_DELIVERY" });
            (south, PACKAGE.to_owned(), variables)
        }
        2 => {
            let pseudonym = format!("{}", chance.below(usize::MAX));
            let survivor = json!({ "s": { "pseudonym": pseudonym, "ageGroup": "ADULT" } });
            (north, REGISTER_SURVIVOR.to_owned(), survivor)
        }
        3 => {
            let accept = change("acceptReferral", "status");
            (south, accept, json!({ "id": person.referral }))
        }
        _ => (north, REVOKE.to_owned(), json!({ "id": person.consent })),
    }
}

/// Sends a request, and closes the connection before long, answered or not.
pub async fn hangs_up(caller: &Agency, query: &str, variables: Value, patience: Duration) {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\ncontent-type: application/json\r\n\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        caller.address,
        caller.token,
        body.len()
    );
    let Ok(mut socket) = TcpStream::connect(&caller.address).await else {
        return;
    };
    // A server that was killed meanwhile takes nothing.
    let _ = socket.write_all(request.as_bytes()).await;
    tokio::time::sleep(patience).await;
    // Closed as by a program that was killed, and not half of it only.
    let _ = socket.set_zero_linger();
}
