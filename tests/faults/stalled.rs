//! A server that stands still holds up nobody but its own clients.

use std::time::{Duration, Instant};

use futures_util::future::{join, join3};

use super::chance::Chance;
use super::load::{Load, takes_back};
use super::stage::{Outcome, SERVERS, Stage, Stopped, readiness, reads, says, shows, within};
use crate::world::Agency;
use crate::world::agency::Told;

/// How often a server is stopped.
const MOMENTS: usize = 20;

/// How long the others may take meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_at_any_moment_stops_no_other() {
    within(Duration::from_mins(4), is_stopped_at_any_moment()).await;
}

async fn is_stopped_at_any_moment() {
    let mut chance = Chance::new();
    let mut stage = Stage::set().await;
    let people = stage.refers(MOMENTS + 1, "person").await;
    let (read, revoked) = people.split_first().unwrap();
    let load = Load::starts(&stage, 5, 3, &mut chance);
    load.is_in_full_swing(10).await;
    let mut times = Vec::new();
    let mut failed = Vec::new();
    for (moment, revoked) in revoked.iter().enumerate() {
        tokio::time::sleep(chance.time_below(Duration::from_millis(100))).await;
        let victim = chance.below(SERVERS);
        let stopped = Stopped::server(stage.server(victim));
        let neighbours = [(victim + 1) % SERVERS, (victim + 2) % SERVERS];
        let began = Instant::now();
        let told = asks_elsewhere(&stage, neighbours, read, revoked).await;
        times.push(began.elapsed());
        drop(stopped);
        if let Err(why) = told {
            failed.push(format!("moment {moment}, server {victim}: {why}"));
        }
    }
    let books = load.ends().await;
    times.sort();
    says(&format!(
        "stopped {MOMENTS} times; {} failed; median {:?}, longest {:?}; {books}",
        failed.len(),
        times[MOMENTS / 2],
        times[MOMENTS - 1]
    ));
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(books.violations(&stage.world), Vec::<String>::new());
}

/// Reads and takes a consent back at the neighbours, and asks whether they are ready.
async fn asks_elsewhere(
    stage: &Stage,
    [one, other]: [usize; 2],
    read: &Told,
    revoked: &Told,
) -> Result<(), String> {
    // By connections of their own: a server that was stopped before may be about to close those that stood idle.
    let [north, south] = [(&stage.north, one), (&stage.south, other)].map(|(agency, server)| {
        let (name, token) = (&agency.name, agency.token.clone());
        Agency::new(agency.id, name, token, stage.addresses.of(server))
    });
    let (reading, revoking, ready) = join3(
        tokio::time::timeout(PATIENCE, reads(&south, read)),
        tokio::time::timeout(PATIENCE, takes_back(&north, revoked)),
        join(readiness(&north.address), readiness(&south.address)),
    )
    .await;
    match reading {
        Ok(Outcome::Done(answer)) if shows(&answer, read) => {}
        Ok(other) => return Err(format!("the read: {other:?}")),
        Err(_) => return Err("the read took more than five seconds".to_owned()),
    }
    match revoking {
        Ok(Outcome::Done(_)) => {}
        Ok(other) => return Err(format!("the revocation: {other:?}")),
        Err(_) => return Err("the revocation took more than five seconds".to_owned()),
    }
    if ready != (Some(200), Some(200)) {
        return Err(format!("/readyz: {ready:?}"));
    }
    let after = tokio::time::timeout(PATIENCE, reads(&south, revoked)).await;
    match after {
        Ok(Outcome::Done(answer)) if !shows(&answer, revoked) => Ok(()),
        after => Err(format!("the read after the revocation: {after:?}")),
    }
}
