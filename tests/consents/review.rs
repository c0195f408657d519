//! Consents in force that could not be signed today: shown, told, and suspended on the day that the operator set.

use concord_entities::vocabulary::DataCategory::Needs;
use serde_json::{Value, json};

use crate::world::agency::Told;
use crate::world::agency::{day, survivors_signature, text};
use crate::world::{Agency, World, on_both};

/// A consent that was signed when nobody asked whether services depend on it.
async fn signed_when_nobody_asked(world: &World, north: &Agency, south: &Agency) -> Told {
    let told = north.refers("Ada").to(south).sharing([Needs]).await;
    let id = world.sql_id(&told.consent);
    let not = match world.database {
        crate::world::Database::Sqlite => "0",
        crate::world::Database::Postgres => "false",
    };
    world.tampers(&format!(
        "UPDATE consent SET voluntary = {not} WHERE id = {id}"
    ));
    told
}

async fn shows(agency: &Agency, told: &Told) -> Value {
    let shown = "status suspendsAt findings { code severity }";
    agency.finds("Consent", &told.consent, shown).await
}

async fn withheld(agency: &Agency, told: &Told) -> String {
    let query = "query($id: ID!) { referral(id: $id) { status package(purpose: SERVICE_DELIVERY) { \
        needs { request } withheld { category reason } } } }";
    let answer = agency.asks(query, json!({ "id": told.referral })).await;
    let referral = &answer.data()["referral"];
    let withheld = referral["package"]["withheld"].as_array().unwrap();
    let needs = withheld.iter().find(|one| one["category"] == "NEEDS");
    let reason = needs.map_or("told".to_owned(), |one| text(&one["reason"]));
    format!("{} {reason}", text(&referral["status"]))
}

async fn noticed(agency: &Agency, told: &Told) -> Vec<String> {
    let notices = agency.lists("notices", "kind object").await;
    let of_it = notices
        .iter()
        .filter(|one| one["object"] == told.consent.as_str());
    of_it.map(|one| text(&one["kind"])).collect()
}

on_both!(a_consent_that_could_not_be_signed_today_is_suspended_on_the_day_that_is_set);
async fn a_consent_that_could_not_be_signed_today_is_suspended_on_the_day_that_is_set(
    world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let told = signed_when_nobody_asked(&world, &north, &south).await;
    let good = north.refers("Bo").to(&south).sharing([Needs]).await;

    // It is found, and shown to its agency; nothing is suspended for that.
    let (done, said) = world.commands(&["consent", "review"]);
    assert!(done, "{said}");
    assert!(
        said.contains(&told.consent) && said.contains("\"north\""),
        "{said}"
    );
    assert!(
        said.contains("NOT_VOLUNTARY") && said.contains("42 U.S.C. 10406(c)(5)"),
        "{said}"
    );
    assert!(!said.contains(&good.consent), "{said}");
    assert!(
        said.contains("1 consents in force could not be signed today"),
        "{said}"
    );
    let lacking = json!([{ "code": "NOT_VOLUNTARY", "severity": "BLOCKING" }]);
    let shown = json!({ "status": "ACTIVE", "suspendsAt": null, "findings": lacking });
    assert_eq!(shows(&north, &told).await, shown);
    assert_eq!(withheld(&south, &told).await, "REQUESTED told");
    assert_eq!(noticed(&north, &told).await, [] as [&str; 0]);

    // A day to come: both sides are told of it, once, and until then it stays in force.
    for _ in 0..2 {
        let (done, said) = world.commands(&["consent", "review", "--suspend-on", &day(9)]);
        assert!(done && said.contains(&told.consent), "{said}");
    }
    let shown = shows(&north, &told).await;
    assert_eq!(shown["status"], "ACTIVE");
    assert_eq!(text(&shown["suspendsAt"])[..10], day(9));
    assert_eq!(withheld(&south, &told).await, "REQUESTED told");
    for side in [&north, &south] {
        assert_eq!(noticed(side, &told).await, ["CONSENT_SUSPENDS"]);
        assert_eq!(noticed(side, &good).await, [] as [&str; 0]);
    }
    let log = "auditEvents(filter: { types: [CONSENT_SUSPENSION_SET] })";
    let events = north.lists(log, "object reason").await;
    assert_eq!(
        events,
        [json!({ "object": told.consent, "reason": "NOT_VOLUNTARY" })]
    );
    let (done, said) = world.commands(&["consent", "review", "--suspend-on", &day(-1)]);
    assert!(!done && said.contains("today or a day to come"), "{said}");

    // On the day: nothing is told under it, and everybody sees why.
    let (done, said) = world.commands(&["consent", "review", "--suspend-on", &day(0)]);
    assert!(done, "{said}");
    assert_eq!(shows(&north, &told).await["status"], "SUSPENDED");
    assert_eq!(shows(&south, &told).await["status"], "SUSPENDED");
    assert_eq!(withheld(&south, &told).await, "SUSPENDED CONSENT_SUSPENDED");
    assert_eq!(withheld(&north, &told).await, "SUSPENDED told");
    assert_eq!(withheld(&south, &good).await, "REQUESTED told");

    // Its next version puts it right, and what stood on it goes on.
    let next = mended(&north, &south, &told).await;
    assert_eq!(next["status"], "ACTIVE");
    assert_eq!(withheld(&south, &told).await, "REQUESTED told");
    let (done, said) = world.commands(&["consent", "review"]);
    assert!(done && said.contains("0 consents in force"), "{said}");
}

/// The next version, which the survivor signs of their own free will.
async fn mended(north: &Agency, south: &Agency, told: &Told) -> Value {
    let survivor = north.survivor_of(&told.consent).await;
    let mut next = crate::world::agency::good_consent(&survivor, south, &[Needs]);
    next["supersedes"] = json!(told.consent);
    let drafted = north.drafts(&next).await;
    let id = text(&drafted.data()["draftConsent"]["id"]);
    let mut signature = survivors_signature();
    signature["documentSha256"] = json!("c".repeat(64));
    let signed = north.signs_with(&id, &signature, "status").await;
    signed.data()["signConsent"].clone()
}

on_both!(what_was_put_right_otherwise_is_suspended_no_more);
async fn what_was_put_right_otherwise_is_suspended_no_more(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Needs]).await;
    let survivor = north.survivor_of(&told.consent).await;
    let id = world.sql_id(&survivor);
    world.tampers(&format!(
        "UPDATE survivor SET language = NULL WHERE id = {id}"
    ));
    let suspend = ["consent", "review", "--suspend-on", &day(0)];
    let (done, said) = world.commands(&suspend);
    assert!(done && said.contains("LANGUAGE_NOT_RECORDED"), "{said}");
    assert_eq!(withheld(&south, &told).await, "SUSPENDED CONSENT_SUSPENDED");

    world.tampers(&format!(
        "UPDATE survivor SET language = 'en' WHERE id = {id}"
    ));
    let (done, said) = world.commands(&suspend);
    assert!(done && said.contains("lacks nothing any more"), "{said}");
    let shown = shows(&north, &told).await;
    assert_eq!(
        (&shown["status"], &shown["suspendsAt"]),
        (&json!("ACTIVE"), &Value::Null)
    );
    assert_eq!(withheld(&south, &told).await, "REQUESTED told");
    let expected = ["CONSENT_SUSPENSION_LIFTED", "CONSENT_SUSPENDS"];
    assert_eq!(noticed(&south, &told).await, expected);
}
