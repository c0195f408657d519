//! Trusted documents: an application that has some executes nothing else, whoever holds its token.

mod lists;

use concord::access::token::Claims;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::agency::text;
use crate::world::{Agency, Answer, Database, EVERYTHING, World, on_both};

const VIEWER: &str = "query Whoami { viewer { subject } }";
const INBOX: &str =
    "query Inbox($first: Int) { referrals(box: INBOX, first: $first) { edges { node { id } } } }";
const SHOWN: &str = "id trustedDocumentsOnly trustedDocuments";

fn add() -> String {
    format!(
        "mutation($id: ID!, $d: [String!]!) {{ addTrustedDocuments(id: $id, documents: $d) {{ {SHOWN} }} }}"
    )
}

fn remove() -> String {
    format!(
        "mutation($id: ID!, $h: [Sha256!]!) {{ removeTrustedDocuments(id: $id, hashes: $h) {{ {SHOWN} }} }}"
    )
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

async fn registers(agency: &Agency, name: &str) -> String {
    let input = json!({ "name": name, "scopes": ["referral.rs"], "secret": true });
    let register = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { application { id } } }";
    let answer = agency.asks(register, json!({ "a": input })).await;
    text(&answer.data()["registerApplication"]["application"]["id"])
}

/// The agency with a token of this program's.
fn carrying(world: &World, agency: &Agency, application: &str) -> Agency {
    agency.with(world.signs(&Claims {
        client: application.to_owned(),
        ..world.claims(agency.id, EVERYTHING)
    }))
}

/// What comes of a request with these parameters: `ok`, or its status and codes.
async fn sends(who: &Agency, parameters: Value) -> String {
    let url = format!("http://{}/graphql", who.address);
    let request = reqwest::Client::new().post(url).bearer_auth(&who.token);
    let request = request.header("accept", "application/graphql-response+json");
    let response = request.json(&parameters).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap();
    verdict(&Answer { status, body, text })
}

async fn asks(who: &Agency, query: &str) -> String {
    sends(who, json!({ "query": query })).await
}

fn verdict(answer: &Answer) -> String {
    match answer.codes() {
        codes if codes.is_empty() => "ok".to_owned(),
        codes => format!("{} {codes}", answer.status),
    }
}

const NOT_TRUSTED: &str = "400 DOCUMENT_NOT_TRUSTED";
const NOT_SUPPORTED: &str = "400 PERSISTED_QUERY_NOT_SUPPORTED";

fn by_apollo(hash: &str) -> Value {
    json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } })
}

