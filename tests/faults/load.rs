//! Clients at all three servers: people are referred, accepted and read until their consent is taken back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::books::{Asked, Books, Told as Heard};
use super::chance::Chance;
use super::stage::{Addresses, Outcome, SERVERS, Stage, reads, shows, tries};
use crate::world::Agency;
use crate::world::agency::{Told, good_consent, survivors_signature, text};
use crate::world::documents::{
    DRAFT_CONSENT, DRAFT_REFERRAL, REGISTER_SURVIVOR, change, sign_consent,
};

pub const REVOKE: &str =
    "mutation($id: ID!) { revokeConsent(id: $id, channel: TELEPHONE) { consent { status } } }";

/// How long a person is read of after the consent was taken back.
const AFTERWARDS: Duration = Duration::from_millis(200);

/// Somebody of whom south may read, until the consent is taken back.
struct Person {
    told: Told,
    /// Whether it was acknowledged that the consent is taken back.
    is_revoked: AtomicBool,
}

/// Clients at work.
pub struct Load {
    pub books: Books,
    is_over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

/// One client.
struct Client {
    north: Agency,
    south: Agency,
    addresses: Addresses,
    people: Arc<Mutex<Vec<Arc<Person>>>>,
    books: Books,
    is_over: Arc<AtomicBool>,
    chance: Chance,
}

impl Load {
    /// So many clients who read, and so many who carry one person after another through the service.
    pub fn starts(stage: &Stage, readers: usize, tellers: usize, chance: &mut Chance) -> Self {
        let mut load = Self {
            books: Books::default(),
            is_over: Arc::default(),
            clients: Vec::new(),
        };
        let people: Arc<Mutex<Vec<Arc<Person>>>> = Arc::default();
        for turn in 0..readers + tellers {
            let client = Client {
                north: stage.north.clone(),
                south: stage.south.clone(),
                addresses: stage.addresses.clone(),
                people: Arc::clone(&people),
                books: load.books.clone(),
                is_over: Arc::clone(&load.is_over),
                chance: chance.another(),
            };
            load.clients.push(if turn < readers {
                tokio::spawn(client.reads_on())
            } else {
                tokio::spawn(client.tells_on())
            });
        }
        load
    }

    /// Waits until so many reads have shown content.
    pub async fn is_in_full_swing(&self, reads: usize) {
        while self.books.reads() < reads {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lets every client finish what it is at.
    pub async fn ends(self) -> Books {
        self.is_over.store(true, Ordering::SeqCst);
        for client in join_all(self.clients).await {
            client.unwrap();
        }
        self.books
    }
}

impl Client {
    fn anywhere(&mut self, agency: &Agency) -> Agency {
        agency.at(&self.addresses.of(self.chance.below(SERVERS)))
    }

    fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::SeqCst)
    }

    async fn pauses(&mut self, bound: Duration) {
        tokio::time::sleep(self.chance.time_below(bound)).await;
    }

    async fn reads_on(mut self) {
        while self.goes_on() {
            self.pauses(Duration::from_millis(20)).await;
            let person = {
                let people = self.people.lock().unwrap();
                if people.is_empty() {
                    continue;
                }
                Arc::clone(&people[self.chance.below(people.len())])
            };
            let reader = self.south.clone();
            let reader = self.anywhere(&reader);
            reads_once(&reader, &person, &self.books).await;
        }
    }

    async fn tells_on(mut self) {
        while self.goes_on() {
            let Some(told) = self.refers().await else {
                self.pauses(Duration::from_millis(100)).await;
                continue;
            };
            let person = Arc::new(Person {
                told,
                is_revoked: AtomicBool::new(false),
            });
            self.people.lock().unwrap().push(Arc::clone(&person));
            self.accepts(&person).await;
            self.pauses(Duration::from_millis(500)).await;
            self.revokes(&person).await;
            tokio::time::sleep(AFTERWARDS).await;
            let mut people = self.people.lock().unwrap();
            people.retain(|one| !Arc::ptr_eq(one, &person));
        }
    }

