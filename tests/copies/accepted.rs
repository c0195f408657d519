//! Stores that nothing vouches for are the operator's to accept, on record.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::json;

use super::stage::{done, refused, with};
use crate::world::{Server, World, on_both};

on_both!(a_server_that_lost_its_state_folder_starts_once_its_stores_are_accepted);
async fn a_server_that_lost_its_state_folder_starts_once_its_stores_are_accepted(mut world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    world.server.ends();
    let elsewhere = tempfile::tempdir().unwrap();
    let flags = with(&world.flags(), "--state", elsewhere.path().join("state"));
    let said = refused(&flags);
    assert!(said.contains("does not know these stores"), "{said}");
    // Nothing was made that would let it through the next time.
    let said = refused(&flags);
    assert!(said.contains("concord audit accept"), "{said}");
    let said = done(&["audit", "accept"], &flags);
    assert!(
        said.contains("Whether both were put back to the same earlier moment could not be checked"),
        "{said}"
    );
    let said = done(&["audit", "accept"], &flags);
    assert!(said.contains("nothing to accept"), "{said}");
    world.server = Server::start(&flags);
    let here = world.server.address.clone();
    assert!(south.at(&here).reads(&ada).await.contains("Ada"));
    let found = world.coordinator().at(&here);
    let asked = "{ auditEvents(filter: { types: [STORES_ACCEPTED] }) { edges { node { type } } } }";
    let answer = found.asks(asked, json!({})).await;
    if answer.body["data"]["auditEvents"]["edges"]
        .as_array()
        .is_some_and(Vec::is_empty)
    {
        panic!("it is not on record: {}", answer.text);
    }
}
