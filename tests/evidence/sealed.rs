//! A paper is sealed: it is nowhere in the clear, opens as no other, and is gone with its key.

use concord::consent::document::formats::DocumentType;
use concord::seal::doomed::DoomedKeys;
use concord_entities::ids::ConsentId;

use super::files::file;
use super::{draft, gets, keeper, puts, rows};
use crate::canary::{CANARY, nothing_leaked, stored};
use crate::world::{Server, World, on_both};

on_both!(what_is_on_a_paper_is_nowhere_else);
async fn what_is_on_a_paper_is_nowhere_else(mut world: World) {
    let mut talkative = Server::start_under(&world.flags(), &[("CONCORD_LOG", "trace")]);
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north).at(&talkative.address);
    for (turn, kind) in DocumentType::ALL.iter().enumerate() {
        let consent = draft(&north, &south, &format!("person {turn}")).await;
        let paper = file(*kind, CANARY);
        let broken = &paper[..paper.len() - 8];
        let other_kind = [b"GIF89a", CANARY.as_bytes()].concat();
        for (named, bytes) in [
            (kind.media_type(), broken),
            (kind.media_type(), &other_kind[..]),
            ("text/html", CANARY.as_bytes()),
        ] {
            let refused = puts(&north, &consent, named, bytes).await;
            assert!([400, 415].contains(&refused.status), "{}", refused.status);
            nothing_leaked("a refusal", &refused.bytes);
        }
        assert_eq!(
            puts(&north, &consent, kind.media_type(), &paper)
                .await
                .status,
            201
        );
        let other = file(*kind, &format!("{CANARY} again"));
        let refused = puts(&north, &consent, kind.media_type(), &other).await;
        nothing_leaked("a conflict", &refused.bytes);
        assert_eq!(gets(&north, &consent).await.bytes, paper);
    }
    nothing_leaked("the store while the servers run", &stored(&world));
    talkative.ends();
    assert!(
        talkative.logged().contains("storeConsentDocument"),
        "the log is silent"
    );
    nothing_leaked("a log", talkative.logged().as_bytes());
    world.server.ends();
    nothing_leaked("the store at rest", &stored(&world));
    let leaves = world.tampers("SELECT leaf FROM audit_event");
    nothing_leaked("the leaves", leaves.as_bytes());
}

on_both!(a_paper_opens_as_no_other);
async fn a_paper_opens_as_no_other(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north);
    let mut ids = Vec::new();
    for person in ["Ada", "Bea"] {
        let consent = draft(&north, &south, person).await;
        let paper = file(DocumentType::Pdf, person);
        assert_eq!(
            puts(&north, &consent, "application/pdf", &paper)
                .await
                .status,
            201
        );
        ids.push(consent);
    }
    let [ada, bea] = [&ids[0], &ids[1]].map(|id| world.sql_id(id));
    let set = |what: &str, id: &str| {
        world.tampers(&format!(
            "UPDATE consent_document SET {what} WHERE consent_id = {id}"
        ))
    };
    set("content_type = 'image/png'", &ada);
    assert_eq!(gets(&north, &ids[0]).await.verdict(), "500 INTERNAL");
    set("content_type = 'application/pdf'", &ada);
    assert_eq!(gets(&north, &ids[0]).await.status, 200);
    let sum = format!("sha256 = '{}'", "ab".repeat(32));
    set(&sum, &ada);
    assert_eq!(gets(&north, &ids[0]).await.verdict(), "500 INTERNAL");
    let moved = format!("sealed = (SELECT sealed FROM consent_document WHERE consent_id = {bea})");
    set(&moved, &ada);
    assert_eq!(gets(&north, &ids[0]).await.verdict(), "500 INTERNAL");
    // Not with the other one's key, either.
    world.tampers_with_keyring(&format!(
            "UPDATE document_key SET wrapped = (SELECT wrapped FROM document_key WHERE consent_id = {bea}) \
         WHERE consent_id = {ada}"
        ));
    assert_eq!(gets(&north, &ids[0]).await.verdict(), "500 INTERNAL");
    assert_eq!(gets(&north, &ids[1]).await.status, 200);
}

on_both!(a_paper_is_gone_with_its_key);
async fn a_paper_is_gone_with_its_key(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north);
    let mut ids = Vec::new();
    for person in ["Ada", "Bea", "Cleo"] {
        let consent = draft(&north, &south, person).await;
        let paper = file(DocumentType::Pdf, person);
        assert_eq!(
            puts(&north, &consent, "application/pdf", &paper)
                .await
                .status,
            201
        );
        ids.push(consent);
    }
    let vault = &world.service.vault;
    let ada: ConsentId = ids[0].parse().unwrap();
    for doomed in [vec![], vec![ada]] {
        DoomedKeys::Documents(doomed)
            .destroy(&world.service.store.keyring)
            .await
            .unwrap();
    }
    assert_eq!(gets(&north, &ids[0]).await.verdict(), "404 NOT_FOUND");
    assert_eq!(gets(&north, &ids[1]).await.status, 200);

    // An erasure that was broken off: the row is gone, its key is left.
    let bea = world.sql_id(&ids[1]);
    world.tampers(&format!(
        "DELETE FROM consent_document WHERE consent_id = {bea}"
    ));
    let store = &world.service.store;
    let now = concord::clock::now();
    vault.sweep_documents(store, now).await.unwrap();
    assert_eq!(
        rows(&world),
        ("2".to_owned(), "2".to_owned()),
        "it may be an upload"
    );
    let later = now.plus(std::time::Duration::from_hours(2));
    vault.sweep_documents(store, later).await.unwrap();
    assert_eq!(rows(&world), ("2".to_owned(), "1".to_owned()));
    assert_eq!(gets(&north, &ids[2]).await.status, 200);

    // A key that an upload left without its paper is in nobody's way.
    let paper = file(DocumentType::Pdf, "Bea");
    vault
        .seal_document(ids[1].parse().unwrap(), "application/pdf", b"lost", now)
        .await
        .unwrap();
    assert_eq!(
        puts(&north, &ids[1], "application/pdf", &paper)
            .await
            .status,
        201
    );
    assert_eq!(gets(&north, &ids[1]).await.bytes, paper);
}
