//! What a package says of contacting a person can be followed, like an agency's own plan.

use concord_entities::vocabulary::DataCategory::Contact;
use serde_json::{Value, json};

use super::story::{DAYS, plan};
use crate::world::agency::text;
use crate::world::documents::DRAFT_REFERRAL;
use crate::world::{Agency, World, on_both};

/// Plans that cannot be followed, and the place that is wrong with each.
fn broken() -> Vec<(String, Value)> {
    [
        ("timeZone", "", json!("Mars/Olympus_Mons")),
        (
            "windows",
            "[0]",
            json!([{ "days": ["MONDAY"], "from": "10:00", "until": "10:00" }]),
        ),
        ("windows", "", json!([])),
        (
            "channels",
            "[0].address",
            json!([{ "channel": "PHONE", "address": "555 0142" }]),
        ),
        ("codeWord", "", json!(" ")),
    ]
    .into_iter()
    .map(|(field, within, wrong)| {
        let mut plan = plan(&DAYS);
        plan[field] = wrong;
        (format!("{field}{within}"), plan)
    })
    .collect()
}

async fn signed(agency: &Agency, survivor: &str, recipient: &Agency) -> String {
    let consent = agency.consents(survivor, recipient, &[Contact]).await;
    agency.signs(&consent).await.data();
    consent
}

on_both!(a_package_whose_plan_cannot_be_followed_is_refused);
async fn a_package_whose_plan_cannot_be_followed_is_refused(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = signed(&north, &survivor, &south).await;
    let referral = |contact: Value| {
        let package = json!({ "contact": contact });
        json!({ "r": { "consent": consent, "needs": ["HOUSING"], "urgency": "ROUTINE", "package": package } })
    };
    for (field, broken) in broken() {
        let answer = north.asks(DRAFT_REFERRAL, referral(broken)).await;
        answer.is_refused_for(&format!("referral.package.contact.{field}"));
    }
    assert_eq!(world.tampers("SELECT count(*) FROM referral"), "0");
    let keys = world.tampers_with_keyring("SELECT count(*) FROM package_key");
    assert_eq!(keys, "0");
    let drafted = north.asks(DRAFT_REFERRAL, referral(plan(&DAYS))).await;
    text(&drafted.data()["draftReferral"]["id"]);
}

on_both!(a_referral_is_continued_with_a_plan_that_can_be_followed);
async fn a_referral_is_continued_with_a_plan_that_can_be_followed(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Contact]).await;
    let survivor = north.survivor_of(&ada.consent).await;
    north.revokes_consent(&ada).await.data();
    let consent = signed(&north, &survivor, &south).await;
    for (field, broken) in broken() {
        let answer = north
            .continues(&ada, &consent, json!({ "contact": broken }))
            .await;
        answer.is_refused_for(&format!("package.contact.{field}"));
    }
    assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    let sound = json!({ "contact": plan(&DAYS) });
    let continued = north.continues(&ada, &consent, sound).await;
    assert_eq!(continued.data()["continueReferral"]["status"], "REQUESTED");
}
