//! What agencies and the operator register with applications.

use concord::access::token::Claims;

use super::*;
use crate::world::EVERYTHING;
use crate::world::agency::text;

const REGISTER: &str = "mutation($a: ApplicationInput!) { registerApplication(application: $a) \
    { application { id allowedOrigins } } }";
const REPLACE: &str = "mutation($id: ID!, $o: [String!]!) { replaceApplicationOrigins(id: $id, allowedOrigins: $o) \
    { id allowedOrigins } }";

async fn registers(agency: &Agency, origins: &[&str]) -> String {
    let input = json!({ "name": "desk", "scopes": ["referral.rs"], "secret": true, "allowedOrigins": origins });
    let answer = agency.asks(REGISTER, json!({ "a": input })).await;
    let made = &answer.data()["registerApplication"]["application"];
    assert_eq!(made["allowedOrigins"], json!(origins));
    text(&made["id"])
}

/// The agency with a token of this program's.
fn carrying(world: &World, agency: &Agency, application: &str) -> Agency {
    agency.with(world.signs(&Claims {
        client: application.to_owned(),
        ..world.claims(agency.id, EVERYTHING)
    }))
}

on_both!(an_applications_pages_use_its_tokens_and_no_others);
async fn an_applications_pages_use_its_tokens_and_no_others(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let here = world.server.address.clone();
    assert!(!may_call(&here, DESK).await);
    let desk = registers(&north, &[DESK]).await;
    let intake = registers(&south, &[INTAKE]).await;
    let none = registers(&south, &[]).await;
    // On the server that was told, at once.
    assert!(may_call(&here, DESK).await && may_call(&here, INTAKE).await);
    assert!(!may_call(&here, STRANGER).await);

    let of_desk = carrying(&world, &north, &desk);
    assert_eq!(answered(DESK, &of_desk).await, ok());
    // The preflight could not tell whose token it would be.
    assert_eq!(
        answered(INTAKE, &of_desk).await,
        refused(403, "FORBIDDEN_ORIGIN", true)
    );
    assert_eq!(
        answered(STRANGER, &of_desk).await,
        refused(403, "FORBIDDEN_ORIGIN", false)
    );
    let of_none = carrying(&world, &south, &none);
    assert_eq!(
        answered(INTAKE, &of_none).await,
        refused(403, "FORBIDDEN_ORIGIN", true)
    );
    assert_eq!(
        answered(INTAKE, &carrying(&world, &south, &intake)).await,
        ok()
    );
    assert_eq!(of_none.asks(VIEWER, Value::Null).await.status, 200);

    let denied = "auditEvents(filter: { types: [ACCESS_DENIED] }, first: 100)";
    let denied = south.lists(denied, "client reason").await;
    let denied: Vec<_> = denied
        .iter()
        .filter(|one| one["client"] == none.as_str())
        .collect();
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0]["reason"], "FORBIDDEN_ORIGIN");

    nothing_of_a_refused_page_is_executed(&of_none).await;
    they_are_replaced(&world, &north, &desk).await;
}

async fn nothing_of_a_refused_page_is_executed(agency: &Agency) {
    let query =
        "mutation { registerSurvivor(survivor: { pseudonym: \"never\", ageGroup: ADULT }) { id } }";
    let url = format!("http://{}/graphql", agency.address);
    let request = reqwest::Client::new().post(url).bearer_auth(&agency.token);
    let request = from(STRANGER, request.json(&json!({ "query": query })));
    assert_eq!(request.send().await.unwrap().status(), 403);
    assert_eq!(agency.lists("survivors", "id").await, Vec::<Value>::new());
}

async fn they_are_replaced(world: &World, north: &Agency, desk: &str) {
    let other = world.second_server();
    if let Some(other) = &other {
        assert!(may_call(&other.address, DESK).await);
    }
    let replaced = north
        .asks(REPLACE, json!({ "id": desk, "o": [STRANGER, STRANGER] }))
        .await;
    let replaced = &replaced.data()["replaceApplicationOrigins"];
    assert_eq!(replaced["allowedOrigins"], json!([STRANGER]));
    let of_desk = carrying(world, north, desk);
    assert_eq!(
        answered(DESK, &of_desk).await,
        refused(403, "FORBIDDEN_ORIGIN", false)
    );
    assert_eq!(answered(STRANGER, &of_desk).await, ok());
    if let Some(other) = &other {
        let there = of_desk.at(&other.address);
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(8);
        while may_call(&other.address, DESK).await {
            assert!(
                tokio::time::Instant::now() < deadline,
                "another server never noticed"
            );
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        assert_eq!(answered(STRANGER, &there).await, ok());
    }

    let (content, said) = world.commands(&["application", "origins", desk]);
    assert!(
        content && said.contains("from no pages of its own"),
        "{said}"
    );
    let (content, said) = world.commands(&["application", "origins", desk, INTAKE]);
    assert!(content && said.contains(INTAKE), "{said}");
    let events = format!("auditEvents(filter: {{ object: {desk:?} }}, first: 100)");
    let kinds: Vec<_> = north.lists(&events, "type object").await;
    let kinds = kinds.iter().filter(|event| event["object"] == desk);
    let kinds: Vec<String> = kinds.map(|event| text(&event["type"])).rev().collect();
    let replaced = "APPLICATION_ORIGINS_REPLACED";
    assert_eq!(
        kinds,
        ["APPLICATION_REGISTERED", replaced, replaced, replaced]
    );
}

on_both!(only_who_reaches_as_far_changes_an_applications_pages);
async fn only_who_reaches_as_far_changes_an_applications_pages(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let desk = registers(&north, &[DESK]).await;
    let replaces = async |who: &Agency, origins: Value| {
        let bare = "mutation($id: ID!, $o: [String!]!) { replaceApplicationOrigins(id: $id, allowedOrigins: $o) { id } }";
        who.asks(bare, json!({ "id": desk, "o": origins })).await
    };
    assert_eq!(replaces(&south, json!([])).await.codes(), "NOT_FOUND");
    for scope in ["agency.u", "agency.u referral.r", "agency.crs referral.rs"] {
        let holder = north.with(world.token(north.id, scope));
        assert_eq!(
            replaces(&holder, json!([])).await.codes(),
            "FORBIDDEN_SCOPE",
            "{scope}"
        );
    }
    for wrong in ["*", "null", "https://desk.example/", "http://desk.example"] {
        let refused = replaces(&north, json!([DESK, wrong])).await;
        refused.is_refused_for("allowedOrigins[1]");
    }
    let many: Vec<String> = (0..21)
        .map(|n| format!("https://desk{n}.example"))
        .collect();
    let refused = replaces(&north, json!(many)).await;
    refused.is_refused_for("allowedOrigins");
    let input =
        json!({ "name": "n", "scopes": ["referral.r"], "secret": true, "allowedOrigins": ["*"] });
    let refused = north.asks(REGISTER, json!({ "a": input })).await;
    refused.is_refused_for("application.allowedOrigins[0]");
    assert!(may_call(&world.server.address, DESK).await);

    north
        .changes("suspendApplication", &desk, "id")
        .await
        .data();
    assert_eq!(
        replaces(&north, json!([])).await.codes(),
        "INVALID_TRANSITION"
    );
}
