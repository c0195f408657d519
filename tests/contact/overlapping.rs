//! A plan is set while others set and read it: whoever reads finds a plan, and no newer one loses its key.

use concord::clock;
use concord::seal::doomed::DoomedKeys;
use concord::seal::record::{RecordKind, SealedRecord};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::story::{DAYS, asks_now, plan, reads, sets};
use crate::world::{World, on_both};

on_both!(an_overtaken_setting_leaves_the_newer_plans_key);
async fn an_overtaken_setting_leaves_the_newer_plans_key(world: World) {
    let vault = &world.service.vault;
    let (kind, owner) = (RecordKind::SafeContact, Uuid::from_u128(7));
    let mut kept = Vec::new();
    for version in 1..=3 {
        let plain = [u8::try_from(version).unwrap(); 4];
        let bytes = vault.seal_record(kind, owner, version, &plain, clock::now());
        kept.push((version, plain, bytes.await.unwrap()));
    }
    // The second comes to its end after the third.
    DoomedKeys::Older {
        kind,
        owner,
        version: 2,
    }
    .destroy(&world.service.store.keyring)
    .await
    .unwrap();
    for (version, plain, bytes) in &kept {
        let sealed = SealedRecord {
            owner,
            version: *version,
            bytes,
        };
        let opened = vault.open_records(kind, &[sealed]).await.unwrap();
        let opened = opened.get(&owner).map(|plain| plain.to_vec());
        assert_eq!(opened, (*version > 1).then(|| plain.to_vec()), "{version}");
    }
}

on_both!(whoever_reads_while_a_plan_is_set_finds_one);
async fn whoever_reads_while_a_plan_is_set_finds_one(world: World) {
    let north = world.agency("north").await;
    let ada = north.registers("Ada").await;
    assert_eq!(sets(&north, &ada, plan(&DAYS)).await, "");
    let setting = async {
        for _ in 0..25 {
            assert_eq!(sets(&north, &ada, plan(&DAYS)).await, "");
        }
    };
    let reading = join_all((0..4).map(|_| async {
        for _ in 0..25 {
            let seen = reads(&north, &ada).await;
            assert_ne!(seen, json!({ "safeContact": Value::Null }));
            let advice = asks_now(&north, &ada, "PHONE").await;
            assert_eq!(advice["allowed"], true, "{advice}");
        }
    }));
    tokio::join!(setting, reading);
}
