//! Notes on a referral: to the other side, as far as it may be told; or for one's own agency alone.

use concord_entities::vocabulary::DataCategory::{Identity, Medical, Safety};
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::evidence::pdfs::pdf;
use crate::world::agency::{Told, text};
use crate::world::{Agency, Answer, World, on_both};

const ADD: &str = "mutation($id: ID!, $n: NoteInput!) { addReferralNote(id: $id, note: $n) \
    { type reason note { id category audience } } }";
const CONTENT: &str = "category audience content(purpose: SERVICE_DELIVERY) { text withheld notice receipt { event } }";

async fn adds(agency: &Agency, told: &Told, note: Value) -> Answer {
    let variables = json!({ "id": told.referral, "n": note });
    agency.asks(ADD, variables).await
}

fn to(audience: &str, category: &str, text: &str) -> Value {
    json!({ "audience": audience, "category": category, "text": text })
}

/// Adds a note, and returns its id.
async fn noted(agency: &Agency, told: &Told, note: Value) -> String {
    let added = adds(agency, told, note).await;
    text(&added.data()["addReferralNote"]["note"]["id"])
}

/// What somebody reads of a note: its text, why it is withheld, or nothing.
async fn reads(agency: &Agency, note: &str) -> String {
    let note = agency.finds("ReferralNote", note, CONTENT).await;
    let content = &note["content"];
    match (&content["text"], &content["withheld"]) {
        (Value::String(said), Value::Null) => said.clone(),
        (Value::Null, Value::String(why)) => why.clone(),
        _ => "nothing".to_owned(),
    }
}

on_both!(a_note_to_the_other_side_is_read_as_its_category_of_the_package_is);
async fn a_note_to_the_other_side_is_read_as_its_category_of_the_package_is(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let stranger = world.agency("stranger").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Safety])
        .await;
    let note = noted(
        &north,
        &ada,
        to("OTHER_PARTY", "SAFETY", "He knows the street."),
    )
    .await;
    let answer = noted(
        &south,
        &ada,
        to("OTHER_PARTY", "SAFETY", "We met her elsewhere."),
    )
    .await;
    for (note, said) in [
        (&note, "He knows the street."),
        (&answer, "We met her elsewhere."),
    ] {
        for agency in [&north, &south] {
            assert_eq!(reads(agency, note).await, said, "{}", agency.name);
        }
        assert_eq!(reads(&stranger, note).await, "nothing");
    }
    // A token reaches no further into notes than into packages.
    let narrow = world.token(south.id, "referral.crus?category=IDENTITY");
    assert_eq!(reads(&south.with(narrow), &note).await, "TOKEN_TOO_NARROW");
    // What the recipient reads is a disclosure, in the survivor's account.
    let survivor = north.survivor_of(&ada.consent).await;
    let account = "accounting { edges { node { recipient { name } categories } } }";
    let account = north.finds("Survivor", &survivor, account).await;
    let told = &account["accounting"]["edges"][0]["node"];
    assert_eq!(told["recipient"]["name"], "south", "{account}");
    assert_eq!(told["categories"], json!(["SAFETY"]));

    // What the consent does not name is told in neither direction.
    for agency in [&north, &south] {
        let refused = adds(agency, &ada, to("OTHER_PARTY", "MEDICAL", "An injury.")).await;
        assert_eq!(refused.codes(), "BAD_USER_INPUT");
        let field = &refused.body["errors"][0]["extensions"]["field"];
        assert_eq!(*field, json!(["note", "category"]));
    }
    // Once the referral is over, its recipient reads no more, and nobody is told more.
    south.does("acceptReferral", &ada).await.data();
    let complete = "mutation($id: ID!) { completeReferral(id: $id, outcome: { code: NEEDS_MET, provided: [HOUSING] }) { status } }";
    south
        .asks(complete, json!({ "id": ada.referral }))
        .await
        .data();
    assert_eq!(reads(&south, &note).await, "REFERRAL_CLOSED");
    assert_eq!(reads(&south, &answer).await, "We met her elsewhere.");
    assert_eq!(reads(&north, &answer).await, "We met her elsewhere.");
    let late = adds(&north, &ada, to("OTHER_PARTY", "SAFETY", "Once more.")).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");
    let kept = adds(&north, &ada, to("OWN_AGENCY", "SAFETY", "To our file.")).await;
    assert_eq!(kept.data()["addReferralNote"]["type"], "REFERRAL_NOTE_KEPT");
}

