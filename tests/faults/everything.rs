//! All faults at once, at random, for as long as one likes: `FAULTS_SECONDS=300`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::books::{Asked, Told};
use super::chance::Chance;
use super::hung_up::{anything, hangs_up};
use super::load::{Load, takes_back};
use super::stage::{SERVERS, Stage, Stopped, says, within};
use crate::world::agency::Told as Referred;
use crate::world::proxy::{Proxy, Trouble};

/// How long it lasts, in seconds, unless the environment says otherwise.
const SECONDS: u64 = 20;

/// What goes wrong next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Stop,
    Kill,
    Terminate,
    HangUps,
    Loop,
    LostReply,
    LateCommit,
    NoCommit,
}

const EVERY: [Fault; 8] = [
    Fault::Stop,
    Fault::Kill,
    Fault::Terminate,
    Fault::HangUps,
    Fault::Loop,
    Fault::LostReply,
    Fault::LateCommit,
    Fault::NoCommit,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_at_once_no_promise_is_broken() {
    let seconds = std::env::var("FAULTS_SECONDS");
    let seconds = seconds.map_or(SECONDS, |seconds| seconds.parse().unwrap());
    let limit = Duration::from_secs(seconds) + Duration::from_mins(2);
    within(limit, goes_wrong_for(Duration::from_secs(seconds))).await;
}

async fn goes_wrong_for(time: Duration) {
    let mut chance = Chance::new();
    let (mut stage, proxy) = Stage::behind_a_proxy().await;
    let people = stage.refers(6, "bystander").await;
    let load = Load::starts(&stage, 10, 6, &mut chance);
    load.is_in_full_swing(20).await;
    let mut faults = BTreeMap::<Fault, usize>::new();
    let began = Instant::now();
    while began.elapsed() < time {
        let fault = chance.one_of(&EVERY);
        *faults.entry(fault).or_default() += 1;
        goes_wrong(fault, &mut stage, &proxy, &people, &mut chance).await;
        tokio::time::sleep(chance.time_below(Duration::from_millis(300))).await;
    }
    let books = load.ends().await;
    let met = proxy.troubles_met();
    let violations = books.violations(&stage.world);
    let (content, said) = stage.world.verifies();
    says(&format!(
        "{time:?} of {faults:?}; {met} COMMITs met with trouble; {books}; violations: {}; the log: {}",
        violations.len(),
        said.trim_end()
    ));
    assert!(content, "{said}");
    assert_eq!(violations, Vec::<String>::new());
    let revoked = books.count(Asked::Revoke, Told::Done);
    assert!(books.reads() > 0 && revoked > 0, "{books}");
}

async fn goes_wrong(
    fault: Fault,
    stage: &mut Stage,
    proxy: &Proxy,
    people: &[Referred],
    chance: &mut Chance,
) {
    let server = chance.below(SERVERS);
    // Whatever is changed next, of one kind or the other.
    let next = chance.one_of(&["UPDATE \"referral\"", "UPDATE \"consent\"", "INSERT"]);
    match fault {
        Fault::Stop => {
            let stopped = Stopped::server(stage.server(server));
            tokio::time::sleep(chance.time_below(Duration::from_secs(2))).await;
            drop(stopped);
        }
        Fault::Kill => stage.kills(server),
        Fault::Terminate => {
            stage.terminates_backends();
        }
        Fault::HangUps => {
            let calls: Vec<_> = (0..10)
                .map(|_| {
                    let patience = chance.time_below(Duration::from_millis(30));
                    (anything(stage, people, chance), patience)
                })
                .collect();
            let calls =
                calls
                    .into_iter()
                    .map(|((caller, query, variables), patience)| async move {
                        hangs_up(&caller, &query, variables, patience).await;
                    });
            join_all(calls).await;
        }
        Fault::Loop => {
            let north = stage.at(&stage.north, server);
            let revoke = (0..60).map(|turn| takes_back(&north, &people[turn % people.len()]));
            join_all(revoke).await;
        }
        Fault::LostReply => proxy.next_commit_after(next, Trouble::ReplyLost),
        Fault::LateCommit => {
            let late = chance.time_below(Duration::from_millis(800));
            proxy.next_commit_after(next, Trouble::HeldBack(late));
        }
        Fault::NoCommit => proxy.next_commit_after(next, Trouble::NeverSent),
    }
}
