//! A server that is killed while it destroys keys leaves none of them to whoever comes after it: it sweeps before it serves.

use std::path::PathBuf;
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use futures_util::future::join_all;
use serde_json::json;

use super::wrapped::of_package;
use crate::world::{Agency, Database, Server, World, on_both};

const ROUNDS: u64 = 12;
const BURST: usize = 6;

on_both!(killed_at_any_point_of_the_destroying_a_restarted_server_serves_without_the_keys);
async fn killed_at_any_point_of_the_destroying_a_restarted_server_serves_without_the_keys(
    mut world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    for round in 0..ROUNDS {
        let (north, south) = (
            north.at(&world.server.address),
            south.at(&world.server.address),
        );
        let referring = (0..BURST).map(async |number| {
            let person = format!("Ada {round} {number}");
            north.refers(&person).to(&south).sharing([Identity]).await
        });
        let told = join_all(referring).await;
        let keys: Vec<_> = told
            .iter()
            .map(|told| of_package(&world, &told.referral))
            .collect();
        let revoking: Vec<_> = told
            .iter()
            .map(|told| tokio::spawn(is_asked_to_revoke(north.clone(), told.consent.clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(4 + round * 9)).await;
        world.server.is_killed();
        let answered = join_all(revoking).await;
        world.server = Server::start(&world.flags());
        for ((told, key), answered) in told.iter().zip(&keys).zip(answered) {
            let is_revoked = revoked(&world, &told.consent);
            if answered.unwrap() {
                assert!(is_revoked, "it was answered");
            }
            assert_eq!(world.has_key(&told.referral), !is_revoked, "round {round}");
            if world.database == Database::Sqlite && is_revoked {
                assert_eq!(key.files(&world), Vec::<PathBuf>::new(), "round {round}");
            }
        }
    }
}

/// Asks to take a consent back; returns whether the answer came.
async fn is_asked_to_revoke(north: Agency, consent: String) -> bool {
    let revoke =
        "mutation($id: ID!) { revokeConsent(id: $id, channel: TELEPHONE) { keysDestroyed } }";
    let answer = north.tries(revoke, json!({ "id": consent })).await;
    answer.is_ok_and(|answer| answer.body["data"]["revokeConsent"].is_object())
}

fn revoked(world: &World, consent: &str) -> bool {
    let id = world.sql_id(consent);
    world.tampers(&format!(
        "SELECT count(*) FROM consent WHERE id = {id} AND revoked_at IS NOT NULL"
    )) == "1"
}
