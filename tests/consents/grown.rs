//! A minor becomes an adult: from that day on the person signs, and what a guardian signed carries nothing new.

use concord::consent::lint::{ConsentDraft, RulePacks, lint};
use concord::survivor::rules::{AgeError, check_age};
use concord_entities::ids::{AgencyId, SurvivorAuditId, SurvivorId};
use concord_entities::instant::Day;
use concord_entities::name_key::NameKey;
use concord_entities::survivor;
use concord_entities::vocabulary::DataCategory::Needs;
use concord_entities::vocabulary::{AgeGroup, Code, MinorAlone, SignerRole};
use serde_json::{Value, json};

use super::lint::{NOW, good};
use crate::world::agency::{day, good_consent, survivors_signature, text};
use crate::world::documents::REGISTER_SURVIVOR;
use crate::world::{Agency, World, on_both};

fn somebody(age_group: AgeGroup, minor_until: Option<Day>) -> survivor::Model {
    survivor::Model {
        id: SurvivorId::new(),
        agency_id: AgencyId::new(),
        pseudonym: "heron".to_owned(),
        pseudonym_key: Some(NameKey::of("heron")),
        lookalike: 0,
        age_group,
        minor_until,
        language: None,
        audit_id: SurvivorAuditId::new(),
        created_at: NOW,
        erased_at: None,
    }
}

#[test]
fn a_minor_is_an_adult_from_their_day_on() {
    let until = NOW.day();
    let minor = somebody(AgeGroup::Minor, Some(until));
    assert_eq!(minor.age_on(until.plus_days(-1)), AgeGroup::Minor);
    assert_eq!(minor.came_of_age(until.plus_days(-1)), None);
    assert_eq!(minor.age_on(until), AgeGroup::Adult);
    assert_eq!(minor.came_of_age(until), Some(until));
    assert!(!minor.is_guarded(until));
    for (age, guarded) in [
        (AgeGroup::Adult, false),
        (AgeGroup::Minor, true),
        (AgeGroup::Unknown, true),
    ] {
        let said = somebody(age, None);
        assert_eq!((said.age_on(until), said.is_guarded(until)), (age, guarded));
        assert_eq!(said.came_of_age(until), None);
    }
}

#[test]
fn only_a_minor_becomes_an_adult_and_not_in_the_past() {
    let today = NOW.day();
    for age in AgeGroup::ALL {
        assert_eq!(check_age(*age, None, today), Ok(()));
        let said = check_age(*age, Some(today.plus_days(1)), today);
        let expected = if *age == AgeGroup::Minor {
            Ok(())
        } else {
            Err(AgeError::NotAMinor)
        };
        assert_eq!(said, expected, "{age}");
    }
    let minor = |days: i32| check_age(AgeGroup::Minor, Some(today.plus_days(days)), today);
    assert_eq!(minor(0), Err(AgeError::Past));
    assert_eq!(minor(18 * 365), Ok(()));
    assert_eq!(minor(19 * 365), Err(AgeError::TooLate));
}

/// Growing up makes nothing that was signed lawfully a defect; what is to be signed is signed alone.
#[test]
fn what_a_minor_signed_lawfully_stays_lawful() {
    let until = NOW.day();
    let draft = |signed_on: Day, roles: &[SignerRole]| ConsentDraft {
        came_of_age: Some(until),
        first_signed: Some(signed_on),
        signed: Some(roles.to_vec()),
        ..good()
    };
    let codes = |draft: &ConsentDraft| -> Vec<&'static str> {
        let found = lint(draft, &RulePacks::default(), NOW);
        found.iter().map(|finding| finding.code).collect()
    };
    let both = [SignerRole::Survivor, SignerRole::ParentOrGuardian];
    let by_both = draft(until.plus_days(-1), &both);
    assert_eq!(codes(&by_both), ["GUARDIANS_CONSENT_OUTGROWN"]);
    let by_the_adult = draft(until, &[SignerRole::Survivor]);
    assert_eq!(codes(&by_the_adult), [] as [&str; 0]);
    let mut alone = draft(until.plus_days(-1), &[SignerRole::Survivor]);
    alone.minor_alone = Some(MinorAlone::MedicalCare);
    assert_eq!(codes(&alone), [] as [&str; 0]);
    alone.first_signed = None;
    assert_eq!(codes(&alone), ["NOT_A_MINOR"]);
}

