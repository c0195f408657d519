//! A server that is killed takes nothing with it that anybody was told.

use std::time::Duration;

use super::books::{Asked, Told};
use super::chance::Chance;
use super::load::Load;
use super::stage::{SERVERS, Stage, says, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_servers_any_is_killed_under_load_and_nothing_told_is_lost() {
    within(Duration::from_mins(2), any_is_killed()).await;
}

async fn any_is_killed() {
    let mut chance = Chance::new();
    let mut stage = Stage::set().await;
    let load = Load::starts(&stage, 6, 6, &mut chance);
    load.is_in_full_swing(20).await;
    for _ in 0..4 {
        tokio::time::sleep(chance.time_below(Duration::from_millis(300))).await;
        let victim = chance.below(SERVERS);
        stage.kills(victim);
        let reads = load.books.reads();
        load.is_in_full_swing(reads + 30).await;
    }
    let books = load.ends().await;
    says(&format!("killed 4 times; {books}"));
    assert!(books.count(Asked::Revoke, Told::Done) > 0, "{books}");
    assert_eq!(books.violations(&stage.world), Vec::<String>::new());
    let (content, said) = stage.world.verifies();
    assert!(content, "{said}");
}
