//! What the parties of an MOU said stays said where an older copy of the data is put back.

use concord_entities::vocabulary::DataCategory::Identity;

use super::versions::all_but_one_sign;
use super::{agree, does, signs, terms, trio};
use crate::endings::put_back::{is_copied, is_put_back, is_reopened};
use crate::world::{Agency, EVERYTHING, World, on_both};

const LEAVES: &str = "parties { leavesAt }";

/// The same agency's next token, at the server that goes on from the copy.
fn anew(world: &World, agency: &Agency) -> Agency {
    let mut claims = world.claims(agency.id, EVERYTHING);
    claims.epoch = world
        .tampers("SELECT max(token_epoch) FROM agency")
        .parse()
        .unwrap();
    agency.at(&world.server.address).with(world.signs(&claims))
}

on_both!(what_was_suspended_or_ended_is_so_again_in_an_older_copy);
async fn what_was_suspended_or_ended_is_so_again_in_an_older_copy(mut world: World) {
    let [north, south, west] = trio(&world).await;
    let left = terms(&[&north, &south, &west], 30);
    let left = agree(&[&north, &south, &west], &left).await;
    let replaced = agree(&[&north, &west], &terms(&[&north, &west], 30)).await;
    let suspended = agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let broken = agree(&[&north, &west], &terms(&[&north, &west], 30)).await;
    let ending = agree(&[&south, &west], &terms(&[&south, &west], 30)).await;
    let taken_back = agree(&[&west, &south], &terms(&[&west, &south], 30)).await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&west).sharing([Identity]).await;
    is_copied(&world);
    does(&west, &left, "LEAVE", "id").await.data();
    let leaves = north.finds("Mou", &left, LEAVES).await;
    assert!(leaves.to_string().contains('Z'), "{leaves}");
    let next = terms(&[&north, &west], 60);
    let next = all_but_one_sign(&[&north, &west], &replaced, &next).await;
    signs(&west, &next).await.data();
    does(&south, &ending, "TERMINATE", "id").await.data();
    let terminates_on = south.finds("Mou", &ending, "terminatesOn").await;
    assert!(terminates_on["terminatesOn"].is_string());
    does(&west, &taken_back, "SUSPEND", "id").await.data();
    does(&west, &taken_back, "REINSTATE", "id").await.data();
    let broke = "mutation($id: ID!) { terminateMou(id: $id, reason: \"told others\", breach: true) { id } }";
    let id = serde_json::json!({ "id": broken });
    north.asks(broke, id).await.data();
    does(&south, &suspended, "SUSPEND", "id").await.data();

    is_put_back(&world);
    is_reopened(&mut world);
    world.server = world.another_server();
    let [north, south, west] = [&north, &south, &west].map(|agency| anew(&world, agency));
    assert_eq!(
        south.reads(&ada).await,
        "withheld: everything (MOU_NOT_IN_FORCE)"
    );
    assert_eq!(
        west.reads(&bea).await,
        "withheld: everything (MOU_NOT_IN_FORCE)"
    );
    let status = async |id: &str| {
        let of = if id == ending || id == taken_back {
            &west
        } else {
            &north
        };
        of.finds("Mou", id, "status").await["status"].clone()
    };
    assert_eq!(status(&suspended).await, "SUSPENDED");
    assert_eq!(status(&broken).await, "TERMINATED");
    // What its parties agreed to since is not in the copy.
    assert_eq!(status(&replaced).await, "TERMINATED");
    assert_eq!(status(&left).await, "ACTIVE");
    assert_eq!(north.finds("Mou", &left, LEAVES).await, leaves);
    assert_eq!(status(&taken_back).await, "ACTIVE");
    assert_eq!(status(&ending).await, "ACTIVE");
    assert_eq!(
        south.finds("Mou", &ending, "terminatesOn").await,
        terminates_on
    );
    // Whoever suspended it takes that back, as before.
    let north_tries = does(&north, &suspended, "REINSTATE", "id").await;
    assert_eq!(north_tries.codes(), "INVALID_TRANSITION");
    does(&south, &suspended, "REINSTATE", "id").await.data();
    assert!(south.reads(&ada).await.contains("Ada"));
    assert!(world.verifies().0);
}
