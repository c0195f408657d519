//! What the service serves of its log, to whom, and what a partner's `concord audit verify` makes of it.

use std::path::Path;

use concord::audit::tree::{Digest, Head, TileId, Tiles, root};
use concord_entities::audit_tile;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, ModelTrait};
use serde_json::Value;

use super::stage::{file, reads, records, settled, signed, verifies};
use crate::world::{World, on_both};

on_both!(an_auditor_reads_checkpoint_and_tiles_and_nobody_elses_token_does);
async fn an_auditor_reads_checkpoint_and_tiles_and_nobody_elses_token_does(world: World) {
    records(&world, 600).await;
    let coordinator = world.coordinator();
    let auditor = coordinator.with(world.token(world.coordinator, "audit.r"));
    let newest = signed(&auditor, 600).await;
    let events = || world.tampers("SELECT count(*) FROM audit_event");
    let before = events();

    let answer = reads(&auditor, "checkpoint", &[]).await;
    assert_eq!(answer.status(), 200);
    let header = |answer: &reqwest::Response, name: &str| {
        let value = answer.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(
        header(&answer, "content-type").unwrap(),
        "text/plain; charset=utf-8"
    );
    assert_eq!(
        header(&answer, "cache-control").unwrap(),
        "private, max-age=2"
    );
    let tag = header(&answer, "etag").unwrap();
    let note = answer.text().await.unwrap();
    assert_eq!(Value::from(note.clone()), newest["note"]);
    let again = reads(&auditor, "checkpoint", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());

    let size: u64 = note.lines().nth(1).unwrap().parse().unwrap();
    let last = format!("tile/0/002.p/{}", size % 256);
    let mut tiles = Tiles::new();
    for (path, level, index, kept) in [
        ("tile/0/000", 0, 0, "private, max-age=31536000, immutable"),
        ("tile/0/001", 0, 1, "private, max-age=31536000, immutable"),
        (&last, 0, 2, "private, max-age=31536000, immutable"),
        (
            "tile/1/000.p/2",
            1,
            0,
            "private, max-age=31536000, immutable",
        ),
    ] {
        let answer = reads(&auditor, path, &[("accept-encoding", "gzip")]).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(header(&answer, "cache-control").unwrap(), kept);
        assert_eq!(
            header(&answer, "content-type").unwrap(),
            "application/octet-stream"
        );
        let vary = answer.headers().get_all("vary").iter();
        let vary: Vec<&str> = vary.map(|value| value.to_str().unwrap()).collect();
        let vary = vary.join(",").to_lowercase();
        assert!(
            vary.contains("authorization") && vary.contains("accept-encoding"),
            "{vary}"
        );
        let coding = header(&answer, "content-encoding");
        let mut bytes = answer.bytes().await.unwrap().to_vec();
        if bytes.len() > 1024 {
            assert_eq!(coding.as_deref(), Some("gzip"), "{path}");
            let mut unpacked = Vec::new();
            std::io::Read::read_to_end(
                &mut flate2::read::GzDecoder::new(bytes.as_slice()),
                &mut unpacked,
            )
            .unwrap();
            bytes = unpacked;
        }
        tiles.insert(TileId { level, index }, bytes);
    }
    let head = Head {
        size,
        root: root(size, &tiles).unwrap(),
    };
    let root: Digest = newest["rootHash"].as_str().unwrap().parse().unwrap();
    assert_eq!(head.root, root);
    // A part that was whole before is still to be had as it was.
    let part = reads(&auditor, "tile/0/001.p/5", &[])
        .await
        .bytes()
        .await
        .unwrap();
    assert_eq!(part[..], tiles[&TileId { level: 0, index: 1 }][..5 * 32]);

    for path in [
        "tile/0/003",
        "tile/0/002",
        "tile/0/002.p/255",
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/2/000.p/1",
        "tile/0/x001/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/entries/000",
        "tile/entries/000.p/1",
        "tile/",
        "tile/..%2F..%2Fcheckpoint",
        "tile/0/%00",
        "tile/6/x281/x474/x976/x710/655",
    ] {
        let answer = reads(&auditor, path, &[]).await;
        assert_eq!(answer.status(), 404, "{path}");
        let said: Value = answer.json().await.unwrap();
        assert_eq!(
            said["errors"][0]["extensions"]["code"], "NOT_FOUND",
            "{path}"
        );
    }
    // Neither hash nor checkpoint names an event, so no reading of them is one.
    assert_eq!(events(), before);

    let others = coordinator.with(world.token(world.coordinator, "audit.s referral.rs agency.r"));
    let nobody = coordinator.with("no token".to_owned());
    for path in ["checkpoint", "tile/0/000", "tile/9/9"] {
        let refused = reads(&others, path, &[]).await;
        assert_eq!(refused.status(), 403, "{path}");
        let refused = reads(&nobody, path, &[]).await;
        assert_eq!(refused.status(), 401, "{path}");
    }
    let posted = format!("http://{}/audit/log/checkpoint", auditor.address);
    let posted = reqwest::Client::new()
        .post(posted)
        .bearer_auth(&auditor.token);
    let posted = posted.send().await.unwrap();
    assert_eq!(posted.status(), 405);
    assert_eq!(posted.headers()["allow"], "GET, HEAD");
}

on_both!(a_partner_verifies_the_log_without_its_database_and_finds_what_was_changed);
async fn a_partner_verifies_the_log_without_its_database_and_finds_what_was_changed(world: World) {
    records(&world, 600).await;
    let auditor = world.coordinator();
    let newest = signed(&auditor, 600).await;
    let vkey = newest["vkey"].as_str().unwrap();
    let token = file(&world, "token", &format!("{}\n", auditor.token));
    let with_token: (&str, &Path) = ("--token-file", &token);
    let url = format!("http://{}/audit/log", auditor.address);
    let saved = world.folder.path().join("saved");
    let keeps: (&str, &Path) = ("--save-checkpoint", &saved);

    let (content, said) = verifies(&url, &[vkey], &[with_token, keeps]).await;
    assert!(
        content && said.contains("events are as they were signed for"),
        "{said}"
    );
    // It goes on from what was kept, however much comes.
    records(&world, 300).await;
    signed(&auditor, 900).await;
    let goes_on: (&str, &Path) = ("--from-checkpoint", &saved);
    let (content, said) = verifies(&url, &[vkey], &[with_token, goes_on]).await;
    assert!(content, "{said}");

    // Whoever has no right to it, or asks elsewhere, is told so.
    let (content, said) = verifies(&url, &[vkey], &[]).await;
    assert!(
        !content && said.contains("does not take the token (401)"),
        "{said}"
    );
    let narrow = file(&world, "narrow", &world.token(world.coordinator, "audit.s"));
    let (content, said) = verifies(&url, &[vkey], &[("--token-file", &narrow)]).await;
    assert!(
        !content && said.contains("does not include `audit.r` (403)"),
        "{said}"
    );
    let elsewhere = format!("http://{}/audit", auditor.address);
    let (content, said) = verifies(&elsewhere, &[vkey], &[with_token]).await;
    assert!(
        !content && said.contains("no log at this address (404)"),
        "{said}"
    );
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let (content, said) = verifies(&url, &[other], &[with_token]).await;
    assert!(
        !content && said.contains("this is not the log's vkey"),
        "{said}"
    );
    let (content, said) = verifies(&url, &[], &[with_token]).await;
    assert!(!content && said.contains("--vkey"), "{said}");

    // A hash is changed in the store, under the running server, which has nothing to sign and looks at none.
    settled(&world, &auditor).await;
    let tile = |level, place| {
        let store = &world.service.store;
        async move {
            let found = audit_tile::Entity::at(level, place).one(&store.write).await;
            found.unwrap().unwrap()
        }
    };
    let before = tile(0, 1).await;
    let mut changed = before.hashes.clone();
    changed[17 * 32] ^= 1;
    let rewrites = async |hashes: Vec<u8>| {
        let mut row = tile(0, 1).await.into_active_model();
        row.hashes = sea_orm::Set(hashes);
        row.update(&world.service.store.write).await.unwrap();
    };
    rewrites(changed).await;
    let (content, said) = verifies(&url, &[vkey], &[with_token, goes_on]).await;
    assert!(
        !content && said.contains("event 256: the stored tile 1/0"),
        "{said}"
    );
    assert!(said.contains("nothing from index 256 on"), "{said}");
    rewrites(before.hashes[..100 * 32].to_vec()).await;
    let (content, said) = verifies(&url, &[vkey], &[with_token]).await;
    assert!(
        !content && said.contains("event 256: the stored tile 0/1"),
        "{said}"
    );
    rewrites(before.hashes).await;
    let gone = tile(1, 0).await;
    let again = gone.clone();
    gone.delete(&world.service.store.write).await.unwrap();
    let (content, said) = verifies(&url, &[vkey], &[with_token]).await;
    assert!(
        !content && said.contains("event 0: the stored tile 1/0, which covers it, is missing"),
        "{said}"
    );
    let again = audit_tile::Entity::insert(again.into_active_model());
    again
        .exec_without_returning(&world.service.store.write)
        .await
        .unwrap();
    let (content, said) = verifies(&url, &[vkey], &[with_token, goes_on]).await;
    assert!(content, "{said}");
}
