//! Programs of agencies': who may register them, how they prove themselves, and how they, their agency and their tokens
//! are ended.

mod command;
mod escalation;
mod registrars;
mod revocation;
mod rules;
mod secret;
mod staff;
mod story;
mod suspension;

use concord::access::issued;
use concord::access::token::{Claims, issue};
use concord::jose::key::SigningKey;
use serde_json::{Value, json};

use crate::world::agency::text;
use crate::world::{Agency, Answer, EVERYTHING, Server, World};

const REGISTER: &str = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { secret application { \
    id name status scopes authentication keys dpopBound createdAt } } }";
const ROTATE: &str =
    "mutation($id: ID!) { rotateApplicationSecret(id: $id) { secret application { id } } }";
const REPLACE: &str = "mutation($id: ID!, $keys: [String!]!) { replaceApplicationKeys(id: $id, keys: $keys) { id keys } }";
const SUSPEND: &str = "mutation($id: ID!) { suspendApplication(id: $id) { id status } }";

/// A fresh public key: its text, and its thumbprint.
pub fn public_key() -> (String, String) {
    let key = SigningKey::generate().unwrap();
    (key.public_jwk().to_string(), key.kid().to_owned())
}

/// Registers an application with a key of its own; its id.
async fn with_a_key(agency: &Agency, scope: &str) -> String {
    let input = json!({ "name": "case manager", "scopes": [scope], "keys": [public_key().0] });
    let answer = agency.asks(REGISTER, json!({ "a": input })).await;
    text(&answer.data()["registerApplication"]["application"]["id"])
}

/// Registers an application with a secret; its id and the secret.
async fn with_a_secret(agency: &Agency, scope: &str) -> (String, String) {
    let input = json!({ "name": "case manager", "scopes": [scope], "secret": true });
    let answer = agency.asks(REGISTER, json!({ "a": input })).await;
    let registered = &answer.data()["registerApplication"];
    (
        text(&registered["application"]["id"]),
        text(&registered["secret"]),
    )
}

/// A recorded token for everything that an application of the agency's carries.
async fn carried_by(world: &World, agency: &Agency, application: &str) -> Agency {
    let claims = Claims {
        client: application.to_owned(),
        ..world.claims(agency.id, EVERYTHING)
    };
    carrying(world, agency, &claims).await
}

/// The agency with a recorded token of these claims.
async fn carrying(world: &World, agency: &Agency, claims: &Claims) -> Agency {
    issued::record(&world.service.store, claims).await.unwrap();
    agency.with(issue(&world.service.key_cache.signer(), claims).unwrap())
}

/// A second server over the same PostgreSQL.
/// What each server says to the agency's token: `ok`, or the codes.
async fn everywhere(world: &World, second: Option<&Server>, agency: &Agency) -> Vec<String> {
    let mut said = Vec::new();
    for server in second.into_iter().chain([&world.server]) {
        said.push(whether(&agency.at(&server.address)).await);
    }
    said
}

async fn whether(agency: &Agency) -> String {
    let answer = agency
        .asks("{ viewer { agency { id } } }", Value::Null)
        .await;
    verdict(&answer)
}

fn verdict(answer: &Answer) -> String {
    match answer.codes() {
        codes if codes.is_empty() => "ok".to_owned(),
        codes => codes,
    }
}

/// Nothing, where every one of them is this.
fn all(said: &[String], wanted: &str) {
    assert!(
        !said.is_empty() && said.iter().all(|one| one == wanted),
        "{said:?}"
    );
}

/// The types of the events about a record, oldest first, as the agency reads them.
async fn recorded(agency: &Agency, object: &str) -> Vec<String> {
    let about = format!("auditEvents(filter: {{ object: {object:?} }}, first: 100)");
    let events = agency.lists(&about, "type object").await;
    let about = events.iter().filter(|event| event["object"] == object);
    about.map(|event| text(&event["type"])).rev().collect()
}
