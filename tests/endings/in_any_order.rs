//! Consents and agencies come and go in any order, at two servers over one PostgreSQL, while packages are read without a
//! pause: no disclosure begins after an ending that was acknowledged, nor stands in the log behind it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use concord::access::token::issue;
use concord_entities::vocabulary::DataCategory::Identity;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::world::agency::{PACKAGE, Told, text};
use crate::world::{Agency, Database, EVERYTHING, World};

const CASES: usize = 8;
const STEPS: usize = 25;

/// What happens next, to the newest referral or the recipient.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Revoke,
    Lapse,
    Suspend,
    Reinstate,
    Anew,
    Read,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Revoke),
        1 => Just(Step::Lapse),
        1 => Just(Step::Suspend),
        2 => Just(Step::Reinstate),
        3 => Just(Step::Anew),
        5 => Just(Step::Read),
    ]
}

/// What the model knows: whether anything may be told now.
struct Model {
    consented: bool,
    active: bool,
    epoch: u32,
}

#[tokio::test]
async fn no_disclosure_begins_after_an_acknowledged_ending() {
    let world = World::on(Database::Postgres).await;
    let second = world.another_server();
    let addresses = [world.server.address.clone(), second.address.clone()];
    let mut runner = TestRunner::new(Config::default());
    let mut disclosed = 0;
    for case in 0..CASES {
        let steps = vec(step(), STEPS).new_tree(&mut runner).unwrap().current();
        let (north, south) = world
            .agencies(&format!("n{case}"), &format!("s{case}"))
            .await;
        disclosed += played(&world, &addresses, &north, &south, &steps).await;
    }
    assert!(
        disclosed > CASES,
        "only {disclosed} disclosures were looked at"
    );
    the_log_agrees(&world).await;
}

async fn played(
    world: &World,
    addresses: &[String; 2],
    north: &Agency,
    south: &Agency,
    steps: &[Step],
) -> usize {
    let mut model = Model {
        consented: true,
        active: true,
        epoch: 1,
    };
    let mut told = north.refers("Ada").to(south).sharing([Identity]).await;
    let mut disclosed = 0;
    for (turn, step) in steps.iter().enumerate() {
        let caller = |agency: &Agency, epoch| {
            let mut claims = world.claims(agency.id, EVERYTHING);
            claims.epoch = epoch;
            let token = issue(&world.service.ring.signer(), &claims).unwrap();
            agency.with(token).at(&addresses[turn % 2])
        };
        let (sender, coordinator) = (
            caller(north, 1),
            world.coordinator().at(&addresses[turn % 2]),
        );
        let readers = addresses
            .each_ref()
            .map(|address| caller(south, model.epoch).at(address));
        // Readers at both servers go on through the step; what they begin after its answer is looked at.
        let over = Arc::new(AtomicBool::new(false));
        let reading = readers.each_ref().map(|reader| {
            let (reader, told, over) = (reader.clone(), told.clone(), Arc::clone(&over));
            tokio::spawn(async move { hammers(&reader, &told, &over).await })
        });
        match step {
            Step::Revoke => {
                sender.revokes_consent(&told).await.data();
                model.consented = false;
            }
            Step::Lapse => {
                let (consent, referral) =
                    (world.sql_id(&told.consent), world.sql_id(&told.referral));
                world.ends_sharing(&format!(
                    "UPDATE consent SET effective_at = 0, expires_at = 1 WHERE id = {consent};;\
                     UPDATE referral SET consent_until = 1 WHERE id = {referral}"
                ));
                model.consented = false;
            }
            Step::Suspend if model.active => {
                asks_about(&coordinator, "suspendAgency", ", reason: \"review\"", south).await;
                (model.active, model.epoch) = (false, model.epoch + 1);
            }
            Step::Reinstate if !model.active => {
                asks_about(&coordinator, "reinstateAgency", "", south).await;
                model.active = true;
            }
            Step::Suspend | Step::Reinstate | Step::Anew | Step::Read => {}
        }
        over.store(true, Ordering::SeqCst);
        let open = model.consented && model.active;
        for reading in reading {
            let (during, after) = reading.await.unwrap();
            disclosed += during + after;
            assert!(
                open || after == 0,
                "told after {step:?} was acknowledged, of {steps:?}"
            );
        }
        if *step == Step::Anew && model.active {
            let person = format!("Ada {turn}");
            told = sender.refers(&person).to(south).sharing([Identity]).await;
            model.consented = true;
        }
        // What the model allows is told, and nothing else: the service does not keep its promise by silence.
        let now = caller(south, model.epoch).reads(&told).await;
        assert_eq!(
            now.contains("identity:"),
            model.consented && model.active,
            "after {step:?} of {steps:?}: {now}"
        );
    }
    disclosed
}

async fn asks_about(coordinator: &Agency, verb: &str, more: &str, agency: &Agency) {
    let mutation = format!("mutation($id: ID!) {{ {verb}(id: $id{more}) {{ id }} }}");
    let id = json!({ "id": agency.id.to_string() });
    coordinator.asks(&mutation, id).await.data();
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
    while world.tampers("SELECT count(*) FROM audit_event WHERE leaf_index IS NULL") != "0" {
        assert!(tokio::time::Instant::now() < deadline, "not integrated");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = world.tampers(
        "SELECT leaf FROM audit_event WHERE kind IN ('CONSENT_REVOKED', 'AGENCY_SUSPENDED', 'AGENCY_REINSTATED') \
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
