//! The gate before `/graphql`, and what it says to those whom it turns away.

use std::collections::BTreeMap;

use concord::clock;
use concord::jose::key::SigningKey;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::access::forge::Forge;
use crate::world::agency::text;
use crate::world::{Agency, Database, EVERYTHING, Server, World};

const WRITES: &str = r#"{ "query": "mutation { registerSurvivor(survivor: { pseudonym: \"never\", ageGroup: ADULT }) { id } }" }"#;

/// What is wrong, the headers that are sent, and the reason that goes on record.
pub struct Row {
    pub name: String,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub reason: &'static str,
}

impl Row {
    pub fn bearing(name: impl Into<String>, token: &str, reason: &'static str) -> Self {
        Self {
            name: name.into(),
            headers: vec![("authorization", format!("Bearer {token}").into_bytes())],
            reason,
        }
    }

    pub fn headed(name: &str, authorization: &str, reason: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            headers: vec![("authorization", authorization.into())],
            reason,
        }
    }
}

/// What is the same in every answer to a forged token.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    /// The body, without the request's id.
    pub body: Value,
    pub challenges: Vec<String>,
}

/// The server that is asked.
pub struct Gate {
    pub server: Server,
    pub world: World,
    pub north: Agency,
    pub http: reqwest::Client,
}

impl Gate {
    pub async fn new(database: Database) -> Self {
        let world = World::on(database).await;
        let server = Server::start_under(&world.flags(), &[("CONCORD_FAILED_PER_MINUTE", "10000")]);
        let north = world.agency("north").await.at(&server.address);
        Self {
            north,
            server,
            world,
            http: reqwest::Client::new(),
        }
    }

    /// A forge with our key, whose good token is good now.
    pub fn forge(&self) -> Forge {
        let der = self.world.service.key_cache.signer().to_pkcs8_der();
        let mut forge = Forge::new();
        let now = clock::now().unix_seconds();
        forge.ours = SigningKey::from_pkcs8_der(&der).unwrap();
        forge.header["kid"] = json!(forge.ours.kid());
        let settings = &self.world.service.settings;
        for (claim, value) in [
            ("iss", json!(settings.issuer)),
            ("aud", json!(settings.audience)),
            ("agency", json!(self.north.id.to_string())),
            ("client_id", json!("test")),
            ("scope", json!(EVERYTHING)),
            ("epoch", json!(1)),
            ("iat", json!(now - 10)),
            ("nbf", json!(now - 10)),
            ("exp", json!(now + 600)),
        ] {
            forge.claims[claim] = value;
        }
        // As any token that we hand out, it is one that we know.
        let mut known = self.world.claims(self.north.id, EVERYTHING);
        forge.claims["jti"]
            .as_str()
            .unwrap()
            .clone_into(&mut known.id);
        self.world.signs(&known);
        forge
    }

    /// Sends it; what came, and the request's id.
    pub async fn turns_away(&self, row: &Row) -> (Refusal, String) {
        let url = format!("http://{}/graphql", self.server.address);
        let mut request = self
            .http
            .post(url)
            .header("content-type", "application/json");
        for (name, value) in &row.headers {
            request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let response = request.body(WRITES).send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body: Value = response.json().await.unwrap();
        let id = body["extensions"]["requestId"].take();
        assert_eq!(headers["x-request-id"], text(&id), "{}", row.name);
        let challenges = headers.get_all("www-authenticate").iter();
        let challenges = challenges.map(|one| one.to_str().unwrap().to_owned());
        let refusal = Refusal {
            status,
            body,
            challenges: challenges.collect(),
        };
        (refusal, text(&id))
    }

    /// The leaf of each refusal, by the request's id; there may be but one.
    pub fn leaves(&self) -> BTreeMap<String, Value> {
        let kind = "SELECT leaf FROM audit_event WHERE kind = 'TOKEN_REFUSED'";
        let mut leaves = BTreeMap::new();
        for leaf in self.world.tampers(kind).lines() {
            let leaf: Value = serde_json::from_str(leaf).unwrap();
            let again = leaves.insert(text(&leaf["request"]), leaf);
            assert!(again.is_none(), "recorded twice: {again:?}");
        }
        leaves
    }

    /// The two challenges of a refusal, one for each scheme.
    pub fn challenges(&self, bearer: &str, dpop: &str) -> Vec<String> {
        let issuer = &self.world.service.settings.issuer;
        let metadata = format!("{issuer}/.well-known/oauth-protected-resource/graphql");
        vec![
            format!(r#"Bearer resource_metadata="{metadata}", error="{bearer}""#),
            format!(
                r#"DPoP resource_metadata="{metadata}", error="{dpop}", algs="ES256 EdDSA Ed25519""#
            ),
        ]
    }

    pub fn survivors(&self) -> String {
        self.world.tampers("SELECT count(*) FROM survivor")
    }
}

/// Each of them once, with its reason, and with nothing of what was sent.
pub fn is_on_record(gate: &Gate, asked: &[(Row, String)]) {
    let leaves = gate.leaves();
    assert_eq!(leaves.len(), asked.len());
    for (row, id) in asked {
        let leaf = &leaves[id];
        assert_eq!(leaf["reason"], row.reason, "{}", row.name);
        assert_eq!(leaf["outcome"], "REFUSED");
        if row.reason != "standing" {
            for who in ["agency", "token"] {
                assert_eq!(leaf.get(who), None, "{}", row.name);
            }
            assert_eq!(
                (&leaf["subject"], &leaf["client"]),
                (&json!(""), &json!(""))
            );
        }
    }
    let leaves = gate.world.tampers("SELECT leaf FROM audit_event");
    for (row, _) in asked {
        for (_, sent) in &row.headers {
            let sent = String::from_utf8_lossy(sent).into_owned();
            for part in sent.split(['.', ' ', '"', ',', '\t']) {
                assert!(
                    part.len() < 16 || !leaves.contains(part),
                    "{}: {part}",
                    row.name
                );
            }
        }
    }
}
