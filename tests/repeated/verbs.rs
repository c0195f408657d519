//! A verb that is done once more, by the same agency and with the same arguments, answers with the record as it stands: no
//! second change, no second event.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use super::drafts_mou;
use crate::world::agency::{Told, day, text};
use crate::world::{Agency, Answer, World, on_both};

const REJECT: &str = "mutation($id: ID!, $r: RejectReason!) { rejectReferral(id: $id, reason: $r) { id status statusReason } }";
const COMPLETE: &str = "mutation($id: ID!, $o: OutcomeInput!) { completeReferral(id: $id, outcome: $o) { id status outcome { code provided } } }";
const SIGN_MOU: &str = "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { id parties { signatory } } }";
const CORRECT: &str = "mutation($id: ID!, $m: AgeGroup!) { correctSurvivor(id: $id, ageGroup: $m, language: \"en\") { id ageGroup } }";
const SET_CONTACT: &str =
    "mutation($id: ID!, $p: SafeContactInput!) { setSafeContact(survivor: $id, plan: $p) { id } }";
const BIND: &str = "mutation { bindRulePack(pack: { pack: PART2 }) { id } }";
const UNBIND: &str =
    "mutation($id: ID!, $d: Date) { unbindRulePack(id: $id, untilOn: $d) { id untilOn } }";
const CONTINUE: &str = "mutation($id: ID!, $c: ID!, $p: PackageInput) { continueReferral(id: $id, consent: $c, package: $p) { id status } }";

/// How much was changed so far, by what is on record.
fn changes(world: &World) -> String {
    world.tampers(
        "SELECT count(*) FROM audit_event WHERE kind NOT IN ('RECORDS_LISTED', 'ACCESS_DENIED', 'SAFE_CONTACT_READ')",
    )
}

/// Asks twice: the second answer is the first one's, and changes nothing.
async fn twice(world: &World, who: &Agency, verb: &str, variables: Value) -> Answer {
    let first = who.asks(verb, variables.clone()).await;
    first.data();
    let before = changes(world);
    let again = who.asks(verb, variables).await;
    assert_eq!(again.data(), first.data());
    assert_eq!(changes(world), before, "{verb}");
    first
}

async fn is_refused(who: &Agency, verb: &str, variables: Value) {
    let refused = who.asks(verb, variables).await;
    assert_eq!(
        refused.codes(),
        "INVALID_TRANSITION",
        "{verb}: {}",
        refused.text
    );
}

/// A verb that needs only the record's id.
fn plain(verb: &str) -> String {
    format!("mutation($id: ID!) {{ {verb}(id: $id) {{ id status }} }}")
}

fn id(told: &Told) -> Value {
    json!({ "id": told.referral })
}

on_both!(what_a_side_did_to_a_referral_last_may_be_done_again);
async fn what_a_side_did_to_a_referral_last_may_be_done_again(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let (send, accept) = (plain("sendReferral"), plain("acceptReferral"));
    let ada = north.refers("Ada").to(&south).drafted([Identity]).await;
    twice(&world, &north, &send, id(&ada)).await;
    twice(&world, &south, &accept, id(&ada)).await;
    // It stands where the recipient brought it since.
    is_refused(&north, &send, id(&ada)).await;
    let done = |code: &str, provided: &[&str]| json!({ "id": ada.referral, "o": { "code": code, "provided": provided } });
    let met = done("NEEDS_MET", &["HOUSING"]);
    twice(&world, &south, COMPLETE, met).await;
    let other = done("SURVIVOR_ENDED", &[]);
    is_refused(&south, COMPLETE, other).await;
    is_refused(&south, &accept, id(&ada)).await;

    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let why = |reason: &str| json!({ "id": bea.referral, "r": reason });
    twice(&world, &south, REJECT, why("NO_CAPACITY")).await;
    is_refused(&south, REJECT, why("NOT_ELIGIBLE")).await;
}

on_both!(a_referral_that_a_revocation_suspended_is_not_where_it_was_sent_to);
async fn a_referral_that_a_revocation_suspended_is_not_where_it_was_sent_to(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    north.revokes(&ada.consent).await.data();
    is_refused(&north, &plain("sendReferral"), id(&ada)).await;

    let consent = north.consents(&survivor, &south, &[Identity]).await;
    north.signs(&consent).await.data();
    let with = |name: &str| {
        let package = json!({ "identity": { "givenName": name } });
        json!({ "id": ada.referral, "c": consent, "p": package })
    };
    twice(&world, &north, CONTINUE, with("Ada")).await;
    // Other content is another package, and the one before stays.
    is_refused(&north, CONTINUE, with("Bea")).await;
    is_refused(&north, &plain("sendReferral"), id(&ada)).await;
    assert!(south.reads(&ada).await.contains("identity: Ada"));
}

