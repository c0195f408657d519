//! Drafting and signing over the wire, on both databases: what is refused keeps nothing.

use concord_entities::vocabulary::DataCategory::{Identity, Needs, SubstanceUse};
use serde_json::{Value, json};

use crate::world::agency::{day, good_consent, survivors_signature, text};
use crate::world::documents::REGISTER_SURVIVOR;
use crate::world::{Agency, Answer, Database, World, on_both};

const LINT: &str =
    "query($c: ConsentInput!) { lintConsent(consent: $c) { code severity rule citation remedy } }";
const HELD: &str = "id status signatures { role relation witness documentSha256 language } \
    findings { code severity } rulePacks { pack } explained voluntary incapacitated";

async fn lints(agency: &Agency, consent: &Value) -> Vec<String> {
    let answer = agency.asks(LINT, json!({ "c": consent })).await;
    codes(answer.data()["lintConsent"].as_array().unwrap())
}

fn codes(findings: &[Value]) -> Vec<String> {
    let findings = findings.iter();
    findings
        .map(|one| format!("{} {}", text(&one["code"]), text(&one["severity"])))
        .collect()
}

/// What a refusal names.
fn refused_for(answer: &Answer) -> Vec<String> {
    codes(answer.findings())
}

async fn held(agency: &Agency) -> Vec<Value> {
    agency.lists("consents(side: GIVEN)", HELD).await
}

async fn drafts(agency: &Agency, consent: &Value) -> String {
    text(&agency.drafts(consent).await.data()["draftConsent"]["id"])
}

async fn signs(agency: &Agency, consent: &str, signature: Value) -> Answer {
    agency.signs_with(consent, &signature, "status").await
}

fn with(mut value: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        panic!("{changes} changes nothing")
    };
    for (key, changed) in changes {
        value[key] = changed;
    }
    value
}

on_both!(the_linter_answers_before_anything_is_saved);
async fn the_linter_answers_before_anything_is_saved(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let good = good_consent(&survivor, &south, &[Identity]);
    assert_eq!(lints(&north, &good).await, Vec::<String>::new());

    let bare = json!({
        "survivor": survivor, "recipient": south.id.to_string(), "language": "es", "grants": [],
    });
    assert_eq!(
        lints(&north, &bare).await,
        [
            "WHO_NOT_EXPLAINED BLOCKING",
            "WHAT_NOT_EXPLAINED BLOCKING",
            "WHY_NOT_EXPLAINED BLOCKING",
            "RISKS_NOT_EXPLAINED BLOCKING",
            "ALTERNATIVES_NOT_EXPLAINED BLOCKING",
            "RIGHT_TO_REFUSE_NOT_EXPLAINED BLOCKING",
            "RIGHT_TO_REVOKE_NOT_EXPLAINED BLOCKING",
            "RETENTION_NOT_EXPLAINED BLOCKING",
            "LANGUAGE_NOT_UNDERSTOOD BLOCKING",
            "EXPIRY_MISSING BLOCKING",
            "GRANTS_MISSING BLOCKING",
            "NOT_VOLUNTARY BLOCKING",
            "NOT_REVOCABLE BLOCKING",
        ]
    );
    let alone = world.agency("alone").await;
    let strange = with(good.clone(), json!({ "recipient": alone.id.to_string() }));
    assert_eq!(lints(&north, &strange).await, ["NO_MOU ADVISORY"]);
    let own = with(good.clone(), json!({ "recipient": north.id.to_string() }));
    assert!(
        lints(&north, &own)
            .await
            .contains(&"RECIPIENT_IS_DISCLOSER BLOCKING".to_owned())
    );
    // Another agency's survivor is one that does not exist.
    let answer = south.asks(LINT, json!({ "c": good })).await;
    assert_eq!(answer.codes(), "BAD_USER_INPUT");
    assert_eq!(held(&north).await, Vec::<Value>::new());
}

