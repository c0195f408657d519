//! What partners keep of the audit log proves what its keepers might deny: a receipt, that an event was written; a checkpoint, that
//! all before it was.

use std::path::PathBuf;
use std::time::Duration;

use concord::audit::kept::{ReceiptFileError, receipts_in};
use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::{Value, json};

use crate::endings::put_back::{is_copied, is_put_back, is_reopened};
use crate::world::agency::{PACKAGE, Told};
use crate::world::{Agency, World, on_both};

/// Reads a package and keeps the whole answer, as it came.
async fn keeps(reader: &Agency, referral: &Told) -> Value {
    let answer = reader
        .asks(
            PACKAGE,
            json!({ "id": referral.referral, "p": "SERVICE_DELIVERY" }),
        )
        .await;
    answer.data();
    answer.body
}

fn receipt(kept: &Value) -> &Value {
    &kept["data"]["referral"]["package"]["receipt"]
}

fn file(world: &World, name: &str, text: &str) -> PathBuf {
    let file = world.folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// What `concord audit check-receipt` says of these, and whether it is content.
fn held(world: &World, text: &str) -> (bool, String) {
    let file = file(world, "kept.json", text);
    world.commands(&["audit", "check-receipt", file.to_str().unwrap()])
}

/// Waits until signed checkpoints cover the events of these; says what is said then.
async fn all_are_signed_for(world: &World, text: &str) -> String {
    for _ in 0..60 {
        let (content, said) = held(world, text);
        assert!(content, "{said}");
        if said.contains(" 0 wait for a checkpoint") {
            return said;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("no checkpoint covers them");
}

on_both!(whoever_keeps_a_receipt_proves_that_an_event_was_removed_or_changed);
async fn whoever_keeps_a_receipt_proves_that_an_event_was_removed_or_changed(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let of_ada = keeps(&south, &ada).await;
    let of_bea = keeps(&south, &bea).await;
    let again = keeps(&south, &ada).await;
    let all = format!("{of_ada}\n{of_bea}\n{again}\n{of_ada}\n");
    let said = all_are_signed_for(&world, &all).await;
    assert_eq!(said.matches("stands at index").count(), 3, "{said}");
    assert!(
        said.contains("3 receipts: 3 events stand in the log"),
        "{said}"
    );

    // What was altered on its way, or is another event's, proves nothing.
    let mut forged = receipt(&of_ada).clone();
    forged["event"] = receipt(&of_bea)["event"].clone();
    let (content, said) = held(&world, &json!([forged, of_bea]).to_string());
    assert!(!content && said.contains("did not give"), "{said}");
    assert_eq!(said.matches("stands at index").count(), 1, "{said}");

    let event = |kept: &Value| {
        let id = receipt(kept)["event"].as_str().unwrap().to_owned();
        world.sql_id(&id)
    };
    let (removed, changed) = (event(&of_ada), event(&again));
    world.tampers(&format!("DELETE FROM audit_place WHERE event_id = {removed}; DELETE FROM audit_event WHERE id = {removed}"));
    world.tampers(&format!(
        "UPDATE audit_event SET leaf = replace(leaf, 'SUCCESS', 'REFUSED') WHERE id = {changed}"
    ));
    let (content, said) = held(&world, &all);
    assert!(!content, "{said}");
    let of = |kept: &Value| {
        let id = receipt(kept)["event"].as_str().unwrap();
        said.lines().find(|line| line.contains(id)).unwrap()
    };
    assert!(of(&of_ada).contains("is not in the log"), "{said}");
    assert!(of(&again).contains("says something else"), "{said}");
    assert!(of(&of_bea).contains("stands at index"), "{said}");
    assert!(said.contains("2 do not hold"), "{said}");
    // Nothing of a person is told.
    assert!(!said.contains("Ada") && !said.contains("Bea"), "{said}");
    world.goes_unverified();
}

on_both!(whoever_keeps_a_checkpoint_notices_that_an_older_log_was_put_back);
async fn whoever_keeps_a_checkpoint_notices_that_an_older_log_was_put_back(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    is_copied(&world);
    let of_ada = keeps(&south, &ada).await;
    all_are_signed_for(&world, &of_ada.to_string()).await;
    let newest = "{ auditCheckpoint { note size } }";
    let answer = world.coordinator().asks(newest, Value::Null).await;
    let note = answer.data()["auditCheckpoint"]["note"].as_str().unwrap();
    let note = file(&world, "checkpoint", note);
    let from = [
        "audit",
        "verify",
        "--from-checkpoint",
        note.to_str().unwrap(),
    ];
    let (content, said) = world.commands(&from);
    assert!(content, "{said}");

    is_put_back(&world);
    is_reopened(&mut world);
    // All agrees with itself again, as its keeper would have it: only what others kept tells.
    assert!(world.verifies().0);
    let (content, said) = world.commands(&from);
    assert!(!content && said.contains("signed"), "{said}");
    let (content, said) = held(&world, &of_ada.to_string());
    assert!(!content && said.contains("is not in the log"), "{said}");

    let strange = file(&world, "strange", "concord.example.org/audit\n0\nAAAA\n");
    let strange = [
        "audit",
        "verify",
        "--from-checkpoint",
        strange.to_str().unwrap(),
    ];
    let (content, said) = world.commands(&strange);
    assert!(!content && said.contains("malformed"), "{said}");
}

#[test]
fn receipts_are_found_wherever_they_stand_and_nothing_else_is_one() {
    let hash = "ab".repeat(32);
    let one = json!({ "event": "event_1", "leafHash": hash, "signature": "c2ln" });
    let deep = json!({ "data": [{ "a": { "receipt": one } }, one] });
    for text in [
        one.to_string(),
        format!("{deep}\n\n{one}"),
        deep.to_string(),
    ] {
        assert_eq!(receipts_in(&text).unwrap().len(), 1, "{text}");
    }
    for text in [
        "",
        "[]",
        "7",
        r#"{"event":"event_1","signature":"c2ln"}"#,
        r#"{"event":"event_1","leafHash":"ab","signature":"c2ln"}"#,
        r#"{"event":1,"leafHash":2,"signature":3}"#,
    ] {
        let refused = receipts_in(text).unwrap_err();
        assert!(
            matches!(refused, ReceiptFileError::None),
            "{text}: {refused}"
        );
    }
    for text in ["no JSON", "{", "{\"event\":"] {
        let refused = receipts_in(text).unwrap_err();
        assert!(
            matches!(refused, ReceiptFileError::NotJson(_)),
            "{text}: {refused}"
        );
    }
    // However deep somebody nests it, it is read and ends.
    let nested = format!("{}{one}{}", "[".repeat(100), "]".repeat(100));
    assert!(matches!(
        receipts_in(&nested).unwrap_err(),
        ReceiptFileError::None
    ));
    assert!(receipts_in(&"[".repeat(100_000)).is_err());
}
