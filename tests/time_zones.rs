//! Days are counted where an agency works: said when it is registered, or by the operator's hand.

use concord_entities::zone::Zone;
use serde_json::{Value, json};

use crate::world::agency::{good_consent, text};
use crate::world::{Agency, World, on_both};
use concord_entities::vocabulary::DataCategory::Needs;

const REGISTERS: &str = "mutation($a: AgencyInput!) { registerAgency(agency: $a) { id timeZone } }";

fn input(world: &World, name: &str, zone: Value) -> Value {
    let mut input = json!({
        "taskForce": world.task_force.to_string(), "name": name, "kind": "ADVOCACY_GROUP",
    });
    input["timeZone"] = zone;
    json!({ "a": input })
}

/// Registers an agency that works in a zone.
async fn registered(world: &World, name: &str, zone: &str) -> Agency {
    let answer = world
        .coordinator()
        .asks(REGISTERS, input(world, name, json!(zone)))
        .await;
    let registered = &answer.data()["registerAgency"];
    assert_eq!(registered["timeZone"], zone);
    let id = registered["id"].as_str().unwrap().parse().unwrap();
    world.caller(
        id,
        name,
        "agency.crus consent.cruds directory.rs survivor.cruds audit.rs",
    )
}

async fn lacks(agency: &Agency, consent: &Value) -> Vec<String> {
    let lint = "query($c: ConsentInput!) { lintConsent(consent: $c) { code } }";
    let answer = agency.asks(lint, json!({ "c": consent })).await;
    let found = answer.data()["lintConsent"].as_array().unwrap().clone();
    found.iter().map(|one| text(&one["code"])).collect()
}

on_both!(a_limit_is_counted_in_the_days_where_the_agency_works);
async fn a_limit_is_counted_in_the_days_where_the_agency_works(world: World) {
    let south = world.agency("south").await;
    for zone in ["America/New_York", "Asia/Manila", "UTC"] {
        let agency = registered(&world, &format!("agency in {zone}"), zone).await;
        let zone: Zone = zone.parse().unwrap();
        let survivor = agency.registers("Ada").await;
        let mut consent = good_consent(&survivor, &south, &[Needs]);
        // To the end of the ninetieth day, which counts whole.
        let today = zone.day(concord::clock::now());
        let end = zone.end(today.plus_days(90));
        consent["expiresAt"] = json!(end.to_string());
        let found = lacks(&agency, &consent).await;
        assert!(
            !found.contains(&"EXPIRY_TOO_LATE".to_owned()),
            "{zone}: {found:?}"
        );
        let beyond = concord_entities::instant::Instant(end.0 + 1);
        consent["expiresAt"] = json!(beyond.to_string());
        let found = lacks(&agency, &consent).await;
        // Midnight may have passed there since.
        assert!(
            found.contains(&"EXPIRY_TOO_LATE".to_owned())
                || zone.day(concord::clock::now()) > today,
            "{zone}: {found:?}"
        );
    }
}

on_both!(an_agency_that_gives_no_zone_has_its_task_forces);
async fn an_agency_that_gives_no_zone_has_its_task_forces(world: World) {
    let north = world.agency("north").await;
    let south = registered(&world, "south", "Pacific/Guam").await;
    let unknown = world
        .coordinator()
        .asks(REGISTERS, input(&world, "west", json!("Middle/Earth")))
        .await;
    unknown.is_refused_for("agency.timeZone");

    // The task force moves, with those that have its zone; whoever gave another keeps it.
    let task_force = world.task_force.to_string();
    let (done, said) = world.commands(&["time-zone", &task_force, "America/Denver"]);
    assert!(done, "{said}");
    assert!(
        said.contains(&format!("{} works in America/Denver", north.id)),
        "{said}"
    );
    assert!(!said.contains(&south.id.to_string()), "{said}");
    let zones = async || {
        let query = "{ agencies(first: 50) { edges { node { name timeZone } } } \
            taskForces { edges { node { timeZone } } } }";
        let answer = north.asks(query, json!({})).await;
        let mut zones: Vec<String> = answer.data()["agencies"]["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| {
                format!(
                    "{} {}",
                    text(&edge["node"]["name"]),
                    text(&edge["node"]["timeZone"])
                )
            })
            .collect();
        zones.sort();
        let task_forces = &answer.data()["taskForces"]["edges"];
        zones.push(text(&task_forces[0]["node"]["timeZone"]));
        zones
    };
    let expected = [
        "Coordination Office America/Denver",
        "north America/Denver",
        "south Pacific/Guam",
        "America/Denver",
    ];
    assert_eq!(zones().await, expected);
    let joined = world.agency("newcomer").await;
    let own = joined
        .asks("{ viewer { agency { timeZone } } }", json!({}))
        .await;
    assert_eq!(own.data()["viewer"]["agency"]["timeZone"], "America/Denver");

    // One agency alone; it is on its own record.
    let (done, said) = world.commands(&["time-zone", &south.id.to_string(), "Asia/Tokyo"]);
    assert!(done, "{said}");
    assert_eq!(zones().await[3], "south Asia/Tokyo");
    let log = "auditEvents(filter: { types: [AGENCY_TIME_ZONE_SET] })";
    let events = south.lists(log, "object reason").await;
    assert_eq!(
        events,
        [json!({ "object": south.id.to_string(), "reason": "Asia/Tokyo" })]
    );
    let (done, said) = world.commands(&["time-zone", &south.id.to_string(), "Mars/Base"]);
    assert!(!done && said.contains("not a time zone"), "{said}");
}

on_both!(an_mous_days_are_those_of_its_task_force);
async fn an_mous_days_are_those_of_its_task_force(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Needs]).await;
    let mou = north
        .finds(
            "Referral",
            &told.referral,
            "mou { id timeZone expiresOn } status",
        )
        .await;
    assert_eq!(
        (&mou["mou"]["timeZone"], &mou["status"]),
        (&json!("UTC"), &json!("REQUESTED"))
    );
    let last: concord_entities::instant::Day = text(&mou["mou"]["expiresOn"]).parse().unwrap();
    for zone in ["Pacific/Kiritimati", "America/Los_Angeles"] {
        let task_force = world.task_force.to_string();
        let (done, said) = world.commands(&["time-zone", &task_force, zone]);
        assert!(done, "{said}");
        let shown = north
            .finds("Referral", &told.referral, "mou { timeZone expiresOn }")
            .await;
        let expected = json!({ "mou": { "timeZone": zone, "expiresOn": last.to_string() } });
        assert_eq!(shown, expected);
        let zone: Zone = zone.parse().unwrap();
        let until = world.tampers("SELECT max(mou_until) FROM referral");
        assert_eq!(until, zone.end(last).0.to_string());
        assert_eq!(world.tampers("SELECT max(ends_at) FROM mou"), until);
    }
    south.does("acceptReferral", &told).await.data();
}
