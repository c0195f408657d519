//! A COMMIT whose reply is lost, or that comes late, or never: no answer says otherwise than the row.

use std::time::Duration;

use futures_util::future::join_all;

use super::books::{Asked, Books, Told as Heard};
use super::chance::Chance;
use super::load::{accepts, takes_back};
use super::stage::{Stage, says, within};
use crate::world::agency::Told;
use crate::world::proxy::{Proxy, Trouble};

/// How many people are accepted, and their consent taken back: two changes each.
const PEOPLE: usize = 100;

/// How many are accepted at once.
const AT_ONCE: usize = 4;

/// What the statements say that accept a referral, and that take a consent back.
const ACCEPTING: &str = "UPDATE \"referral\"";
const TAKING_BACK: &str = "UPDATE \"consent\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_contradicts_the_row_where_the_reply_to_its_commit_is_lost() {
    within(Duration::from_mins(3), replies_are_lost()).await;
}

async fn replies_are_lost() {
    let mut chance = Chance::new();
    let (stage, proxy) = Stage::behind_a_proxy().await;
    let people = stage.refers(PEOPLE, "person").await;
    let books = Books::default();
    for some in people.chunks(AT_ONCE) {
        let changing = some.iter().enumerate().map(|(turn, told)| {
            let mut chance = chance.another();
            let (stage, proxy, books) = (&stage, &proxy, &books);
            async move { changes(stage, proxy, told, turn % 3, books, &mut chance).await }
        });
        join_all(changing).await;
    }
    // The last that was held back has come by then.
    tokio::time::sleep(LATEST).await;
    let met = proxy.troubles_met();
    let violations = books.violations(&stage.world);
    let unknown = [Asked::Accept, Asked::Revoke].map(|asked| books.count(asked, Heard::Unknown));
    says(&format!(
        "{met} of {} COMMITs met with trouble; {books}; contradictions: {}",
        2 * PEOPLE,
        violations.len()
    ));
    assert!(
        met > u64::try_from(PEOPLE).unwrap(),
        "only {met} met with it"
    );
    assert_eq!(violations, Vec::<String>::new());
    let unknown: usize = unknown.iter().sum();
    assert!(unknown <= PEOPLE / 10, "{unknown} are unknown");
}

/// The latest that a COMMIT comes.
const LATEST: Duration = Duration::from_millis(400);

async fn changes(
    stage: &Stage,
    proxy: &Proxy,
    told: &Told,
    server: usize,
    books: &Books,
    chance: &mut Chance,
) {
    proxy.next_commit_after(ACCEPTING, trouble(chance));
    let accepted = accepts(&stage.at(&stage.south, server), told).await;
    books.changed(Asked::Accept, &told.referral, Heard::from(&accepted));
    proxy.next_commit_after(TAKING_BACK, trouble(chance));
    let taken_back = takes_back(&stage.at(&stage.north, server), told).await;
    books.changed(Asked::Revoke, &told.consent, Heard::from(&taken_back));
}

fn trouble(chance: &mut Chance) -> Trouble {
    match chance.below(5) {
        0 | 1 => Trouble::ReplyLost,
        2 => Trouble::NeverSent,
        _ => Trouble::HeldBack(chance.time_below(LATEST)),
    }
}
