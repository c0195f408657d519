//! Cursors of others, of no one, of long ago and of another history.

use concord_entities::vocabulary::DataCategory::Needs;
use serde_json::{Value, json};

use super::{CHANGES, all_have_their_places, newest, page};
use crate::endings::put_back;
use crate::world::{Agency, EVERYTHING, World, on_both};

/// What a reader is told who goes on from this.
async fn refused(reader: &Agency, after: &str) -> Value {
    let answer = reader.asks(CHANGES, json!({ "after": after })).await;
    answer.body["errors"][0]["extensions"].clone()
}

on_both!(a_cursor_of_another_agency_is_refused_as_one_of_nobodys);
async fn a_cursor_of_another_agency_is_refused_as_one_of_nobodys(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    all_have_their_places(&world).await;
    let at_south = newest(&south).await;
    let of_a_page = south.asks("{ mous { pageInfo { endCursor } } }", json!({}));
    let of_a_page = of_a_page.await.data()["mous"]["pageInfo"]["endCursor"].clone();
    let strange = refused(&north, "strange").await;
    assert_eq!(strange["code"], "BAD_USER_INPUT");
    assert_eq!(strange["field"], json!(["after"]));
    for other in [at_south.as_str(), of_a_page.as_str().unwrap(), ""] {
        assert_eq!(refused(&north, other).await, strange, "{other}");
    }
    let sizes = north.asks("{ changes(first: 0) { edges { cursor } } }", json!({}));
    assert_eq!(sizes.await.codes(), "BAD_USER_INPUT");
    // The cursor of an entry is as good as a page's.
    let edges = "{ changes(first: 100) { edges { cursor node { object } } } }";
    let edges = south.asks(edges, json!({})).await;
    let cursor = edges.data()["changes"]["edges"][0]["cursor"].clone();
    page(&south, cursor.as_str(), 10).await;
}

on_both!(a_cursor_of_long_ago_is_expired_where_something_came_since);
async fn a_cursor_of_long_ago_is_expired_where_something_came_since(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    all_have_their_places(&world).await;
    let old = newest(&north).await;
    let of_before = world.tampers("SELECT max(leaf_index) FROM audit_place");
    let age = |days: u32| {
        let micros = u64::from(days) * 86_400_000_000;
        world.tampers(&format!(
            "UPDATE audit_event SET recorded_at = recorded_at - {micros} WHERE id IN \
             (SELECT event_id FROM audit_place WHERE leaf_index <= {of_before})"
        ));
    };
    age(29);
    assert!(page(&north, Some(&old), 10).await.named.is_empty());
    age(2);
    // At the end of the log, nothing came after it.
    assert!(page(&north, Some(&old), 10).await.named.is_empty());
    north.refers("Ada").to(&south).sharing([Needs]).await;
    all_have_their_places(&world).await;
    assert_eq!(refused(&north, &old).await["code"], "CURSOR_EXPIRED");
    let told = page(&north, None, 100).await;
    assert!(told.told().contains(&"REFERRAL REQUESTED".to_owned()));
    world.goes_unverified();
}

on_both!(a_cursor_of_what_an_older_copy_does_not_have_is_expired);
async fn a_cursor_of_what_an_older_copy_does_not_have_is_expired(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    all_have_their_places(&world).await;
    let before = newest(&north).await;
    put_back::is_copied(&world);
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    all_have_their_places(&world).await;
    let beyond = newest(&north).await;
    north.revokes_consent(&ada).await.data();
    put_back::is_put_back(&world);
    put_back::is_reopened(&mut world);
    world.server = world.another_server();
    let epoch = world.tampers("SELECT max(token_epoch) FROM agency");
    let mut claims = world.claims(north.id, EVERYTHING);
    claims.epoch = epoch.parse().unwrap();
    let north = world
        .caller(north.id, "north", EVERYTHING)
        .with(world.signs(&claims));
    all_have_their_places(&world).await;
    assert_eq!(refused(&north, &beyond).await["code"], "CURSOR_EXPIRED");
    // The log goes on, and so does whoever had seen no more than it has.
    let south = south.at(&world.server.address);
    assert!(page(&north, Some(&before), 100).await.named.is_empty());
    let mut claims = world.claims(south.id, EVERYTHING);
    claims.epoch = epoch.parse().unwrap();
    let south = south.with(world.signs(&claims));
    for person in ["Bea", "Cleo", "Dora"] {
        north.refers(person).to(&south).sharing([Needs]).await;
    }
    all_have_their_places(&world).await;
    // Another event has the place by now.
    assert_eq!(refused(&north, &beyond).await["code"], "CURSOR_EXPIRED");
    let told = page(&north, Some(&before), 100).await;
    assert_eq!(told.named.len(), 6);
}
