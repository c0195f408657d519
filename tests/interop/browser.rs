//! A partner's front-end in a browser, as it is: pages of other origins than the service's, in headless Chromium
//! (`tests/interop/browser`). What they may send and read is the browser's to judge, by the headers that we answer with.

use serde_json::{Value, json};

use super::{Site, free_address, node, word};

const AGENCY: &str = "Quiet Harbor Housing";
const SCOPE: &str = "referral.rs?purpose=HOUSING_PLACEMENT survivor.c";

#[test]
fn pages_read_what_their_applications_may_and_others_nothing() {
    let site = Site::new();
    let server = site.serves(&["--demo"]);
    let [desk, other, stranger] = std::array::from_fn(|_| format!("http://{}", free_address()));
    let program = |name: &str, origin: &str| {
        let proof = ["--secret", "--allowed-origin", origin];
        site.registers(AGENCY, name, SCOPE, &proof)
    };
    let registered = program("Desk", &desk);
    program("Another", &other);
    let folder = tempfile::tempdir().unwrap();
    let who = json!({
        "issuer": site.issuer(),
        "resource": site.audience(),
        "folder": folder.path(),
        "desk": desk,
        "other": other,
        "stranger": stranger,
        "application": {
            "client_id": word(&registered, "client_id"),
            "secret": word(&registered, "client_secret"),
            "scope": SCOPE,
        },
    });

    let told: Value = serde_json::from_str(&node("browser/pages.mjs", &who.to_string())).unwrap();
    assert_eq!(told, expected(), "{told:#}");
    drop(server);
    site.commands(&["audit", "verify"]);
}

/// What the pages could read.
fn expected() -> Value {
    let read = |status: u16, challenge: Value, codes: &[&str], rows: Value| {
        json!({
            "status": status, "requestId": 36, "challenge": challenge, "codes": codes, "rows": rows, "issuer": null,
        })
    };
    let refused = |status, codes: &[&str]| read(status, Value::Null, codes, Value::Null);
    let unauthenticated = read(401, json!("Bearer"), &["UNAUTHENTICATED"], Value::Null);
    let unread = json!({ "failed": "TypeError" });
    json!({
        "desk": {
            "inbox": read(200, Value::Null, &[], json!(2)),
            "badToken": unauthenticated,
            "noToken": unauthenticated,
            "withCookies": unread,
            // What a browser sends without asking first is not executed.
            "asText": refused(415, &["BAD_USER_INPUT"]),
            // A page has no secret to keep: its own server gets tokens for it.
            "tokenEndpoint": unread,
            "metadata": true,
        },
        "other": { "inbox": refused(403, &["FORBIDDEN_ORIGIN"]) },
        "stranger": {
            "inbox": unread,
            "asText": unread,
            "blindly": { "opaque": true },
            "metadata": true,
        },
        "explorer": { "personas": 7, "answered": true },
    })
}

#[test]
fn what_the_explorer_proposes_to_ask_can_be_asked() {
    let told: Value = serde_json::from_str(&node("examples.mjs", "")).unwrap();
    let told = told.as_array().unwrap();
    assert!(told.len() > 20, "only {} examples", told.len());
    for example in told {
        let good = json!({ "name": example["name"], "faults": [], "filled": true });
        assert_eq!(*example, good);
    }
}
