//! It is explained to a sender how it was: who could see a package at a moment in the past, and why.

mod kept;
mod replay;
mod under_load;

use std::time::Duration;

use concord::clock;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::{Value, json};

use crate::world::agency::{Told, text};
use crate::world::{Agency, Answer, World, on_both};

const EXPLAIN: &str = "query($id: ID!, $agency: ID!, $p: Purpose!, $asOf: DateTime) { referral(id: $id) { \
    explainAccess(agency: $agency, purpose: $p, asOf: $asOf) \
    { status keys { kind held reason } shared withheld { category reason } } } }";

/// A moment as the wire has it.
fn written(moment: Instant) -> String {
    moment.in_full().to_string()
}

/// The time, with a pause on either side that every database's clock notices.
async fn moment_between() -> Instant {
    let pause = Duration::from_millis(3);
    tokio::time::sleep(pause).await;
    let moment = clock::now();
    tokio::time::sleep(pause).await;
    moment
}

async fn asks(sender: &Agency, told: &Told, of: &Agency, as_of: Option<&str>) -> Answer {
    let variables = json!({ "id": told.referral, "agency": of.id.to_string(), "p": "SERVICE_DELIVERY", "asOf": as_of });
    sender.asks(EXPLAIN, variables).await
}

/// An explanation on one line.
async fn explains(sender: &Agency, told: &Told, of: &Agency, as_of: Option<&str>) -> String {
    let answer = asks(sender, told, of, as_of).await;
    let explained = &answer.data()["referral"]["explainAccess"];
    let keys = explained["keys"].as_array().unwrap().iter();
    let keys: Vec<_> = keys
        .map(|key| match key["reason"].as_str() {
            Some(reason) => format!("{}: {reason}", key["kind"].as_str().unwrap()),
            None => text(&key["kind"]),
        })
        .collect();
    let keys = keys.join(", ");
    format!(
        "{} | {keys} | {}",
        text(&explained["status"]),
        explained["shared"]
    )
}

on_both!(why_the_shelter_could_read_it_on_tuesday_is_explained_on_friday);
async fn why_the_shelter_could_read_it_on_tuesday_is_explained_on_friday(world: World) {
    let (advocates, shelter) = world.agencies("advocates", "shelter").await;
    let drafted = advocates
        .refers("Ada")
        .to(&shelter)
        .drafted([Identity, Needs])
        .await;
    let monday = written(moment_between().await);
    advocates.does("sendReferral", &drafted).await.data();
    shelter.does("acceptReferral", &drafted).await.data();
    moment_between().await;
    assert!(shelter.reads(&drafted).await.contains("identity: Ada"));
    moment_between().await;
    // The survivor takes it back, the shelter is shut out, and at last Ada asks to be forgotten.
    advocates.revokes_consent(&drafted).await.data();
    let thursday = written(moment_between().await);
    let coordinator = world.coordinator();
    coordinator.suspends(&shelter, "an audit").await.data();
    let friday = written(moment_between().await);

    // When the shelter read it, the log of its sender says.
    let log = "auditEvents(first: 1, filter: { types: [PACKAGE_READ] })";
    let read = advocates.lists(log, "recordedAt object").await;
    assert_eq!(read[0]["object"], drafted.referral);
    let tuesday = text(&read[0]["recordedAt"]);
    let told = [
        (
            &monday,
            "DRAFT | MOU: NO_MOU, CONSENT, PURPOSE: MOU_DOES_NOT_COVER | []",
        ),
        (
            &tuesday,
            r#"ACCEPTED | MOU, CONSENT, PURPOSE | ["IDENTITY","NEEDS"]"#,
        ),
        (
            &thursday,
            "SUSPENDED | MOU, CONSENT: CONSENT_REVOKED, PURPOSE | []",
        ),
        (
            &friday,
            "SUSPENDED | MOU: AGENCY_SUSPENDED, CONSENT: CONSENT_REVOKED, PURPOSE | []",
        ),
    ];
    for (day, expected) in told {
        let explained = explains(&advocates, &drafted, &shelter, Some(day)).await;
        assert_eq!(explained, expected, "{day}");
    }
    let now = explains(&advocates, &drafted, &shelter, None).await;
    assert_eq!(now, told[3].1);
    // Nothing of a person is in it: it outlasts her erasure, and so does what her advocates answer for.
    let ada = advocates.survivor_of(&drafted.consent).await;
    let erased = advocates.changes("eraseSurvivor", &ada, "packages").await;
    erased.data();
    for (day, expected) in told {
        let explained = explains(&advocates, &drafted, &shelter, Some(day)).await;
        assert_eq!(explained, expected, "{day}");
    }
}

