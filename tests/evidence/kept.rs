//! A paper that is stored comes back as it was, to the agency that stored it, with both on record.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord::consent::document::formats::DocumentType;
use serde_json::json;

use super::files::file;
use super::{draft, gets, keeper, puts, putting, rows, sha256, signs};
use crate::world::{Database, World, on_both};

on_both!(a_paper_is_stored_once_and_comes_back_as_it_was);
async fn a_paper_is_stored_once_and_comes_back_as_it_was(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north);
    for (turn, kind) in DocumentType::ALL.iter().enumerate() {
        let consent = draft(&north, &south, &format!("person {turn}")).await;
        let paper = file(*kind, "Ada says yes");
        let digest = hex::encode(sha256(&paper));
        let told = json!({
            "sha256": digest, "bytes": paper.len(), "contentType": kind.media_type(),
        });
        let stored = puts(&north, &consent, kind.media_type(), &paper).await;
        assert_eq!((stored.status, stored.json()), (201, told.clone()));
        let again = puts(&north, &consent, kind.media_type(), &paper).await;
        assert_eq!((again.status, again.json()), (200, told));
        let other = puts(
            &north,
            &consent,
            kind.media_type(),
            &file(*kind, "Ada says no"),
        )
        .await;
        assert_eq!(other.verdict(), "409 CONFLICT");

        let read = gets(&north, &consent).await;
        assert_eq!((read.status, &read.bytes), (200, &paper));
        assert_eq!(read.header("content-type"), kind.media_type());
        assert_eq!(
            read.header("content-disposition"),
            format!("attachment; filename=\"{consent}.{}\"", kind.extension())
        );
        assert_eq!(read.header("x-content-type-options"), "nosniff");
        assert_eq!(read.header("cache-control"), "no-store");
        let sum = STANDARD.encode(sha256(&paper));
        assert_eq!(read.header("content-digest"), format!("sha-256=:{sum}:"));
    }
    assert_eq!(rows(&world), ("3".to_owned(), "3".to_owned()));
    for kind in ["CONSENT_DOCUMENT_STORED", "CONSENT_DOCUMENT_READ"] {
        let count = format!("SELECT count(*) FROM audit_event WHERE kind = '{kind}'");
        assert_eq!(world.tampers(&count), "3", "{kind}");
        // The recipient's view of the audit log has nothing of it.
        let told = format!("{count} AND recipient_id IS NOT NULL");
        assert_eq!(world.tampers(&told), "0", "{kind}");
    }
}

#[tokio::test]
async fn a_stated_digest_is_held_against_the_body() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north);
    let consent = draft(&north, &south, "Ada").await;
    let paper = file(DocumentType::Pdf, "Ada says yes");
    let right = format!("sha-256=:{}:", STANDARD.encode(sha256(&paper)));
    let wrong = format!("sha-256=:{}:", STANDARD.encode(sha256(b"another")));
    for (name, value) in [
        ("content-digest", wrong.as_str()),
        ("repr-digest", &wrong),
        ("repr-digest", "sha-256=nonsense"),
    ] {
        let request = putting(&north, &consent, "application/pdf", &paper).header(name, value);
        assert_eq!(
            super::Reply::to(request).await.verdict(),
            "400 BAD_USER_INPUT",
            "{name}"
        );
    }
    assert_eq!(rows(&world), ("0".to_owned(), "0".to_owned()));
    let request = putting(&north, &consent, "application/pdf", &paper)
        .header("content-digest", &right)
        .header("repr-digest", &right);
    assert_eq!(super::Reply::to(request).await.verdict(), "201");
}

#[tokio::test]
async fn the_signature_and_the_paper_name_the_same_document() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north);
    let pdf = |said| file(DocumentType::Pdf, said);
    let (paper, other) = (pdf("Ada says yes"), pdf("Ada says no"));
    let of = |paper: &[u8]| hex::encode(sha256(paper));
    let kind = "application/pdf";

    let first = draft(&north, &south, "Ada").await;
    assert_eq!(puts(&north, &first, kind, &paper).await.status, 201);
    let refused = signs(&north, &first, &of(&other)).await;
    assert_eq!(refused.codes(), "BAD_USER_INPUT");
    let signed = signs(&north, &first, &of(&paper)).await;
    assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");

    let second = draft(&north, &south, "Bea").await;
    signs(&north, &second, &of(&paper)).await.data();
    assert_eq!(
        puts(&north, &second, kind, &other).await.verdict(),
        "409 CONFLICT"
    );
    assert_eq!(puts(&north, &second, kind, &paper).await.status, 201);

    // What was lawful can be shown after the consent was taken back, too.
    north.revokes(&second).await.data();
    assert_eq!(gets(&north, &second).await.bytes, paper);
}
