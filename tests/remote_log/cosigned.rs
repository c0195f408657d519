//! Partners' witnesses watch over the log: they cosign what goes on from what they saw, and nothing else.

use std::time::{Duration, Instant};

use concord::audit::cosign::cosignature::CosignerKey;
use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::Value;
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use super::stage::{file, reads, records, settled, signed, verifies};
use super::witnesses::Witness;
use crate::endings::put_back::{is_copied, is_put_back, is_reopened};
use crate::world::{Agency, Server, World, on_both};

/// Ends the world's server, and starts one that asks these witnesses.
fn asks(world: &mut World, witnesses: &[String]) {
    world.server.ends();
    let witnesses = witnesses.join(",");
    world.server = Server::start_under(&world.flags(), &[("CONCORD_WITNESSES", &witnesses)]);
}

/// Waits until the newest checkpoint has so many cosignatures; gives it back.
async fn cosigned(auditor: &Agency, by: usize) -> Value {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let newest =
            "{ auditCheckpoint { size note vkey witnesses { name vkey cosignedAt signature } } }";
        let answer = auditor.asks(newest, Value::Null).await;
        let newest = answer.data()["auditCheckpoint"].clone();
        if newest["witnesses"].as_array().unwrap().len() == by {
            return newest;
        }
        assert!(Instant::now() < deadline, "not cosigned: {newest}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until `/readyz` has this word for the witnesses; nothing waits for them, so that it is ready.
async fn says(server: &Server, word: &str) {
    let deadline = Instant::now() + Duration::from_secs(40);
    loop {
        let answer = reqwest::get(format!("http://{}/readyz", server.address));
        let answer = answer.await.unwrap();
        let status = answer.status().as_u16();
        let said: Value = answer.json().await.unwrap();
        if said["parts"]["witnesses"] == word {
            assert_eq!(status, 200, "{said}");
            return;
        }
        let logged = server.logged();
        assert!(Instant::now() < deadline, "{said}: {logged}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

on_both!(two_witnesses_cosign_and_one_that_hangs_stops_nothing);
async fn two_witnesses_cosign_and_one_that_hangs_stops_nothing(mut world: World) {
    let vkey = signed(&world.coordinator(), 0).await["vkey"].clone();
    let vkey = text(&vkey);
    let folder = world.folder.path().join("witnesses");
    let north = Witness::starts(&folder, "north", &[vkey]);
    let south = Witness::starts(&folder, "south", &[vkey]);
    // It takes whatever is sent, and never answers.
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", hanging.local_addr().unwrap());
    let silent = CosignerKey::new("silent", Zeroizing::new([5; 32])).unwrap();
    let silent = format!("{url} {}", silent.public());
    asks(&mut world, &[north.setting(), south.setting(), silent]);
    let auditor = world.coordinator();

    records(&world, 300).await;
    settled(&world, &auditor).await;
    let newest = cosigned(&auditor, 2).await;
    let names = newest["witnesses"].as_array().unwrap();
    let names: Vec<&str> = names.iter().map(|one| text(&one["name"])).collect();
    assert_eq!(names, ["north", "south"]);
    for one in newest["witnesses"].as_array().unwrap() {
        let line = format!(
            "\u{2014} {} {}\n",
            text(&one["name"]),
            text(&one["signature"])
        );
        assert!(text(&newest["note"]).contains(&line), "{newest}");
    }
    let served = reads(&auditor, "checkpoint", &[])
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(served.lines().count(), 4 + 3, "{served}");
    // More comes, and is signed and cosigned, whoever hangs.
    records(&world, 300).await;
    settled(&world, &auditor).await;
    let more = cosigned(&auditor, 2).await;
    assert!(more["size"].as_i64() > newest["size"].as_i64());
    says(&world.server, "silent").await;

    let token = file(&world, "token", &auditor.token);
    let kept = file(&world, "kept", text(&newest["note"]));
    let log = format!("http://{}/audit/log", auditor.address);
    let with = [
        ("--token-file", token.as_path()),
        ("--from-checkpoint", kept.as_path()),
    ];
    let (content, said) = verifies(&log, &[vkey], &with).await;
    assert!(content, "{said}");
    let demanded = [
        ("--token-file", token.as_path()),
        ("--witness", std::path::Path::new(&north.vkey)),
        ("--witness", std::path::Path::new(&south.vkey)),
    ];
    let (content, said) = verifies(&log, &[vkey], &demanded).await;
    assert!(content, "{said}");
    assert!(
        said.contains("cosigned by north at") && said.contains("cosigned by south at"),
        "{said}"
    );
    let stranger = Witness::starts(&folder, "stranger", &[vkey]);
    let demanded = [
        ("--token-file", token.as_path()),
        ("--witness", std::path::Path::new(&stranger.vkey)),
    ];
    let (content, said) = verifies(&log, &[vkey], &demanded).await;
    assert!(
        !content && said.contains("the witness stranger has not cosigned it"),
        "{said}"
    );
    let (content, said) = world.commands(&["audit", "verify", "--witness", &north.vkey]);
    assert!(
        content && said.contains("cosigned by north: the first"),
        "{said}"
    );
    let (content, said) = world.commands(&["audit", "verify", "--witness", &stranger.vkey]);
    assert!(!content && said.contains("has not cosigned it"), "{said}");
}

on_both!(an_older_copy_that_hides_it_is_refused_by_its_witnesses_also_after_their_restart);
async fn an_older_copy_that_hides_it_is_refused_by_its_witnesses_also_after_their_restart(
    mut world: World,
) {
    let vkey = signed(&world.coordinator(), 0).await["vkey"].clone();
    let vkey = text(&vkey);
    let folder = world.folder.path().join("witnesses");
    let mut north = Witness::starts(&folder, "north", &[vkey]);
    let south = Witness::starts(&folder, "south", &[vkey]);
    asks(&mut world, &[north.setting(), south.setting()]);
    records(&world, 50).await;
    settled(&world, &world.coordinator()).await;
    is_copied(&world);
    records(&world, 400).await;
    settled(&world, &world.coordinator()).await;
    let lost = cosigned(&world.coordinator(), 2).await;

    // The copy is put back, and everything of ours that remembers more is made to forget.
    world.server.ends();
    is_put_back(&world);
    world.tampers_with_keyring("DELETE FROM ledger_witness");
    std::fs::remove_dir_all(world.folder.path().join("state")).unwrap();
    let (accepted, said) = world.commands(&["audit", "accept"]);
    assert!(accepted, "{said}");
    asks(&mut world, &[north.setting(), south.setting()]);
    let auditor = world.coordinator();
    records(&world, 20).await;
    settled(&world, &auditor).await;
    says(&world.server, "saw another log").await;
    assert!(
        world
            .server
            .logged()
            .contains("a witness contradicts the log")
    );
    cosigned(&auditor, 0).await;

    // It grows beyond what they saw; one of them was started again.
    north.ends();
    north = Witness::starts(&folder, "north", &[vkey]);
    asks(&mut world, &[north.setting(), south.setting()]);
    records(&world, 600).await;
    let newest = settled(&world, &world.coordinator()).await;
    assert!(newest["size"].as_i64() > lost["size"].as_i64());
    says(&world.server, "saw another log").await;
    cosigned(&world.coordinator(), 0).await;
    for (witness, name) in [(&north, "north"), (&south, "south")] {
        let deadline = Instant::now() + Duration::from_secs(40);
        while !witness.logged().contains("may be forked") {
            assert!(Instant::now() < deadline, "{name}: {}", witness.logged());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        // What proves it is kept.
        let mut kept = std::fs::read_dir(folder.join(name)).unwrap();
        assert!(kept.any(|file| {
            file.unwrap()
                .path()
                .extension()
                .is_some_and(|end| end == "refused")
        }));
    }
    // And whoever kept a checkpoint finds it by himself.
    let token = file(&world, "token", &world.coordinator().token);
    let kept = file(&world, "kept", text(&lost["note"]));
    let log = format!("http://{}/audit/log", world.server.address);
    let with = [
        ("--token-file", token.as_path()),
        ("--from-checkpoint", kept.as_path()),
    ];
    let (content, said) = verifies(&log, &[vkey], &with).await;
    assert!(!content && said.contains("was rewritten"), "{said}");
}

on_both!(a_log_that_was_reopened_goes_on_under_a_new_name_that_quotes_the_old_one);
async fn a_log_that_was_reopened_goes_on_under_a_new_name_that_quotes_the_old_one(
    mut world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let auditor = world.coordinator();
    let first = settled(&world, &auditor).await;
    let old_vkey = text(&first["vkey"]);
    let folder = world.folder.path().join("witnesses");
    let mut witness = Witness::starts(&folder, "witness", &[old_vkey]);
    asks(&mut world, &[witness.setting()]);
    is_copied(&world);
    let south = south.at(&world.server.address);
    let package = crate::world::agency::PACKAGE;
    let about = serde_json::json!({ "id": ada.referral, "p": "SERVICE_DELIVERY" });
    south.asks(package, about).await.data();
    records(&world, 100).await;
    settled(&world, &world.coordinator()).await;
    let lost = cosigned(&world.coordinator(), 1).await;

    is_put_back(&world);
    is_reopened(&mut world);
    // The tokens of this test's world are of the first epoch, and would be over.
    world.tampers("UPDATE agency SET token_epoch = 1");
    asks(&mut world, &[witness.setting()]);
    let auditor = world.coordinator();
    let size = |newest: &Value| newest["size"].as_i64().unwrap();
    let newest = loop {
        let newest = settled(&world, &auditor).await;
        if newest["origin"] != first["origin"] {
            break newest;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let reopened = world.tampers("SELECT count(*) FROM ledger_reopening");
    assert_eq!(reopened.trim(), "1");
    let (origin, note) = (text(&newest["origin"]), text(&newest["note"]));
    let old = text(&first["origin"]);
    assert!(origin.starts_with(&format!("{old}/event_")), "{origin}");
    let root = text(&lost["note"]).lines().nth(2).unwrap();
    let quoted = format!("reopened {old} {} {root}", size(&lost));
    assert_eq!(note.lines().nth(3), Some(quoted.as_str()), "{note}");
    let vkey = text(&newest["vkey"]);
    assert!(vkey.starts_with(origin), "{vkey}");

    // The witness does not know a log of that name, until its operator says so: then it begins anew.
    says(&world.server, "refuse").await;
    witness.ends();
    witness = Witness::starts(&folder, "witness", &[old_vkey, vkey]);
    asks(&mut world, &[witness.setting()]);
    records(&world, 10).await;
    let cosigned = cosigned(&world.coordinator(), 1).await;
    assert_eq!(cosigned["vkey"], newest["vkey"]);

    // What was kept of before the copy is still held to; what was lost is missed.
    let token = file(&world, "token", &world.coordinator().token);
    let log = format!("http://{}/audit/log", world.server.address);
    for (kept, holds) in [(&first, true), (&lost, false)] {
        let kept = file(&world, "kept", text(&kept["note"]));
        let with = [
            ("--token-file", token.as_path()),
            ("--from-checkpoint", kept.as_path()),
        ];
        let (content, said) = verifies(&log, &[vkey, old_vkey], &with).await;
        assert_eq!(content, holds, "{said}");
        let from = [
            "audit",
            "verify",
            "--from-checkpoint",
            kept.to_str().unwrap(),
        ];
        let (content, said) = world.commands(&from);
        assert_eq!(content, holds, "{said}");
    }
    let with = [("--token-file", token.as_path())];
    let (content, said) = verifies(&log, &[old_vkey], &with).await;
    assert!(
        !content && said.contains("this is not the log's vkey"),
        "{said}"
    );
    // On every replica.
    if let Some(second) = world.second_server() {
        let newest = signed(&world.coordinator().at(&second.address), 0).await;
        assert_eq!(newest["vkey"], vkey);
    }
}
