//! What was acknowledged survives a kill at any moment, and so does the record of what was released.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concord::audit::tree::leaf_hash;
use concord_entities::ids::AnyId;
use concord_entities::vocabulary::DataCategory::{Identity, Safety};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::world::agency::{PACKAGE, Told, good_consent, survivors_signature, text};
use crate::world::documents::{
    DRAFT_CONSENT, DRAFT_REFERRAL, REGISTER_SURVIVOR, change, sign_consent,
};
use crate::world::{Agency, Database, World, on_both};

/// What clients were told before the power went.
#[derive(Debug, Default)]
struct Acknowledged {
    survivors: HashSet<String>,
    signed: HashSet<String>,
    /// The status that each referral was brought to last.
    referrals: HashMap<String, &'static str>,
    /// The referrals whose content the recipient may read, with the person in it.
    readable: HashMap<String, String>,
    /// The event and leaf hash of each package that was released.
    released: HashMap<String, String>,
}

type Notes = Arc<Mutex<Acknowledged>>;

/// How many clients carry one person after another through the service.
const TELLERS: usize = 24;
/// How many clients read one package again and again.
const READERS: usize = 16;
/// How many clients register one survivor each, spread over the round.
const REGISTRARS: u32 = 160;

on_both!(nothing_that_was_acknowledged_is_lost);
async fn nothing_that_was_acknowledged_is_lost(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let notes = Notes::default();
    for (round, millis) in [0, 370, 120].into_iter().enumerate() {
        let (north, south) = (
            north.at(&world.server.address),
            south.at(&world.server.address),
        );
        let killed = Arc::new(AtomicBool::new(false));
        let clients = start_clients(round, &north, &south, &ada, &notes, &killed);
        much_is_acknowledged(&notes, round + 1).await;
        tokio::time::sleep(Duration::from_millis(millis)).await;
        world.server.is_killed();
        killed.store(true, Ordering::SeqCst);
        join_all(clients).await;

        world.server = world.another_server();
        let south = south.at(&world.server.address);
        everything_is_there(&world, &notes);
        everything_can_be_read(&south, &notes).await;
        let (content, said) = world.verifies();
        assert!(content, "after round {round}: {said}");
    }
}

/// Waits until clients have been told so much that the kill meets a service in full swing, however fast it is.
async fn much_is_acknowledged(notes: &Notes, rounds: usize) {
    let deadline = tokio::time::Instant::now() + Duration::from_mins(2);
    loop {
        {
            let notes = notes.lock().unwrap();
            let enough = notes.readable.len() >= 3 * rounds
                && notes.released.len() >= 20 * rounds
                && notes.survivors.len() >= 60 * rounds;
            if enough {
                return;
            }
        }
        assert!(tokio::time::Instant::now() < deadline, "the clients idle");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn start_clients(
    round: usize,
    north: &Agency,
    south: &Agency,
    ada: &Told,
    notes: &Notes,
    killed: &Arc<AtomicBool>,
) -> Vec<JoinHandle<()>> {
    let tellers = (0..TELLERS).map(|teller| {
        let (north, south, notes) = (north.clone(), south.clone(), Arc::clone(notes));
        let killed = Arc::clone(killed);
        tokio::spawn(async move {
            for turn in 0.. {
                let person = format!("person {round} {teller} {turn}");
                let told = whole_story(&north, &south, &person, &notes).await;
                if goes_on(told, &killed).await.is_none() {
                    break;
                }
            }
        })
    });
    let readers = (0..READERS).map(|_| {
        let (south, ada, notes) = (south.clone(), ada.clone(), Arc::clone(notes));
        let killed = Arc::clone(killed);
        tokio::spawn(async move {
            loop {
                let read = reads(&south, &ada, &notes).await;
                if goes_on(read, &killed).await.is_none() {
                    break;
                }
            }
        })
    });
    let registrars = (0..REGISTRARS).map(|registrar| {
        let (north, notes) = (north.clone(), Arc::clone(notes));
        let killed = Arc::clone(killed);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20) * registrar).await;
            for attempt in 0.. {
                let name = format!("registrar {round} {registrar} {attempt}");
                let made = registers(&north, &name, &notes).await;
                if made.is_some() || goes_on(made, &killed).await.is_none() {
                    break;
                }
            }
        })
    });
    tellers.chain(readers).chain(registrars).collect()
}

/// Whether a client goes on: until the server is killed, also after it has refused to do too much at once.
async fn goes_on<T>(answered: Option<T>, killed: &AtomicBool) -> Option<()> {
    if killed.load(Ordering::SeqCst) {
        return None;
    }
    if answered.is_none() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Some(())
}

async fn registers(north: &Agency, pseudonym: &str, notes: &Notes) -> Option<String> {
    let survivor =
        json!({ "s": { "pseudonym": pseudonym, "ageGroup": "ADULT", "language": "en" } });
    let made = acknowledged(north, REGISTER_SURVIVOR, survivor).await?;
    let survivor = text(&made["registerSurvivor"]["id"]);
    notes.lock().unwrap().survivors.insert(survivor.clone());
    Some(survivor)
}

