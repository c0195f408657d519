//! A partner's program: registered at the command line, it asks the authorization server over HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use concord::clock;
use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use crate::jose::hand::{Hand, b64, with};
use crate::world::{Agency, World};

pub const CLIENT_CREDENTIALS: &str = "client_credentials";
pub const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How a program proves which it is.
pub enum Means {
    Key(Hand),
    Secret(String),
}

/// A registered program.
pub struct Partner {
    pub id: String,
    pub means: Means,
    pub address: String,
    pub issuer: String,
    pub audience: String,
    pub http: reqwest::Client,
}

/// What the authorization server answered.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Partner {
    /// A program of an agency's that signs with this hand.
    pub fn with_key(world: &World, agency: &Agency, scope: &str, hand: Hand) -> Self {
        Self::registered(world, agency, scope, &[], Some(hand))
    }

    /// A program of an agency's whose every token must be bound to a key.
    pub fn dpop_bound(world: &World, agency: &Agency, scope: &str) -> Self {
        let hand = Hand::p256();
        Self::registered(world, agency, scope, &["--dpop-bound"], Some(hand))
    }

    /// A program of an agency's that has a secret.
    pub fn with_secret(world: &World, agency: &Agency, scope: &str) -> Self {
        Self::registered(world, agency, scope, &["--secret"], None)
    }

    /// A program of an agency's that was given this id and secret.
    pub fn given(world: &World, agency: &Agency, id: &str, secret: &str) -> Self {
        Self {
            id: id.to_owned(),
            means: Means::Secret(secret.to_owned()),
            address: agency.address.clone(),
            issuer: world.service.settings.issuer.clone(),
            audience: world.service.settings.audience.clone(),
            http: http(),
        }
    }

    fn registered(
        world: &World,
        agency: &Agency,
        scope: &str,
        more: &[&str],
        hand: Option<Hand>,
    ) -> Self {
        let owner = agency.id.to_string();
        let words = ["application", "register", "--name", "case manager"];
        let words = [&words[..], &["--agency", &owner, "--scope", scope], more].concat();
        let file = world.folder.path().join(format!("{}.jwk", Uuid::new_v4()));
        let (content, said) = match &hand {
            Some(hand) => {
                std::fs::write(&file, hand.jwk().to_string()).unwrap();
                let file = file.to_str().unwrap();
                world.commands(&[&words[..], &["--key", file]].concat())
            }
            None => world.commands(&words),
        };
        assert!(content, "{said}");
        let line = |name: &str| {
            let line = said.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap().trim().to_owned()
        };
        Self {
            id: line("client_id"),
            means: match hand {
                Some(hand) => Means::Key(hand),
                None => Means::Secret(line("client_secret")),
            },
            address: agency.address.clone(),
            issuer: world.service.settings.issuer.clone(),
            audience: world.service.settings.audience.clone(),
            http: http(),
        }
    }

    pub fn hand(&self) -> &Hand {
        match &self.means {
            Means::Key(hand) => hand,
            Means::Secret(_) => panic!("this program has a secret"),
        }
    }

    pub fn secret(&self) -> &str {
        match &self.means {
            Means::Secret(secret) => secret,
            Means::Key(_) => panic!("this program has a key"),
        }
    }

    /// What a good assertion of this program's claims now.
    pub fn claims(&self) -> Value {
        let now = clock::now().unix_seconds();
        json!({ "iss": self.id, "sub": self.id, "aud": self.issuer, "jti": Uuid::new_v4().to_string(),
            "iat": now, "exp": now + 240 })
    }

    /// An assertion with claims changed; those that are null are gone.
    pub fn asserts(&self, changes: Value) -> String {
        let hand = self.hand();
        let header = json!({ "alg": hand.algorithm(), "typ": "JWT" });
        hand.jws(&header, &with(&self.claims(), changes))
    }

    /// A request without any credentials.
    pub fn bare(&self, endpoint: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.http
            .post(format!("http://{}/oauth/{endpoint}", self.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(form))
    }

    /// A request with this assertion.
    pub fn asserting(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
        assertion: &str,
    ) -> RequestBuilder {
        let by = [
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion),
        ];
        self.bare(endpoint, &[form, &by].concat())
    }

    /// A request with good credentials.
    pub fn request(&self, endpoint: &str, form: &[(&str, &str)]) -> RequestBuilder {
        match &self.means {
            Means::Key(_) => self.asserting(endpoint, form, &self.asserts(json!({}))),
            Means::Secret(secret) => self
                .bare(endpoint, form)
                .header("authorization", basic(&self.id, secret)),
        }
    }

    pub async fn asks(&self, endpoint: &str, form: &[(&str, &str)]) -> Said {
        said(self.request(endpoint, form)).await
    }

    /// Asks for a token for itself.
    pub async fn token(&self, more: &[(&str, &str)]) -> Said {
        self.asks("token", &granting(more)).await
    }

    /// Asks for a token for itself that is bound to the hand's key.
    pub async fn bound(&self, hand: &Hand) -> Said {
        let proof = self.proves_at_token(hand);
        said(self.request("token", &granting(&[])).header("dpop", proof)).await
    }

    /// Exchanges a token.
    pub async fn exchanges(&self, token: &str, more: &[(&str, &str)]) -> Said {
        self.asks("token", &exchanging(token, more)).await
    }

    pub async fn revokes(&self, token: &str) -> Said {
        self.asks("revoke", &[("token", token)]).await
    }

    pub async fn introspects(&self, token: &str) -> Said {
        self.asks("introspect", &[("token", token)]).await
    }

    /// A good proof for the token endpoint.
    pub fn proves_at_token(&self, hand: &Hand) -> String {
        let url = format!("{}/oauth/token", self.issuer);
        proof(hand, json!({ "htu": url }))
    }

    /// What a good proof for this token at `/graphql` claims.
    pub fn proof_for(&self, token: &str) -> Value {
        let ath = b64(digest(&SHA256, token.as_bytes()).as_ref());
        json!({ "htu": self.audience, "ath": ath })
    }
}

