//! What the service says of itself, and that it is so.
//!
//! The documents are `oauth/server.snap` and `oauth/resource.snap`; after a change, `INSTA_UPDATE=always cargo test
//! -p concord --test concord oauth::metadata` writes them anew, for review.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::partner::{Partner, granting};
use crate::jose::hand::Hand;
use crate::world::agency::text;
use crate::world::{Agency, Database, EVERYTHING, Server, World};

const SERVER: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const VIEWER: &str = r#"{ "query": "{ viewer { subject } }" }"#;

async fn asks(method: Method, address: &str, path: &str) -> Response {
    let url = format!("http://{address}{path}");
    let request = reqwest::Client::new().request(method, url);
    request.send().await.unwrap()
}

async fn finds(address: &str, path: &str) -> Option<Value> {
    let response = asks(Method::GET, address, path).await;
    if response.status() != StatusCode::OK {
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        return None;
    }
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("cache-control"), "public, max-age=300");
    Some(response.json().await.unwrap())
}

/// The path of a URL that begins with `origin`.
fn path_of<'u>(url: &'u Value, origin: &str) -> &'u str {
    let url = url.as_str().unwrap();
    url.strip_prefix(origin).unwrap()
}

#[tokio::test]
async fn what_the_service_says_of_itself() {
    let world = World::on(Database::Sqlite).await;
    let address = world.server.address.as_str();
    let server = finds(address, SERVER).await.unwrap();
    let resource = finds(address, RESOURCE).await.unwrap();
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("server", format!("{server:#}"));
        insta::assert_snapshot!("resource", format!("{resource:#}"));
    });
    assert_eq!(
        finds(address, &format!("{RESOURCE}/graphql")).await,
        Some(resource.clone())
    );
    for elsewhere in ["/", "/graph", "/graphql/", "/graphql/x", "/GRAPHQL"] {
        assert_eq!(
            finds(address, &format!("{RESOURCE}{elsewhere}")).await,
            None
        );
    }
    for elsewhere in ["/", "/graphql", "x"] {
        assert_eq!(finds(address, &format!("{SERVER}{elsewhere}")).await, None);
    }

    // Each names the other, letter for letter (RFC 9728, 3.3 and 4).
    let settings = &world.service.settings;
    assert_eq!(server["issuer"], settings.issuer.as_str());
    assert_eq!(resource["resource"], settings.audience.as_str());
    assert_eq!(resource["authorization_servers"], json!([server["issuer"]]));
    assert_eq!(server["protected_resources"], json!([resource["resource"]]));
    for endpoint in [
        "token_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
    ] {
        let path = path_of(&server[endpoint], &settings.issuer);
        let response = asks(Method::POST, address, path).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{endpoint}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"], "invalid_request");
    }
    let keys = path_of(&server["jwks_uri"], &settings.issuer);
    let keys = asks(Method::GET, address, keys).await;
    assert_eq!(keys.headers()["content-type"], "application/jwk-set+json");
    let keys: Value = keys.json().await.unwrap();
    for key in keys["keys"].as_array().unwrap() {
        assert_eq!(key.get("d"), None);
    }
    let resource = path_of(&resource["resource"], &settings.issuer);
    let response = asks(Method::GET, address, resource).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

/// Each grant, way to authenticate and algorithm that the metadata names does what it says.
#[tokio::test]
async fn what_is_promised_works() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = finds(&world.server.address, SERVER).await.unwrap();
    let scopes = server["scopes_supported"].as_array().unwrap();
    let scope: Vec<String> = scopes.iter().map(text).collect();
    let scope = scope.join(" ");
    let programs = [
        Partner::with_key(&world, &north, &scope, Hand::p256()),
        Partner::with_key(&world, &north, &scope, Hand::ed25519()),
        Partner::with_secret(&world, &north, &scope),
    ];
    for program in &programs {
        for one in scopes {
            let wanted = one.as_str().unwrap();
            let given = program.request("token", &granting(&[("scope", wanted)]));
            let given = super::partner::said(given).await;
            assert_eq!(given.body["scope"], *one, "{}", given.text);
        }
        let token = program.token(&[]).await.access_token();
        let narrower = program.exchanges(&token, &[("scope", "agency.r")]).await;
        assert_eq!(narrower.body["scope"], "agency.r");
        assert_eq!(program.introspects(&token).await.body["active"], true);
        assert_eq!(program.revokes(&token).await.status, 200);
        assert_eq!(
            program.introspects(&token).await.body,
            json!({ "active": false })
        );
    }
    let algorithms = json!(["ES256", "EdDSA", "Ed25519"]);
    let promised = server.as_object().unwrap().iter();
    let promised: Vec<&Value> = promised
        .filter(|(name, _)| name.contains("signing_alg_values"))
        .map(|(_, named)| named)
        .collect();
    assert_eq!(promised, [&algorithms; 4]);
}

