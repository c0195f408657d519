//! Whatever was read while it ended is explained as it was read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use futures_util::future::join_all;

use super::{explains, moment_between};
use crate::world::agency::text;
use crate::world::{Database, World};

/// SQLite's clock has milliseconds, in which a read and the ending that follows it may both lie.
#[tokio::test(flavor = "multi_thread")]
async fn no_disclosure_on_record_is_contradicted_by_how_its_moment_is_explained() {
    let world = World::on(Database::Postgres).await;
    let second = world.another_server();
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let over = Arc::new(AtomicBool::new(false));
    let readers = [&world.server.address, &second.address]
        .into_iter()
        .flat_map(|address| {
            let (south, told, over) = (&south, &told, &over);
            (0..3).map(move |_| {
                let (reader, told, over) = (south.at(address), told.clone(), Arc::clone(over));
                tokio::spawn(async move {
                    while !over.load(Ordering::SeqCst) {
                        reader.reads(&told).await;
                    }
                })
            })
        });
    let readers: Vec<_> = readers.collect();
    let mou = format!(
        "(SELECT mou_id FROM referral WHERE id = {})",
        world.sql_id(&told.referral)
    );
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(120)).await;
        world.ends_sharing(&format!("UPDATE mou SET suspended_at = 1 WHERE id = {mou}"));
        tokio::time::sleep(Duration::from_millis(30)).await;
        world.ends_sharing(&format!(
            "UPDATE mou SET suspended_at = NULL WHERE id = {mou}"
        ));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    coordinator.suspends(&south, "an audit").await.data();
    over.store(true, Ordering::SeqCst);
    join_all(readers).await.into_iter().for_each(Result::unwrap);
    moment_between().await;
    // What its recipient was told, newest first: the last of it right before an ending.
    let log = "auditEvents(first: 100, filter: { types: [PACKAGE_READ] })";
    let events = north.lists(log, "recordedAt categories consent").await;
    let disclosed: Vec<String> = events
        .iter()
        .filter(|event| {
            event["consent"] == told.consent
                && event["categories"] == serde_json::json!(["IDENTITY"])
        })
        .map(|event| text(&event["recordedAt"]))
        .collect();
    assert!(disclosed.len() > 20, "{}", disclosed.len());
    for moment in &disclosed {
        let explained = explains(&north, &told, &south, Some(moment)).await;
        assert_eq!(
            explained, r#"REQUESTED | MOU, CONSENT, PURPOSE | ["IDENTITY"]"#,
            "{moment}"
        );
    }
}
