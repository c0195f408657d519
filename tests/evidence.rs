//! The signed paper behind a consent: what may be stored, by whom, and that it is nowhere else.

pub mod files;
mod kept;
pub mod pdfs;
mod refused;
mod sealed;

use concord_entities::vocabulary::DataCategory::Identity;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::world::agency::survivors_signature;
use crate::world::{Agency, World};

/// What a request for a paper was answered with.
pub struct Reply {
    pub status: u16,
    headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    pub async fn to(request: reqwest::RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        Self {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            bytes: answer.bytes().await.unwrap().to_vec(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// The status and, of a refusal, its code and reason.
    pub fn verdict(&self) -> String {
        let code = (self.status >= 400).then(|| {
            let extensions = self.json()["errors"][0]["extensions"].clone();
            let code = extensions["code"].as_str().unwrap();
            let reason = extensions["reason"].as_str().unwrap_or_default();
            [code, reason].join(" ").trim_end().to_owned()
        });
        [self.status.to_string(), code.unwrap_or_default()]
            .join(" ")
            .trim()
            .to_owned()
    }
}

/// Somebody who may store and read papers, and do what else a test needs.
fn keeper(world: &World, agency: &Agency) -> Agency {
    agency.with(world.token(agency.id, "consent.crus evidence.cr survivor.crs"))
}

fn url(agency: &Agency, consent: &str) -> String {
    format!("http://{}/consents/{consent}/document", agency.address)
}

fn putting(
    agency: &Agency,
    consent: &str,
    content_type: &str,
    bytes: &[u8],
) -> reqwest::RequestBuilder {
    reqwest::Client::new()
        .put(url(agency, consent))
        .bearer_auth(&agency.token)
        .header("content-type", content_type)
        .body(bytes.to_vec())
}

async fn puts(agency: &Agency, consent: &str, content_type: &str, bytes: &[u8]) -> Reply {
    Reply::to(putting(agency, consent, content_type, bytes)).await
}

async fn gets(agency: &Agency, consent: &str) -> Reply {
    let request = reqwest::Client::new().get(url(agency, consent));
    Reply::to(request.bearer_auth(&agency.token)).await
}

/// A consent that waits for its signature.
async fn draft(agency: &Agency, recipient: &Agency, person: &str) -> String {
    let survivor = agency.registers(person).await;
    agency.consents(&survivor, recipient, &[Identity]).await
}

async fn signs(agency: &Agency, consent: &str, sha256: &str) -> crate::world::Answer {
    let mut signature = survivors_signature();
    signature["documentSha256"] = json!(sha256);
    agency.signs_with(consent, &signature, "status").await
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    <sha2::Sha256 as sha2::Digest>::digest(bytes).to_vec()
}

/// How many papers and keys there are.
fn rows(world: &World) -> (String, String) {
    (
        world.tampers("SELECT count(*) FROM consent_document"),
        world.tampers_with_keyring("SELECT count(*) FROM document_key"),
    )
}