#[tokio::test]
async fn an_issuer_with_a_path_is_found_under_that_path() {
    let folder = tempfile::tempdir().unwrap();
    // The state folder is made beside the data, within the folder.
    let data = folder.path().join("data").display().to_string();
    let flags = ["--data".to_owned(), data];
    let issuer = "https://concord.example/tf";
    let server = Server::start_under(&flags, &[("CONCORD_ISSUER", issuer)]);
    let address = server.address.as_str();

    let found = finds(address, &format!("{SERVER}/tf")).await.unwrap();
    assert_eq!(found["issuer"], issuer);
    assert_eq!(found["token_endpoint"], format!("{issuer}/oauth/token"));
    assert_eq!(found["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
    for elsewhere in ["", "/", "/tf/", "/t", "/tf/graphql", "//tf"] {
        assert_eq!(
            finds(address, &format!("{SERVER}{elsewhere}")).await,
            None,
            "{elsewhere}"
        );
    }
    let found = finds(address, &format!("{RESOURCE}/tf/graphql"))
        .await
        .unwrap();
    assert_eq!(found["resource"], format!("{issuer}/graphql"));
    assert_eq!(found["authorization_servers"], json!([issuer]));
    assert_eq!(finds(address, &format!("{RESOURCE}/graphql")).await, None);

    // RFC 9728, 3.1: the well-known part stands before the path.
    let challenged = challenges(address, None).await;
    let named = "https://concord.example/.well-known/oauth-protected-resource/tf/graphql";
    assert_eq!(challenged.0, StatusCode::UNAUTHORIZED);
    for challenge in &challenged.1 {
        assert!(
            challenge.contains(&format!("resource_metadata=\"{named}\"")),
            "{challenge}"
        );
    }
}

/// The status and the challenges of a request to `/graphql`, and what was answered.
async fn challenges(address: &str, bearer: Option<&Agency>) -> (StatusCode, Vec<String>, Value) {
    let request = reqwest::Client::new()
        .post(format!("http://{address}/graphql"))
        .header("content-type", "application/json")
        .body(VIEWER);
    let request = match bearer {
        Some(bearer) => request
            .bearer_auth(&bearer.token)
            .body(r#"{ "query": "{ auditEvents(first: 1) { edges { cursor } } }" }"#),
        None => request,
    };
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let challenges = headers.get_all("www-authenticate").iter();
    let challenges = challenges.map(|one| one.to_str().unwrap().to_owned());
    (status, challenges.collect(), response.json().await.unwrap())
}

#[tokio::test]
async fn whoever_is_turned_away_is_told_where_to_look() {
    let world = World::on(Database::Sqlite).await;
    let address = world.server.address.as_str();
    let north = world.agency("north").await;
    let issuer = world.service.settings.issuer.as_str();
    let named = format!("{issuer}{RESOURCE}/graphql");

    // It made no error yet, so none is named (RFC 6750, 3.1), and nothing goes on record.
    let (status, told, _) = challenges(address, None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        told,
        [
            format!("Bearer resource_metadata=\"{named}\""),
            format!("DPoP resource_metadata=\"{named}\", algs=\"ES256 EdDSA Ed25519\""),
        ]
    );
    assert!(
        finds(address, path_of(&json!(named), issuer))
            .await
            .is_some()
    );
    assert_eq!(super::partner::recorded(&world, "TOKEN_REFUSED"), 0);

    // It may come in, and not go as far.
    let narrow = world.caller(north.id, "north", "agency.r");
    let (status, told, body) = challenges(address, Some(&narrow)).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    let lack = "error=\"insufficient_scope\", scope=\"audit.s\"";
    assert_eq!(
        told,
        [
            format!("Bearer resource_metadata=\"{named}\", {lack}"),
            format!("DPoP resource_metadata=\"{named}\", {lack}, algs=\"ES256 EdDSA Ed25519\""),
        ]
    );
    let codes = body["errors"].as_array().unwrap().iter();
    for error in codes {
        assert_eq!(error["extensions"]["code"], "FORBIDDEN_SCOPE");
    }
    // With what it is told to bring it goes on.
    let wide = world.caller(north.id, "north", "audit.s");
    let (status, told, _) = challenges(address, Some(&wide)).await;
    assert_eq!((status, told.len()), (StatusCode::OK, 0));
    let everything = world.caller(north.id, "north", EVERYTHING);
    assert_eq!(
        challenges(address, Some(&everything)).await.0,
        StatusCode::OK
    );
}
