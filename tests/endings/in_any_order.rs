//! Consents, agreements and agencies come and go in any order, at two servers over one PostgreSQL, while packages are
//! read without a pause: what the model allows is told, no disclosure begins after an ending that was acknowledged, and
//! none stands in the log behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use proptest::test_runner::{Config, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::model::{Consent, Draft, Model, PEOPLE, Step};
use crate::world::agency::{PACKAGE, Told, text};
use crate::world::{Agency, Database, EVERYTHING, Server, World};

/// One way through everything that may happen; the others are drawn.
const STORY: [Step; 29] = [
    Step::Grant(0),
    Step::Sign(0),
    Step::Refer(0),
    Step::Disclose(0),
    Step::Renew(0),
    Step::Sign(0),
    Step::Grant(1),
    Step::Sign(1),
    Step::Refer(1),
    Step::Lapse(0),
    Step::Renew(0),
    Step::Sign(0),
    Step::Continue(0),
    Step::Disclose(1),
    Step::Suspend,
    Step::Reinstate,
    Step::MouLapses,
    Step::Agree,
    Step::Continue(0),
    Step::Continue(1),
    Step::Renew(1),
    Step::Revoke(1),
    Step::Sign(1),
    Step::Grant(1),
    Step::Sign(1),
    Step::Continue(1),
    Step::Suspend,
    Step::Revoke(0),
    Step::Reinstate,
];

/// It takes half a minute, so it runs once: on PostgreSQL, which serves two servers, where an ending is least easily
/// known at the other.
#[tokio::test(flavor = "multi_thread")]
async fn no_disclosure_begins_after_an_acknowledged_ending() {
    let stage = Stage::set().await;
    let seen = AtomicUsize::new(0);
    let told = stage.play(Model::start(), &STORY, &seen).await;
    assert!(told >= STORY.len(), "only {told} disclosures in the story");

    let drawn = Config {
        cases: 8,
        failure_persistence: None,
        max_shrink_iters: 16,
        ..Config::default()
    };
    let run = block_in_place(|| {
        TestRunner::new(drawn).run(
            &Model::sequential_strategy(10..30),
            |(model, steps, seen)| {
                Handle::current().block_on(stage.play(model, &steps, &seen.unwrap_or_default()));
                Ok(())
            },
        )
    });
    run.unwrap();
    the_log_agrees(&stage.world).await;
}

/// Two servers over one data store.
struct Stage {
    world: World,
    addresses: [String; 2],
    plays: AtomicUsize,
    _second: Server,
}

impl Stage {
    async fn set() -> Self {
        let world = World::on(Database::Postgres).await;
        let second = world.another_server();
        Self {
            addresses: [world.server.address.clone(), second.address.clone()],
            plays: AtomicUsize::new(0),
            world,
            _second: second,
        }
    }

    /// Plays these steps between two agencies of their own, and counts how far it came; says how often something was
    /// told.
    async fn play(&self, mut model: Model, steps: &[Step], seen: &AtomicUsize) -> usize {
        let play = self.plays.fetch_add(1, Ordering::Relaxed);
        let names = ["north", "south"].map(|name| format!("{name} {play}"));
        let (north, south) = self.world.agencies(&names[0], &names[1]).await;
        let mut cast = Cast {
            stage: self,
            north,
            south,
            epoch: 1,
            people: Default::default(),
        };
        let mut told = 0;
        for (turn, step) in steps.iter().enumerate() {
            seen.fetch_add(1, Ordering::SeqCst);
            let next = Model::apply(model.clone(), step);
            // Readers at both servers go on through the step; what they begin after its answer is looked at.
            let over = Arc::new(AtomicBool::new(false));
            let reading = cast.readers(&over);
            cast.does(*step, &model, turn).await;
            over.store(true, Ordering::SeqCst);
            for (who, reading) in reading {
                let (during, after) = reading.await.unwrap();
                told += during + after;
                assert!(
                    after == 0 || next.shares(who),
                    "told of {who} after {step:?} was acknowledged, of {steps:?}"
                );
            }
            // What the model allows is told: the service does not keep its promise by silence.
            for (who, person) in cast.people.iter().enumerate() {
                let Some(referral) = &person.referral else {
                    continue;
                };
                let seen = cast.recipient(turn).reads(referral).await;
                let shown = seen.contains(&format!("identity: {}", referral.person));
                assert_eq!(
                    shown,
                    next.shares(who),
                    "of {who} after {step:?} of {steps:?}: {seen}"
                );
                told += usize::from(shown);
            }
            model = next;
        }
        told
    }
}

/// The two agencies of a play, and whom they know.
struct Cast<'a> {
    stage: &'a Stage,
    north: Agency,
    south: Agency,
    /// The recipient's token epoch, which a suspension moves.
    epoch: u32,
    people: [Known; PEOPLE],
}

/// What the sender knows of a person.
#[derive(Default)]
struct Known {
    survivor: Option<String>,
    consent: String,
    draft: String,
    referral: Option<Told>,
}

type Reading = tokio::task::JoinHandle<(usize, usize)>;

