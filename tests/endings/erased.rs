//! Erasing a person.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::contact::story as contact;
use crate::mandated_disclosure::story as mandate;
use crate::world::agency::{Told, text};
use crate::world::{Agency, Answer, World, on_both, packed};

async fn erases(agency: &Agency, survivor: &str) -> Answer {
    let shown = "event erasedAt packages keyringBackupsUntil";
    agency.changes("eraseSurvivor", survivor, shown).await
}

async fn accounting(agency: &Agency, survivor: &str) -> Value {
    let shown = "pseudonym accounting { edges { node { event mandate categories } } }";
    agency.finds("Survivor", survivor, shown).await
}

on_both!(an_erased_person_is_gone_and_what_was_told_stays_on_record);
async fn an_erased_person_is_gone_and_what_was_told_stays_on_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    assert!(south.reads(&ada).await.contains("Ada"));
    let survivor = north.survivor_of(&ada.consent).await;
    let before = accounting(&north, &survivor).await;
    let pseudonym = text(&before["pseudonym"]);
    let event = text(&before["accounting"]["edges"][0]["node"]["event"]);

    assert_eq!(erases(&south, &survivor).await.codes(), "NOT_FOUND");
    let receipt = erases(&north, &survivor).await;
    let receipt = &receipt.data()["eraseSurvivor"];
    assert_eq!(receipt["packages"], 1);
    let days = |name: &str| text(&receipt[name])[..10].to_owned();
    let backups = concord::clock::now().day().plus_days(30).to_string();
    assert_eq!(days("keyringBackupsUntil"), backups);

    assert_eq!(accounting(&north, &survivor).await, Value::Null);
    assert_eq!(erases(&north, &survivor).await.codes(), "NOT_FOUND");
    for reader in [&north, &south] {
        assert_eq!(reader.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
        assert!(!reader.reads(&ada).await.contains("Ada"));
    }
    assert!(!world.has_key(&ada.referral));
    let parts = format!(
        "SELECT count(*) FROM sealed_part WHERE referral_id = {}",
        world.sql_id(&ada.referral)
    );
    assert_eq!(world.tampers(&parts), "0");
    let left = world.tampers("SELECT pseudonym, language FROM survivor");
    assert!(!left.contains(&pseudonym), "{left}");

    // The log tells what was told, and of whom nobody can say any more.
    let found = south.finds("AuditEvent", &event, "type categories").await;
    assert_eq!(found["categories"], json!(["IDENTITY"]));
    let again = "mutation($id: ID!) { revokeConsent(id: $id, channel: WRITTEN) { \
        consent { survivor { id } } disclosed { edges { node { event } } } } }";
    let again = north.asks(again, json!({ "id": ada.consent })).await;
    let again = &again.data()["revokeConsent"];
    assert_eq!(again["consent"]["survivor"], Value::Null);
    assert_eq!(
        again["disclosed"]["edges"][0]["node"]["event"],
        event.as_str()
    );
    let contact = "query($id: ID!) { contactNow(survivor: $id, channel: PHONE) { allowed } }";
    let contact = north.asks(contact, json!({ "id": survivor })).await;
    assert_eq!(contact.codes(), "NOT_FOUND");
    for name in [survivor.clone(), packed(&survivor)] {
        let mapping = format!("SELECT count(*) FROM audit_event WHERE leaf LIKE '%{name}%'");
        assert_eq!(world.tampers(&mapping), "0");
    }
    let person = world.sql_id(&survivor);
    let left = format!(
        "SELECT (SELECT count(*) FROM survivor WHERE id = {person}) \
         + (SELECT count(*) FROM consent WHERE survivor_id = {person}) \
         + (SELECT count(*) FROM referral WHERE survivor_id = {person}) \
         + (SELECT count(*) FROM consent_signature s JOIN consent c ON c.id = s.consent_id \
            WHERE c.id = {} AND s.document_sha256 IS NOT NULL)",
        world.sql_id(&ada.consent)
    );
    assert_eq!(world.tampers(&left), "0");
    let notices = south.lists("notices", "kind object").await;
    assert_eq!(notices[0]["object"], ada.consent.as_str());

    assert!(south.reads(&bea).await.contains("Bea"));
    assert_eq!(
        north.registers("Ada").await.split('_').next(),
        Some("survivor")
    );
}