/// What a server that lives answers; none where it is gone or refused.
async fn acknowledged(agency: &Agency, query: &str, variables: Value) -> Option<Value> {
    let answer = agency.tries(query, variables).await.ok()?;
    match answer.codes().as_str() {
        "" => Some(answer.data().clone()),
        // Too much at once is an honest refusal, and acknowledges nothing.
        "UNAVAILABLE" => None,
        code => panic!("{code}: {}", answer.text),
    }
}

/// One person's way through the service, noted step by step.
async fn whole_story(north: &Agency, south: &Agency, person: &str, notes: &Notes) -> Option<()> {
    let survivor = registers(north, person, notes).await?;
    let consent = good_consent(&survivor, south, &[Safety]);
    let made = acknowledged(north, DRAFT_CONSENT, json!({ "c": consent })).await?;
    let consent = text(&made["draftConsent"]["id"]);
    let signature = survivors_signature();
    let sign = sign_consent("status");
    acknowledged(north, &sign, json!({ "id": consent, "s": signature })).await?;
    notes.lock().unwrap().signed.insert(consent.clone());

    let referral = json!({
        "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "package": { "safety": { "plan": person } },
    });
    let made = acknowledged(north, DRAFT_REFERRAL, json!({ "r": referral })).await?;
    let referral = text(&made["draftReferral"]["id"]);
    let note = |status| {
        let mut notes = notes.lock().unwrap();
        notes.referrals.insert(referral.clone(), status);
    };
    note("DRAFT");
    for (agency, verb, status) in [
        (north, "sendReferral", "REQUESTED"),
        (south, "acceptReferral", "ACCEPTED"),
    ] {
        let step = change(verb, "status");
        acknowledged(agency, &step, json!({ "id": referral })).await?;
        note(status);
        let mut notes = notes.lock().unwrap();
        notes.readable.insert(referral.clone(), person.to_owned());
    }
    Some(())
}

async fn reads(south: &Agency, told: &Told, notes: &Notes) -> Option<()> {
    let variables = json!({ "id": told.referral, "p": "SERVICE_DELIVERY" });
    let data = acknowledged(south, PACKAGE, variables).await?;
    let package = &data["referral"]["package"];
    assert_eq!(package["identity"]["givenName"], told.person.as_str());
    let (event, hash) = (
        &package["receipt"]["event"],
        &package["receipt"]["leafHash"],
    );
    let mut notes = notes.lock().unwrap();
    notes.released.insert(text(event), text(hash));
    Some(())
}

fn everything_is_there(world: &World, notes: &Notes) {
    let notes = notes.lock().unwrap();
    let survivors = rows(world, "SELECT id, age_group FROM survivor");
    for id in &notes.survivors {
        assert!(survivors.contains_key(&uuid(id)), "{id} is lost");
    }
    let signed = rows(
        world,
        "SELECT id, version FROM consent WHERE signed_at IS NOT NULL",
    );
    for id in &notes.signed {
        assert!(
            signed.contains_key(&uuid(id)),
            "the signature of {id} is lost"
        );
    }
    let order = ["DRAFT", "REQUESTED", "ACCEPTED"];
    let place = |status: &str| order.iter().position(|one| *one == status).unwrap();
    let referrals = rows(world, "SELECT id, status FROM referral");
    for (id, status) in &notes.referrals {
        let found = referrals.get(&uuid(id));
        let found = found.unwrap_or_else(|| panic!("{id} is lost"));
        // The last step may have become durable without its client hearing of it.
        assert!(
            place(found) >= place(status),
            "{id} is {found}, not {status}"
        );
    }
    let events = rows(world, "SELECT id, leaf FROM audit_event");
    for (id, hash) in &notes.released {
        let leaf = events.get(&uuid(id));
        let recorded = leaf.map(|leaf| leaf_hash(leaf.as_bytes()).to_string());
        assert_eq!(recorded.as_ref(), Some(hash), "the release {id}");
    }
}

/// Rows of an id and something else, by the id's hexadecimal digits.
fn rows(world: &World, sql: &str) -> HashMap<String, String> {
    let hex = match world.database {
        Database::Sqlite => sql.replace("SELECT id", "SELECT lower(hex(id))"),
        Database::Postgres => sql.replace("SELECT id", "SELECT replace(id::text, '-', '')"),
    };
    let text = world.tampers(&hex);
    let rows = text.lines().map(|row| row.split_once('|').unwrap());
    rows.map(|(id, rest)| (id.to_owned(), rest.to_owned()))
        .collect()
}

fn uuid(id: &str) -> String {
    id.parse::<AnyId>().unwrap().uuid.simple().to_string()
}

/// The content behind every acknowledged referral, a sample of the many.
async fn everything_can_be_read(south: &Agency, notes: &Notes) {
    let sample: Vec<(String, String)> = {
        let notes = notes.lock().unwrap();
        let all = notes.readable.iter();
        all.take(40)
            .map(|(id, person)| (id.clone(), person.clone()))
            .collect()
    };
    for (referral, person) in sample {
        let variables = json!({ "id": referral, "p": "SERVICE_DELIVERY" });
        let answer = south.asks(PACKAGE, variables).await;
        let plan = &answer.data()["referral"]["package"]["safety"]["plan"];
        assert_eq!(*plan, person.as_str(), "{}", answer.text);
    }
}