on_both!(an_offer_and_a_signature_of_an_mou_may_be_made_again);
async fn an_offer_and_a_signature_of_an_mou_may_be_made_again(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let agreed = north.agrees_with(&south).await;
    let drafted = drafts_mou(&north, &south).await;
    let offer = "mutation($id: ID!) { offerMou(id: $id) { id status } }";
    twice(&world, &north, offer, json!({ "id": drafted })).await;
    is_refused(&north, offer, json!({ "id": agreed })).await;
    let signed = |who: &str| {
        let signature = json!({ "signatory": who, "title": "Director", "authority": "the board", "documentSha256": "cd".repeat(32) });
        json!({ "id": drafted, "s": signature })
    };
    twice(&world, &north, SIGN_MOU, signed("A Director")).await;
    is_refused(&north, SIGN_MOU, signed("Somebody else")).await;
    is_refused(&north, offer, json!({ "id": drafted })).await;
    twice(&world, &south, SIGN_MOU, signed("B Director")).await;
    // A signature stays, whoever signed after it.
    twice(&world, &north, SIGN_MOU, signed("A Director")).await;
}

on_both!(what_an_agency_said_of_its_survivor_may_be_said_again);
async fn what_an_agency_said_of_its_survivor_may_be_said_again(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let variables = json!({ "id": ada, "m": "MINOR" });
    twice(&world, &north, CORRECT, variables).await;
    let plan = |word: &str| json!({ "id": ada, "p": { "doNotContact": true, "codeWord": word } });
    twice(&world, &north, SET_CONTACT, plan("heron")).await;
    let before = changes(&world);
    north.asks(SET_CONTACT, plan("egret")).await.data();
    assert_ne!(changes(&world), before);

    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let revoke = "mutation($id: ID!) { revokeConsent(id: $id, channel: TELEPHONE) { consent { status } referralsSuspended } }";
    twice(&world, &north, revoke, json!({ "id": bea.consent })).await;
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    let mark = plain("markConsentEnteredInError");
    twice(&world, &north, &mark, json!({ "id": cleo.consent })).await;
}

on_both!(what_a_coordinator_did_to_an_agency_may_be_done_again_by_it_alone);
async fn what_a_coordinator_did_to_an_agency_may_be_done_again_by_it_alone(world: World) {
    let north = world.agency("north").await;
    let coordinator = world.coordinator();
    let suspend = "mutation($id: ID!, $in: ID!, $r: String!) { suspendMembership(agency: $id, taskForce: $in, reason: $r) \
        { id status memberships { suspensionReason } } }";
    let (whom, rivers) = (north.id.to_string(), world.task_force.to_string());
    let because = |reason: &str| json!({ "id": whom, "in": rivers, "r": reason });
    twice(&world, &coordinator, suspend, because("a review")).await;
    is_refused(&coordinator, suspend, because("another")).await;
    // Somebody else's suspension is not the coordinator's to repeat.
    let ours = world.sql_id(&coordinator.id.to_string());
    let theirs = world.sql_id(&north.id.to_string());
    let by = |who: &str| {
        format!("UPDATE membership SET standing_set_by = {who} WHERE agency_id = {theirs}")
    };
    world.tampers(&by(&theirs));
    is_refused(&coordinator, suspend, because("a review")).await;
    world.tampers(&by(&ours));
    let reinstate = "mutation($id: ID!, $in: ID!) { reinstateMembership(agency: $id, taskForce: $in) { id status } }";
    let whose = json!({ "id": whom, "in": rivers });
    twice(&world, &coordinator, reinstate, whose).await;
}

on_both!(what_an_agency_did_to_its_programs_and_rules_may_be_done_again);
async fn what_an_agency_did_to_its_programs_and_rules_may_be_done_again(world: World) {
    let north = world.agency("north").await;
    let register = "mutation($a: ApplicationInput!) { registerApplication(application: $a) { application { id } } }";
    let key = |name: &str| {
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": name,
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
        .to_string()
    };
    let program = json!({ "name": "desk", "scopes": ["referral.r"], "keys": [key("one")] });
    let registered = north.asks(register, json!({ "a": program })).await;
    let program = text(&registered.data()["registerApplication"]["application"]["id"]);
    let replace = "mutation($id: ID!, $k: [String!]!) { replaceApplicationKeys(id: $id, keys: $k) { id status } }";
    let variables = json!({ "id": program, "k": [key("two")] });
    twice(&world, &north, replace, variables).await;
    let replace = "mutation($id: ID!, $o: [String!]!) { replaceApplicationOrigins(id: $id, allowedOrigins: $o) { id status } }";
    let variables = json!({ "id": program, "o": ["https://desk.example"] });
    twice(&world, &north, replace, variables).await;
    let add = "mutation($id: ID!, $d: [String!]!) { addTrustedDocuments(id: $id, documents: $d) { id status } }";
    let variables = json!({ "id": program, "d": ["{ __typename }"] });
    twice(&world, &north, add, variables).await;
    let remove = "mutation($id: ID!, $h: [Sha256!]!) { removeTrustedDocuments(id: $id, hashes: $h) { id status } }";
    let hash = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b";
    twice(
        &world,
        &north,
        remove,
        json!({ "id": program, "h": [hash] }),
    )
    .await;
    let suspend = plain("suspendApplication");
    twice(&world, &north, &suspend, json!({ "id": program })).await;

    let bound = north.asks(BIND, json!({})).await;
    let bound = text(&bound.data()["bindRulePack"]["id"]);
    let until = |days: i32| json!({ "id": bound, "d": day(days) });
    twice(&world, &north, UNBIND, until(3)).await;
    is_refused(&north, UNBIND, until(4)).await;
}