on_both!(whatever_was_sealed_of_an_erased_person_is_gone_even_if_its_keys_were_left);
async fn whatever_was_sealed_of_an_erased_person_is_gone_even_if_its_keys_were_left(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let mut disclosed = Vec::new();
    for person in ["Ada", "Bea"] {
        let survivor = north.registers(person).await;
        let plan = json!({ "id": survivor, "plan": contact::plan(&["MONDAY"]) });
        north.asks(contact::SET, plan).await.data();
        let mut told = mandate::disclosure(&survivor, &south);
        told["idempotencyKey"] = json!(person);
        let told = north.asks(mandate::RECORD, json!({ "d": told })).await;
        let told = text(&told.data()["recordMandatedDisclosure"]["id"]);
        disclosed.push((survivor, told));
    }
    let keys = || world.tampers_with_keyring("SELECT count(*) FROM record_key");
    assert_eq!(keys(), "6");
    assert_eq!(world.tampers("SELECT count(*) FROM idempotency"), "2");
    world.tampers_with_keyring("CREATE TABLE kept AS SELECT * FROM record_key");
    let listed = accounting(&north, &disclosed[0].0).await;
    let listed = &listed["accounting"]["edges"];
    assert_eq!(listed[0]["node"]["mandate"], disclosed[0].1.as_str());
    assert_eq!(listed[0]["node"]["categories"], json!(["IDENTITY"]));
    assert_eq!(listed.as_array().unwrap().len(), 1);
    erases(&north, &disclosed[0].0).await.data();
    assert_eq!(keys(), "3");
    // A hash of what was disclosed is identity too.
    assert_eq!(world.tampers("SELECT count(*) FROM idempotency"), "1");

    // As if the service had been killed before it destroyed them.
    world.tampers_with_keyring("DELETE FROM record_key");
    world.tampers_with_keyring("INSERT INTO record_key SELECT * FROM kept");
    let cited = async |id: &str| {
        let disclosure = north.finds("MandatedDisclosure", id, "citation").await;
        disclosure["citation"].clone()
    };
    assert_eq!(cited(&disclosed[0].1).await, Value::Null);
    let (vault, store) = (&world.service.vault, &world.service.store);
    let now = concord::clock::now();
    vault.sweep_records(store, now).await.unwrap();
    assert_eq!(keys(), "6", "they may be of a change that is under way");
    let later = now.plus(std::time::Duration::from_hours(2));
    vault.sweep_records(store, later).await.unwrap();
    assert_eq!(keys(), "3");
    assert!(cited(&disclosed[1].1).await.is_string());
}

/// All that a recipient can see of a referral that it received, and of what became of it.
async fn all_that_is_seen(reader: &Agency, told: &Told) -> Value {
    let query = "query($id: ID!) { referral(id: $id) { status statusReason outcome { code } consent { status language \
        categories signatures { role method } } package(purpose: SERVICE_DELIVERY) { withheld { category reason } } } \
        notices { edges { node { kind object } } } \
        auditEvents(filter: { types: [CONSENT_REVOKED] }) { edges { node { type outcome reason operation object \
            consent categories purpose recipient { name } agency { name } } } } }";
    let seen = reader.asks(query, json!({ "id": told.referral })).await;
    let seen = serde_json::to_string(seen.data()).unwrap();
    serde_json::from_str(&seen.replace(&told.consent, "the consent")).unwrap()
}

on_both!(a_recipient_cannot_tell_an_erasure_from_a_revocation);
async fn a_recipient_cannot_tell_an_erasure_from_a_revocation(world: World) {
    let mut seen = Vec::new();
    for erased in [true, false] {
        let [north, south] = ["north", "south"].map(|name| format!("{name} {erased}"));
        let north = world.agency(&north).await;
        let south = world.agency(&south).await;
        north.agrees_with(&south).await;
        let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
        assert!(south.reads(&ada).await.contains("Ada"));
        let survivor = north.survivor_of(&ada.consent).await;
        // What had lapsed before is nobody's news.
        let over = north.consents(&survivor, &south, &[Identity]).await;
        north.signs(&over).await.data();
        let id = world.sql_id(&over);
        world.ends_sharing(&format!(
            "UPDATE consent SET effective_at = 0, expires_at = 1 WHERE id = {id}"
        ));
        if erased {
            erases(&north, &survivor).await.data();
        } else {
            north.revokes_consent(&ada).await.data();
        }
        let all = all_that_is_seen(&south, &ada).await.to_string();
        let all = all.replace(&format!(" {erased}\""), "\"");
        seen.push(serde_json::from_str::<Value>(&all).unwrap());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0]["referral"]["status"], "SUSPENDED");
    let events = seen[0]["auditEvents"]["edges"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["node"]["reason"], Value::Null);
}