on_both!(an_agency_is_told_of_its_own_past_without_its_token);
async fn an_agency_is_told_of_its_own_past_without_its_token(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let moment = written(moment_between().await);
    let own = explains(&north, &told, &north, None).await;
    assert!(own.starts_with("REQUESTED | MOU, CONSENT, TOKEN, PURPOSE | "));
    let before = explains(&north, &told, &north, Some(&moment)).await;
    assert_eq!(before, own.replace("TOKEN, ", ""));
    // It is for the sender then as now.
    let refused = asks(&south, &told, &south, Some(&moment)).await;
    assert_eq!(refused.codes(), "SENDERS_ONLY");
}

on_both!(what_is_not_known_of_the_past_is_refused_and_it_is_said_since_when_it_is);
async fn what_is_not_known_of_the_past_is_refused_and_it_is_said_since_when_it_is(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let early = written(moment_between().await);
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let drafted = north.finds("Referral", &told.referral, "createdAt").await;
    let drafted = text(&drafted["createdAt"]);
    let to_come = written(clock::now().plus(Duration::from_mins(1)));
    let as_of = async |moment: &str| asks(&north, &told, &south, Some(moment)).await;
    let message = |refused: &Answer| {
        refused.is_refused_for("asOf");
        assert_eq!(
            refused.body["data"]["referral"]["explainAccess"],
            Value::Null
        );
        text(&refused.body["errors"][0]["message"])
    };
    assert!(message(&as_of(&early).await).contains(&drafted));
    assert!(message(&as_of(&to_come).await).contains("future"));
    as_of(&drafted).await.data();
    // A store that began to keep the past after that knows it since then.
    moment_between().await;
    let begun = clock::now();
    world.tampers(&format!("UPDATE past_facts SET kept_since = {}", begun.0));
    moment_between().await;
    assert!(message(&as_of(&drafted).await).contains(&written(begun)));
    as_of(&written(begun)).await.data();
}

on_both!(several_moments_of_several_referrals_are_explained_at_once);
async fn several_moments_of_several_referrals_are_explained_at_once(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Needs]).await;
    let first = moment_between().await;
    north.revokes_consent(&ada).await.data();
    let second = moment_between().await;
    north.revokes_consent(&bea).await.data();
    let third = moment_between().await;
    let shown = |name: &str, moment: Instant| {
        let (agency, moment) = (south.id, written(moment));
        format!(
            "{name}: explainAccess(agency: \"{agency}\", purpose: SERVICE_DELIVERY, asOf: \"{moment}\") {{ shared }} "
        )
    };
    let shown =
        [("a", first), ("b", second), ("c", third)].map(|(name, moment)| shown(name, moment));
    let shown = format!("id {}", shown.concat());
    let mut told = north.lists("referrals(box: OUTBOX)", &shown).await;
    told.sort_by_key(|one| one["id"] != ada.referral.as_str());
    let shared = |names: &[&str]| json!({ "shared": names });
    let expected = json!([
        { "id": ada.referral, "a": shared(&["IDENTITY"]), "b": shared(&[]), "c": shared(&[]) },
        { "id": bea.referral, "a": shared(&["NEEDS"]), "b": shared(&["NEEDS"]), "c": shared(&[]) },
    ]);
    assert_eq!(Value::Array(told), expected);
}
