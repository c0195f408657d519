//! Every text of the schema is judged by the one module, and refused where it stands.

use serde_json::{Value, json};

use crate::contact::story::{SET, plan};
use crate::legal_hold::story::{RECORD as RECORD_HOLD, hold};
use crate::mandated_disclosure::story::{RECORD as RECORD_DISCLOSURE, disclosure};
use crate::world::agency::{day, text};
use crate::world::documents::{DRAFT_REFERRAL, REGISTER_SURVIVOR};
use crate::world::{Agency, World, on_both};
use concord_entities::vocabulary::{Code, DataCategory};

const REGISTER: &str = "mutation($a: AgencyInput!) { registerAgency(agency: $a) { id name } }";

/// What nobody sees, and what a person would read in another order.
const UNSEEN: &str = "a\u{202e}b";

/// Sends a good call once for each of these places with a text there that cannot be seen, and reads where that is refused.
async fn refuses_unseen(
    caller: &Agency,
    mutation: &str,
    variables: &Value,
    places: &[(&str, &str)],
) {
    for (pointer, place) in places {
        let mut variables = variables.clone();
        *variables
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("no {pointer}")) = json!(UNSEEN);
        let answer = caller.asks(mutation, variables).await;
        answer.is_refused_for(place);
        assert!(!answer.text.contains('\u{202e}'), "{}", answer.text);
    }
}

on_both!(a_text_that_cannot_be_seen_is_refused_wherever_it_stands);
async fn a_text_that_cannot_be_seen_is_refused_wherever_it_stands(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let coordinator = world.coordinator();
    let agency = json!({ "a": { "taskForce": world.task_force.to_string(), "name": "x", "kind": "OTHER", "serviceAreas": ["x"] } });
    let places = [
        ("/a/name", "agency.name"),
        ("/a/serviceAreas/0", "agency.serviceAreas[0]"),
    ];
    refuses_unseen(&coordinator, REGISTER, &agency, &places).await;

    let survivor = json!({ "s": { "pseudonym": "x", "ageGroup": "ADULT", "idempotencyKey": "x" } });
    let places = [
        ("/s/pseudonym", "survivor.pseudonym"),
        ("/s/idempotencyKey", "survivor.idempotencyKey"),
    ];
    refuses_unseen(&north, REGISTER_SURVIVOR, &survivor, &places).await;

    let ada = north.registers("Ada").await;
    let held = json!({ "h": hold(&ada) });
    let places = [
        ("/h/counselOffice", "hold.counselOffice"),
        ("/h/reference", "hold.reference"),
    ];
    refuses_unseen(&north, RECORD_HOLD, &held, &places).await;

    let mut told = json!({ "d": disclosure(&ada, &south) });
    let places = [
        ("/d/issuingAuthority", "disclosure.issuingAuthority"),
        ("/d/citation", "disclosure.citation"),
    ];
    refuses_unseen(&north, RECORD_DISCLOSURE, &told, &places).await;
    told["d"]["recipient"] = Value::Null;
    told["d"]["recipientOutside"] = json!({ "kind": "COURT", "name": "x" });
    let places = [(
        "/d/recipientOutside/name",
        "disclosure.recipientOutside.name",
    )];
    refuses_unseen(&north, RECORD_DISCLOSURE, &told, &places).await;

    let contact = json!({ "id": ada, "plan": plan(&["MONDAY"]) });
    let places = [
        ("/plan/channels/0/address", "plan.channels[0].address"),
        ("/plan/codeWord", "plan.codeWord"),
    ];
    refuses_unseen(&north, SET, &contact, &places).await;

    let pack = json!({ "p": { "pack": "STATE", "citation": "x", "maxDays": 30 } });
    let bind = "mutation($p: RulePackInput!) { bindRulePack(pack: $p) { id } }";
    refuses_unseen(&north, bind, &pack, &[("/p/citation", "pack.citation")]).await;

    let suspension =
        json!({ "a": south.id.to_string(), "t": world.task_force.to_string(), "r": "x" });
    let suspend = "mutation($a: ID!, $t: ID!, $r: String!) { suspendMembership(agency: $a, taskForce: $t, reason: $r) { id } }";
    refuses_unseen(&coordinator, suspend, &suspension, &[("/r", "reason")]).await;

    let application = json!({ "a": { "name": "x", "scopes": ["referral.r"], "secret": true } });
    let register =
        "mutation($a: ApplicationInput!) { registerApplication(application: $a) { secret } }";
    refuses_unseen(
        &north,
        register,
        &application,
        &[("/a/name", "application.name")],
    )
    .await;
    let unknown = north.revokes_token("a\0b").await;
    assert_eq!(unknown.codes(), "NOT_FOUND");

    mous(&north, &south).await;
    packages(&north, &south, &ada).await;
}

