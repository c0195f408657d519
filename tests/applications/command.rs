//! What the operator does with applications at the command line.

use concord::jose::key::SigningKey;
use serde_json::json;

use super::{all, carried_by, everywhere, public_key, recorded};
use crate::world::{Database, World, on_both};

on_both!(the_operator_registers_lists_and_suspends);
async fn the_operator_registers_lists_and_suspends(world: World) {
    let other = world.second_server();
    let north = world.agency("north").await;
    let register = |more: &[&str]| {
        let words = [
            "application",
            "register",
            "--agency",
            "north",
            "--name",
            "case manager",
            "--scope",
            "referral.rs consent.r",
        ];
        world.commands(&[&words, more].concat())
    };
    let (content, said) = register(&["--secret"]);
    assert!(content, "{said}");
    let lines: Vec<&str> = said.lines().collect();
    let id = lines[0].strip_prefix("client_id      ").unwrap();
    let secret = lines[1].strip_prefix("client_secret  ").unwrap();
    assert!(id.starts_with("application_") && secret.starts_with("concord_"));
    assert!(lines[2].contains("not shown again"), "{said}");

    let (key, thumbprint) = public_key();
    let file = world.folder.path().join("key.jwk");
    std::fs::write(&file, key).unwrap();
    let file = file.to_str().unwrap();
    let (content, said) = register(&["--key", file, "--dpop-bound"]);
    assert!(content && !said.contains("secret"), "{said}");
    let keyed = said.trim().strip_prefix("client_id      ").unwrap();
    let query =
        "query($id: ID!) { node(id: $id) { ... on Application { name scopes keys dpopBound } } }";
    let answer = north.asks(query, json!({ "id": keyed })).await;
    assert_eq!(
        answer.data()["node"],
        json!({ "name": "case manager", "scopes": ["referral.rs", "consent.r"], "keys": [thumbprint], "dpopBound": true })
    );

    let by_id = north.id.to_string();
    let (content, listed) = world.commands(&["application", "list", "--agency", &by_id]);
    assert!(content, "{listed}");
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(
        lines,
        [
            format!("{keyed}  ACTIVE  PRIVATE_KEY_JWT  case manager  referral.rs consent.r"),
            format!("{id}  ACTIVE  CLIENT_SECRET_BASIC  case manager  referral.rs consent.r"),
        ]
    );

    let program = carried_by(&world, &north, id).await;
    all(&everywhere(&world, other.as_ref(), &program).await, "ok");
    let (content, said) = world.commands(&["application", "suspend", id]);
    assert!(content, "{said}");
    all(
        &everywhere(&world, other.as_ref(), &program).await,
        "UNAUTHENTICATED",
    );
    let (content, said) = world.commands(&["application", "suspend", id]);
    assert!(!content && said.contains("suspended already"), "{said}");
    assert_eq!(
        recorded(&north, id).await,
        ["APPLICATION_REGISTERED", "APPLICATION_SUSPENDED"]
    );
}

#[tokio::test]
async fn the_operator_is_told_what_is_wrong() {
    let world = World::on(Database::Sqlite).await;
    world.agency("north").await;
    let private = world.folder.path().join("private.jwk");
    let mut key = SigningKey::generate().unwrap().public_jwk();
    key["d"] = json!("c2VjcmV0");
    std::fs::write(&private, key.to_string()).unwrap();
    let private = private.to_str().unwrap();
    let cases: [(&[&str], &str); 8] = [
        (&["--agency", "north", "--scope", "referral.r"], "--key"),
        (
            &[
                "--agency",
                "north",
                "--scope",
                "referral.r",
                "--secret",
                "--key",
                private,
            ],
            "cannot be used with",
        ),
        (
            &["--agency", "nobody", "--scope", "referral.r", "--secret"],
            "none has this id or name",
        ),
        (
            &["--agency", "north", "--scope", "all", "--secret"],
            "application.scopes",
        ),
        (
            &["--agency", "north", "--scope", "", "--secret"],
            "at least one",
        ),
        (
            &[
                "--agency",
                "north",
                "--scope",
                "referral.r",
                "--key",
                "/nowhere.jwk",
            ],
            "cannot be read",
        ),
        (
            &[
                "--agency",
                "north",
                "--scope",
                "referral.r",
                "--key",
                private,
            ],
            "private",
        ),
        (&["--scope", "referral.r", "--secret"], "--agency"),
    ];
    for (more, why) in cases {
        let words = [&["application", "register", "--name", "n"], more].concat();
        let (content, said) = world.commands(&words);
        assert!(!content && said.contains(why), "{more:?}: {said}");
        assert!(!said.contains("c2VjcmV0"), "{said}");
    }
    for id in [
        "application_01h2xcejqtf2nbrexx3vqjhp41",
        "agency_01h2xcejqtf2nbrexx3vqjhp41",
    ] {
        let (content, said) = world.commands(&["application", "suspend", id]);
        assert!(!content, "{said}");
    }
    assert_eq!(world.tampers("SELECT count(*) FROM application"), "0");
}
