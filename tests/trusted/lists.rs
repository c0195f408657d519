//! The lists that builds make, at the command line.

use super::*;

#[tokio::test]
async fn the_operator_registers_the_list_that_a_build_made() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let id = registers(&north, "desk").await;
    let desk = carrying(&world, &north, &id);
    let file = |name: &str, text: &str| {
        let file = world.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let adds = |file: &str| world.commands(&["application", "documents", "add", &id, file]);
    let relay = json!({ sha256(VIEWER): VIEWER }).to_string();
    let operation = json!({ "id": sha256(INBOX), "name": "Inbox", "type": "query", "body": INBOX });
    let apollo = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation] });

    let wrong = [
        (
            "md5.json",
            json!({ "0cc175b9c0f1b6a831c399e269772661": VIEWER }).to_string(),
            "name documents by",
        ),
        (
            "odd.json",
            json!({ "a": 1 }).to_string(),
            "is neither Relay's list",
        ),
        (
            "list.json",
            json!([VIEWER]).to_string(),
            "is no list of documents",
        ),
        (
            "unknown.graphql",
            "{ viewer { nothing } }".to_owned(),
            "nothing",
        ),
        ("empty.json", "{}".to_owned(), "at least one"),
    ];
    for (name, text, why) in wrong {
        let (content, said) = adds(&file(name, &text));
        assert!(!content && said.contains(why), "{name}: {said}");
    }
    let (content, said) = adds("/nowhere.graphql");
    assert!(!content && said.contains("cannot be read"), "{said}");
    assert_eq!(asks(&desk, "{ __typename }").await, "ok");

    let plain = "{ viewer { client } }\n";
    for (name, text) in [
        ("relay.json", relay),
        ("apollo.json", apollo.to_string()),
        ("plain.graphql", plain.to_owned()),
    ] {
        let (content, said) = adds(&file(name, &text));
        assert!(
            content && said.contains("executes trusted documents alone"),
            "{said}"
        );
    }
    let listed = || world.commands(&["application", "documents", "list", &id]).1;
    let mut hashes = [VIEWER, INBOX, plain].map(sha256);
    hashes.sort();
    assert_eq!(listed().lines().collect::<Vec<_>>(), hashes);
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(5);
    while asks(&desk, "{ __typename }").await != NOT_TRUSTED {
        assert!(
            tokio::time::Instant::now() < deadline,
            "the server never noticed"
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    for hash in &hashes {
        assert_eq!(sends(&desk, json!({ "documentId": hash })).await, "ok");
    }
    let (content, said) = world.commands(&["application", "documents", "remove", &id, &hashes[0]]);
    assert!(content, "{said}");
    assert_eq!(listed().lines().collect::<Vec<_>>(), hashes[1..]);
    let nobody = "application_01h2xcejqtf2nbrexx3vqjhp41";
    let (content, _) = world.commands(&["application", "documents", "lift", nobody]);
    assert!(!content);
}
