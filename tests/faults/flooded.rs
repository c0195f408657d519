//! Programs of one agency that call without a pause cost another agency at most half of its reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::chance::Chance;
use super::stage::{Outcome, Stage, says, tries, within};
use crate::jose::hand::Hand;
use crate::oauth::partner::Partner;
use crate::world::Agency;
use crate::world::documents::REVOKE_TOKEN;

/// How many clients a loop has.
const CLIENTS: usize = 16;

/// How long each of them thinks before it calls again. Processors are what all servers here share, and not what this
/// is about; sixteen such clients ended every read of others when nothing but that was wrong.
const THINKING: Duration = Duration::from_millis(100);

/// How many quiet windows are measured, each before one with the loop.
const WINDOWS: usize = 5;

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
    let _chance = Chance::new();
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

/// Measures the victim's reads without and with the loop, in turns.
async fn takes_at_most_half(
    stage: &Stage,
    name: &str,
    looping: Looping,
    victim: &Agency,
) -> Result<(), String> {
    let is_on = Arc::new(AtomicBool::new(false));
    let looped = Arc::new(AtomicUsize::new(0));
    let calling = Arc::new(AtomicUsize::new(0));
    let looping = Arc::new(looping);
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let (north, south) = (stage.at(&stage.north, 0), stage.south.clone());
        let (looping, is_on) = (Arc::clone(&looping), Arc::clone(&is_on));
        let (looped, calling) = (Arc::clone(&looped), Arc::clone(&calling));
        clients.spawn(async move {
            loop {
                tokio::time::sleep(THINKING).await;
                if is_on.load(Ordering::SeqCst) {
                    calling.fetch_add(1, Ordering::SeqCst);
                    looping.goes_round(client, &north, &south).await;
                    calling.fetch_sub(1, Ordering::SeqCst);
                    looped.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
    }
    let mut quiet = Vec::new();
    let mut loud = Vec::new();
    let mut reading = Reading::default();
    reading.for_a_while(victim).await;
    for _ in 0..WINDOWS {
        is_on.store(false, Ordering::SeqCst);
        while calling.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        quiet.push(reading.for_a_while(victim).await);
        is_on.store(true, Ordering::SeqCst);
        tokio::time::sleep(THINKING).await;
        loud.push(reading.for_a_while(victim).await);
    }
    clients.shutdown().await;
    quiet.sort_unstable();
    loud.sort_unstable();
    let looped = looped.load(Ordering::SeqCst);
    says(&format!(
        "a loop of {name}: {looped} rounds; reads a window {quiet:?} without, {loud:?} with it; {} failed, longest {:?}",
        reading.failed.len(),
        reading.longest
    ));
    assert!(looped > 0, "the loop of {name} did nothing");
    if !reading.failed.is_empty() {
        return Err(format!("{name}: reads failed: {:?}", reading.failed));
    }
    if quiet[WINDOWS - 1] > 2 * quiet[0] {
        says(
            "the machine is too uneven to compare rates: every read was answered within five seconds",
        );
        return if reading.longest < Duration::from_secs(5) {
            Ok(())
        } else {
            Err(format!("{name}: a read took {:?}", reading.longest))
        };
    }
    let (without, with) = (quiet[WINDOWS / 2], loud[WINDOWS / 2]);
    if 2 * with >= without {
        Ok(())
    } else {
        Err(format!("{name}: {with} reads of {without}"))
    }
}

impl Looping {
    async fn goes_round(&self, client: usize, north: &Agency, south: &Agency) {
        match self {
            Self::NoOp { consent, .. } if client.is_multiple_of(2) => {
                let _ = north
                    .tries(
                        "mutation($id: ID!) { markConsentEnteredInError(id: $id) { status } }",
                        json!({ "id": consent }),
                    )
                    .await;
            }
            Self::NoOp { token, .. } => {
                let _ = north.tries(REVOKE_TOKEN, json!({ "id": token })).await;
            }
            Self::Consents { survivor } => {
                let consent = north.consents(survivor, south, &[Identity]).await;
                north.signs(&consent).await;
                north.revokes(&consent).await;
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

/// What the victim's reader met.
#[derive(Default)]
struct Reading {
    failed: Vec<String>,
    longest: Duration,
}

impl Reading {
    /// Reads for a window's time; says how often.
    async fn for_a_while(&mut self, victim: &Agency) -> usize {
        let mut answered = 0;
        let began = Instant::now();
        while began.elapsed() < WINDOW {
            let asked = Instant::now();
            match tries(victim, INBOX, Value::Null).await {
                Outcome::Done(_) => answered += 1,
                other => self.failed.push(format!("{other:?}")),
            }
            self.longest = self.longest.max(asked.elapsed());
        }
        answered
    }
}
