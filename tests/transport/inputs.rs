//! What is wrong with an input is told at once, each fault at its place, so that a form can show it beside the field.

use concord::wire::scalars;
use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::{good_consent, survivors_signature};
use crate::world::documents::{DRAFT_CONSENT, DRAFT_REFERRAL};
use crate::world::{Agency, Answer, World, on_both};

/// The place of each fault, in the order of the answer.
fn fields(answer: &Answer) -> Vec<&Value> {
    let errors = answer.body["errors"].as_array().unwrap();
    for error in errors {
        assert_eq!(
            error["extensions"]["code"], "BAD_USER_INPUT",
            "{}",
            answer.text
        );
    }
    errors
        .iter()
        .map(|error| &error["extensions"]["field"])
        .collect()
}

on_both!(all_faults_of_all_variables_are_told_before_anything_is_done);
async fn all_faults_of_all_variables_are_told_before_anything_is_done(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let sign = "mutation Sign($c: ConsentInput!, $id: ID!, $s: SignatureInput!) {\n\
        draftConsent(consent: $c) { id }\n  signConsent(id: $id, signature: $s) { id } }";
    let mut consent = good_consent("survivor_x", &south, &[Identity]);
    consent["expiresAt"] = json!("tomorrow");
    consent["language"] = json!("the survivor's");
    consent["grants"] = json!([
        { "purpose": "SERVICE_DELIVERY", "categories": ["IDENTITY", "IDENTTY"] },
        { "purposes": "LEGAL_REPRESENTATION", "categories": ["IDENTITY"] },
    ]);
    let mut signature = survivors_signature();
    signature["signedOn"] = json!("today, by Ada");
    signature["documentSha256"] = json!("ABC");
    signature["role"] = json!(7);
    let variables = json!({ "c": consent, "s": signature });
    let answer = north.asks(sign, variables).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.get("data").is_none(), "{}", answer.text);
    assert_eq!(
        fields(&answer),
        [
            &json!(["consent", "expiresAt"]),
            &json!(["consent", "grants", 0, "categories", 1]),
            &json!(["consent", "grants", 1]),
            &json!(["consent", "grants", 1, "purpose"]),
            &json!(["consent", "language"]),
            &json!(["id"]),
            &json!(["signature", "documentSha256"]),
            &json!(["signature", "role"]),
            &json!(["signature", "signedOn"]),
        ]
    );
    let errors = answer.body["errors"].as_array().unwrap();
    let messages: Vec<&str> = errors
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect();
    assert!(messages[0].starts_with("`$c.expiresAt` is not a moment: write RFC 3339"));
    assert!(
        messages[1].ends_with("; did you mean `IDENTITY`?"),
        "{}",
        messages[1]
    );
    assert!(
        messages[2].ends_with("did you mean `purpose`?"),
        "{}",
        messages[2]
    );
    assert_eq!(messages[5], "`$id` is required: send a `ID!`");
    assert_eq!(errors[0]["locations"], json!([{ "line": 1, "column": 15 }]));
    assert_eq!(errors[5]["locations"], json!([{ "line": 1, "column": 34 }]));
    for told in ["tomorrow", "survivor's", "Ada", "ABC", "IDENTTY"] {
        assert!(!answer.text.contains(told), "{}", answer.text);
    }
    assert_eq!(world.tampers("SELECT count(*) FROM consent"), "0");
}

on_both!(what_a_document_writes_out_is_judged_like_a_variable);
async fn what_a_document_writes_out_is_judged_like_a_variable(world: World) {
    let north = world.agency("north").await;
    let query = "query($first: Int) {\n  referrals(box: INBOXX, first: $first) { edges { node { id } } }\n\
        again: referrals(box: \"INBOX\", filter: { needs: [HOUSING, HOUSNG] }) { edges { node { id } } }\n\
        none: referrals { edges { node { id } } } }";
    let answer = north.asks(query, json!({ "first": "many" })).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        fields(&answer),
        [
            &json!(["box"]),
            &json!(["box"]),
            &json!(["filter", "needs", 1]),
            &json!(["box"]),
            &json!(["first"]),
        ]
    );
    let errors = answer.body["errors"].as_array().unwrap();
    let message = |place: usize| errors[place]["message"].as_str().unwrap();
    assert!(
        message(0).ends_with("; did you mean `INBOX`?"),
        "{}",
        message(0)
    );
    assert!(
        message(1).ends_with("; write `INBOX`, without quotes"),
        "{}",
        message(1)
    );
    assert!(
        message(2).ends_with("; did you mean `HOUSING`?"),
        "{}",
        message(2)
    );
    assert_eq!(message(3), "`box` is required: give a `Box!`");
    let lines: Vec<&Value> = errors
        .iter()
        .map(|error| &error["locations"][0]["line"])
        .collect();
    assert_eq!(lines, [2, 3, 3, 4, 1]);
}

