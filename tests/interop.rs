//! A partner's program made of OAuth libraries that we did not write, `jose` and `oauth4webapi` as they are, against a
//! running server: tests/interop/partner.mjs. Here an operator sets up a service with the command line alone.
//! [`front_end`] is the same of a partner's front-end, and [`log`] of an auditor's verifier.

mod browser;
mod front_end;
mod inbox;
mod log;
mod validation;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::world::Server;

const AGENCY: &str = "Harbor House";
/// All that the partner's applications may ask for, in the order in which the service writes scopes.
const SCOPE: &str = "referral.rs?category=NEEDS,SAFETY&purpose=HOUSING_PLACEMENT directory.r";
/// What one of the agency's people needs.
const NARROW: &str = "referral.rs?category=NEEDS&purpose=HOUSING_PLACEMENT";
/// What none of them may have.
const WIDER: &str = "consent.c";

#[test]
fn libraries_of_others_live_through_a_tokens_life() {
    let site = Site::new();
    site.is_founded();
    let keys: Value = serde_json::from_str(&node("keys.mjs", "")).unwrap();
    let by_key = |algorithm: &str| {
        let key = site.folder.path().join(format!("{algorithm}.jwk"));
        std::fs::write(&key, keys[algorithm]["public"].to_string()).unwrap();
        let key = ["--key", key.to_str().unwrap()];
        let registered = site.registers(AGENCY, algorithm, SCOPE, &key);
        json!({ "client_id": word(&registered, "client_id"), "key": keys[algorithm]["private"] })
    };
    let by_secret = site.registers(AGENCY, "secret", SCOPE, &["--secret"]);
    let who = json!({
        "issuer": site.issuer(),
        "resource": site.audience(),
        "byES256": by_key("ES256"),
        "byEdDSA": by_key("EdDSA"),
        "bySecret": {
            "client_id": word(&by_secret, "client_id"),
            "secret": word(&by_secret, "client_secret"),
        },
        "scope": SCOPE,
        "narrow": NARROW,
        "wider": WIDER,
        "person": "ana",
    });

    let server = site.serves(&[]);
    let told: Value = serde_json::from_str(&node("partner.mjs", &who.to_string())).unwrap();
    drop(server);

    assert_eq!(told, expected(), "{told:#}");
    site.commands(&["audit", "verify"]);
}

/// What the partner's program is told.
fn expected() -> Value {
    let access_token = "urn:ietf:params:oauth:token-type:access_token";
    let unauthenticated = json!({
        "status": 401,
        "challenges": ["bearer invalid_token", "dpop invalid_token"],
        "code": "UNAUTHENTICATED",
    });
    json!({
        "discovery": {
            "issuer": true,
            "resource": true,
            "resourceTrustsIssuer": true,
            "grants": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
            "authentication": ["client_secret_basic", "private_key_jwt"],
            "proofs": true,
        },
        "clientCredentials": {
            "type": "bearer",
            "seconds": 300,
            "lives": 300,
            "scope": true,
            "claimed": true,
            "client": true,
            "refreshable": false,
        },
        "viewer": { "agency": AGENCY, "scopes": true },
        "exchanged": {
            "issued": access_token,
            "type": "bearer",
            "scope": NARROW,
            "subject": "ana",
            "actor": true,
            "outlivesTheFirst": false,
            "viewer": { "subject": "ana", "scopes": [NARROW] },
        },
        "introspected": { "active": true, "scope": NARROW, "subject": "ana", "same": true },
        "revoked": {
            // RFC 7662, 2.2: nothing more is said about a token that is not active.
            "introspected": { "active": false },
            "asked": unauthenticated,
            "first": true,
        },
        "others": { "byEdDSA": [NARROW], "bySecret": [NARROW] },
        "bound": {
            "type": "dpop",
            "confirmed": true,
            "asked": [NARROW],
            "newProof": [NARROW],
            "sameProof": 401,
            "otherKey": 401,
            "asBearer": 401,
        },
        "refused": {
            "wrongSecret": { "status": 401, "challenges": ["basic"], "error": "invalid_client" },
            "wrongKey": { "status": 401, "challenges": ["basic"], "error": "invalid_client" },
            "wider": { "status": 400, "error": "invalid_scope" },
            "widerByExchange": { "status": 400, "error": "invalid_scope" },
            "exchangedAfterRevocation": { "status": 400, "error": "invalid_request" },
        },
    })
}

