//! Somebody who asks in every way.

use concord::access::token::{Claims, issue};
use concord::jose::key::SigningKey;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::world::documents::VIEWER;
use crate::world::{Agency, EVERYTHING, World};

pub const NEW: &str = "application/graphql-response+json";
pub const OLD: &str = "application/json";
/// What would write, if it were carried out.
pub const WRITES: &str =
    "mutation { registerSurvivor(survivor: { pseudonym: \"never\", ageGroup: ADULT }) { id } }";

/// Somebody who asks in every way.
pub struct Asking {
    pub http: reqwest::Client,
    pub address: String,
    pub token: String,
    pub claims: Claims,
    pub ours: SigningKey,
}

impl Asking {
    pub fn of(world: &World, agency: &Agency) -> Self {
        let der = world.service.key_cache.signer().to_pkcs8_der();
        let claims = world.claims(agency.id, EVERYTHING);
        world.signs(&claims);
        Self {
            http: reqwest::Client::new(),
            address: agency.address.clone(),
            token: agency.token.clone(),
            claims,
            ours: SigningKey::from_pkcs8_der(&der).unwrap(),
        }
    }

    pub fn any(&self, method: Method) -> RequestBuilder {
        self.http
            .request(method, format!("http://{}/graphql", self.address))
    }

    pub fn bare(&self) -> RequestBuilder {
        self.any(Method::POST).bearer_auth(&self.token)
    }

    pub fn accepting(&self, accept: &str) -> RequestBuilder {
        self.bare()
            .header("accept", accept)
            .json(&json!({ "query": VIEWER }))
    }

    pub fn body(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.bare()
            .header("accept", NEW)
            .header("content-type", OLD)
            .body(body)
    }

    pub fn json(&self, body: &Value) -> RequestBuilder {
        self.body(body.to_string())
    }

    pub fn query(&self, query: impl AsRef<str>) -> RequestBuilder {
        self.json(&json!({ "query": query.as_ref() }))
    }

    pub fn bearer(&self, token: &str) -> RequestBuilder {
        let request = self
            .any(Method::POST)
            .bearer_auth(token)
            .header("accept", NEW);
        request.json(&json!({ "query": WRITES }))
    }

    pub fn claiming(&self, change: impl FnOnce(&mut Claims)) -> RequestBuilder {
        let mut claims = self.claims.clone();
        change(&mut claims);
        self.bearer(&issue(&self.ours, &claims).unwrap())
    }
}
