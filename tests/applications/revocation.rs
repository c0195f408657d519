//! A token that is taken back is over on every server, and with it whatever was exchanged for it.

use concord_entities::ids::TokenId;

use super::{all, carrying, everywhere, recorded};
use crate::world::{Agency, Database, EVERYTHING, World, on_both};

/// A recorded token, exchanged for another where one is named; its id and its bearer.
async fn token(world: &World, agency: &Agency, parent: Option<&str>) -> (String, Agency) {
    let claims = world.claims(agency.id, EVERYTHING);
    let bearer = carrying(world, agency, &claims).await;
    if let Some(parent) = parent {
        let id = &claims.id;
        world.tampers(&format!(
            "UPDATE token_state SET parent = '{parent}' WHERE jti = '{id}'"
        ));
    }
    (claims.id, bearer)
}

on_both!(a_token_falls_with_everything_that_was_exchanged_for_it);
async fn a_token_falls_with_everything_that_was_exchanged_for_it(world: World) {
    let other = world.second_server();
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let (root, of_root) = token(&world, &north, None).await;
    let (taken, of_taken) = token(&world, &north, Some(&root)).await;
    let (child, of_child) = token(&world, &north, Some(&taken)).await;
    let (grandchild, of_grandchild) = token(&world, &north, Some(&child)).await;
    let (sibling, of_sibling) = token(&world, &north, Some(&root)).await;
    let live = [&of_root, &of_sibling];
    let dead = [&of_taken, &of_child, &of_grandchild];
    for bearer in live.into_iter().chain(dead) {
        all(&everywhere(&world, other.as_ref(), bearer).await, "ok");
    }

    // Another agency's is as unknown as one that nobody has.
    let unknown = TokenId::new().to_string();
    for id in [taken.as_str(), &unknown, "", "no token id at all"] {
        let answer = south.revokes_token(id).await;
        assert_eq!(answer.codes(), "NOT_FOUND");
        assert_eq!(
            answer.body["errors"][0]["message"],
            "nothing with this id is open to you"
        );
    }
    all(&everywhere(&world, other.as_ref(), &of_taken).await, "ok");

    let answer = north.revokes_token(&taken).await;
    assert_eq!(answer.data()["revokeToken"], true);
    for bearer in dead {
        all(
            &everywhere(&world, other.as_ref(), bearer).await,
            "UNAUTHENTICATED",
        );
    }
    for bearer in live {
        all(&everywhere(&world, other.as_ref(), bearer).await, "ok");
    }
    assert_eq!(
        recorded(&north, &taken).await.last().unwrap(),
        "TOKEN_REVOKED"
    );

    let denied = "SELECT jti, denied_at FROM token_state WHERE denied_at IS NOT NULL ORDER BY jti";
    let before = world.tampers(denied);
    assert_eq!(before.lines().count(), 3);
    let again = north.revokes_token(&taken).await;
    assert_eq!(again.data()["revokeToken"], true);
    assert_eq!(world.tampers(denied), before);
    assert!(before.contains(&grandchild) && !before.contains(&sibling));
}

#[tokio::test]
async fn a_token_takes_itself_back_and_a_circle_of_parents_ends() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let (one, bearer) = token(&world, &north, None).await;
    let (other, of_other) = token(&world, &north, Some(&one)).await;
    world.tampers(&format!(
        "UPDATE token_state SET parent = '{other}' WHERE jti = '{one}'"
    ));
    let answer = bearer.revokes_token(&one).await;
    assert_eq!(answer.data()["revokeToken"], true);
    for bearer in [&bearer, &of_other] {
        all(&everywhere(&world, None, bearer).await, "UNAUTHENTICATED");
    }
}