on_both!(bad_input_is_refused_and_nothing_is_kept);
async fn bad_input_is_refused_and_nothing_is_kept(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let good = good_consent(&survivor, &south, &[Identity]);
    let nobody = concord_entities::ids::AgencyId::new().to_string();
    for (change, refusal) in [
        (
            json!({ "effectiveAt": format!("{}T00:00:00Z", day(40)) }),
            "BAD_USER_INPUT",
        ),
        (json!({ "recipient": nobody }), "BAD_USER_INPUT"),
        (json!({ "recipient": "somebody" }), "BAD_USER_INPUT"),
        (
            json!({ "recipient": north.id.to_string() }),
            "BAD_USER_INPUT",
        ),
        (json!({ "intermediary": nobody }), "BAD_USER_INPUT"),
        (
            json!({ "supersedes": concord_entities::ids::ConsentId::new().to_string() }),
            "BAD_USER_INPUT",
        ),
        (json!({ "expiresAt": null }), "CONSENT_DEFECTIVE"),
    ] {
        let answer = north.drafts(&with(good.clone(), change.clone())).await;
        assert_eq!(answer.codes(), refusal, "{change}");
        assert_eq!(held(&north).await, Vec::<Value>::new(), "{change}");
    }
}

on_both!(a_defective_consent_is_not_signed);
async fn a_defective_consent_is_not_signed(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let good = good_consent(&survivor, &south, &[Identity]);
    let lacking = with(
        good,
        json!({ "explained": ["WHO", "WHAT", "WHY", "RIGHT_TO_REVOKE"], "revocable": false }),
    );
    let id = drafts(&north, &lacking).await;
    let answer = signs(&north, &id, survivors_signature()).await;
    assert_eq!(
        refused_for(&answer),
        [
            "RISKS_NOT_EXPLAINED BLOCKING",
            "ALTERNATIVES_NOT_EXPLAINED BLOCKING",
            "RIGHT_TO_REFUSE_NOT_EXPLAINED BLOCKING",
            "RETENTION_NOT_EXPLAINED BLOCKING",
            "NOT_REVOCABLE BLOCKING",
        ]
    );
    let kept = &held(&north).await[0];
    assert_eq!(
        (&kept["status"], &kept["signatures"]),
        (&json!("DRAFT"), &json!([]))
    );
    assert_eq!(
        codes(kept["findings"].as_array().unwrap()),
        [
            "RISKS_NOT_EXPLAINED BLOCKING",
            "ALTERNATIVES_NOT_EXPLAINED BLOCKING",
            "RIGHT_TO_REFUSE_NOT_EXPLAINED BLOCKING",
            "RETENTION_NOT_EXPLAINED BLOCKING",
            "NOT_REVOCABLE BLOCKING",
            "SURVIVOR_SIGNATURE_MISSING BLOCKING",
        ]
    );
}

#[tokio::test]
async fn an_abuser_and_a_mark_before_nobody_are_refused() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let id = drafts(&north, &good_consent(&survivor, &south, &[Identity])).await;
    for (change, finding) in [
        (json!({ "isAbuser": true }), "SIGNER_IS_ABUSER BLOCKING"),
        (json!({ "method": "MARK" }), "WITNESS_MISSING BLOCKING"),
        (
            json!({ "documentSha256": null }),
            "DOCUMENT_MISSING BLOCKING",
        ),
        (
            json!({ "language": "es" }),
            "LANGUAGE_NOT_UNDERSTOOD BLOCKING",
        ),
        (
            json!({ "relation": "PARENT" }),
            "SIGNER_RELATION_UNFIT BLOCKING",
        ),
        (
            json!({ "role": "CONSERVATOR", "relation": "COURT_APPOINTED" }),
            "SIGNER_NOT_CALLED_FOR BLOCKING",
        ),
    ] {
        let answer = signs(&north, &id, with(survivors_signature(), change)).await;
        assert_eq!(refused_for(&answer), [finding]);
        assert_eq!(held(&north).await[0]["signatures"], json!([]));
    }
    // That an abuser was to sign is on the agency's own record, and nobody else's.
    let log = "auditEvents(filter: { types: [ACCESS_DENIED] })";
    let shown = "outcome reason object recipient { id }";
    let refused = json!({ "outcome": "REFUSED", "reason": "SIGNER_IS_ABUSER", "object": id, "recipient": null });
    assert_eq!(north.lists(log, shown).await, [refused]);
    assert_eq!(south.lists(log, shown).await, Vec::<Value>::new());
    let ahead = with(survivors_signature(), json!({ "signedOn": day(3) }));
    assert_eq!(signs(&north, &id, ahead).await.codes(), "BAD_USER_INPUT");
    let mark = with(
        survivors_signature(),
        json!({ "method": "MARK", "witness": "NOTARY" }),
    );
    let signed = signs(&north, &id, mark).await;
    assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");
    let again = signs(&north, &id, survivors_signature()).await;
    assert_eq!(again.codes(), "INVALID_TRANSITION");
}

