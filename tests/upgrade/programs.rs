//! What lies beside GraphQL: the programs that ask for tokens, and the papers behind consents.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::fixture::Opened;
use super::telling::{Told, joined, oldest_first, plain};
use crate::world::Agency;

/// Tells of an agency's programs, and what the one whose secret is known is answered.
pub async fn all(told: &mut Told, opened: &Opened, agency: &Agency) {
    told.section(&format!("The programs of {}", agency.name));
    let query = "{ applications(first: 50) { edges { node { id name status authentication dpopBound scopes keys } } } }";
    for program in oldest_first(agency, query, "applications").await {
        told.line(&format!(
            "\"{}\" {} by {}, bound {}, may [{}], keys [{}]",
            plain(&program["name"]),
            plain(&program["status"]),
            plain(&program["authentication"]),
            program["dpopBound"],
            joined(&program["scopes"]),
            joined(&program["keys"]),
        ));
    }
    let (id, secret) = opened.application.trim_end().split_once(':').unwrap();
    let answer = reqwest::Client::new()
        .post(format!("http://{}/oauth/token", agency.address))
        .basic_auth(id, Some(secret))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("grant_type=client_credentials")
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    told.line(&format!(
        "by its secret: {status} {}",
        plain(&body["scope"])
    ));
    let program = agency.with(plain(&body["access_token"]));
    let viewer = program
        .asks(
            "{ viewer { agency { name } application { name } } }",
            json!({}),
        )
        .await;
    let viewer = &viewer.data()["viewer"];
    told.line(&format!(
        "its token speaks for \"{}\" of \"{}\"",
        plain(&viewer["application"]["name"]),
        plain(&viewer["agency"]["name"])
    ));
}

/// What the paper behind a consent is: its kind, its length, the SHA-256 of what comes back.
pub async fn paper(agency: &Agency, consent: &str) -> String {
    let answer = reqwest::Client::new()
        .get(format!(
            "http://{}/consents/{consent}/document",
            agency.address
        ))
        .bearer_auth(&agency.token)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    if status != 200 {
        return format!("none ({status})");
    }
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let bytes = answer.bytes().await.unwrap();
    let digest = hex::encode(Sha256::digest(&bytes));
    format!("{kind}, {} bytes, {digest}", bytes.len())
}
