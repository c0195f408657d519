//! The text that the parties of an MOU sign: one for each version, sealed, the one that every signature names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord::consent::document::formats::DocumentType;
use serde_json::{Value, json};

use crate::canary::{CANARY, nothing_leaked, stored};
use crate::evidence::files::file;
use crate::evidence::{Reply, sha256};
use crate::mou_life::{SIGN, does, drafts, terms, trio};
use crate::world::agency::{day, text};
use crate::world::{Agency, Answer, World, on_both};

fn url(agency: &Agency, mou: &str) -> String {
    format!("http://{}/mous/{mou}/document", agency.address)
}

pub async fn puts(agency: &Agency, mou: &str, bytes: &[u8]) -> Reply {
    let request = reqwest::Client::new()
        .put(url(agency, mou))
        .bearer_auth(&agency.token)
        .header("content-type", "application/pdf")
        .body(bytes.to_vec());
    Reply::to(request).await
}

pub async fn gets(agency: &Agency, mou: &str) -> Reply {
    let request = reqwest::Client::new().get(url(agency, mou));
    Reply::to(request.bearer_auth(&agency.token)).await
}

/// Signs a text.
async fn signs(agency: &Agency, mou: &str, signed: &[u8]) -> Answer {
    let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board",
        "documentSha256": hex::encode(sha256(signed)) });
    agency
        .asks(SIGN, json!({ "id": mou, "s": signature }))
        .await
}

/// How often something was done with a text, by the log.
fn on_record(world: &World, kind: &str) -> String {
    world.tampers(&format!(
        "SELECT count(*) FROM audit_event WHERE kind = '{kind}'"
    ))
}

/// An MOU that the task force follows.
fn followed(world: &World, parties: &[&Agency]) -> Value {
    let mut mou = terms(parties, 30);
    mou["taskForce"] = json!(world.task_force.to_string());
    mou
}

on_both!(the_text_is_stored_once_and_is_what_everybody_signs);
async fn the_text_is_stored_once_and_is_what_everybody_signs(world: World) {
    let [north, south, west] = trio(&world).await;
    let coordinator = world.coordinator();
    let (paper, other) = (
        file(DocumentType::Pdf, "both agree"),
        file(DocumentType::Pdf, "one does"),
    );
    let id = drafts(&north, &followed(&world, &[&north, &south])).await;
    let shown = "document { sha256 contentType bytes path }";
    assert_eq!(
        north.finds("Mou", &id, shown).await["document"],
        Value::Null
    );
    assert_eq!(gets(&north, &id).await.verdict(), "404 NOT_FOUND");
    // Nobody but its drafter knows of a draft.
    for stranger in [&south, &west, &coordinator] {
        assert_eq!(puts(stranger, &id, &paper).await.verdict(), "404 NOT_FOUND");
    }
    let sum = hex::encode(sha256(&paper));
    let first = puts(&north, &id, &paper).await;
    let told = json!({ "sha256": sum, "bytes": paper.len(), "contentType": "application/pdf" });
    assert_eq!((first.status, first.json()), (201, told.clone()));
    assert_eq!(gets(&south, &id).await.verdict(), "404 NOT_FOUND");
    does(&north, &id, "OFFER", "status").await.data();

    let again = puts(&south, &id, &paper).await;
    assert_eq!((again.status, again.json()), (200, told));
    assert_eq!(puts(&south, &id, &other).await.verdict(), "409 CONFLICT");
    // Whoever follows it reads it, and says nothing of it.
    assert_eq!(
        puts(&coordinator, &id, &paper).await.verdict(),
        "409 INVALID_TRANSITION"
    );
    assert_eq!(puts(&west, &id, &paper).await.verdict(), "404 NOT_FOUND");
    signs(&south, &id, &other)
        .await
        .is_refused_for("signature.documentSha256");
    signs(&south, &id, &paper).await.data();
    let signed = signs(&north, &id, &paper).await;
    assert_eq!(signed.data()["signMou"]["status"], "ACTIVE");
    for reader in [&north, &south, &coordinator] {
        let read = gets(reader, &id).await;
        assert_eq!((read.status, &read.bytes), (200, &paper), "{}", reader.name);
        let digest = STANDARD.encode(sha256(&paper));
        assert_eq!(read.header("content-digest"), format!("sha-256=:{digest}:"));
        let document = &reader.finds("Mou", &id, shown).await["document"];
        let path = format!("/mous/{id}/document");
        assert_eq!(
            *document,
            json!({ "sha256": sum, "contentType": "application/pdf", "bytes": paper.len(), "path": path })
        );
    }
    assert_eq!(gets(&west, &id).await.verdict(), "404 NOT_FOUND");
    assert_eq!(on_record(&world, "MOU_DOCUMENT_STORED"), "1");
    assert_eq!(on_record(&world, "MOU_DOCUMENT_READ"), "3");
    // What a token may not do with MOUs it may not do with their texts.
    let reading = north.with(world.token(north.id, "mou.r"));
    assert_eq!(gets(&reading, &id).await.status, 200);
    assert_eq!(
        puts(&reading, &id, &paper).await.verdict(),
        "403 FORBIDDEN_SCOPE"
    );
    let writing = north.with(world.token(north.id, "mou.u"));
    assert_eq!(gets(&writing, &id).await.verdict(), "403 FORBIDDEN_SCOPE");
}

