//! Which signatures go together: under one consent, and from version to version.

use concord::consent::signatures::{SignatureError, can_be_signed_on, fit, is_repeat};
use concord_entities::consent_signature::Model;
use concord_entities::ids::{ConsentId, SignatureId};
use concord_entities::vocabulary::{
    DataCategory, SignatureMethod, SignerRelation, SignerRole, Witness,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::lint::{NOW, an_interpreter, days};
use crate::world::agency::{day, good_consent, survivors_signature, text};
use crate::world::documents::REGISTER_SURVIVOR;
use crate::world::{Agency, Answer, World, on_both};

/// A signature on the day so many days from now, under a document.
fn signature(role: SignerRole, signed: i32, document: Option<&str>) -> Model {
    Model {
        id: SignatureId(Uuid::from_u128(1)),
        consent_id: ConsentId(Uuid::from_u128(2)),
        role,
        signer: 1,
        method: SignatureMethod::Paper,
        signed_on: NOW.day().plus_days(signed),
        document_sha256: document.map(str::to_owned),
        recorded_at: NOW,
        relation: None,
        language: None,
        interpreter: None,
        witness: None,
    }
}

#[test]
fn a_signature_is_not_from_a_day_to_come() {
    let today = NOW.day();
    for (days, can) in [(-400, true), (0, true), (1, true), (2, false), (400, false)] {
        assert_eq!(can_be_signed_on(today.plus_days(days), NOW), can, "{days}");
    }
}

#[test]
fn a_signature_fits_those_beside_it_and_those_before() {
    use SignerRole::{ParentOrGuardian, Survivor, Witness};
    let before = [
        signature(Survivor, -30, Some("oldest")),
        signature(Survivor, -9, Some("older")),
        signature(Survivor, -20, None),
    ];
    let beside = [
        signature(ParentOrGuardian, -3, Some("this")),
        signature(Witness, -3, None),
    ];
    let survivor = |signed, document| signature(Survivor, signed, document);
    for (new, beside, misfit) in [
        (survivor(0, Some("this")), &beside[..], None),
        (survivor(-9, Some("this")), &beside, None),
        (survivor(-9, Some("another")), &[], None),
        (survivor(0, None), &[], None),
        (
            survivor(2, Some("this")),
            &beside,
            Some(SignatureError::DayToCome),
        ),
        (
            survivor(-10, Some("this")),
            &beside,
            Some(SignatureError::BeforeEarlierVersion),
        ),
        (
            survivor(0, Some("older")),
            &[],
            Some(SignatureError::EarlierVersionsDocument),
        ),
        (
            survivor(0, Some("oldest")),
            &[],
            Some(SignatureError::EarlierVersionsDocument),
        ),
        (
            survivor(0, Some("another")),
            &beside,
            Some(SignatureError::AnotherDocument),
        ),
        (
            survivor(0, None),
            &beside,
            Some(SignatureError::AnotherDocument),
        ),
        (
            signature(Witness, 0, Some("this")),
            &beside,
            Some(SignatureError::RoleTaken),
        ),
    ] {
        assert_eq!(fit(&new, beside, &before, NOW).err(), misfit, "{new:?}");
    }
}

#[test]
fn a_repeat_says_the_same_in_everything() {
    let known = Model {
        relation: Some(SignerRelation::Oneself),
        ..signature(SignerRole::Survivor, 0, Some("this"))
    };
    let repeated = Model {
        id: SignatureId(Uuid::from_u128(9)),
        recorded_at: days(1),
        ..known.clone()
    };
    assert!(is_repeat(&repeated, &known));
    let interpreter = an_interpreter("es");
    let changes: [fn(&mut Model); 7] = [
        |one| one.role = SignerRole::Witness,
        |one| one.method = SignatureMethod::Mark,
        |one| one.signed_on = one.signed_on.plus_days(-1),
        |one| one.document_sha256 = None,
        |one| one.relation = None,
        |one| one.language = Some("es".to_owned()),
        |one| one.witness = Some(Witness::Notary),
    ];
    for change in changes {
        let mut other = repeated.clone();
        change(&mut other);
        assert!(!is_repeat(&other, &known), "{other:?}");
    }
    let otherwise = Model {
        interpreter: Some(interpreter),
        ..repeated
    };
    assert!(!is_repeat(&otherwise, &known));
}

async fn signs(agency: &Agency, consent: &str, signature: &Value) -> Answer {
    let shown = "id status signatures { role }";
    agency.signs_with(consent, signature, shown).await
}

fn with(mut value: Value, field: &str, changed: Value) -> Value {
    value[field] = changed;
    value
}

async fn renewed(agency: &Agency, consent: &str) -> String {
    let renewed = agency.renews(consent).await;
    text(&renewed.data()["renewConsent"]["id"])
}

on_both!(neither_an_old_signature_nor_a_beginning_to_come_lengthens_a_consent);
async fn neither_an_old_signature_nor_a_beginning_to_come_lengthens_a_consent(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north
        .consents(&survivor, &south, &[DataCategory::Identity])
        .await;
    // It runs for thirty days from now: sixty-one days ago it could not.
    for (signed, taken) in [(-400, false), (-62, false), (-59, true)] {
        let old = with(survivors_signature(), "signedOn", json!(day(signed)));
        let answer = signs(&north, &consent, &old).await;
        if taken {
            assert_eq!(answer.data()["signConsent"]["status"], "ACTIVE");
        } else {
            assert_eq!(answer.finding_codes(), ["EXPIRY_TOO_LATE"]);
        }
    }

    let lint = "query($c: ConsentInput!) { lintConsent(consent: $c) { code } }";
    let mut far = good_consent(&survivor, &south, &[DataCategory::Identity]);
    far["effectiveAt"] = json!(format!("{}T00:00:00Z", day(3650)));
    far["expiresAt"] = json!(format!("{}T00:00:00Z", day(3680)));
    let judged = north.asks(lint, json!({ "c": far })).await;
    assert_eq!(
        judged.data()["lintConsent"],
        json!([{ "code": "EXPIRY_TOO_LATE" }])
    );
    let drafted = north.drafts(&far).await;
    let far = text(&drafted.data()["draftConsent"]["id"]);
    let answer = signs(&north, &far, &survivors_signature()).await;
    assert_eq!(answer.finding_codes(), ["EXPIRY_TOO_LATE"]);
}

on_both!(a_next_version_is_signed_anew);
async fn a_next_version_is_signed_anew(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let mut consent = north
        .consents(&survivor, &south, &[DataCategory::Identity])
        .await;
    let mut papers: Vec<Value> = Vec::new();
    for _ in 0..3 {
        for paper in &papers {
            let again = with(survivors_signature(), "documentSha256", paper.clone());
            signs(&north, &consent, &again)
                .await
                .is_refused_for("signature.documentSha256");
        }
        if !papers.is_empty() {
            let older = with(survivors_signature(), "signedOn", json!(day(-1)));
            signs(&north, &consent, &older)
                .await
                .is_refused_for("signature.signedOn");
        }
        let signature = survivors_signature();
        let signed = signs(&north, &consent, &signature).await;
        assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");
        papers.push(signature["documentSha256"].clone());
        consent = renewed(&north, &consent).await;
    }
}

on_both!(all_sign_one_document_and_each_once);
async fn all_sign_one_document_and_each_once(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let minor = json!({ "s": { "pseudonym": "a minor", "ageGroup": "MINOR", "language": "en" } });
    let minor = text(&north.asks(REGISTER_SURVIVOR, minor).await.data()["registerSurvivor"]["id"]);
    let consent = north
        .consents(&minor, &south, &[DataCategory::Identity])
        .await;

    let first = survivors_signature();
    let (mut guardian, mut seen) = (first.clone(), first.clone());
    guardian["role"] = json!("PARENT_OR_GUARDIAN");
    guardian["relation"] = json!("PARENT");
    seen["role"] = json!("WITNESS");
    let another = survivors_signature()["documentSha256"].clone();
    let roles = |answer: &Answer| answer.data()["signConsent"]["signatures"].clone();
    for _ in 0..2 {
        let signed = signs(&north, &consent, &first).await;
        assert_eq!(roles(&signed), json!([{ "role": "SURVIVOR" }]));
    }
    let other = with(guardian.clone(), "documentSha256", another.clone());
    signs(&north, &consent, &other)
        .await
        .is_refused_for("signature.documentSha256");
    let twice = with(first.clone(), "signedOn", json!(day(-1)));
    signs(&north, &consent, &twice)
        .await
        .is_refused_for("signature.role");
    // An abuser is one also where the same was said before without it.
    let abuser = with(first.clone(), "isAbuser", json!(true));
    assert_eq!(
        signs(&north, &consent, &abuser).await.finding_codes(),
        ["SIGNER_IS_ABUSER"]
    );
    signs(&north, &consent, &seen).await.data();

    // The last one may be told once more, and so may those before; nothing else may come.
    for again in [&guardian, &guardian, &first] {
        let signed = signs(&north, &consent, again).await;
        assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");
        assert_eq!(roles(&signed).as_array().unwrap().len(), 3);
    }
    assert_eq!(
        signs(&north, &consent, &other).await.codes(),
        "INVALID_TRANSITION"
    );
    north.revokes(&consent).await.data();
    assert_eq!(
        signs(&north, &consent, &first).await.codes(),
        "INVALID_TRANSITION"
    );
    assert_eq!(world.tampers("SELECT count(*) FROM consent_signature"), "3");
    let signed = "SELECT count(*) FROM audit_event WHERE kind = 'CONSENT_SIGNED'";
    assert_eq!(world.tampers(signed), "3");
}

/// Of one role several may sign, each once; the person is one.
#[test]
fn two_guardians_and_two_witnesses_sign() {
    use SignerRole::{Conservator, ParentOrGuardian, Survivor, Witness};
    let numbered = |role, signer| Model {
        signer,
        ..signature(role, 0, Some("this"))
    };
    for role in [ParentOrGuardian, Witness, Conservator] {
        let beside = [numbered(role, 1)];
        let fits = |signer| fit(&numbered(role, signer), &beside, &[], NOW);
        assert_eq!(fits(2), Ok(()), "{role}");
        assert_eq!(fits(9), Ok(()), "{role}");
        assert_eq!(fits(1), Err(SignatureError::RoleTaken), "{role}");
        assert_eq!(fits(0), Err(SignatureError::Signer), "{role}");
        assert_eq!(fits(10), Err(SignatureError::Signer), "{role}");
    }
    let beside = [numbered(Survivor, 1)];
    let twice = fit(&numbered(Survivor, 2), &beside, &[], NOW);
    assert_eq!(twice, Err(SignatureError::RoleTaken));
    assert!(!is_repeat(&numbered(Witness, 2), &numbered(Witness, 1)));
}
