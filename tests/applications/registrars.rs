//! An application falls with whoever's token registered it, and reaches no further than that token does.

use concord::application::operator;
use concord::application::rules::{ApplicationRequest, MAX_APPLICATIONS};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{REGISTER, ROTATE, SUSPEND, all, everywhere, public_key, verdict, with_a_secret};
use crate::jose::hand::Hand;
use crate::oauth::partner::{Partner, proof};
use crate::world::agency::text;
use crate::world::{Agency, Database, World, on_both};

const SCOPE: &str = "agency.cru referral.r";

/// Registers a program by this caller's token.
async fn registers(world: &World, caller: &Agency) -> Partner {
    let (id, secret) = with_a_secret(caller, SCOPE).await;
    Partner::given(world, caller, &id, &secret)
}

/// The agency, with a token that this program was given.
async fn acting(agency: &Agency, program: &Partner) -> Agency {
    agency.with(program.token(&[]).await.access_token())
}

on_both!(an_application_falls_with_the_one_that_registered_it);
async fn an_application_falls_with_the_one_that_registered_it(world: World) {
    let other = world.second_server();
    let north = world.agency("north").await;
    let beside = Partner::with_secret(&world, &north, SCOPE);
    let first = registers(&world, &north).await;
    let by_first = acting(&north, &first).await;
    let second = registers(&world, &by_first).await;
    let by_second = acting(&north, &second).await;
    let third = registers(&world, &by_second).await;
    let by_third = acting(&north, &third).await;
    // What another program made of the third's token, and what that registered.
    let token = beside.exchanges(&by_third.token, &[]).await.access_token();
    let exchanged = north.with(token);
    let fourth = registers(&world, &exchanged).await;
    let by_fourth = acting(&north, &fourth).await;

    let shown = "registeredBy { subject client }";
    for (program, registrar) in [(&second, &first), (&third, &second), (&fourth, &beside)] {
        let seen = north.finds("Application", &program.id, shown).await;
        let (by, subject) = (&seen["registeredBy"], &seen["registeredBy"]["subject"]);
        assert_eq!(by["client"], registrar.id.as_str());
        let who = if program.id == fourth.id {
            &third
        } else {
            registrar
        };
        assert_eq!(subject, who.id.as_str());
    }
    let seen = north.finds("Application", &beside.id, shown).await;
    assert_eq!(seen["registeredBy"], Value::Null);

    let suspended = north.asks(SUSPEND, json!({ "id": first.id })).await;
    assert_eq!(verdict(&suspended), "ok");
    for over in [&by_first, &by_second, &by_third, &exchanged, &by_fourth] {
        let verdicts = everywhere(&world, other.as_ref(), over).await;
        all(&verdicts, "UNAUTHENTICATED");
    }
    for program in [&first, &second, &third, &fourth] {
        assert_eq!(program.token(&[]).await.refusal(), "401 invalid_client");
        let worth = program.introspects(&by_fourth.token).await;
        assert_eq!(worth.refusal(), "401 invalid_client");
    }
    let by_beside = acting(&north, &beside).await;
    all(&everywhere(&world, other.as_ref(), &by_beside).await, "ok");
    all(&everywhere(&world, other.as_ref(), &north).await, "ok");
}

on_both!(an_application_falls_and_returns_with_its_agency);
async fn an_application_falls_and_returns_with_its_agency(world: World) {
    let north = world.agency("north").await;
    let first = registers(&world, &north).await;
    let second = registers(&world, &acting(&north, &first).await).await;
    let before = acting(&north, &second).await;
    let office = world.coordinator();
    office.suspends(&north, "under review").await.data();
    assert_eq!(second.token(&[]).await.refusal(), "401 invalid_client");
    office.reinstates(&north).await.data();
    all(&everywhere(&world, None, &before).await, "UNAUTHENTICATED");
    let after = acting(&north, &second).await;
    all(&everywhere(&world, None, &after).await, "ok");
}

