//! A notice holds to the end of its last day where the MOU's days are counted; an open-ended MOU goes on as its parties review it.

use concord::mou::rules::status;
use concord::mou::rules::term::DraftedTerm;
use concord_entities::instant::Day;
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::MouStatus;
use concord_entities::{mou, mou_party};
use serde_json::{Value, json};

use super::{DRAFT, agree, all_of, does, terms};
use crate::world::agency::day;
use crate::world::{World, on_both};

on_both!(a_notice_holds_to_the_end_of_its_last_day);
async fn a_notice_holds_to_the_end_of_its_last_day(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let id = agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let given = does(
        &north,
        &id,
        "TERMINATE",
        "status terminatesOn expiresOn daysLeft allowedActions",
    )
    .await;
    assert_eq!(
        given.data()["done"],
        json!({ "status": "ACTIVE", "terminatesOn": day(30), "expiresOn": day(365), "daysLeft": 31,
            "allowedActions": ["SUSPEND"] })
    );
    does(&north, &id, "TERMINATE", "id").await.data();
    let notices = south.lists("notices", "kind object").await;
    assert_eq!(notices, [json!({ "kind": "MOU_TERMINATED", "object": id })]);
    assert!(south.reads(&told).await.contains("Ada"), "the notice runs");

    let row = all_of::<mou::Entity>(&world).await.pop().unwrap();
    assert_eq!(row.ends_at, row.time_zone.end(row.last_day()));
    let at = |row: &mou::Model, moment| status(row, 2, moment);
    let last = row.ends_at.minus(std::time::Duration::from_micros(1));
    assert_eq!(at(&row, last), MouStatus::Active);
    assert_eq!(at(&row, row.ends_at), MouStatus::Terminated);

    // As on the first moment after its last day.
    let (mou, referral) = (world.sql_id(&id), world.sql_id(&told.referral));
    world.tampers(&format!(
        "UPDATE mou SET ends_at = signed_at + 1 WHERE id = {mou}"
    ));
    let until = format!("SELECT mou_until FROM referral WHERE id = {referral}");
    assert_eq!(world.tampers(&until), row.ends_at.0.to_string());
    assert!(south.reads(&told).await.contains("MOU_NOT_IN_FORCE"));
    assert_eq!(
        north.finds("Mou", &id, "status").await["status"],
        "TERMINATED"
    );
}

on_both!(a_party_that_leaves_with_notice_is_one_until_then);
async fn a_party_that_leaves_with_notice_is_one_until_then(world: World) {
    let [north, south, west] = super::trio(&world).await;
    let id = agree(
        &[&north, &south, &west],
        &terms(&[&north, &south, &west], 10),
    )
    .await;
    let told = north.refers("Ada").to(&west).sharing([Identity]).await;
    let leaves = does(&west, &id, "LEAVE", "status allowedActions").await;
    assert_eq!(
        leaves.data()["done"],
        json!({ "status": "ACTIVE", "allowedActions": ["SUSPEND", "TERMINATE"] })
    );
    assert!(west.reads(&told).await.contains("Ada"));
    let row = all_of::<mou::Entity>(&world).await.pop().unwrap();
    let parties = all_of::<mou_party::Entity>(&world).await;
    let leaves_at = parties.iter().find_map(|party| party.leaves_at).unwrap();
    let today = row
        .time_zone
        .day(leaves_at.minus(std::time::Duration::from_hours(24 * 11)));
    assert_eq!(leaves_at, row.time_zone.end(today.plus_days(10)));
    let referral = world.sql_id(&told.referral);
    let until = world.tampers(&format!(
        "SELECT mou_until FROM referral WHERE id = {referral}"
    ));
    assert_eq!(until, leaves_at.0.to_string());
    // Once its last day is over.
    let party = world.sql_id(&west.id.to_string());
    world.tampers(&format!(
        "UPDATE mou_party SET leaves_at = signed_at WHERE agency_id = {party}"
    ));
    assert!(west.reads(&told).await.contains("MOU_NOT_IN_FORCE"));
    let draft = north.refers("Bea").to(&west).drafted([Identity]).await;
    assert_eq!(
        north.does("sendReferral", &draft).await.codes(),
        "MOU_REQUIRED"
    );
}

const SHOWN: &str = "status expiresOn reviewOn daysLeft";

on_both!(an_open_ended_mou_goes_on_as_its_parties_review_it);
async fn an_open_ended_mou_goes_on_as_its_parties_review_it(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let mut mou = terms(&[&north, &south], 30);
    mou["expiresOn"] = Value::Null;
    let unreviewed = north.asks(DRAFT, json!({ "m": mou })).await;
    unreviewed.is_refused_for("mou.reviewOn");
    mou["reviewOn"] = json!(day(100));
    let id = agree(&[&north, &south], &mou).await;
    let seen = north.finds("Mou", &id, SHOWN).await;
    let until = |review: i32| json!({ "status": "ACTIVE", "expiresOn": null, "reviewOn": day(review), "daysLeft": review + 91 });
    assert_eq!(seen, until(100));
    let confirms = async |who: &crate::world::Agency, on: String| {
        let confirm = "mutation($id: ID!, $d: Date!) { confirmMouReview(id: $id, reviewOn: $d) { reviewOn } }";
        who.asks(confirm, json!({ "id": id, "d": on })).await
    };
    for wrong in [day(-1), day(100), day(4_000)] {
        confirms(&north, wrong).await.is_refused_for("reviewOn");
    }
    confirms(&north, day(400)).await.data();
    confirms(&north, day(400)).await.data();
    assert_eq!(
        north.finds("Mou", &id, SHOWN).await,
        until(100),
        "one has not said so"
    );
    confirms(&south, day(401)).await.data();
    assert_eq!(
        north.finds("Mou", &id, SHOWN).await,
        until(100),
        "another day"
    );
    confirms(&south, day(400)).await.data();
    assert_eq!(north.finds("Mou", &id, SHOWN).await, until(400));
}

#[test]
fn an_open_ended_term_needs_a_review_within_ten_years() {
    let today = Day(20_000);
    let faults = |review: Option<i32>| {
        let term = DraftedTerm {
            effective_on: today.plus_days(10),
            review_on: review.map(|days| today.plus_days(days)),
            expires_on: None,
        };
        term.faults(today).len()
    };
    for (review, wrong) in [
        (None, 1),
        (Some(9), 1),
        (Some(10), 0),
        (Some(3_663), 0),
        (Some(3_664), 1),
    ] {
        assert_eq!(faults(review), wrong, "{review:?}");
    }
}
