//! Programs of one agency that call without a pause cost another agency at most half of its reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::load::REVOKE;
use super::stage::{Outcome, Stage, says, tries, within};
use crate::jose::hand::Hand;
use crate::oauth::partner::Partner;
use crate::world::Agency;
use crate::world::agency::{good_consent, survivors_signature, text};
use crate::world::documents::{DRAFT_CONSENT, REVOKE_TOKEN, change, sign_consent};

/// How many clients a loop has.
const CLIENTS: usize = 16;

/// How long each of them thinks before it calls again. Processors are what all servers here share, and not what this
/// is about; sixteen such clients ended every read of others when nothing but that was wrong.
const THINKING: Duration = Duration::from_millis(80);

/// How many readers the other agency has, and how long each of them reads what it was shown.
const READERS: usize = 8;
const READING: Duration = Duration::from_millis(40);

/// How many quiet windows are measured, each before one with the loop.
const WINDOWS: usize = 5;

/// How many at the most, where it is not plain after so many.
const MOST_WINDOWS: usize = 15;

const WINDOW: Duration = Duration::from_millis(500);

const INBOX: &str = "{ referrals(box: INBOX, first: 20) { edges { node { id status } } } }";

/// What the clients of a loop do, again and again.
enum Looping {
    /// What ended long ago is ended again.
    NoOp { consent: String, token: String },
    /// A consent is drafted, signed and taken back.
    Consents { survivor: String },
    /// A token is issued and given up.
    Tokens(Partner),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_loop_of_one_agency_takes_more_than_half_of_anothers_reads() {
    within(Duration::from_mins(3), loops_run()).await;
}

async fn loops_run() {
    let stage = Stage::set().await;
    let west = stage.world.agency("west").await;
    let coast = stage.world.agency("coast").await;
    west.agrees_with(&coast).await;
    for person in 0..5 {
        let person = format!("person-{person}");
        west.refers(&person).to(&coast).sharing([Identity]).await;
    }
    let victim = stage.at(&coast, 1);
    let mut weak = Vec::new();
    for (name, looping) in loops(&stage).await {
        if let Err(why) = takes_at_most_half(&stage, name, looping, &victim).await {
            weak.push(why);
        }
    }
    assert!(weak.is_empty(), "{weak:#?}");
}

/// The three loops of north, all of them at the first server.
async fn loops(stage: &Stage) -> [(&'static str, Looping); 3] {
    let north = &stage.north;
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &stage.south, &[Identity]).await;
    let mark = "markConsentEnteredInError";
    north.changes(mark, &consent, "status").await.data();
    let scope = "agency.r referral.rs";
    let partner = Partner::with_key(&stage.world, north, scope, Hand::ed25519());
    let token = partner.token(&[]).await;
    partner.revokes(&token.access_token()).await;
    let token = token.jti();
    [
        ("what changes nothing", Looping::NoOp { consent, token }),
        ("consents", Looping::Consents { survivor }),
        ("tokens", Looping::Tokens(partner)),
    ]
}

/// Measures the victim's reads without and with the loop, in turns, until it is plain that they keep half of their rate
/// or that they do not.
async fn takes_at_most_half(
    stage: &Stage,
    name: &str,
    looping: Looping,
    victim: &Agency,
) -> Result<(), String> {
    let mut flood = Flood::of(stage, looping);
    let mut reads = Reads::default();
    reads.for_a_window(victim).await;
    while reads.quiet.len() < WINDOWS || (!reads.keep_half() && reads.quiet.len() < MOST_WINDOWS) {
        flood.rests().await;
        let quiet = reads.for_a_window(victim).await;
        reads.quiet.push(quiet);
        flood.runs().await;
        let loud = reads.for_a_window(victim).await;
        reads.loud.push(loud);
    }
    flood.clients.shutdown().await;
    let rounds = flood.rounds.load(Ordering::SeqCst);
    says(&format!("a loop of {name}: {rounds} rounds; {reads:?}"));
    assert!(rounds > 0, "the loop of {name} did nothing");
    if !reads.failed.is_empty() {
        return Err(format!("{name}: reads failed: {reads:?}"));
    }
    if reads.keep_half() {
        return Ok(());
    }
    if reads.are_uneven() && reads.longest < Duration::from_secs(5) {
        says("the machine is too uneven to compare rates: each read was answered within 5 s");
        return Ok(());
    }
    Err(format!("{name}: {reads:?}"))
}

/// The clients of a loop, all of them at the first server.
struct Flood {
    is_on: Arc<AtomicBool>,
    calling: Arc<AtomicUsize>,
    rounds: Arc<AtomicUsize>,
    clients: JoinSet<()>,
}

impl Flood {
    fn of(stage: &Stage, looping: Looping) -> Self {
        let mut flood = Self {
            is_on: Arc::default(),
            calling: Arc::default(),
            rounds: Arc::default(),
            clients: JoinSet::new(),
        };
        let thinking = match &looping {
            // What changes nothing is quickly done.
            Looping::NoOp { .. } => THINKING / 2,
            Looping::Consents { .. } | Looping::Tokens(_) => THINKING,
        };
        let looping = Arc::new(looping);
        for client in 0..CLIENTS {
            let (north, south) = (stage.at(&stage.north, 0), stage.south.clone());
            let (looping, is_on) = (Arc::clone(&looping), Arc::clone(&flood.is_on));
            let (calling, rounds) = (Arc::clone(&flood.calling), Arc::clone(&flood.rounds));
            flood.clients.spawn(async move {
                loop {
                    tokio::time::sleep(thinking).await;
                    if is_on.load(Ordering::SeqCst) {
                        calling.fetch_add(1, Ordering::SeqCst);
                        looping.goes_round(client, &north, &south).await;
                        calling.fetch_sub(1, Ordering::SeqCst);
                        rounds.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        flood
    }

    /// Has nobody call any more, and waits for the last answer.
    async fn rests(&self) {
        self.is_on.store(false, Ordering::SeqCst);
        while self.calling.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Has everybody call.
    async fn runs(&self) {
        self.is_on.store(true, Ordering::SeqCst);
        tokio::time::sleep(THINKING).await;
    }
}

impl Looping {
    async fn goes_round(&self, client: usize, north: &Agency, south: &Agency) {
        match self {
            Self::NoOp { consent, .. } if client.is_multiple_of(2) => {
                let mark = change("markConsentEnteredInError", "status");
                tries(north, &mark, json!({ "id": consent })).await;
            }
            Self::NoOp { token, .. } => {
                tries(north, REVOKE_TOKEN, json!({ "id": token })).await;
            }
            Self::Consents { survivor } => {
                let consent = good_consent(survivor, south, &[Identity]);
                let drafted = tries(north, DRAFT_CONSENT, json!({ "c": consent })).await;
                if let Outcome::Done(answer) = drafted {
                    let id = text(&answer.data()["draftConsent"]["id"]);
                    let signature = json!({ "id": id, "s": survivors_signature() });
                    tries(north, &sign_consent("status"), signature).await;
                    tries(north, REVOKE, json!({ "id": id })).await;
                }
            }
            Self::Tokens(partner) => {
                let given = partner.token(&[]).await;
                if given.status == 200 {
                    partner.revokes(&given.access_token()).await;
                }
            }
        }
    }
}

/// What the victim's readers met: how many reads were answered in each window, without the loop and with it.
#[derive(Debug, Default)]
struct Reads {
    quiet: Vec<usize>,
    loud: Vec<usize>,
    failed: Vec<String>,
    longest: Duration,
}

impl Reads {
    /// Has all readers read for a window's time; says how often they did.
    async fn for_a_window(&mut self, victim: &Agency) -> usize {
        let readers = (0..READERS).map(|_| reads_for_a_window(victim));
        let mut answered = 0;
        for (reads, failed, longest) in join_all(readers).await {
            answered += reads;
            self.failed.extend(failed);
            self.longest = self.longest.max(longest);
        }
        answered
    }

    fn keep_half(&self) -> bool {
        2 * median(&self.loud) >= median(&self.quiet)
    }

    /// Whether the machine was given to others meanwhile.
    fn are_uneven(&self) -> bool {
        self.quiet.iter().max() > self.quiet.iter().min().map(|least| 2 * least).as_ref()
    }
}

async fn reads_for_a_window(victim: &Agency) -> (usize, Vec<String>, Duration) {
    let (mut answered, mut failed, mut longest) = (0, Vec::new(), Duration::ZERO);
    let began = Instant::now();
    while began.elapsed() < WINDOW {
        let asked = Instant::now();
        match tries(victim, INBOX, Value::Null).await {
            Outcome::Done(_) => answered += 1,
            other => failed.push(format!("{other:?}")),
        }
        longest = longest.max(asked.elapsed());
        tokio::time::sleep(READING).await;
    }
    (answered, failed, longest)
}

fn median(counts: &[usize]) -> usize {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}