#[tokio::test]
async fn a_bound_token_makes_and_renews_only_bound_applications() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let (free, _) = with_a_secret(&north, SCOPE).await;
    let registrar = Partner::dpop_bound(&world, &north, SCOPE);
    let holder = Hand::p256();
    let token = registrar.bound(&holder).await.access_token();
    let asks = async |query: &str, variables: Value| {
        let request = registrar
            .http
            .post(format!("http://{}/graphql", registrar.address))
            .header("authorization", format!("DPoP {token}"))
            .header("dpop", proof(&holder, registrar.proof_for(&token)))
            .json(&json!({ "query": query, "variables": variables }));
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        body
    };
    let code = |body: &Value| body["errors"][0]["extensions"]["code"].clone();
    let mut input = json!({ "name": "n", "scopes": ["referral.r"], "keys": [public_key().0] });
    let refused = asks(REGISTER, json!({ "a": input })).await;
    assert_eq!(code(&refused), "BAD_USER_INPUT", "{refused}");
    assert_eq!(
        refused["errors"][0]["extensions"]["field"],
        json!(["application", "dpopBound"])
    );
    input["dpopBound"] = json!(true);
    let made = asks(REGISTER, json!({ "a": input })).await;
    let made = &made["data"]["registerApplication"]["application"];
    assert_eq!(made["dpopBound"], true);

    // Nor does it come by one that is not bound.
    let refused = asks(ROTATE, json!({ "id": free })).await;
    assert_eq!(code(&refused), "INVALID_TRANSITION", "{refused}");
    let kept = world.tampers("SELECT count(*) FROM application_secret");
    assert_eq!(kept, "1");
}

on_both!(an_agency_has_at_most_a_hundred_live_applications);
async fn an_agency_has_at_most_a_hundred_live_applications(world: World) {
    let second = world.second_server();
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let wanted = ApplicationRequest {
        name: "one of many".to_owned(),
        scope: "referral.r".to_owned(),
        secret: true,
        ..ApplicationRequest::default()
    };
    let store = &world.service.store;
    for _ in 0..MAX_APPLICATIONS - 3 {
        let registered = operator::register(store, north.id, &wanted).await;
        registered.unwrap();
    }
    // Twelve at once, on every server: three get in.
    let input = json!({ "name": "n", "scopes": ["referral.r"], "secret": true });
    let servers: Vec<_> = second.iter().chain([&world.server]).collect();
    let racing = (0..12).map(|turn| {
        let north = north.at(&servers[turn % servers.len()].address);
        let input = input.clone();
        async move { north.asks(REGISTER, json!({ "a": input })).await }
    });
    let answers = join_all(racing).await;
    let verdicts: Vec<_> = answers.iter().map(verdict).collect();
    let made = verdicts.iter().filter(|verdict| *verdict == "ok").count();
    let full = verdicts
        .iter()
        .filter(|verdict| *verdict == "INVALID_TRANSITION");
    assert_eq!((made, full.count()), (3, 9), "{verdicts:?}");
    let live = "SELECT count(*) FROM application WHERE status = 'ACTIVE'";
    assert_eq!(world.tampers(live), MAX_APPLICATIONS.to_string());
    let refused = operator::register(store, north.id, &wanted).await;
    assert_eq!(refused.unwrap_err().error.code(), "INVALID_TRANSITION");

    // It is the agency's own number, and one that is suspended makes room.
    let elsewhere = south.asks(REGISTER, json!({ "a": input })).await;
    assert_eq!(verdict(&elsewhere), "ok");
    let mut all = answers.iter().filter(|answer| verdict(answer) == "ok");
    let one = &all.next().unwrap().data()["registerApplication"]["application"];
    let suspended = north.asks(SUSPEND, json!({ "id": text(&one["id"]) })).await;
    assert_eq!(verdict(&suspended), "ok");
    let again = north.asks(REGISTER, json!({ "a": input })).await;
    assert_eq!(verdict(&again), "ok");
}

#[tokio::test]
async fn a_line_of_registrars_has_an_end() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let mut caller = north.clone();
    for _ in 0..=concord::application::registrars::MAX_REGISTRARS {
        let next = registers(&world, &caller).await;
        caller = acting(&north, &next).await;
    }
    let input = json!({ "name": "n", "scopes": ["referral.r"], "secret": true });
    let refused = caller.asks(REGISTER, json!({ "a": input })).await;
    assert_eq!(verdict(&refused), "INVALID_TRANSITION");
    // Its own token is as good as any.
    all(&everywhere(&world, None, &caller).await, "ok");
}
