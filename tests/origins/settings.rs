//! What the operator says in the settings.

use concord::settings::{RawSettings, Settings};

use super::*;
use crate::world::{Database, Server};

fn read(origins: &[&str]) -> Result<Vec<String>, String> {
    let written = RawSettings {
        allowed_origins: Some(origins.iter().copied().map(str::to_owned).collect()),
        ..RawSettings::default()
    };
    let settings = Settings::read(None, &written).map_err(|faults| faults.to_string())?;
    Ok(settings.allowed_origins)
}

#[test]
fn an_origin_is_written_as_a_browser_sends_it() {
    let good = [
        "https://desk.example",
        "https://desk.example:8443",
        "https://xn--bcher-kva.example",
        "http://localhost:3000",
        "http://127.0.0.1:5173",
        "http://[::1]:5173",
    ];
    assert_eq!(read(&good).unwrap(), good);
    let bad = [
        "",
        "*",
        "null",
        "desk.example",
        "https://",
        "https://desk.example/",
        "https://desk.example/path",
        "https://desk.example?",
        "https://desk.example#",
        "https://desk.example:443",
        "https://Desk.example",
        "https://*.desk.example",
        "https://bücher.example",
        "https://somebody@desk.example",
        " https://desk.example",
        "http://desk.example",
        "http://192.0.2.1",
        "ftp://desk.example",
        "file:///",
        "https://a.example,https://b.example",
    ];
    for origin in bad {
        let said = read(&["https://desk.example", origin]).unwrap_err();
        let line = format!("allowed_origins: `{origin}` is not an origin as a browser sends it");
        assert!(said.contains(&line), "{origin}: {said}");
        assert_eq!(said.matches("allowed_origins").count(), 1, "{said}");
    }
}

#[tokio::test]
async fn the_settings_origins_may_use_any_token_and_no_others() {
    let world = World::on(Database::Sqlite).await;
    let both = format!("{DESK},{INTAKE}");
    let server = Server::start_under(&world.flags(), &[("CONCORD_ALLOWED_ORIGINS", &both)]);
    let north = world.agency("north").await.at(&server.address);
    for origin in [DESK, INTAKE] {
        assert!(may_call(&server.address, origin).await);
        assert_eq!(answered(origin, &north).await, ok());
    }
    let others = [
        STRANGER,
        "null",
        "https://desk.example.stranger.example",
        "http://desk.example",
        "https://intake.example",
    ];
    for origin in others {
        assert!(!may_call(&server.address, origin).await, "{origin}");
        let answer = answered(origin, &north).await;
        assert_eq!(answer, refused(403, "FORBIDDEN_ORIGIN", false), "{origin}");
    }
    // What is no page names no origin.
    assert_eq!(north.asks(VIEWER, Value::Null).await.status, 200);
    // The service's own pages, by whatever name it was reached.
    let own = format!("http://{}", server.address);
    let itself = from(&own, posts(&north)).send().await.unwrap();
    assert_eq!(itself.status(), 200);

    // Nobody has allowed any here.
    let plain = north.at(&world.server.address);
    assert!(!may_call(&plain.address, DESK).await);
    assert_eq!(
        answered(DESK, &plain).await,
        refused(403, "FORBIDDEN_ORIGIN", false)
    );
}

#[tokio::test]
async fn a_page_can_read_why_it_is_refused() {
    let world = World::on(Database::Sqlite).await;
    let settings = [
        ("CONCORD_ALLOWED_ORIGINS", DESK),
        ("CONCORD_COST_PER_SECOND", "1"),
        ("CONCORD_COST_BURST", "250000"),
    ];
    let server = Server::start_under(&world.flags(), &settings);
    let north = world.agency("north").await.at(&server.address);

    let forged = north.with("nonsense".to_owned());
    assert_eq!(
        answered(DESK, &forged).await,
        refused(401, "UNAUTHENTICATED", true)
    );
    let challenge = from(DESK, posts(&forged)).send().await.unwrap();
    assert!(header(challenge.headers(), "www-authenticate").starts_with("Bearer "));
    let url = format!("http://{}/graphql", server.address);
    let as_text = reqwest::Client::new()
        .post(&url)
        .header("content-type", "text/plain")
        .body("{}");
    let as_text = from(DESK, as_text).send().await.unwrap();
    assert_eq!(
        told(DESK, as_text).await,
        refused(415, "BAD_USER_INPUT", true)
    );
    let paper = reqwest::Client::new().get(format!("http://{}/consents/x/form", server.address));
    let paper = from(DESK, paper).send().await.unwrap();
    assert_eq!(
        told(DESK, paper).await,
        refused(401, "UNAUTHENTICATED", true)
    );

    // Most of what is allowed.
    let dear = "{ referrals(box: INBOX, first: 100) { edges { node { package(purpose: SERVICE_DELIVERY) { purpose } } } } }";
    for _ in 0..3 {
        north.asks(dear, Value::Null).await.data();
    }
    let mut used_up = ok();
    for _ in 0..1500 {
        used_up = answered(DESK, &north).await;
        if used_up != ok() {
            break;
        }
    }
    assert_eq!(used_up, refused(429, "RATE_LIMITED", true));
}

#[tokio::test]
async fn a_browser_is_told_what_a_page_may_send() {
    let world = World::on(Database::Sqlite).await;
    let server = Server::start_under(&world.flags(), &[("CONCORD_ALLOWED_ORIGINS", DESK)]);
    let sent =
        "authorization, content-type, dpop, traceparent, x-request-id, apollo-require-preflight";
    let answer = preflight(&server.address, "/graphql", DESK, "POST", sent).await;
    assert_eq!(answer.status(), 200);
    let told = answer.headers();
    assert_eq!(header(told, "access-control-allow-methods"), "POST");
    assert_eq!(header(told, "access-control-max-age"), "300");
    assert_eq!(header(told, "access-control-allow-credentials"), "");
    assert!(header(told, "vary").contains("Origin"));
    let allowed = header(told, "access-control-allow-headers");
    for name in sent.split(", ") {
        assert!(allowed.contains(name), "{allowed}");
    }
    for (path, method, headers) in [
        ("/graphql", "DELETE", "authorization"),
        ("/graphql", "POST", "cookie"),
        ("/consents/x/document", "POST", "authorization"),
        ("/oauth/token", "POST", "authorization"),
        ("/readyz", "GET", "authorization"),
    ] {
        let answer = preflight(&server.address, path, DESK, method, headers).await;
        let allowed = header(answer.headers(), "access-control-allow-origin");
        assert!(
            !answer.status().is_success() && allowed.is_empty(),
            "{method} {path}"
        );
    }
    let paper = preflight(
        &server.address,
        "/consents/x/document",
        DESK,
        "PUT",
        "content-digest",
    )
    .await;
    assert_eq!(paper.status(), 200);
}

#[tokio::test]
async fn what_is_public_may_be_read_by_any_page() {
    let world = World::on(Database::Sqlite).await;
    for path in [
        "jwks.json",
        "oauth-authorization-server",
        "oauth-protected-resource",
    ] {
        let path = format!("/.well-known/{path}");
        let url = format!("http://{}{path}", world.server.address);
        let answer = from(STRANGER, reqwest::Client::new().get(url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(header(answer.headers(), "access-control-allow-origin"), "*");
        let asked = preflight(&world.server.address, &path, STRANGER, "GET", "").await;
        assert_eq!(header(asked.headers(), "access-control-allow-origin"), "*");
    }
}