fn http() -> reqwest::Client {
    // Well before the server closes an idle connection, or a request may meet its closing.
    reqwest::Client::builder()
        .pool_idle_timeout(Duration::from_secs(2))
        .build()
        .unwrap()
}

/// The form of the client credentials grant.
pub fn granting<'f>(more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    [&[("grant_type", CLIENT_CREDENTIALS)], more].concat()
}

/// The form of an exchange.
pub fn exchanging<'f>(token: &'f str, more: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    [&form, more].concat()
}

/// A proof made now for a POST, with these claims besides or instead.
pub fn proof(hand: &Hand, changes: Value) -> String {
    let header = json!({ "typ": "dpop+jwt", "alg": hand.algorithm(), "jwk": hand.jwk() });
    let claims = json!({ "jti": Uuid::new_v4().to_string(), "htm": "POST", "iat": clock::now().unix_seconds() });
    hand.jws(&header, &with(&claims, changes))
}

pub fn basic(client: &str, secret: &str) -> String {
    let escaped = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", escaped(client), escaped(secret));
    format!("Basic {}", STANDARD.encode(joined))
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// What comes of a request. Whatever it is, no cache may keep it.
pub async fn said(request: RequestBuilder) -> Said {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    assert_eq!(headers["cache-control"], "no-store", "{text}");
    Said {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    }
}

impl Said {
    /// The token that was given.
    pub fn access_token(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.body["access_token"].as_str().unwrap().to_owned()
    }

    /// The `jti` of the token that was given.
    pub fn jti(&self) -> String {
        let claims = claimed(&self.access_token());
        claims["jti"].as_str().unwrap().to_owned()
    }

    /// The status and the code of a refusal.
    pub fn refusal(&self) -> String {
        let code = self.body["error"].as_str().unwrap_or("-");
        format!("{} {code}", self.status)
    }
}

/// What a token claims, whoever made it.
pub fn claimed(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The signature of a token, which stands nowhere but in the token.
pub fn signature_of(token: &str) -> &str {
    token.rsplit('.').next().unwrap()
}

/// How many events of a type there are.
pub fn recorded(world: &World, kind: &str) -> usize {
    let count = format!("SELECT count(*) FROM audit_event WHERE kind = '{kind}'");
    world.tampers(&count).parse().unwrap()
}

/// The reasons of refusals of a type, and how often each was recorded.
pub fn reasons(world: &World, kind: &str) -> BTreeMap<String, usize> {
    let leaves = world.tampers(&format!(
        "SELECT leaf FROM audit_event WHERE kind = '{kind}'"
    ));
    let mut reasons = BTreeMap::new();
    for leaf in leaves.lines() {
        let leaf: Value = serde_json::from_str(leaf).unwrap();
        let reason = leaf["reason"].as_str().unwrap_or("-").to_owned();
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}