on_both!(what_is_not_trusted_is_not_executed);
async fn what_is_not_trusted_is_not_executed(world: World) {
    let north = world.agency("north").await;
    let (id, other) = (
        registers(&north, "desk").await,
        registers(&north, "other").await,
    );
    let desk = carrying(&world, &north, &id);
    let second = world.second_server();
    if let Some(second) = &second {
        assert_eq!(
            asks(&desk.at(&second.address), "{ __typename }").await,
            "ok"
        );
    }
    assert_eq!(asks(&desk, "{ __typename }").await, "ok");
    assert_eq!(
        sends(&desk, by_apollo(&sha256(VIEWER))).await,
        NOT_SUPPORTED
    );

    let added = north
        .asks(&add(), json!({ "id": id, "d": [VIEWER, INBOX, VIEWER] }))
        .await;
    let mut hashes = [sha256(VIEWER), sha256(INBOX)];
    hashes.sort();
    let shown = json!({ "id": id, "trustedDocumentsOnly": true, "trustedDocuments": hashes });
    assert_eq!(added.data()["addTrustedDocuments"], shown);

    assert_eq!(asks(&desk, VIEWER).await, "ok");
    assert_eq!(
        sends(
            &desk,
            json!({ "query": INBOX, "variables": { "first": 1 } })
        )
        .await,
        "ok"
    );
    let hash = sha256(VIEWER);
    for parameters in [
        by_apollo(&hash),
        json!({ "documentId": hash }),
        json!({ "documentId": format!("sha256:{hash}"), "operationName": "Whoami" }),
        json!({ "query": VIEWER, "documentId": "another" }),
    ] {
        assert_eq!(sends(&desk, parameters.clone()).await, "ok", "{parameters}");
    }
    let others = [
        "{ viewer { subject } }",
        "query Whoami { viewer { subject } } ",
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        "not GraphQL",
        "",
    ];
    for query in others {
        assert_eq!(asks(&desk, query).await, NOT_TRUSTED, "{query}");
    }
    for parameters in [
        by_apollo(&sha256("{ __typename }")),
        by_apollo("nonsense"),
        json!({ "extensions": { "persistedQuery": {} } }),
        json!({ "documentId": "" }),
        json!({ "documentId": format!("md5:{hash}") }),
        json!({ "query": "{ __typename }", "documentId": hash }),
    ] {
        assert_eq!(
            sends(&desk, parameters.clone()).await,
            NOT_TRUSTED,
            "{parameters}"
        );
    }
    assert_eq!(
        sends(&desk, json!({ "documentId": 1 })).await,
        "400 BAD_USER_INPUT"
    );
    assert_eq!(sends(&desk, json!({})).await, "400 BAD_USER_INPUT");
    // Of others nothing is asked that was not before.
    assert_eq!(
        asks(&carrying(&world, &north, &other), "{ __typename }").await,
        "ok"
    );
    assert_eq!(asks(&north, "{ __typename }").await, "ok");
    if let Some(second) = &second {
        another_server_follows(&desk.at(&second.address)).await;
    }

    let denied = north
        .lists(
            "auditEvents(filter: { types: [ACCESS_DENIED] }, first: 100)",
            "client reason",
        )
        .await;
    let denied = denied.iter().filter(|one| one["client"] == id.as_str());
    let mut denied = denied.map(|one| &one["reason"]);
    assert!(denied.clone().count() >= 10 && denied.all(|code| code == "DOCUMENT_NOT_TRUSTED"));
}

