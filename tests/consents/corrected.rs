//! What nobody said of a person is not taken for granted, and can be put right.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::{survivors_signature, text};
use crate::world::documents::REGISTER_SURVIVOR;
use crate::world::{Agency, Answer, World, on_both};

const CORRECT: &str = "mutation($id: ID!, $age: AgeGroup!, $language: LanguageTag!) { \
    correctSurvivor(id: $id, ageGroup: $age, language: $language) { id ageGroup language } }";

async fn corrects(agency: &Agency, survivor: &str, age: &str, language: &str) -> Answer {
    let variables = json!({ "id": survivor, "age": age, "language": language });
    agency.asks(CORRECT, variables).await
}

async fn signs(agency: &Agency, consent: &str, signature: &Value) -> Answer {
    let shown = "status findings { code }";
    agency.signs_with(consent, signature, shown).await
}

on_both!(nothing_is_signed_before_it_is_known_who_signs_and_what_they_understand);
async fn nothing_is_signed_before_it_is_known_who_signs_and_what_they_understand(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let unsaid = json!({ "s": { "pseudonym": "heron", "language": "en" } });
    let refused = north.asks(REGISTER_SURVIVOR, unsaid).await;
    assert_eq!(refused.codes(), "BAD_USER_INPUT", "{}", refused.text);

    let silent = json!({ "s": { "pseudonym": "heron", "ageGroup": "ADULT" } });
    let registered = north.asks(REGISTER_SURVIVOR, silent).await;
    let survivor = text(&registered.data()["registerSurvivor"]["id"]);
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    let signature = survivors_signature();
    let refused = signs(&north, &consent, &signature).await;
    assert_eq!(refused.finding_codes(), ["LANGUAGE_NOT_RECORDED"]);

    let corrected = corrects(&north, &survivor, "MINOR", "en-US").await;
    assert_eq!(
        corrected.data()["correctSurvivor"],
        json!({ "id": survivor, "ageGroup": "MINOR", "language": "en-US" })
    );
    let signed = signs(&north, &consent, &signature).await;
    assert_eq!(
        signed.data()["signConsent"],
        json!({ "status": "DRAFT", "findings": [{ "code": "GUARDIAN_SIGNATURE_MISSING" }] })
    );
    corrects(&north, &survivor, "ADULT", "es").await.data();
    let again = json!({ "role": "WITNESS", "isAbuser": false, "method": "PAPER",
            "signedOn": signature["signedOn"], "documentSha256": signature["documentSha256"] });
    let refused = signs(&north, &consent, &again).await;
    assert_eq!(refused.finding_codes(), ["LANGUAGE_NOT_UNDERSTOOD"]);

    let log = "auditEvents(filter: { types: [SURVIVOR_CORRECTED] })";
    let once = json!({ "action": "U", "outcome": "SUCCESS" });
    let twice = [once.clone(), once];
    assert_eq!(north.lists(log, "action outcome").await, twice);
}

on_both!(only_a_survivor_of_ones_own_who_is_not_erased_is_corrected);
async fn only_a_survivor_of_ones_own_who_is_not_erased_is_corrected(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let strange = corrects(&south, &survivor, "MINOR", "es").await;
    assert_eq!(strange.codes(), "NOT_FOUND");
    let erased = north.changes("eraseSurvivor", &survivor, "event");
    erased.await.data();
    let before = world.tampers("SELECT age_group, language FROM survivor");
    let gone = corrects(&north, &survivor, "MINOR", "es").await;
    assert_eq!(gone.codes(), "NOT_FOUND");
    assert_eq!(
        world.tampers("SELECT age_group, language FROM survivor"),
        before
    );
}
