//! Drafts of referrals and consents: edited and discarded by their agency, and a second referral for the same need.

use concord_entities::vocabulary::DataCategory::{Identity, Legal, Safety};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::agency::{day, good_consent, text};
use crate::world::documents::DRAFT_REFERRAL;
use crate::world::{Agency, Answer, World, on_both};

const EDIT: &str = "mutation($id: ID!, $r: ReferralDraftInput!) { editReferralDraft(id: $id, referral: $r) \
    { id status needs urgency } }";
const DISCARD: &str = "mutation($id: ID!) { discardReferralDraft(id: $id) { id status statusReason allowedActions } }";
const EDIT_CONSENT: &str = "mutation($id: ID!, $c: ConsentInput!) { editConsentDraft(id: $id, consent: $c) { id status version categories } }";
const DISCARD_CONSENT: &str = "mutation($id: ID!) { discardConsentDraft(id: $id) { id status } }";

fn referral(consent: &str, needs: &[&str]) -> Value {
    let package = json!({ "identity": { "givenName": "Ada" } });
    json!({ "consent": consent, "needs": needs, "urgency": "URGENT", "package": package })
}

async fn drafts(agency: &Agency, consent: &str, needs: &[&str]) -> Answer {
    let variables = json!({ "r": referral(consent, needs) });
    agency.asks(DRAFT_REFERRAL, variables).await
}

fn first_named(refused: &Answer) -> String {
    assert_eq!(refused.codes(), "DUPLICATE_REFERRAL", "{}", refused.text);
    text(&refused.body["errors"][0]["extensions"]["referral"])
}

on_both!(a_second_referral_for_the_same_need_names_the_first);
async fn a_second_referral_for_the_same_need_names_the_first(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let first = north.refers("Ada").to(&south).sharing([Identity]).await;
    let consent = &first.consent;
    let refused = drafts(&north, consent, &["LEGAL", "HOUSING"]).await;
    assert_eq!(first_named(&refused), first.referral);
    // Another need, another survivor, and once more where it is meant.
    drafts(&north, consent, &["LEGAL"]).await.data();
    let bea = north.registers("Bea").await;
    let other = north.consents(&bea, &south, &[Identity]).await;
    drafts(&north, &other, &["HOUSING"]).await.data();
    let mut again = referral(consent, &["HOUSING"]);
    again["again"] = json!(true);
    north
        .asks(DRAFT_REFERRAL, json!({ "r": again }))
        .await
        .data();
    // What is over is no other one.
    let reject = "mutation($id: ID!) { rejectReferral(id: $id, reason: NO_CAPACITY) { id } }";
    let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
    south
        .asks(reject, json!({ "id": cleo.referral }))
        .await
        .data();
    drafts(&north, &cleo.consent, &["HOUSING"]).await.data();
}

on_both!(of_two_people_who_draft_the_same_at_once_one_is_told_of_the_other);
async fn of_two_people_who_draft_the_same_at_once_one_is_told_of_the_other(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let consent = north.consents(&ada, &south, &[Identity]).await;
    let answers = join_all((0..6).map(|_| drafts(&north, &consent, &["HOUSING"]))).await;
    let (made, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.codes().is_empty());
    let [made] = made.as_slice() else {
        panic!("{} were made", made.len());
    };
    let made = text(&made.data()["draftReferral"]["id"]);
    assert!(refused.iter().all(|one| first_named(one) == made));
}

on_both!(an_edited_draft_says_the_new_and_the_old_is_gone);
async fn an_edited_draft_says_the_new_and_the_old_is_gone(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).drafted([Identity]).await;
    let id = world.sql_id(&ada.referral);
    let keys = || {
        let versions = format!("SELECT version FROM package_key WHERE referral_id = {id}");
        world.tampers_with_keyring(&versions)
    };
    assert_eq!(keys(), "1");
    let mut told = referral(&ada.consent, &["LEGAL"]);
    told["package"]["identity"]["givenName"] = json!("Adele");
    let variables = json!({ "id": ada.referral, "r": told });
    let edited = north.asks(EDIT, variables.clone()).await;
    assert_eq!(
        edited.data()["editReferralDraft"]["needs"],
        json!(["LEGAL"])
    );
    assert_eq!(keys(), "2");
    // The same once more changes nothing.
    assert_eq!(
        north.asks(EDIT, variables.clone()).await.data(),
        edited.data()
    );
    assert_eq!(keys(), "2");
    assert_eq!(
        south.finds("Referral", &ada.referral, "id").await,
        Value::Null
    );
    north
        .changes("sendReferral", &ada.referral, "status")
        .await
        .data();
    assert!(south.reads(&ada).await.contains("identity: Adele"));
    let late = north.asks(EDIT, variables).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");
}