    /// Refers a new person; none where one of the steps was not acknowledged.
    async fn refers(&mut self) -> Option<Told> {
        let person = format!("person-{}", Uuid::new_v4().simple());
        let survivor =
            json!({ "s": { "pseudonym": person, "ageGroup": "ADULT", "language": "en" } });
        let survivor = self.makes(REGISTER_SURVIVOR, survivor).await?;
        let survivor = text(&survivor["registerSurvivor"]["id"]);
        let consent = good_consent(&survivor, &self.south, &[Identity]);
        let consent = self.makes(DRAFT_CONSENT, json!({ "c": consent })).await?;
        let consent = text(&consent["draftConsent"]["id"]);
        let signature = json!({ "id": consent, "s": survivors_signature() });
        self.makes(&sign_consent("status"), signature).await?;
        let referral = json!({ "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT",
            "package": { "identity": { "givenName": person } } });
        let referral = self.makes(DRAFT_REFERRAL, json!({ "r": referral })).await?;
        let referral = text(&referral["draftReferral"]["id"]);
        let send = change("sendReferral", "status");
        self.makes(&send, json!({ "id": referral })).await?;
        Some(Told {
            referral,
            consent,
            person,
        })
    }

    async fn makes(&mut self, query: &str, variables: Value) -> Option<Value> {
        let north = self.north.clone();
        let north = self.anywhere(&north);
        match tries(&north, query, variables).await {
            Outcome::Done(answer) => Some(answer.data().clone()),
            Outcome::Refused(_) | Outcome::Unknown => None,
        }
    }

    /// Accepts once, and notes what came of it.
    async fn accepts(&mut self, person: &Person) {
        let south = self.south.clone();
        let south = self.anywhere(&south);
        let heard = Heard::from(&accepts(&south, &person.told).await);
        self.books
            .changed(Asked::Accept, &person.told.referral, heard);
    }

    /// Takes the consent back. Where it is not known what came of it, asks again, as the answer says one may.
    async fn revokes(&mut self, person: &Person) {
        let mut heard = Heard::Unknown;
        let mut was_unknown = false;
        for _ in 0..5 {
            let north = self.north.clone();
            let north = self.anywhere(&north);
            heard = Heard::from(&takes_back(&north, &person.told).await);
            if heard != Heard::Unknown {
                break;
            }
            was_unknown = true;
        }
        match heard {
            Heard::Done => person.is_revoked.store(true, Ordering::SeqCst),
            // The one before may have been done.
            Heard::Refused if was_unknown => heard = Heard::Unknown,
            Heard::Refused | Heard::Unknown => {}
        }
        self.books
            .changed(Asked::Revoke, &person.told.consent, heard);
    }
}

/// Accepts a referral.
pub async fn accepts(south: &Agency, told: &Told) -> Outcome {
    let accept = change("acceptReferral", "status");
    tries(south, &accept, json!({ "id": told.referral })).await
}

/// Takes a consent back.
pub async fn takes_back(north: &Agency, told: &Told) -> Outcome {
    tries(north, REVOKE, json!({ "id": told.consent })).await
}

async fn reads_once(reader: &Agency, person: &Person, books: &Books) {
    let began_after = person.is_revoked.load(Ordering::SeqCst);
    match reads(reader, &person.told).await {
        Outcome::Done(answer) if shows(&answer, &person.told) => {
            if began_after {
                let consent = &person.told.consent;
                books.violation(format!("read after {consent} was taken back"));
            }
            let receipt = &answer.data()["referral"]["package"]["receipt"];
            books.shown(text(&receipt["event"]));
        }
        Outcome::Done(_) => books.withheld(),
        Outcome::Refused(codes) => books.refused(codes),
        Outcome::Unknown => books.unanswered(),
    }
}
