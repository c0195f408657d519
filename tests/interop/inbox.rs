//! An inbox as a partner's front-end might be, React and Apollo Client as they are, worked through by the keyboard alone in headless
//! Chromium from other origins than the service's (`tests/interop/inbox`).

use serde_json::{Value, json};

use super::{Site, free_address, node, word};

const SENDER: &str = "Lantern House Advocates";
const RECIPIENT: &str = "Quiet Harbor Housing";

#[test]
fn two_people_work_through_their_boxes_by_the_keyboard_alone() {
    let site = Site::new();
    let server = site.serves(&["--demo"]);
    let desk = |agency: &str, scope: &str| {
        let origin = format!("http://{}", free_address());
        let proof = ["--secret", "--allowed-origin", &origin];
        let registered = site.registers(agency, "Desk", scope, &proof);
        json!({
            "origin": origin,
            "client_id": word(&registered, "client_id"),
            "secret": word(&registered, "client_secret"),
            "scope": scope,
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    std::fs::create_dir(&pictures).unwrap();
    let who = json!({
        "issuer": site.issuer(),
        "resource": site.audience(),
        "folder": folder.path(),
        "pictures": pictures,
        "recipient": desk(RECIPIENT, "referral.rus?purpose=HOUSING_PLACEMENT"),
        "sender": desk(SENDER, "referral.crus?purpose=HOUSING_PLACEMENT consent.rs"),
    });
    let told: Value = serde_json::from_str(&node("inbox/drive.mjs", &who.to_string())).unwrap();
    let expected = json!({
        "all": told["all"],
        "read": "a room for three",
        "recipient": [
            "REQUESTED: accept, reject",
            "ACCEPTED: start, hold, complete, cancel",
            "IN_PROGRESS: hold, complete, cancel",
            "ON_HOLD (NO_CAPACITY): resume, complete, cancel",
            "IN_PROGRESS: hold, complete, cancel",
            "COMPLETED: nothing",
        ],
        "sender": [
            "BAD_USER_INPUT",
            "DRAFT: send",
            "REQUESTED: cancel",
            "DRAFT: send",
            "CANCELLED (SURVIVOR_DECISION): nothing",
        ],
    });
    assert_eq!(told, expected, "{told:#}");
    let all = told["all"].as_u64().unwrap();
    assert!(all > 8, "more than a page: {all}");
    let names = [
        "refused",
        "draft",
        "opened",
        "held",
        "completed",
        "cancelled",
    ];
    for name in names {
        let picture = std::fs::metadata(pictures.join(format!("{name}.png"))).unwrap();
        assert!(
            picture.len() > 10_000,
            "{name} shows something: {} bytes",
            picture.len()
        );
    }
    if let Some(kept) = std::env::var_os("KEEP_PICTURES") {
        for name in names {
            let file = format!("{name}.png");
            std::fs::copy(
                pictures.join(&file),
                std::path::Path::new(&kept).join(&file),
            )
            .unwrap();
        }
    }
    drop(server);
    site.commands(&["audit", "verify"]);
}
