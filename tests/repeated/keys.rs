//! An idempotency key stands for the whole input, by a hash that nobody can guess from once what it made has ended.

use concord_entities::vocabulary::DataCategory::{Identity, Safety};
use serde_json::{Value, json};

use crate::world::agency::{day, good_consent, text};
use crate::world::documents::{DRAFT_CONSENT, DRAFT_REFERRAL, REGISTER_SURVIVOR, change};
use crate::world::{Agency, Answer, World, on_both};

const RENEW: &str = "mutation($id: ID!, $end: DateTime!, $key: ID) \
    { renewConsent(id: $id, expiresAt: $end, idempotencyKey: $key) { id version } }";

/// A referral with a key, in which this is told of the person.
fn referral(consent: &str, name: &str) -> Value {
    json!({ "r": {
        "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "again": true, "idempotencyKey": "once",
        "package": { "identity": { "givenName": name } },
    } })
}

async fn drafts(agency: &Agency, consent: &str, name: &str) -> Answer {
    agency.asks(DRAFT_REFERRAL, referral(consent, name)).await
}

/// Whether the keyring has a key by which what was sent along can be compared.
fn is_compared(world: &World, made: &str) -> bool {
    let id = world.sql_id(made);
    let count = format!("SELECT count(*) FROM record_key WHERE kind = 'input' AND owner = {id}");
    world.tampers_with_keyring(&count) != "0"
}

on_both!(the_same_key_with_other_content_in_the_package_is_a_conflict);
async fn the_same_key_with_other_content_in_the_package_is_a_conflict(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    let first = drafts(&north, &consent, "Ada").await;
    let again = drafts(&north, &consent, "Ada").await;
    assert_eq!(again.data(), first.data());
    let other = drafts(&north, &consent, "Bea").await;
    assert_eq!(other.codes(), "CONFLICT");
    assert!(other.text.contains("other input"), "{}", other.text);
    // Nor does the key stand for another operation.
    let survivor =
        json!({ "s": { "pseudonym": "heron", "ageGroup": "ADULT", "idempotencyKey": "once" } });
    let other = north.asks(REGISTER_SURVIVOR, survivor).await;
    assert_eq!(other.codes(), "CONFLICT");
    assert_eq!(world.tampers("SELECT count(*) FROM referral"), "1");
}

on_both!(a_renewal_that_is_sent_twice_drafts_one_version);
async fn a_renewal_that_is_sent_twice_drafts_one_version(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let renews = async |days: i32| {
        let end = format!("{}T00:00:00Z", day(days));
        let variables = json!({ "id": told.consent, "end": end, "key": "once" });
        north.asks(RENEW, variables).await
    };
    let first = renews(80).await;
    assert_eq!(first.data()["renewConsent"]["version"], 2);
    assert_eq!(renews(80).await.data(), first.data());
    assert_eq!(renews(81).await.codes(), "CONFLICT");
    assert_eq!(world.tampers("SELECT count(*) FROM consent"), "2");
}

on_both!(what_a_key_was_sent_along_with_cannot_be_guessed_once_the_package_has_ended);
async fn what_a_key_was_sent_along_with_cannot_be_guessed_once_the_package_has_ended(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let drafted = drafts(&north, &told.consent, "Ada").await;
    let made = text(&drafted.data()["draftReferral"]["id"]);
    assert!(is_compared(&world, &made));
    north.revokes(&told.consent).await.data();
    assert!(!is_compared(&world, &made));
    // Whoever guesses right and whoever guesses wrong hear the same.
    let [right, wrong] = [
        drafts(&north, &told.consent, "Ada").await,
        drafts(&north, &told.consent, "Bea").await,
    ];
    assert_eq!(right.codes(), "CONFLICT");
    let said = |answer: &Answer| answer.body["errors"][0]["message"].clone();
    assert_eq!(said(&right), said(&wrong));
    assert!(right.text.contains("cannot be compared"), "{}", right.text);
}

on_both!(an_erasure_takes_every_hash_of_the_person_along);
async fn an_erasure_takes_every_hash_of_the_person_along(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let pseudonym = json!({ "s": { "pseudonym": "heron", "ageGroup": "ADULT", "language": "en", "idempotencyKey": "a" } });
    let answer = north.asks(REGISTER_SURVIVOR, pseudonym).await;
    let survivor = text(&answer.data()["registerSurvivor"]["id"]);
    let mut consent = good_consent(&survivor, &south, &[Identity, Safety]);
    consent["idempotencyKey"] = json!("b");
    let answer = north.asks(DRAFT_CONSENT, json!({ "c": consent })).await;
    let consent = text(&answer.data()["draftConsent"]["id"]);
    let drafted = drafts(&north, &consent, "Ada").await;
    let referral = text(&drafted.data()["draftReferral"]["id"]);
    let made = [survivor.as_str(), &consent, &referral];
    assert!(made.iter().all(|one| is_compared(&world, one)));
    let erase = change("eraseSurvivor", "keysDestroyed");
    let erased = north.asks(&erase, json!({ "id": survivor })).await;
    assert_eq!(erased.data()["eraseSurvivor"]["keysDestroyed"], true);
    assert!(!made.iter().any(|one| is_compared(&world, one)));
}

on_both!(a_sweep_leaves_what_a_key_is_compared_by_for_as_long_as_the_key_is_kept);
async fn a_sweep_leaves_what_a_key_is_compared_by_for_as_long_as_the_key_is_kept(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    let first = drafts(&north, &consent, "Ada").await;
    let made = text(&first.data()["draftReferral"]["id"]);
    world.tampers_with_keyring("UPDATE record_key SET created_at = 1");
    // A server sweeps before it serves.
    drop(world.another_server());
    assert_eq!(drafts(&north, &consent, "Ada").await.data(), first.data());
    world.tampers("UPDATE idempotency SET created_at = 1");
    for _ in 0..2 {
        drop(world.another_server());
    }
    assert!(!is_compared(&world, &made));
}