on_both!(a_discarded_draft_is_cancelled_and_its_content_gone);
async fn a_discarded_draft_is_cancelled_and_its_content_gone(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .drafted([Identity, Safety])
        .await;
    let variables = json!({ "id": ada.referral });
    let discarded = north.asks(DISCARD, variables.clone()).await;
    let shown = json!({ "id": ada.referral, "status": "CANCELLED", "statusReason": "DISCARDED",
        "allowedActions": ["MARK_ENTERED_IN_ERROR"] });
    assert_eq!(discarded.data()["discardReferralDraft"], shown);
    assert!(!world.has_key(&ada.referral));
    assert_eq!(world.tampers("SELECT count(*) FROM sealed_part"), "0");
    assert_eq!(
        north.asks(DISCARD, variables.clone()).await.data(),
        discarded.data()
    );
    assert_eq!(south.asks(DISCARD, variables).await.codes(), "NOT_FOUND");
    assert!(!north.reads(&ada).await.contains("Ada"));
    let sent = north.changes("sendReferral", &ada.referral, "status").await;
    assert_eq!(sent.codes(), "INVALID_TRANSITION");
    let log = "auditEvents(filter: { types: [REFERRAL_DRAFT_DISCARDED] })";
    assert_eq!(north.lists(log, "object").await.len(), 1);
    assert_eq!(south.lists(log, "object").await.len(), 0);
}

on_both!(a_consent_is_edited_and_discarded_until_somebody_signs_it);
async fn a_consent_is_edited_and_discarded_until_somebody_signs_it(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let consent = north.consents(&ada, &south, &[Identity]).await;
    let drafted = north.drafts_referral(&consent, "Ada", &[Identity]).await;
    let edits = async |id: &str, told: Value| {
        let variables = json!({ "id": id, "c": told });
        north.asks(EDIT_CONSENT, variables).await
    };
    let legal = good_consent(&ada, &south, &[Legal]);
    let edited = edits(&consent, legal.clone()).await;
    assert_eq!(
        edited.data()["editConsentDraft"]["categories"],
        json!(["LEGAL"])
    );
    let events =
        || world.tampers("SELECT count(*) FROM audit_event WHERE kind = 'CONSENT_DRAFT_EDITED'");
    assert_eq!(edits(&consent, legal.clone()).await.data(), edited.data());
    assert_eq!(events(), "1");
    let bea = north.registers("Bea").await;
    let other = edits(&consent, good_consent(&bea, &south, &[Legal])).await;
    assert_eq!(other.codes(), "BAD_USER_INPUT");
    north.signs(&consent).await.data();
    assert_eq!(edits(&consent, legal).await.codes(), "INVALID_TRANSITION");
    // What was drafted under the consent as it was before must be edited first.
    let sent = north
        .changes("sendReferral", &drafted.referral, "status")
        .await;
    assert_eq!(sent.codes(), "INVALID_TRANSITION");
    assert!(sent.text.contains("edit this draft"), "{}", sent.text);
    let variables = json!({ "id": consent });
    let late = north.asks(DISCARD_CONSENT, variables).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");

    let mistyped = north.consents(&ada, &south, &[Identity]).await;
    let under = north.drafts_referral(&mistyped, "Ada", &[Identity]).await;
    let variables = json!({ "id": mistyped });
    let discarded = north.asks(DISCARD_CONSENT, variables.clone()).await;
    assert_eq!(
        discarded.data()["discardConsentDraft"]["status"],
        "ENTERED_IN_ERROR"
    );
    assert_eq!(
        north.asks(DISCARD_CONSENT, variables.clone()).await.data(),
        discarded.data()
    );
    assert!(!world.has_key(&under.referral));
    assert_eq!(
        south.asks(DISCARD_CONSENT, variables).await.codes(),
        "NOT_FOUND"
    );
    let late = north.signs(&mistyped).await;
    assert_eq!(late.codes(), "INVALID_TRANSITION");
    let end = format!("{}T00:00:00Z", day(20));
    let mut told = good_consent(&ada, &south, &[Identity]);
    told["expiresAt"] = json!(end);
    assert_eq!(edits(&mistyped, told).await.codes(), "INVALID_TRANSITION");
}