on_both!(a_note_for_ones_own_agency_is_nobody_elses_and_of_any_category);
async fn a_note_for_ones_own_agency_is_nobody_elses_and_of_any_category(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let before = south.finds("Referral", &ada.referral, "updatedAt").await;
    let own = noted(&south, &ada, to("OWN_AGENCY", "MEDICAL", "She coughs.")).await;
    assert_eq!(reads(&south, &own).await, "She coughs.");
    assert_eq!(reads(&north, &own).await, "nothing");
    // Nothing tells the other side that there is one.
    let shown = "updatedAt timeline { edges { node { type note { id } } } }";
    let seen = north.finds("Referral", &ada.referral, shown).await;
    assert_eq!(seen["updatedAt"], before["updatedAt"]);
    assert!(!seen.to_string().contains("NOTE"), "{seen}");
    let log = north.lists("auditEvents(first: 100)", "type objects").await;
    assert!(!Value::from(log).to_string().contains("NOTE_KEPT"));
    let shown = "timeline { edges { node { type subject note { id category audience } } } }";
    let seen = south.finds("Referral", &ada.referral, shown).await;
    let newest = &seen["timeline"]["edges"][0]["node"];
    assert_eq!(
        newest["note"],
        json!({ "id": own, "category": "MEDICAL", "audience": "OWN_AGENCY" })
    );
    assert!(newest["subject"].is_string());
}

on_both!(notes_end_with_the_package_that_they_were_sealed_with);
async fn notes_end_with_the_package_that_they_were_sealed_with(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Safety])
        .await;
    let told = noted(&north, &ada, to("OTHER_PARTY", "SAFETY", "Not by car.")).await;
    let own = noted(&south, &ada, to("OWN_AGENCY", "SAFETY", "By bus.")).await;
    let hers = noted(&north, &ada, to("OWN_AGENCY", "SAFETY", "By train.")).await;
    north.revokes_consent(&ada).await.data();
    assert!(!world.has_key(&ada.referral));
    for (agency, note) in [
        (&south, &told),
        (&south, &own),
        (&north, &told),
        (&north, &hers),
    ] {
        assert_eq!(
            reads(agency, note).await,
            "CONSENT_REVOKED",
            "{}",
            agency.name
        );
    }
    let late = adds(&north, &ada, to("OWN_AGENCY", "SAFETY", "Once more.")).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");
    // A survivor who is erased leaves no row of a note.
    let count = "SELECT count(*) FROM referral_note";
    assert_eq!(world.tampers(count).trim(), "3");
    let survivor = north.survivor_of(&ada.consent).await;
    let erase = "mutation($id: ID!) { eraseSurvivor(id: $id) { event } }";
    north.asks(erase, json!({ "id": survivor })).await.data();
    assert_eq!(world.tampers(count).trim(), "0");
    // That there was one stays on record, and no more of it is shown.
    let shown = "timeline { edges { node { type note { id } } } }";
    let seen = north.finds("Referral", &ada.referral, shown).await;
    let added = json!({ "node": { "type": "REFERRAL_NOTE_ADDED", "note": null } });
    let edges = seen["timeline"]["edges"].as_array().unwrap();
    assert!(edges.contains(&added), "{seen}");
}

on_both!(a_note_is_added_once_and_what_is_wrong_with_it_is_said);
async fn a_note_is_added_once_and_what_is_wrong_with_it_is_said(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).drafted([Identity]).await;
    let draft = adds(&north, &ada, to("OWN_AGENCY", "IDENTITY", "Too early.")).await;
    assert_eq!(draft.codes(), "INVALID_TRANSITION");
    let unknown = adds(&south, &ada, to("OWN_AGENCY", "IDENTITY", "Too early.")).await;
    assert_eq!(unknown.codes(), "NOT_FOUND");
    north.does("sendReferral", &ada).await.data();
    for wrong in ["", " \n", "a\u{202e}b"] {
        let refused = adds(&north, &ada, to("OTHER_PARTY", "IDENTITY", wrong)).await;
        assert_eq!(refused.codes(), "BAD_USER_INPUT");
    }
    let mut note = to("OTHER_PARTY", "IDENTITY", "Her name is Adaeze.");
    note["idempotencyKey"] = json!("lost reply");
    let first = adds(&north, &ada, note.clone()).await;
    let again = adds(&north, &ada, note.clone()).await;
    assert_eq!(first.data(), again.data());
    note["text"] = json!("Her name is Ada.");
    assert_eq!(adds(&north, &ada, note).await.codes(), "CONFLICT");
    assert_eq!(
        world.tampers("SELECT count(*) FROM referral_note").trim(),
        "1"
    );
    // Who read a list since finds the referral: it changed.
    let since = north
        .finds("Referral", &ada.referral, "sentAt updatedAt")
        .await;
    assert!(
        text(&since["updatedAt"]) > text(&since["sentAt"]),
        "{since}"
    );
}