on_both!(a_minor_and_a_guardian_sign_or_the_minor_where_the_law_lets_them);
async fn a_minor_and_a_guardian_sign_or_the_minor_where_the_law_lets_them(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let minor =
        json!({ "s": { "pseudonym": "a minor", "ageGroup": "MINOR", "language": "en-US" } });
    let minor = text(&north.asks(REGISTER_SURVIVOR, minor).await.data()["registerSurvivor"]["id"]);
    let good = good_consent(&minor, &south, &[Identity]);

    let both = drafts(&north, &good).await;
    let paper = survivors_signature();
    let first = signs(&north, &both, paper.clone()).await;
    assert_eq!(first.data()["signConsent"]["status"], "DRAFT");
    assert_eq!(
        codes(held(&north).await[0]["findings"].as_array().unwrap()),
        ["GUARDIAN_SIGNATURE_MISSING BLOCKING"]
    );
    let guardian = json!({ "role": "PARENT_OR_GUARDIAN", "relation": "PARENT" });
    let abuser = with(guardian.clone(), json!({ "isAbuser": true }));
    let refused = signs(&north, &both, with(survivors_signature(), abuser)).await;
    assert_eq!(refused_for(&refused), ["SIGNER_IS_ABUSER BLOCKING"]);
    let second = signs(&north, &both, with(paper, guardian.clone())).await;
    assert_eq!(second.data()["signConsent"]["status"], "ACTIVE");

    let alone = with(good.clone(), json!({ "minorAlone": "VICTIM_SERVICES" }));
    let alone = drafts(&north, &alone).await;
    let uncalled = signs(&north, &alone, with(survivors_signature(), guardian)).await;
    assert_eq!(refused_for(&uncalled), ["SIGNER_NOT_CALLED_FOR BLOCKING"]);
    let signed = signs(&north, &alone, survivors_signature()).await;
    assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");

    let court = drafts(&north, &with(good, json!({ "incapacitated": true }))).await;
    let conservator = json!({ "role": "CONSERVATOR", "relation": "COURT_APPOINTED" });
    let signed = signs(&north, &court, with(survivors_signature(), conservator)).await;
    assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");

    for consent in held(&north).await {
        for signature in consent["signatures"].as_array().unwrap() {
            assert_eq!(text(&signature["documentSha256"]).len(), 64);
        }
    }
    // Whoever is told learns nothing of why, nor of what was found.
    for node in south.lists("consents(side: RECEIVED)", HELD).await {
        for signature in node["signatures"].as_array().unwrap() {
            // A document's hash would tell it which consents are of one person.
            for field in ["relation", "witness", "documentSha256", "language"] {
                assert_eq!(signature[field], Value::Null, "{field}");
            }
        }
        assert_eq!(
            (&node["findings"], &node["rulePacks"]),
            (&json!([]), &json!([]))
        );
        assert_eq!(
            (&node["explained"], &node["incapacitated"]),
            (&Value::Null, &Value::Null)
        );
    }
}