/// None of it is part of Concord: whoever develops it installs it.
#[test]
fn what_partners_programs_are_made_of_is_pinned_and_free_to_use() {
    let file = |name| std::fs::read_to_string(interop_folder().join(name)).unwrap();
    let program: Value = serde_json::from_str(&file("package.json")).unwrap();
    for (name, version) in program["dependencies"].as_object().unwrap() {
        let version = version.as_str().unwrap();
        let exact = |letter: char| letter.is_ascii_digit() || letter == '.';
        assert!(version.chars().all(exact), "{name} {version}");
    }

    let lock: Value = serde_json::from_str(&file("package-lock.json")).unwrap();
    let packages = lock["packages"].as_object().unwrap();
    let libraries = || packages.iter().filter(|(path, _)| !path.is_empty());
    for (path, library) in libraries() {
        assert!(library["integrity"].is_string(), "{path}");
    }
    let licences: BTreeSet<&str> = libraries()
        .map(|(path, library)| library["license"].as_str().unwrap_or(path))
        .collect();
    let permissive = [
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "MIT",
    ];
    assert_eq!(licences, BTreeSet::from(permissive));
}

/// A service that calls itself by the address at which it listens.
struct Site {
    folder: TempDir,
    address: String,
}

impl Site {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            address: free_address(),
        }
    }

    fn is_founded(&self) {
        let kind = "VICTIM_ASSISTANCE_AGENCY";
        let force = ["--task-force", "Three Rivers", "--region", "Three Rivers"];
        let coordinator = ["--coordinator", AGENCY, "--kind", kind];
        self.commands(&[&["found"][..], &force, &coordinator].concat());
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    fn audience(&self) -> String {
        format!("{}/graphql", self.issuer())
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// What a command says that succeeds.
    fn commands(&self, words: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(words)
            .args(["--data", &self.data()])
            .env("CONCORD_ISSUER", self.issuer())
            .env("CONCORD_AUDIENCE", self.audience())
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What is said of an agency's application that proves itself in this way.
    fn registers(&self, agency: &str, name: &str, scope: &str, proof: &[&str]) -> String {
        let of = ["application", "register", "--agency", agency];
        let what = ["--name", name, "--scope", scope];
        self.commands(&[&of[..], &what, proof].concat())
    }

    fn serves(&self, more: &[&str]) -> Server {
        let (issuer, audience) = (self.issuer(), self.audience());
        let more = more.iter().copied().map(str::to_owned);
        let flags: Vec<String> = ["--data".to_owned(), self.data()]
            .into_iter()
            .chain(more)
            .collect();
        Server::start_at(
            &self.address,
            &flags,
            &[("CONCORD_ISSUER", &issuer), ("CONCORD_AUDIENCE", &audience)],
        )
    }
}

/// An address at a port that the kernel gives nobody who asks for any, as every other test does, and that is given here once: so it stays
/// free until it is used.
fn free_address() -> String {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    std::iter::repeat_with(|| first + GIVEN.fetch_add(1, Ordering::Relaxed))
        .take(2_000)
        .map(|port| format!("127.0.0.1:{port}"))
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap()
}

/// The word that follows `name` in a line of what a command said.
fn word<'t>(said: &'t str, name: &str) -> &'t str {
    said.lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next())
        .unwrap_or_else(|| panic!("no {name} in: {said}"))
}

fn interop_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop")
}

/// What a script of the partner's prints. It ends by itself.
pub fn node(script: &str, input: &str) -> String {
    let folder = interop_folder();
    assert!(
        folder.join("node_modules").is_dir(),
        "the partner's libraries are not installed: tests/run does it"
    );
    let mut child = Command::new("node")
        .arg(folder.join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Node starts: tests/run installs it");
    // A script that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}