on_both!(a_text_that_comes_after_the_signatures_is_the_one_that_they_name);
async fn a_text_that_comes_after_the_signatures_is_the_one_that_they_name(world: World) {
    let [north, south, _] = trio(&world).await;
    let (paper, other) = (
        file(DocumentType::Pdf, "both agree"),
        file(DocumentType::Pdf, "one does"),
    );
    let agreed = terms(&[&north, &south], 30);
    let id = drafts(&north, &agreed).await;
    does(&north, &id, "OFFER", "status").await.data();
    signs(&south, &id, &paper).await.data();
    assert_eq!(puts(&north, &id, &other).await.verdict(), "409 CONFLICT");
    assert_eq!(puts(&north, &id, &paper).await.status, 201);
    signs(&north, &id, &paper).await.data();

    // The next version has a text of its own, and the one before keeps its own.
    let amend = "mutation($id: ID!, $m: MouInput!) { amendMou(id: $id, mou: $m) { id document { sha256 } } }";
    let amended = north.asks(amend, json!({ "id": id, "m": agreed })).await;
    let amended = &amended.data()["amendMou"];
    assert_eq!(amended["document"], Value::Null);
    let next = text(&amended["id"]);
    assert_eq!(puts(&north, &next, &other).await.status, 201);
    does(&north, &next, "OFFER", "status").await.data();
    for party in [&north, &south] {
        signs(party, &next, &other).await.data();
    }
    assert_eq!(gets(&south, &id).await.bytes, paper);
    assert_eq!(gets(&south, &next).await.bytes, other);
    // What came to nothing needs no text; what ended can still be shown.
    let declined = drafts(&north, &agreed).await;
    does(&north, &declined, "OFFER", "status").await.data();
    does(&south, &declined, "DECLINE", "status").await.data();
    assert_eq!(
        puts(&north, &declined, &paper).await.verdict(),
        "409 INVALID_TRANSITION"
    );
    let ended = crate::mou_life::agree(&[&north, &south], &terms(&[&north, &south], 0)).await;
    does(&north, &ended, "TERMINATE", "status").await.data();
    assert_eq!(puts(&north, &ended, &paper).await.verdict(), "409 CONFLICT");
}

on_both!(what_an_mous_text_says_is_sealed_and_stays);
async fn what_an_mous_text_says_is_sealed_and_stays(world: World) {
    let [north, south, _] = trio(&world).await;
    let mut mou = terms(&[&north, &south], 30);
    mou["effectiveOn"] = json!(day(0));
    let id = drafts(&north, &mou).await;
    let paper = file(DocumentType::Pdf, CANARY);
    assert_eq!(puts(&north, &id, &paper).await.status, 201);
    nothing_leaked("the store", &stored(&world));
    // No sweep takes the key of an MOU's text, however old; one that an upload left is taken.
    let store = &world.service.store;
    let years_on = concord::clock::now().plus(std::time::Duration::from_hours(10 * 8_766));
    let vault = &world.service.vault;
    vault.sweep_everything(store, years_on).await.unwrap();
    assert_eq!(gets(&north, &id).await.bytes, paper);
    let keys = "SELECT count(*) FROM record_key WHERE kind = 'mou-document'";
    assert_eq!(world.tampers_with_keyring(keys), "1");
    let lost = drafts(&north, &mou).await;
    let lost = world.sql_id(&lost);
    world.tampers_with_keyring(&format!(
        "INSERT INTO record_key (kind, owner, version, wrapped, created_at) \
         SELECT kind, {lost}, version, wrapped, created_at FROM record_key WHERE kind = 'mou-document'"
    ));
    vault.sweep_everything(store, years_on).await.unwrap();
    assert_eq!(world.tampers_with_keyring(keys), "1");
    // Altered, it is not handed out.
    let own = world.sql_id(&id);
    let sum = hex::encode(sha256(&paper));
    let wrong = "ab".repeat(32);
    let cast = if world.database == crate::world::Database::Postgres {
        "::json"
    } else {
        ""
    };
    let text = if cast.is_empty() {
        "document"
    } else {
        "document::text"
    };
    world.tampers(&format!(
        "UPDATE mou SET document = replace({text}, '{sum}', '{wrong}'){cast} WHERE id = {own}"
    ));
    assert_eq!(gets(&north, &id).await.verdict(), "500 INTERNAL");
}