impl Cast<'_> {
    /// Whoever reads for the recipient, at either server.
    fn recipient(&self, turn: usize) -> Agency {
        let mut claims = self.stage.world.claims(self.south.id, EVERYTHING);
        claims.epoch = self.epoch;
        let token = self.stage.world.signs(&claims);
        self.south.with(token).at(&self.stage.addresses[turn % 2])
    }

    fn readers(&self, over: &Arc<AtomicBool>) -> Vec<(usize, Reading)> {
        let referred = self.people.iter().enumerate();
        referred
            .filter_map(|(who, person)| Some((who, person.referral.clone()?)))
            .flat_map(|(who, told)| [0, 1].map(|server| (who, told.clone(), server)))
            .map(|(who, told, server)| {
                let (reader, over) = (self.recipient(server), Arc::clone(over));
                let reading = tokio::spawn(async move { hammers(&reader, &told, &over).await });
                (who, reading)
            })
            .collect()
    }

    async fn does(&mut self, step: Step, model: &Model, turn: usize) {
        let here = &self.stage.addresses[turn % 2];
        let (north, coordinator) = (self.north.at(here), self.stage.world.coordinator().at(here));
        if let Some(who) = step.person() {
            return self.does_for(who, step, model, &north).await;
        }
        match step {
            Step::Suspend => {
                coordinator.suspends(&self.south, "review").await.data();
                self.epoch += 1;
            }
            Step::Reinstate => {
                coordinator.reinstates(&self.south).await.data();
            }
            Step::MouLapses => self.stage.world.ends_sharing(
                "UPDATE mou SET begins_at = 0, ends_at = 1; UPDATE referral SET mou_until = 1",
            ),
            _ => {
                north.agrees_with(&self.recipient(turn)).await;
            }
        }
    }

    async fn does_for(&mut self, who: usize, step: Step, model: &Model, north: &Agency) {
        let (world, person, known) = (&self.stage.world, &mut self.people[who], &model.people[who]);
        match step {
            Step::Grant(_) => {
                if person.survivor.is_none() {
                    person.survivor = Some(north.registers(&format!("person {who}")).await);
                }
                let survivor = person.survivor.as_deref().unwrap();
                person.draft = north.consents(survivor, &self.south, &[Identity]).await;
            }
            Step::Renew(_) => {
                let renewed = north.renews(&person.consent).await;
                person.draft = text(&renewed.data()["renewConsent"]["id"]);
            }
            Step::Sign(_) => {
                let signed = north.signs(&person.draft).await;
                if known.draft == Some(Draft::Renewal) && known.consent == Consent::Revoked {
                    assert_eq!(signed.codes(), "INVALID_TRANSITION");
                } else {
                    assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");
                    person.consent.clone_from(&person.draft);
                }
            }
            Step::Revoke(_) => {
                north.revokes(&person.consent).await.data();
            }
            Step::Lapse(_) => {
                let consent = world.sql_id(&person.consent);
                world.ends_sharing(&format!(
                    "UPDATE consent SET effective_at = 0, expires_at = 1 WHERE id = {consent};\
                     UPDATE referral SET consent_until = 1 WHERE consent_id = {consent}"
                ));
            }
            Step::Refer(_) => {
                let name = format!("Ada {who}");
                let drafted = north
                    .drafts_referral(&person.consent, &name, &[Identity])
                    .await;
                north.does("sendReferral", &drafted).await.data();
                person.referral = Some(drafted);
            }
            Step::Continue(_) => {
                let told = person.referral.as_ref().unwrap();
                let anew = json!({ "identity": { "givenName": told.person } });
                let package = if known.consent_ended {
                    anew
                } else {
                    Value::Null
                };
                north.continues(told, &person.consent, package).await.data();
            }
            // Everybody is read for after every step: this one is for reading alone.
            _ => {}
        }
    }
}

/// How many answers with content there were: of requests begun before the step was acknowledged, and after.
async fn hammers(reader: &Agency, told: &Told, over: &AtomicBool) -> (usize, usize) {
    let (mut during, mut after, mut begun_after) = (0, 0, 0);
    while begun_after < 2 {
        let late = over.load(Ordering::SeqCst);
        let variables = json!({ "id": told.referral, "p": "SERVICE_DELIVERY" });
        let answer = reader.asks(PACKAGE, variables).await;
        let shown = answer
            .text
            .contains(&format!("\"givenName\":\"{}\"", told.person));
        if late {
            begun_after += 1;
            after += usize::from(shown);
        } else {
            during += usize::from(shown);
        }
    }
    (during, after)
}

/// By the log's own order: between an ending of a consent and the end of the log, nothing is told under it; while an
/// agency is suspended, nothing is told to it.
async fn the_log_agrees(world: &World) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while world.tampers("SELECT count(*) FROM audit_waiting") != "0" {
        assert!(tokio::time::Instant::now() < deadline, "not integrated");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = world.tampers(
        "SELECT leaf FROM audit_place JOIN audit_event ON id = event_id \
         WHERE kind IN ('CONSENT_REVOKED', 'AGENCY_SUSPENDED', 'AGENCY_REINSTATED') \
         OR disclosed_under IS NOT NULL ORDER BY leaf_index",
    );
    let (mut revoked, mut suspended) = (Vec::new(), Vec::new());
    let mut disclosures = 0;
    for line in log.lines() {
        let leaf: serde_json::Value = serde_json::from_str(line).unwrap();
        match leaf["type"].as_str().unwrap() {
            "CONSENT_REVOKED" => revoked.push(text(&leaf["consent"])),
            "AGENCY_SUSPENDED" => suspended.push(text(&leaf["recipient"])),
            "AGENCY_REINSTATED" => suspended.retain(|one| *one != text(&leaf["recipient"])),
            _ => {
                disclosures += 1;
                assert!(!revoked.contains(&text(&leaf["consent"])), "{leaf}");
                assert!(!suspended.contains(&text(&leaf["recipient"])), "{leaf}");
            }
        }
    }
    assert!(disclosures > 0);
}
