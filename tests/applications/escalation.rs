//! A token never makes a program, nor takes one over, that reaches further than itself.

use serde_json::json;

use super::{ROTATE, public_key, verdict, with_a_key, with_a_secret};
use crate::world::{Database, World};

// Of what they answer, no more than the id is read: that asks for nothing besides.
const REGISTER: &str = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { application { id } } }";
const REPLACE: &str =
    "mutation($id: ID!, $keys: [String!]!) { replaceApplicationKeys(id: $id, keys: $keys) { id } }";
const SUSPEND: &str = "mutation($id: ID!) { suspendApplication(id: $id) { id } }";

/// A token's scope, an application's, and what comes of registering it.
const TABLE: [(&str, &str, &str); 16] = [
    ("agency.c", "agency.c", "ok"),
    ("agency.c", "agency.r", "FORBIDDEN_SCOPE"),
    ("agency.c", "agency.cr", "FORBIDDEN_SCOPE"),
    ("agency.c", "referral.r", "FORBIDDEN_SCOPE"),
    ("referral.r", "referral.r", "FORBIDDEN_SCOPE"),
    ("agency.c referral.rs", "referral.r", "ok"),
    ("agency.c referral.rs", "referral.rs", "ok"),
    ("agency.c referral.rs", "referral.rsx", "BAD_USER_INPUT"),
    ("agency.c referral.rs", "referral.u", "FORBIDDEN_SCOPE"),
    (
        "agency.c referral.r?category=NEEDS",
        "referral.r?category=NEEDS",
        "ok",
    ),
    (
        "agency.c referral.r?category=NEEDS",
        "referral.r",
        "FORBIDDEN_SCOPE",
    ),
    (
        "agency.c referral.r?category=NEEDS",
        "referral.r?category=NEEDS,IDENTITY",
        "FORBIDDEN_SCOPE",
    ),
    (
        "agency.c referral.r?purpose=HOUSING_PLACEMENT",
        "referral.r?purpose=INVESTIGATION",
        "FORBIDDEN_SCOPE",
    ),
    (
        "agency.c referral.r?purpose=HOUSING_PLACEMENT",
        "referral.r?category=NEEDS&purpose=HOUSING_PLACEMENT",
        "ok",
    ),
    // Two halves do not make a whole.
    (
        "agency.c referral.r?category=NEEDS&purpose=HOUSING_PLACEMENT referral.r?category=IDENTITY&purpose=INVESTIGATION",
        "referral.r?category=NEEDS&purpose=INVESTIGATION",
        "FORBIDDEN_SCOPE",
    ),
    ("agency.c", "", "BAD_USER_INPUT"),
];

#[tokio::test]
async fn a_token_registers_nothing_wider_than_itself() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let mut made = 0;
    for (own, asked, expected) in TABLE {
        let input = json!({ "name": "n", "scopes": asked.split(' ').collect::<Vec<_>>(), "keys": [public_key().0] });
        let holder = north.with(world.token(north.id, own));
        let answer = holder.asks(REGISTER, json!({ "a": input })).await;
        assert_eq!(verdict(&answer), expected, "{own} asks for {asked}");
        made += usize::from(expected == "ok");
        let count = world.tampers("SELECT count(*) FROM application");
        assert_eq!(count, made.to_string());
    }
}

#[tokio::test]
async fn a_token_takes_over_nothing_wider_than_itself() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let (with_secret, _) = with_a_secret(&north, "referral.rs consent.r").await;
    let with_key = with_a_key(&north, "referral.rs consent.r").await;
    let before = world.tampers("SELECT keys FROM application ORDER BY id");
    for (own, expected) in [
        ("agency.u", "FORBIDDEN_SCOPE"),
        ("agency.u referral.rs", "FORBIDDEN_SCOPE"),
        (
            "agency.u referral.rs consent.r?category=NEEDS",
            "FORBIDDEN_SCOPE",
        ),
        ("agency.crs referral.rs consent.r", "FORBIDDEN_SCOPE"),
        ("agency.u referral.rs consent.r", "ok"),
    ] {
        let kept = world.tampers("SELECT count(*) FROM application_secret");
        assert_eq!((kept.as_str(), &keys(&world)), ("1", &before));
        let holder = north.with(world.token(north.id, own));
        let rotated = holder.asks(ROTATE, json!({ "id": with_secret })).await;
        assert_eq!(verdict(&rotated), expected, "{own}");
        let replaced = holder
            .asks(REPLACE, json!({ "id": with_key, "keys": [public_key().0] }))
            .await;
        assert_eq!(verdict(&replaced), expected, "{own}");
    }
    assert_ne!(keys(&world), before);

    // Ending one needs no reach: whoever sees a program misbehave can stop it.
    let holder = north.with(world.token(north.id, "agency.u"));
    for id in [with_secret, with_key] {
        let suspended = holder.asks(SUSPEND, json!({ "id": id })).await;
        assert_eq!(verdict(&suspended), "ok");
    }
}

fn keys(world: &World) -> String {
    world.tampers("SELECT keys FROM application ORDER BY id")
}
