//! Two guardians sign, and one may object: it blocks where the law asks for both.

use concord_entities::vocabulary::DataCategory::Needs;
use serde_json::{Value, json};

use crate::world::agency::{day, good_consent, survivors_signature, text};
use crate::world::documents::REGISTER_SURVIVOR;
use crate::world::{Agency, World, on_both};

/// A minor's consent, that nobody has signed.
async fn a_minors_consent(north: &Agency, south: &Agency, name: &str) -> String {
    let minor = json!({ "s": { "pseudonym": name, "ageGroup": "MINOR", "language": "en" } });
    let registered = north.asks(REGISTER_SURVIVOR, minor).await;
    let survivor = text(&registered.data()["registerSurvivor"]["id"]);
    let drafted = north
        .drafts(&good_consent(&survivor, south, &[Needs]))
        .await;
    text(&drafted.data()["draftConsent"]["id"])
}

/// The signature of somebody beside the survivor, on the same paper.
fn beside(paper: &Value, role: &str, signer: i32) -> Value {
    let mut signature = paper.clone();
    signature["role"] = json!(role);
    signature["signer"] = json!(signer);
    if role == "PARENT_OR_GUARDIAN" {
        signature["relation"] = json!("PARENT");
    }
    signature
}

async fn signs(agency: &Agency, consent: &str, signature: &Value) -> Value {
    let shown = "status findings { code severity citation }";
    let signed = agency.signs_with(consent, signature, shown).await;
    signed.data()["signConsent"].clone()
}

async fn objects(agency: &Agency, consent: &str, signer: i32) -> Value {
    let objects = "mutation($id: ID!, $o: ObjectionInput!) { objectToConsent(id: $id, objection: $o) { \
        status objections { signer objectedOn stands } findings { code severity } } }";
    let objection = json!({ "signer": signer, "objectedOn": day(0) });
    let answer = agency
        .asks(objects, json!({ "id": consent, "o": objection }))
        .await;
    answer.data()["objectToConsent"].clone()
}

async fn binds_state(agency: &Agency) {
    let state = json!({ "pack": "STATE", "citation": "the state's code 1", "bothGuardians": true });
    let bind = "mutation($p: RulePackInput!) { bindRulePack(pack: $p) { bothGuardians } }";
    let bound = agency.asks(bind, json!({ "p": state })).await;
    assert_eq!(bound.data()["bindRulePack"]["bothGuardians"], true);
}

on_both!(both_guardians_sign_where_the_law_asks_for_both_and_one_may_object);
async fn both_guardians_sign_where_the_law_asks_for_both_and_one_may_object(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    north.agrees_with(&south).await;
    binds_state(&north).await;
    let consent = a_minors_consent(&north, &south, "heron").await;
    let paper = survivors_signature();
    signs(&north, &consent, &paper).await;
    let one = signs(&north, &consent, &beside(&paper, "PARENT_OR_GUARDIAN", 1)).await;
    let lacking = json!([{
        "code": "SECOND_GUARDIAN_SIGNATURE_MISSING", "severity": "BLOCKING", "citation": "the state's code 1",
    }]);
    assert_eq!(one, json!({ "status": "DRAFT", "findings": lacking }));

    // The other one objects: nobody else signs over it, and once they sign they object no longer.
    let objected = objects(&north, &consent, 2).await;
    let objection = json!({ "signer": 2, "objectedOn": day(0), "stands": true });
    assert_eq!(objected["objections"], json!([objection]));
    assert!(
        objected["findings"]
            .to_string()
            .contains("GUARDIAN_OBJECTS")
    );
    assert_eq!(objects(&north, &consent, 2).await, objected);
    let witness = beside(&paper, "WITNESS", 2);
    let refused = north.signs_with(&consent, &witness, "status").await;
    assert_eq!(refused.finding_codes(), ["GUARDIAN_OBJECTS"]);
    let both = signs(&north, &consent, &beside(&paper, "PARENT_OR_GUARDIAN", 2)).await;
    assert_eq!(both, json!({ "status": "ACTIVE", "findings": [] }));
    let told = north.drafts_referral(&consent, "Ada", &[Needs]).await;
    north.does("sendReferral", &told).await.data();

    // An objection to what is in force: it carries nothing new, and the recipient learns nothing of it.
    let objected = objects(&north, &consent, 1).await;
    assert_eq!(objected["status"], "ACTIVE");
    let blocking = json!([{ "code": "GUARDIAN_OBJECTS", "severity": "BLOCKING" }]);
    assert_eq!(objected["findings"], blocking);
    let anew = north.drafts_referral(&consent, "Ada", &[Needs]).await;
    let refused = north.does("sendReferral", &anew).await;
    assert_eq!(refused.finding_codes(), ["GUARDIAN_OBJECTS"]);
    let seen = south
        .finds(
            "Consent",
            &consent,
            "objections { signer } soleGuardian findings { code }",
        )
        .await;
    assert_eq!(
        seen,
        json!({ "objections": [], "soleGuardian": null, "findings": [] })
    );
    let log = "auditEvents(filter: { types: [CONSENT_OBJECTED_TO] })";
    assert_eq!(north.lists(log, "object").await.len(), 2);
    assert_eq!(south.lists(log, "object").await.len(), 0);
}

on_both!(where_one_guardian_suffices_the_others_objection_is_on_record);
async fn where_one_guardian_suffices_the_others_objection_is_on_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let consent = a_minors_consent(&north, &south, "heron").await;
    let objected = objects(&north, &consent, 2).await;
    let advice = json!({ "code": "GUARDIAN_OBJECTS", "severity": "ADVISORY" });
    assert!(objected["findings"].as_array().unwrap().contains(&advice));
    let paper = survivors_signature();
    signs(&north, &consent, &paper).await;
    for signer in [1, 2] {
        signs(&north, &consent, &beside(&paper, "WITNESS", signer)).await;
    }
    let signed = signs(&north, &consent, &beside(&paper, "PARENT_OR_GUARDIAN", 1)).await;
    assert_eq!(signed["status"], "ACTIVE");

    // With one parent alone, one signs where the law asks for both.
    binds_state(&north).await;
    let survivor = north.survivor_of(&consent).await;
    let mut alone = good_consent(&survivor, &south, &[Needs]);
    alone["soleGuardian"] = json!(true);
    let drafted = north.drafts(&alone).await;
    let alone = text(&drafted.data()["draftConsent"]["id"]);
    let paper = survivors_signature();
    signs(&north, &alone, &paper).await;
    let signed = signs(&north, &alone, &beside(&paper, "PARENT_OR_GUARDIAN", 1)).await;
    assert_eq!(signed, json!({ "status": "ACTIVE", "findings": [] }));

    // Nobody objects for an adult.
    let adult = north.registers("Bo").await;
    let consent = north.consents(&adult, &south, &[Needs]).await;
    let objects = "mutation($id: ID!) { objectToConsent(id: $id, objection: { objectedOn: \"2026-01-01\" }) { id } }";
    let refused = north.asks(objects, json!({ "id": consent })).await;
    assert_eq!(refused.codes(), "INVALID_TRANSITION");
}