on_both!(faults_that_only_a_record_shows_are_told_at_once_too);
async fn faults_that_only_a_record_shows_are_told_at_once_too(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let mut consent = good_consent(&ada, &north, &[Identity]);
    consent["grants"] = json!([
        { "purpose": "SERVICE_DELIVERY", "categories": ["IDENTITY"] },
        { "purpose": "LEGAL_REPRESENTATION", "categories": [] },
    ]);
    consent["intermediary"] = json!(ada);
    consent["effectiveAt"] = consent["expiresAt"].clone();
    let answer = north.asks(DRAFT_CONSENT, json!({ "c": consent })).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        fields(&answer),
        [
            &json!(["consent", "intermediary"]),
            &json!(["consent", "recipient"]),
            &json!(["consent", "grants", 1, "categories"]),
            &json!(["consent", "expiresAt"]),
        ]
    );
    assert_eq!(answer.body["data"], json!({ "draftConsent": null }));
    for error in answer.body["errors"].as_array().unwrap() {
        assert_eq!(error["path"], json!(["draftConsent"]));
    }

    let held = north.consents(&ada, &south, &[Identity]).await;
    let package = json!({
        "identity": { "givenName": "Ada" }, "safety": { "plan": "none" }, "mentalHealth": { "notes": "none" },
        "contact": {
            "channels": [
                { "channel": "IN_PERSON", "address": "the library" }, { "channel": "PHONE", "address": "555" },
            ],
            "windows": [{ "days": [], "from": "09:00", "until": "12:00" }], "timeZone": "Nowhere/Town",
        },
    });
    let referral = json!({ "consent": held, "needs": [], "urgency": "URGENT", "package": package });
    let answer = north.asks(DRAFT_REFERRAL, json!({ "r": referral })).await;
    assert_eq!(
        fields(&answer),
        [
            &json!(["referral", "package", "contact", "channels", 1, "address"]),
            &json!(["referral", "package", "contact", "windows", 0, "days"]),
            &json!(["referral", "package", "contact", "timeZone"]),
            &json!(["referral", "needs"]),
            &json!(["referral", "package", "contact"]),
            &json!(["referral", "package", "safety"]),
            &json!(["referral", "package", "mentalHealth"]),
        ]
    );
    assert_eq!(
        fields(&misjudged_mou(&north, &south, &ada).await),
        [
            &json!(["mou", "parties", 1, "agency"]),
            &json!(["mou", "parties", 2, "agency"]),
            &json!(["mou", "title"]),
            &json!(["mou", "expiresOn"]),
            &json!(["mou", "terms", "grants", 0, "categories"]),
            &json!(["mou", "terms", "breachNoticeHours"]),
            &json!(["mou", "terms", "purpose"]),
            &json!(["mou", "terms", "training"]),
        ]
    );
    let age = json!({ "pseudonym": " ", "ageGroup": "ADULT", "minorUntil": "2030-01-01" });
    let register = "mutation($s: SurvivorInput!) { registerSurvivor(survivor: $s) { id } }";
    let answer = north.asks(register, json!({ "s": age })).await;
    assert_eq!(
        fields(&answer),
        [
            &json!(["survivor", "pseudonym"]),
            &json!(["survivor", "minorUntil"])
        ]
    );
}

/// An MOU with a fault in each of its parts.
async fn misjudged_mou(north: &Agency, south: &Agency, survivor: &str) -> Answer {
    let party = |id: &str, takes_on: &str| json!({ "agency": id, "responsibilities": takes_on });
    let own = north.id.to_string();
    let mou = json!({
        "kind": "REFERRAL", "title": "",
        "parties": [
            party(&own, "refers"), party(survivor, "refers"), party(&own, "shelters"),
            party(&south.id.to_string(), "refers"),
        ],
        "terms": {
            "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": [] }],
            "purpose": "", "services": "beds", "confidentiality": "sealed", "breachNoticeHours": -1,
            "training": "\u{202e}yearly", "conflictResolution": "mediation", "terminationNoticeDays": 30,
        },
        "effectiveOn": "2030-01-02", "expiresOn": "2030-01-01",
    });
    let draft = "mutation($m: MouInput!) { draftMou(mou: $m) { id } }";
    north.asks(draft, json!({ "m": mou })).await
}

on_both!(every_answer_has_its_request_id);
async fn every_answer_has_its_request_id(world: World) {
    let north = world.agency("north").await;
    let asked = [
        "{ viewer { subject } }",
        "mutation { acceptReferral(id: \"referral_01h2xcejqtf2nbrexx3vqjhp41\") { id } }",
        "{ nothing }",
        "{",
    ];
    let mut seen = Vec::new();
    for query in asked {
        let answer = north.asks(query, Value::Null).await;
        let id = answer.body["extensions"]["requestId"].as_str();
        let id = id.unwrap_or_else(|| panic!("{}", answer.text)).to_owned();
        assert!(!seen.contains(&id), "{id} came twice");
        seen.push(id);
    }
    let log = north.lists("auditEvents", "requestId").await;
    assert!(log.iter().any(|event| event["requestId"] == seen[1]));
}

#[test]
fn every_scalar_of_the_schema_is_judged_before_execution() {
    let sdl = concord::graphql::schema::sdl();
    let scalars: Vec<&str> = sdl
        .lines()
        .filter_map(|line| line.strip_prefix("scalar "))
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert!(scalars.len() >= 5, "{scalars:?}");
    for scalar in scalars {
        assert!(scalars::check_of(scalar).is_some(), "{scalar}");
    }
}

#[test]
fn every_category_of_a_package_has_its_field() {
    use concord::referral::rules::basis::field_of;
    use concord_entities::vocabulary::{Code, DataCategory};
    let sdl = concord::graphql::schema::sdl();
    let (_, input) = sdl.split_once("input PackageInput {").unwrap();
    let (input, _) = input.split_once("\n}").unwrap();
    for category in DataCategory::ALL {
        let field = format!("\t{}: ", field_of(*category));
        assert!(input.contains(&field), "{category:?}");
    }
}