/// A parent's signature beside another one, on the same paper.
fn by_a_parent(beside: &Value) -> Value {
    let mut guardian = beside.clone();
    guardian["role"] = json!("PARENT_OR_GUARDIAN");
    guardian["relation"] = json!("PARENT");
    guardian
}

async fn signs(agency: &Agency, consent: &str, signature: &Value) -> Value {
    let shown = "status findings { code }";
    let signed = agency.signs_with(consent, signature, shown).await;
    signed.data()["signConsent"].clone()
}

on_both!(an_adult_is_referred_anew_by_their_own_signature_alone);
async fn an_adult_is_referred_anew_by_their_own_signature_alone(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    north.agrees_with(&south).await;
    let minor = json!({ "s": {
        "pseudonym": "heron", "ageGroup": "MINOR", "minorUntil": day(40), "language": "en",
    } });
    let registered = north.asks(REGISTER_SURVIVOR, minor).await;
    let survivor = text(&registered.data()["registerSurvivor"]["id"]);
    let consent = north
        .drafts(&good_consent(&survivor, &south, &[Needs]))
        .await;
    let consent = text(&consent.data()["draftConsent"]["id"]);
    let paper = survivors_signature();
    signs(&north, &consent, &paper).await;
    let signed = signs(&north, &consent, &by_a_parent(&paper)).await;
    assert_eq!(signed, json!({ "status": "ACTIVE", "findings": [] }));
    let before = north.drafts_referral(&consent, "Ada", &[Needs]).await;
    north.does("sendReferral", &before).await.data();

    // The day comes. They signed the day before.
    let id = world.sql_id(&survivor);
    let today = concord::clock::now().day().0;
    let yesterday = today - 1;
    world.tampers(&format!(
        "UPDATE survivor SET minor_until = {today} WHERE id = {id}; \
         UPDATE consent_signature SET signed_on = {yesterday}"
    ));
    let age = north.finds("Survivor", &survivor, "ageGroup minorUntil");
    let grown = json!({ "ageGroup": "ADULT", "minorUntil": day(0) });
    assert_eq!(age.await, grown);
    let shown = "status findings { code severity }";
    let outgrown = json!([{ "code": "GUARDIANS_CONSENT_OUTGROWN", "severity": "ADVISORY" }]);
    assert_eq!(
        north.finds("Consent", &consent, shown).await,
        json!({ "status": "ACTIVE", "findings": outgrown })
    );
    south.does("acceptReferral", &before).await.data();
    let anew = north.drafts_referral(&consent, "Ada", &[Needs]).await;
    let refused = north.does("sendReferral", &anew).await;
    assert_eq!(refused.finding_codes(), ["GUARDIANS_CONSENT_OUTGROWN"]);

    // The next version is signed by the person, and by nobody for them.
    let renewed = north.renews(&consent).await;
    let renewed = text(&renewed.data()["renewConsent"]["id"]);
    let paper = survivors_signature();
    let guardian = by_a_parent(&paper);
    let refused = north.signs_with(&renewed, &guardian, "status").await;
    assert_eq!(refused.finding_codes(), ["SIGNER_NOT_CALLED_FOR"]);
    let signed = signs(&north, &renewed, &paper).await;
    assert_eq!(signed, json!({ "status": "ACTIVE", "findings": [] }));
    let carried = north.finds("Referral", &before.referral, "status").await;
    assert_eq!(carried["status"], "ACCEPTED");
}

on_both!(whose_age_nobody_knows_is_treated_like_a_minor);
async fn whose_age_nobody_knows_is_treated_like_a_minor(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let unknown = json!({ "s": { "pseudonym": "heron", "ageGroup": "UNKNOWN", "language": "en" } });
    let registered = north.asks(REGISTER_SURVIVOR, unknown).await;
    let survivor = text(&registered.data()["registerSurvivor"]["id"]);
    let consent = north
        .drafts(&good_consent(&survivor, &south, &[Needs]))
        .await;
    let consent = text(&consent.data()["draftConsent"]["id"]);
    let signed = signs(&north, &consent, &survivors_signature()).await;
    assert_eq!(signed["status"], "DRAFT");
    let lacking: Vec<_> = signed["findings"].as_array().unwrap().iter().collect();
    assert!(lacking.contains(&&json!({ "code": "GUARDIAN_SIGNATURE_MISSING" })));

    let said = json!({ "s": { "pseudonym": "wren", "ageGroup": "ADULT", "minorUntil": day(9) } });
    let refused = north.asks(REGISTER_SURVIVOR, said).await;
    refused.is_refused_for("survivor.minorUntil");
}
