//! A partner's front-end made of what front-ends are made of: types by graphql-codegen, documents compiled by Relay, and
//! Apollo Client, urql, Relay's runtime and openid-client as they are against a running demo. Its documents and programs
//! lie in `tests/interop/front_end`; what is generated from them is thrown away.

use serde_json::{Value, json};

use super::{Site, node, word};

const RECIPIENT: &str = "Quiet Harbor Housing";
/// All but `survivor.s`, which the home page asks for as well.
const RECIPIENT_SCOPE: &str = "referral.rus?category=NEEDS,SAFETY&purpose=HOUSING_PLACEMENT consent.rs mou.rs \
    directory.r audit.rs";
const SENDER: &str = "Lantern House Advocates";
const SENDER_SCOPE: &str = "referral.crus consent.crus directory.r";

fn told(script: &str, input: &str) -> Value {
    serde_json::from_str(&node(&format!("front_end/{script}.mjs"), input)).unwrap()
}

#[test]
fn generated_types_make_a_program_handle_null_and_every_code() {
    let folder = tempfile::tempdir().unwrap();
    let told = told("types", folder.path().to_str().unwrap());
    assert_eq!(told, json!({ "status": 0, "said": "" }), "{told:#}");
}

#[test]
fn front_end_libraries_read_page_change_and_survive_refusals() {
    let site = Site::new();
    let server = site.serves(&["--demo"]);
    let program = |agency: &str, scope: &str| {
        let registered = site.registers(agency, "Desk", scope, &["--secret"]);
        json!({
            "client_id": word(&registered, "client_id"),
            "secret": word(&registered, "client_secret"),
            "scope": scope,
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let who = json!({
        "issuer": site.issuer(),
        "resource": site.audience(),
        "recipient": program(RECIPIENT, RECIPIENT_SCOPE),
        "sender": program(SENDER, SENDER_SCOPE),
        "folder": folder.path(),
    })
    .to_string();

    let libraries = [
        ("openid", openid()),
        ("apollo", apollo()),
        ("urql", urql()),
        // Last: it completes what was accepted.
        ("relay_runtime", relay()),
    ];
    for (library, expected) in libraries {
        let told = told(library, &who);
        assert_eq!(told, expected, "{library}: {told:#}");
    }
    drop(server);
    site.commands(&["audit", "verify"]);
}

#[test]
fn front_ends_that_send_hashes_alone_are_bound_to_what_their_build_listed() {
    let site = Site::new();
    let server = site.serves(&["--demo"]);
    let registered = site.registers(RECIPIENT, "Desk", RECIPIENT_SCOPE, &["--secret"]);
    let folder = tempfile::tempdir().unwrap();
    let id = word(&registered, "client_id");
    let mut who = json!({
        "issuer": site.issuer(),
        "resource": site.audience(),
        "recipient": {
            "client_id": id,
            "secret": word(&registered, "client_secret"),
            "scope": RECIPIENT_SCOPE,
        },
        "folder": folder.path(),
        "wanted": "lists",
    });
    let listed = told("trusted", &who.to_string());
    assert_eq!(listed, json!({ "apollo": 1, "relay": true }));
    let list = |name: &str| folder.path().join(name).display().to_string();
    let add = ["application", "documents", "add", id];
    site.commands(&[&add[..], &[&list("relay.json"), &list("apollo.json")]].concat());

    who["wanted"] = json!("answers");
    let told = told("trusted", &who.to_string());
    let not_trusted = json!(["request: DOCUMENT_NOT_TRUSTED"]);
    let expected = json!({
        "apollo": { "sent": ["hash"], "rows": 1 },
        "other": not_trusted,
        "relay": { "text": null, "agency": RECIPIENT },
        "introspection": not_trusted,
    });
    assert_eq!(told, expected, "{told:#}");
    drop(server);
    site.commands(&["audit", "verify"]);
}

fn openid() -> Value {
    let narrow = "referral.rs?category=NEEDS&purpose=HOUSING_PLACEMENT";
    json!({
        "discovered": true,
        "clientCredentials": { "type": "bearer", "minutes": 5, "scope": true },
        "exchanged": {
            "issued": "urn:ietf:params:oauth:token-type:access_token",
            "type": "bearer",
            "active": true,
            "subject": "ana",
            "scope": narrow,
        },
        "broad": true,
        "revoked": {
            "status": 401,
            "challenges": ["bearer invalid_token", "dpop invalid_token"],
            "errors": ["request: UNAUTHENTICATED"],
        },
        "wider": { "status": 400, "error": "invalid_scope" },
    })
}

fn apollo() -> Value {
    json!({
        "list": walked(),
        "package": package(),
        "accepted": "ACCEPTED, then START, HOLD, COMPLETE, FAIL, CANCEL",
        "tooLate": ["rejectReferral: INVALID_TRANSITION"],
        "cached": "ACCEPTED",
        "home": {
            "agency": RECIPIENT,
            "survivors": null,
            "errors": ["survivors: FORBIDDEN_SCOPE"],
        },
        "unauthenticated": ["request: UNAUTHENTICATED"],
        // The hash alone is refused once, and never tried again.
        "persisted": { "sent": ["hash", "document", "document"], "rows": 1 },
    })
}

fn urql() -> Value {
    json!({
        "list": walked(),
        "package": package(),
        "rejected": "REJECTED, then nothing",
        "tooLate": { "data": { "acceptReferral": null }, "errors": ["acceptReferral: INVALID_TRANSITION"] },
        "again": "REJECTED",
        "edited": { "status": "DRAFT", "urgency": "URGENT" },
        "consents": 5,
        "mous": 1,
        "audit": 10,
        "nodes": ["Referral", "Agency", "Mou", null],
        "node": true,
        "home": {
            "agency": RECIPIENT,
            "survivors": null,
            "errors": ["survivors: FORBIDDEN_SCOPE"],
        },
        "unauthenticated": { "status": 401, "errors": ["request: UNAUTHENTICATED"] },
        "byGet": 405,
    })
}

fn relay() -> Value {
    let unauthenticated = json!(["request: UNAUTHENTICATED"]);
    json!({
        "compiled": [
            "AuditPageQuery", "ConsentsPageQuery", "HomePageQuery", "InboxListPaginationQuery", "InboxListQuery",
            "InboxList_query", "InboxPageQuery", "InboxPage_referral", "MousPageQuery", "RecordPageManyQuery",
            "RecordPageQuery", "RecordPage_node", "ReferralPageAcceptMutation", "ReferralPageCompleteMutation",
            "ReferralPageEditMutation", "ReferralPageQuery", "ReferralPageRejectMutation", "ReferralPage_outcome",
            "ReferralRowRefetchQuery", "ReferralRow_referral", "SurvivorHoldsPaginationQuery", "SurvivorHolds_survivor",
        ],
        "list": walked(),
        "completed": "COMPLETED, then nothing",
        "tooLate": ["rejectReferral: INVALID_TRANSITION"],
        "home": {
            "agency": RECIPIENT,
            "survivors": null,
            "told": [{ "status": 200, "errors": ["survivors: FORBIDDEN_SCOPE"] }],
        },
        "unauthenticated": {
            "failed": { "name": "RelayNetwork", "errors": unauthenticated },
            "told": [{ "status": 401, "errors": unauthenticated }],
        },
    })
}

/// Two pages of two from either end are what the whole list says.
fn walked() -> Value {
    json!({ "forwards": 4, "back": 4, "apart": true })
}

/// A package was read, and its receipt names a leaf.
fn package() -> Value {
    json!({ "purpose": "HOUSING_PLACEMENT", "receipt": 64 })
}
