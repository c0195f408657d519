//! Connections that the database ends cost no reader an answer.

use std::time::Duration;

use super::books::{Asked, Told};
use super::chance::Chance;
use super::load::Load;
use super::stage::{Stage, says, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_fails_when_every_connection_is_terminated() {
    within(Duration::from_mins(2), every_connection_is_terminated()).await;
}

async fn every_connection_is_terminated() {
    let mut chance = Chance::new();
    let stage = Stage::set().await;
    let load = Load::starts(&stage, 12, 3, &mut chance);
    load.is_in_full_swing(40).await;
    let mut ended = Vec::new();
    for _ in 0..5 {
        ended.push(stage.terminates_backends());
        let reads = load.books.reads();
        load.is_in_full_swing(reads + 60).await;
    }
    let books = load.ends().await;
    says(&format!("terminated {ended:?} connections; {books}"));
    assert!(ended.iter().all(|count| *count > 3), "{ended:?}");
    assert_eq!(books.failed_reads(), 0, "{books}");
    assert!(books.count(Asked::Accept, Told::Done) > 0, "{books}");
    assert_eq!(books.violations(&stage.world), Vec::<String>::new());
}