async fn another_server_follows(desk: &Agency) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    while asks(desk, "{ __typename }").await == "ok" {
        assert!(
            tokio::time::Instant::now() < deadline,
            "another server never noticed"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(sends(desk, by_apollo(&sha256(VIEWER))).await, "ok");
}

on_both!(an_application_cannot_unbind_itself);
async fn an_application_cannot_unbind_itself(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let id = registers(&north, "desk").await;
    let desk = carrying(&world, &north, &id);
    let (add, remove) = (add(), remove());
    // Even where it is trusted with the very documents that would do it.
    let first = json!({ "id": id, "d": [VIEWER, add, remove] });
    assert_eq!(
        desk.asks(&add, first.clone()).await.codes(),
        "INVALID_TRANSITION"
    );
    north.asks(&add, first).await.data();
    let more = json!({ "id": id, "d": ["{ __typename }"] });
    let less = json!({ "id": id, "h": [sha256(VIEWER)] });
    assert_eq!(
        desk.asks(&add, more.clone()).await.codes(),
        "INVALID_TRANSITION"
    );
    assert_eq!(
        desk.asks(&remove, less.clone()).await.codes(),
        "INVALID_TRANSITION"
    );
    assert_eq!(south.asks(&add, more.clone()).await.codes(), "NOT_FOUND");
    assert_eq!(south.asks(&remove, less.clone()).await.codes(), "NOT_FOUND");
    let narrow = north.with(world.token(north.id, "agency.ru"));
    assert_eq!(
        narrow.asks(&add, more.clone()).await.codes(),
        "FORBIDDEN_SCOPE"
    );
    assert_eq!(
        narrow.asks(&remove, less.clone()).await.codes(),
        "FORBIDDEN_SCOPE"
    );
    assert_eq!(asks(&desk, "{ __typename }").await, NOT_TRUSTED);

    // With none left, nothing is executed: an empty list is not "any".
    let all = json!({ "id": id, "h": [sha256(VIEWER), sha256(&add), sha256(&remove)] });
    let removed = north.asks(&remove, all.clone()).await;
    let left = &removed.data()["removeTrustedDocuments"];
    assert_eq!(
        left,
        &json!({ "id": id, "trustedDocumentsOnly": true, "trustedDocuments": [] })
    );
    assert_eq!(asks(&desk, VIEWER).await, NOT_TRUSTED);
    // Again, nothing changes.
    north.asks(&remove, all).await.data();
    north.asks(&add, more.clone()).await.data();
    north.asks(&add, more).await.data();
    assert_eq!(asks(&desk, "{ __typename }").await, "ok");

    let (content, said) = world.commands(&["application", "documents", "lift", &id]);
    assert!(content && said.contains("executes any document"), "{said}");
    let events = format!("auditEvents(filter: {{ object: {id:?} }}, first: 100)");
    let events = north.lists(&events, "type object reason").await;
    let events = events
        .iter()
        .filter(|event| event["object"] == id.as_str() && event["type"] != "ACCESS_DENIED");
    let told: Vec<_> = events
        .map(|event| (text(&event["type"]), event["reason"].clone()))
        .collect();
    let list = |texts: &[&str]| {
        let mut hashes: Vec<String> = texts
            .iter()
            .map(|text| format!("{}\n", sha256(text)))
            .collect();
        hashes.sort();
        json!(sha256(&hashes.concat()))
    };
    let expected = [
        ("TRUSTED_DOCUMENTS_LIFTED", Value::Null),
        ("TRUSTED_DOCUMENTS_ADDED", list(&["{ __typename }"])),
        ("TRUSTED_DOCUMENTS_REMOVED", list(&[])),
        ("TRUSTED_DOCUMENTS_ADDED", list(&[VIEWER, &add, &remove])),
        ("APPLICATION_REGISTERED", Value::Null),
    ];
    assert_eq!(
        told,
        expected.map(|(kind, reason)| (kind.to_owned(), reason))
    );
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    while asks(&desk, "{ viewer { client } }").await != "ok" {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the server never noticed"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn only_what_would_be_executed_is_registered() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let id = registers(&north, "desk").await;
    let deep = format!("{{ a{} }}", "{ a".repeat(40) + &" }".repeat(40));
    let bad = [
        "",
        "{ viewer {",
        "{ viewer { nothing } }",
        "query($a: Nothing) { viewer { subject } }",
        "query($a: ID!) { referral(id: $b) { id } }",
        "{ referrals(box: NOWHERE) { edges { cursor } } }",
        "subscription { viewer { subject } }",
        "fragment F on Viewer { subject }",
        "query A { viewer { subject } } query A { viewer { subject } }",
        &deep,
    ];
    for document in bad {
        let refused = north
            .asks(&add(), json!({ "id": id, "d": [VIEWER, document] }))
            .await;
        assert!(!refused.codes().is_empty(), "{document}");
        refused.is_refused_for("documents[1]");
    }
    let none = north.asks(&add(), json!({ "id": id, "d": [] })).await;
    none.is_refused_for("documents");
    assert_eq!(world.tampers("SELECT count(*) FROM trusted_document"), "0");
    assert_eq!(
        asks(&carrying(&world, &north, &id), "{ __typename }").await,
        "ok"
    );

    // Several operations, fragments, variables and directives are all of them good.
    let good = "query A($no: Boolean!, $id: ID!) { referral(id: $id) { ...R } } \
        query B { viewer { subject } } fragment R on Referral { id status @skip(if: $no) }";
    north
        .asks(&add(), json!({ "id": id, "d": [good] }))
        .await
        .data();

    let some = |from: usize| {
        let names = from..from + 250;
        names
            .map(|n| format!("query Q{n} {{ viewer {{ subject }} }}"))
            .collect::<Vec<_>>()
    };
    north
        .asks(&add(), json!({ "id": id, "d": some(0) }))
        .await
        .data();
    let too_many = north
        .asks(&add(), json!({ "id": id, "d": some(250) }))
        .await;
    too_many.is_refused_for("documents");
    assert_eq!(
        world.tampers("SELECT count(*) FROM trusted_document"),
        "251"
    );
}
