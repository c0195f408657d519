//! Go's checksum database (`golang.org/x/mod/sumdb`), which we did not write, verifies the log as it is served, at a million leaves:
//! tests/interop/log/main.go.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use concord::audit::tree::{self, Digest, Head, leaf_hash};
use concord::audit::{integrator, stored};
use concord_entities::audit_tile;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::interop_folder;
use crate::remote_log::stage::{file, signed};
use crate::remote_log::witnesses::Witness;
use crate::world::{Database, Server, World};

/// The leaves that are put in.
const LEAVES: u64 = 1_000_000;
/// How many of them there are when the checkpoint is kept.
const KEPT: u64 = 654_321;

/// Builds the partner's program.
fn built(folder: &Path) -> std::path::PathBuf {
    let program = folder.join("verifier");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&program)
        .arg("main.go")
        .current_dir(interop_folder().join("log"))
        // Its library is Debian's, as it is.
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("GOCACHE", folder.join("go-cache"))
        .output()
        .expect("Go starts: tests/run installs it");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    program
}

/// What the program says to this, and whether it is content.
fn says(program: &Path, asked: &Value) -> (bool, String) {
    let mut child = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(asked.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

async fn head(world: &World) -> Head {
    let row = stored::head(&world.service.store.write).await.unwrap();
    stored::size_and_root(&row.unwrap()).unwrap()
}

/// Grows the stored tree by leaves that are no events.
async fn grows(world: &World, from: u64, until: u64) {
    let write = &world.service.store.write;
    let leaves: Vec<Digest> = (from..until)
        .map(|n| leaf_hash(format!("leaf {n}").as_bytes()))
        .collect();
    for some in leaves.chunks(100_000) {
        let size = head(world).await.size;
        let edge = stored::tiles(write, tree::edge(size)).await.unwrap();
        let grown = tree::grow(size, &edge, some).unwrap();
        stored::keep_tiles(write, grown.changed).await.unwrap();
        stored::keep_head(write, grown.head).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn go_agrees_with_a_log_of_a_million_leaves() {
    let mut world = World::on(Database::Sqlite).await;
    let vkey = signed(&world.coordinator(), 0).await["vkey"].clone();
    let vkey = vkey.as_str().unwrap();
    let folder = world.folder.path().join("witnesses");
    let witness = Witness::starts(&folder, "witness", &[vkey]);
    world.server.ends();
    let key = &world.service.ledger_key;
    integrator::settle(&world.service.store, key).await.unwrap();
    let first = head(&world).await.size;
    grows(&world, 0, KEPT).await;
    let kept = key.sign(head(&world).await).unwrap();
    grows(&world, KEPT, LEAVES).await;
    // The service signs what it finds to extend what it signed.
    let asks = witness.setting();
    world.server = Server::start_under(&world.flags(), &[("CONCORD_WITNESSES", &asks)]);
    let auditor = world.coordinator();
    let size = i64::try_from(first + LEAVES).unwrap();
    let mut newest = signed(&auditor, size).await;
    while !newest["note"]
        .as_str()
        .unwrap()
        .contains("\u{2014} witness ")
    {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        newest = signed(&auditor, size).await;
    }

    let program = built(world.folder.path());
    let asked = json!({
        "log": format!("http://{}/audit/log", auditor.address),
        "token": auditor.token,
        "vkey": vkey,
        "witness": witness.vkey,
        "kept": kept,
        "first": first,
        "count": LEAVES,
    });
    let verifies = {
        let (program, asked) = (program.clone(), asked.clone());
        move || says(&program, &asked)
    };
    let (content, said) = tokio::task::spawn_blocking(verifies).await.unwrap();
    assert!(content, "{said}");
    let told = format!("extends {}, 61 records, 2 signatures", first + KEPT);
    assert!(said.contains(&told), "{said}");
    let root = newest["rootHash"].as_str().unwrap();
    assert_eq!(root.len(), 64, "{said}");

    // And so does ours.
    let token = file(&world, "token", &auditor.token);
    let keeps = file(&world, "kept", &kept);
    let url = asked["log"].as_str().unwrap();
    let with = [
        ("--token-file", token.as_path()),
        ("--from-checkpoint", keeps.as_path()),
    ];
    let (content, said) = crate::remote_log::stage::verifies(url, &[vkey], &with).await;
    assert!(content && said.contains(root), "{said}");

    // Neither does once one hash of them is another one.
    let write = &world.service.store.write;
    let found = audit_tile::Entity::at(0, 1000)
        .one(write)
        .await
        .unwrap()
        .unwrap();
    let mut hashes = found.hashes.clone();
    hashes[50 * 32] ^= 1;
    let mut row = found.into_active_model();
    row.hashes = sea_orm::Set(hashes);
    row.update(write).await.unwrap();
    let (content, said) = tokio::task::spawn_blocking(move || says(&program, &asked))
        .await
        .unwrap();
    assert!(!content, "{said}");
    world.goes_unverified();
}