on_both!(a_note_has_one_file_which_is_read_as_the_note_is);
async fn a_note_has_one_file_which_is_read_as_the_note_is(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Medical])
        .await;
    let note = noted(&north, &ada, to("OTHER_PARTY", "MEDICAL", "The letter.")).await;
    let letter = pdf("", &[]);
    let stored = puts(&north, &note, &letter).await;
    assert_eq!(
        stored.status().as_u16(),
        201,
        "{}",
        stored.text().await.unwrap()
    );
    assert_eq!(puts(&north, &note, &letter).await.status().as_u16(), 200);
    let other = pdf("/Lang (es)", &[]);
    assert_eq!(puts(&north, &note, &other).await.status().as_u16(), 409);
    // It is its author's to give, and a file that shows a page.
    assert_eq!(puts(&south, &note, &letter).await.status().as_u16(), 404);
    let second = noted(&north, &ada, to("OTHER_PARTY", "MEDICAL", "A program.")).await;
    assert_eq!(
        puts(&north, &second, b"MZ not a page")
            .await
            .status()
            .as_u16(),
        415
    );

    let shown = "attachment { contentType bytes sha256 path }";
    let seen = south.finds("ReferralNote", &note, shown).await;
    let path = format!("/notes/{note}/attachment");
    assert_eq!(seen["attachment"]["path"], path);
    assert_eq!(seen["attachment"]["bytes"], letter.len());
    let got = gets(&south, &note, "SERVICE_DELIVERY").await;
    assert_eq!(got.headers()["content-type"], "application/pdf");
    assert_eq!(got.headers()["cache-control"], "no-store");
    assert_eq!(got.bytes().await.unwrap(), letter);
    let wrong = gets(&south, &note, "CURIOSITY").await;
    assert_eq!(wrong.status().as_u16(), 400);
    let unconsented = gets(&south, &note, "PROSECUTION").await;
    assert_eq!(unconsented.status().as_u16(), 404);
    assert_eq!(
        gets(&south, &second, "SERVICE_DELIVERY")
            .await
            .status()
            .as_u16(),
        404
    );
    let stranger = world.agency("stranger").await;
    assert_eq!(
        gets(&stranger, &note, "SERVICE_DELIVERY")
            .await
            .status()
            .as_u16(),
        404
    );
    north.revokes_consent(&ada).await.data();
    assert_eq!(
        gets(&south, &note, "SERVICE_DELIVERY")
            .await
            .status()
            .as_u16(),
        404
    );
    assert_eq!(
        gets(&north, &note, "SERVICE_DELIVERY")
            .await
            .status()
            .as_u16(),
        404
    );
}

on_both!(whoever_attaches_a_file_undoes_nothing_that_the_other_side_does_meanwhile);
async fn whoever_attaches_a_file_undoes_nothing_that_the_other_side_does_meanwhile(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let letter = pdf("", &[]);
    south.does("acceptReferral", &ada).await.data();
    let mut verbs = ["holdReferral", "resumeReferral"].iter().cycle();
    for _ in 0..8 {
        let note = noted(&north, &ada, to("OTHER_PARTY", "IDENTITY", "The letter.")).await;
        let verb = verbs.next().unwrap();
        let reason = if *verb == "holdReferral" {
            ", reason: NO_CAPACITY"
        } else {
            ""
        };
        let change = format!("mutation($id: ID!) {{ {verb}(id: $id{reason}) {{ status }} }}");
        let variables = json!({ "id": ada.referral });
        let (stored, changed) =
            tokio::join!(puts(&north, &note, &letter), south.asks(&change, variables));
        assert_eq!(stored.status().as_u16(), 201);
        let status = &changed.data()[*verb]["status"];
        let seen = south.finds("Referral", &ada.referral, "status").await;
        assert_eq!(seen["status"], *status);
    }
    // Of a file that there is not, no disclosure goes on record.
    let bare = noted(&north, &ada, to("OTHER_PARTY", "IDENTITY", "No letter.")).await;
    let reads = "SELECT count(*) FROM audit_event WHERE kind = 'PACKAGE_READ'";
    let before = world.tampers(reads);
    let got = gets(&south, &bare, "SERVICE_DELIVERY").await;
    assert_eq!(got.status().as_u16(), 404);
    assert_eq!(world.tampers(reads), before);
}

fn address(agency: &Agency, note: &str) -> String {
    format!("http://{}/notes/{note}/attachment", agency.address)
}

async fn puts(agency: &Agency, note: &str, file: &[u8]) -> Response {
    let request = Client::new()
        .put(address(agency, note))
        .bearer_auth(&agency.token)
        .body(file.to_vec());
    request.send().await.unwrap()
}

async fn gets(agency: &Agency, note: &str, purpose: &str) -> Response {
    let request = Client::new()
        .get(format!("{}?purpose={purpose}", address(agency, note)))
        .bearer_auth(&agency.token);
    request.send().await.unwrap()
}
