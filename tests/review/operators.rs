//! What the operator does at the command line is on record by name.

use serde_json::json;

use crate::world::agency::entries;
use crate::world::{World, on_both};

const LOG: &str = "query($t: [AuditType!]) { auditEvents(filter: { types: $t }) { edges { node { \
    type subject client operator operation agency { name } } } } }";

on_both!(each_command_names_its_operator);
async fn each_command_names_its_operator(world: World) {
    let north = world.agency("north").await;
    let coordinator = world.coordinator();
    for words in [
        ["check-data", "--operator", "Ines of the night shift"].as_slice(),
        &["consent", "review", "--operator", "Ines of the night shift"],
        &["issuer", "list", "--operator", "Ines of the night shift"],
    ] {
        let (done, told) = world.commands(words);
        assert!(done, "{told}");
    }
    let zone = [
        "time-zone",
        &north.id.to_string(),
        "America/Denver",
        "--operator",
        "Omar",
    ];
    let (done, told) = world.commands(&zone);
    assert!(done, "{told}");

    let types = json!({ "t": ["COMMAND_GIVEN", "AGENCY_TIME_ZONE_SET"] });
    let log = coordinator.asks(LOG, types.clone()).await;
    let said: Vec<_> = entries(&log.data()["auditEvents"])
        .iter()
        .map(|event| {
            assert_eq!(
                (&event["subject"], &event["client"]),
                (&json!("operator"), &json!("command-line"))
            );
            format!(
                "{} {} {}",
                event["type"], event["operation"], event["operator"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        said,
        [
            "AGENCY_TIME_ZONE_SET time-zone Omar",
            "COMMAND_GIVEN issuer Ines of the night shift",
            "COMMAND_GIVEN consent review Ines of the night shift",
            "COMMAND_GIVEN check-data Ines of the night shift",
        ]
    );
    // The agency that it was done to finds its own.
    let own = entries(&north.asks(LOG, types).await.data()["auditEvents"]);
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["operator"], "Omar");

    // A name that is none is refused before anything is done.
    let (done, told) = world.commands(&["check-data", "--operator", "\u{202e}omaR"]);
    assert!(!done && told.contains("operator"), "{told}");
    // Who says no name goes by the one that they logged in with.
    let (done, told) = world.commands(&["check-data"]);
    assert!(done, "{told}");
    let log = coordinator
        .asks(LOG, json!({ "t": ["COMMAND_GIVEN"] }))
        .await;
    let named = entries(&log.data()["auditEvents"])[0]["operator"].clone();
    assert!(
        named.as_str().is_some_and(|name| !name.is_empty()),
        "{named}"
    );
}