async fn mous(north: &Agency, south: &Agency) {
    let mut mou = json!({ "m": {
        "kind": "REFERRAL", "title": "x",
        "parties": [
            { "agency": north.id.to_string(), "responsibilities": "x" },
            { "agency": south.id.to_string(), "responsibilities": "x" },
        ],
        "terms": {
            "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS"] }], "purpose": "x", "services": "x",
            "confidentiality": "x", "breachNoticeHours": 24, "training": "x", "conflictResolution": "x",
            "terminationNoticeDays": 30,
        },
        "effectiveOn": day(-1), "expiresOn": day(365),
    } });
    let draft = "mutation($m: MouInput!) { draftMou(mou: $m) { id title terms { training } } }";
    let places = [
        ("/m/title", "mou.title"),
        (
            "/m/parties/0/responsibilities",
            "mou.parties[0].responsibilities",
        ),
        ("/m/terms/purpose", "mou.terms.purpose"),
        ("/m/terms/services", "mou.terms.services"),
        ("/m/terms/confidentiality", "mou.terms.confidentiality"),
        ("/m/terms/training", "mou.terms.training"),
        (
            "/m/terms/conflictResolution",
            "mou.terms.conflictResolution",
        ),
    ];
    refuses_unseen(north, draft, &mou, &places).await;
    mou["m"]["title"] = json!(" Cafe\u{301} ");
    mou["m"]["terms"]["training"] = json!("yearly\r\nin May");
    let drafted = north.asks(draft, mou).await;
    let drafted = &drafted.data()["draftMou"];
    assert_eq!(drafted["title"], "Café");
    assert_eq!(drafted["terms"]["training"], "yearly\nin May");
    let id = text(&drafted["id"]);
    north.changes("offerMou", &id, "status").await.data();
    let signature = json!({ "id": id, "s": { "signatory": "x", "title": "x", "authority": "x", "documentSha256": "ab".repeat(32) } });
    let sign =
        "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";
    let places = [
        ("/s/signatory", "signature.signatory"),
        ("/s/title", "signature.title"),
    ];
    refuses_unseen(south, sign, &signature, &places).await;
}

async fn packages(north: &Agency, south: &Agency, survivor: &str) {
    let consent = north.consents(survivor, south, DataCategory::ALL).await;
    north.signs(&consent).await.data();
    let referral = json!({ "r": { "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "package": {
        "identity": { "givenName": "x", "familyName": "x", "otherNames": ["x"] },
        "demographics": { "age": "x", "gender": "x", "nationalities": ["GT"] },
        "location": { "country": "US", "region": "x", "locality": "x", "address": "x" },
        "family": { "notes": "x" }, "language": { "dialect": "x" }, "needs": { "request": "x" },
        "safety": { "plan": "x", "threats": ["x"] }, "exploitation": { "narrative": "x" },
        "medical": { "conditions": ["x"], "medications": ["x"], "allergies": ["x"], "notes": "x" },
        "mentalHealth": { "notes": "x" }, "substanceUse": { "substances": ["x"], "treatment": "x" },
        "immigration": { "status": "x", "reliefSought": ["x"], "notes": "x" },
        "legal": { "matters": ["x"], "notes": "x" }, "financial": { "currency": "USD", "debts": ["x"] },
    } } });
    let mut places = Vec::new();
    leaves(
        &referral["r"]["package"],
        "/r/package",
        "referral.package",
        &mut places,
    );
    assert_eq!(places.len(), 30, "{places:?}");
    let places: Vec<_> = places
        .iter()
        .map(|(pointer, place)| (pointer.as_str(), place.as_str()))
        .collect();
    refuses_unseen(north, DRAFT_REFERRAL, &referral, &places).await;
    north.asks(DRAFT_REFERRAL, referral).await.data();
}

/// Where the texts of a value are, as a JSON pointer and as a refusal names it.
fn leaves(value: &Value, pointer: &str, place: &str, all: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(
                    field,
                    &format!("{pointer}/{name}"),
                    &format!("{place}.{name}"),
                    all,
                );
            }
        }
        Value::Array(entries) => {
            for (nth, entry) in entries.iter().enumerate() {
                leaves(
                    entry,
                    &format!("{pointer}/{nth}"),
                    &format!("{place}[{nth}]"),
                    all,
                );
            }
        }
        _ => all.push((pointer.to_owned(), place.to_owned())),
    }
}

on_both!(no_two_agencies_of_a_task_force_and_no_two_pseudonyms_of_an_agency_look_the_same);
async fn no_two_agencies_of_a_task_force_and_no_two_pseudonyms_of_an_agency_look_the_same(
    world: World,
) {
    let (north, south) = world.agencies("Harbor House", "south").await;
    let coordinator = world.coordinator();
    for alike in ["harbor  house", "ＨＡＲＢＯＲ HOUSE", "coordination OFFICE"] {
        let agency =
            json!({ "taskForce": world.task_force.to_string(), "name": alike, "kind": "OTHER" });
        let answer = coordinator.asks(REGISTER, json!({ "a": agency })).await;
        assert_eq!(answer.codes(), "CONFLICT", "{alike}");
    }
    let survivor =
        |pseudonym: &str| json!({ "s": { "pseudonym": pseudonym, "ageGroup": "ADULT" } });
    let (one, other) = tokio::join!(
        north.asks(REGISTER_SURVIVOR, survivor("Quiet Heron")),
        north.asks(REGISTER_SURVIVOR, survivor("quiet heron")),
    );
    let codes = [one.codes(), other.codes()];
    assert!(
        codes.contains(&String::new()) && codes.contains(&"CONFLICT".to_owned()),
        "{codes:?}"
    );
    let alike = north
        .asks(REGISTER_SURVIVOR, survivor("QUIET\u{3000}HERON"))
        .await;
    assert_eq!(alike.codes(), "CONFLICT");
    // Another agency's pseudonyms are nobody else's business.
    south
        .asks(REGISTER_SURVIVOR, survivor("quiet heron"))
        .await
        .data();
    let (ok, said) = world.commands(&["check-data"]);
    assert!(ok && said.contains("0 to look into"), "{said}");
}