on_both!(the_rules_that_bind_an_agency_decide_what_blocks);
async fn the_rules_that_bind_an_agency_decide_what_blocks(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let good = good_consent(&survivor, &south, &[Needs, SubstanceUse]);
    let unnamed = with(good.clone(), json!({ "namesSubstanceUse": false }));
    assert_eq!(
        lints(&north, &unnamed).await,
        ["SUBSTANCE_USE_NOT_NAMED ADVISORY"]
    );

    let bind = "mutation($p: RulePackInput!) { bindRulePack(pack: $p) { id pack fromOn untilOn maxDays } }";
    let part2 = json!({ "pack": "PART2", "idempotencyKey": "once" });
    let bound = north.asks(bind, json!({ "p": part2 })).await;
    let bound = bound.data()["bindRulePack"].clone();
    assert_eq!(
        (&bound["pack"], &bound["fromOn"]),
        (&json!("PART2"), &json!(day(0)))
    );
    let again = north.asks(bind, json!({ "p": part2 })).await;
    assert_eq!(again.data()["bindRulePack"], bound);
    let twice = north.asks(bind, json!({ "p": { "pack": "PART2" } })).await;
    assert_eq!(twice.codes(), "CONFLICT");
    assert_eq!(
        lints(&north, &unnamed).await,
        ["SUBSTANCE_USE_NOT_NAMED BLOCKING"]
    );
    // What binds one agency binds no other.
    let other = south.registers("Eve").await;
    let others = with(
        unnamed.clone(),
        json!({ "survivor": other, "recipient": north.id.to_string() }),
    );
    assert_eq!(
        lints(&south, &others).await,
        ["SUBSTANCE_USE_NOT_NAMED ADVISORY"]
    );

    let id = drafts(&north, &unnamed).await;
    let refused = signs(&north, &id, survivors_signature()).await;
    assert_eq!(refused_for(&refused), ["SUBSTANCE_USE_NOT_NAMED BLOCKING"]);
    assert_eq!(
        held(&north).await[0]["rulePacks"],
        json!([{ "pack": "PART2" }])
    );

    let unbind = "mutation($id: ID!) { unbindRulePack(id: $id) { untilOn } }";
    let unbound = north.asks(unbind, json!({ "id": bound["id"] })).await;
    assert_eq!(unbound.data()["unbindRulePack"]["untilOn"], json!(day(-1)));
    assert_eq!(
        south
            .asks(unbind, json!({ "id": bound["id"] }))
            .await
            .codes(),
        "NOT_FOUND"
    );
    assert_eq!(
        lints(&north, &unnamed).await,
        ["SUBSTANCE_USE_NOT_NAMED ADVISORY"]
    );

    let state = json!({ "pack": "STATE", "maxDays": 14, "citation": "RCW 70.123.076" });
    north.asks(bind, json!({ "p": state })).await.data();
    let answer = north.asks(LINT, json!({ "c": good })).await;
    let finding = &answer.data()["lintConsent"][0];
    assert_eq!(finding["code"], "EXPIRY_TOO_LATE");
    assert_eq!(finding["citation"], "RCW 70.123.076");
    assert_eq!(
        finding["remedy"],
        "Choose an expiry within 14 days of its beginning, its first signature and today, whichever is earliest, \
        the last of them whole; it can be renewed."
    );
    for bad in [
        json!({ "pack": "VAWA", "maxDays": 14 }),
        json!({ "pack": "STATE" }),
        json!({ "pack": "STATE", "citation": "a law", "maxDays": 0 }),
        json!({ "pack": "STATE", "citation": "a law", "maxDays": 367 }),
    ] {
        let refused = north.asks(bind, json!({ "p": bad })).await;
        assert_eq!(refused.codes(), "BAD_USER_INPUT", "{bad}");
    }
}

on_both!(a_recipient_learns_of_nothing_that_was_not_signed_and_sent);
async fn a_recipient_learns_of_nothing_that_was_not_signed_and_sent(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let heard = async || {
        let log = "auditEvents(filter: { types: [CONSENT_DRAFTED, CONSENT_SIGNED, CONSENT_REVOKED, \
            CONSENT_ENTERED_IN_ERROR, REFERRAL_DRAFTED, REFERRAL_SENT] })";
        let events = south.lists(log, "type").await;
        let types = events.iter().map(|event| text(&event["type"]));
        types.collect::<Vec<_>>()
    };
    let survivor = north.registers("Ada").await;
    let never = north.consents(&survivor, &south, &[Identity]).await;
    north.revokes(&never).await.data();
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    let witness = json!({ "role": "WITNESS", "isAbuser": false, "method": "PAPER", "signedOn": day(0),
            "documentSha256": "ef".repeat(32) });
    signs(&north, &consent, witness).await.data();
    assert_eq!(heard().await, Vec::<String>::new());
    let mut signature = survivors_signature();
    signature["documentSha256"] = json!("ef".repeat(32));
    signs(&north, &consent, signature).await.data();
    let told = north.drafts_referral(&consent, "Ada", &[Identity]).await;
    assert_eq!(heard().await, ["CONSENT_SIGNED"]);
    north.does("sendReferral", &told).await.data();
    assert_eq!(heard().await, ["REFERRAL_SENT", "CONSENT_SIGNED"]);
}
