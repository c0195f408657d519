//! Where a request came from stands beside its event for thirteen months, and the event itself for ever.

use std::time::Duration;

use concord::sweep;
use serde_json::json;

use super::kinds;
use crate::world::{EVERYTHING, World, on_both};

const DAY: Duration = Duration::from_hours(24);

on_both!(a_network_address_is_gone_after_thirteen_months_and_the_event_is_not);
async fn a_network_address_is_gone_after_thirteen_months_and_the_event_is_not(world: World) {
    let north = world.agency("north").await;
    for person in ["Ada", "Ben"] {
        north.registers(person).await;
    }
    let store = &world.service.store;
    let with_address = || {
        let counted = world.tampers(
            "SELECT count(*) FROM audit_event WHERE address IS NOT NULL OR salt IS NOT NULL",
        );
        let digits: String = counted.chars().filter(char::is_ascii_digit).collect();
        digits.parse::<u64>().unwrap()
    };
    let before = with_address();
    assert!(before > 0);
    let now = store.ping().await.unwrap();
    sweep::forget_old_rows(store, now.plus(sweep::ADDRESS))
        .await
        .unwrap();
    assert_eq!(with_address(), before);
    sweep::forget_old_rows(store, now.plus(sweep::ADDRESS + 2 * DAY))
        .await
        .unwrap();
    assert_eq!(with_address(), 0);
    // What comes later has its own thirteen months. Her token is long forgotten.
    let north = world.caller(north.id, "north", EVERYTHING);
    north.registers("Cleo").await;
    assert!(with_address() > 0);
    let kinds = kinds(&north, json!({ "types": ["SURVIVOR_REGISTERED"] })).await;
    assert_eq!(kinds.len(), 3);
    // The events verify as before, when the world ends.
}
