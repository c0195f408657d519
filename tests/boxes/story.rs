//! What somebody sees who works through a box.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::text;
use crate::world::{Agency, World, on_both};

/// A page of a box: the ids of its entries and the cursor of the first.
struct Seen {
    ids: Vec<String>,
    first: Value,
    before: bool,
}

async fn page(agency: &Agency, arguments: &str) -> Seen {
    let query = format!(
        "{{ referrals({arguments}) {{ edges {{ node {{ id }} }} pageInfo {{ startCursor hasPreviousPage }} }} }}"
    );
    let answer = agency.asks(&query, Value::Null).await;
    let page = answer.data()["referrals"].clone();
    let ids = page["edges"].as_array().unwrap().iter();
    Seen {
        ids: ids.map(|edge| text(&edge["node"]["id"])).collect(),
        first: page["pageInfo"]["startCursor"].clone(),
        before: page["pageInfo"]["hasPreviousPage"] == true,
    }
}

on_both!(a_draft_of_yesterday_that_is_sent_now_is_on_top_and_found_from_the_former_top);
async fn a_draft_of_yesterday_that_is_sent_now_is_on_top_and_found_from_the_former_top(
    world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let draft = north.refers("Ada").to(&south).drafted([Identity]).await;
    let sent = north.refers("Grace").to(&south).sharing([Identity]).await;
    let top = page(&south, "box: INBOX").await;
    assert_eq!(top.ids, [sent.referral.as_str()]);
    north.does("sendReferral", &draft).await.data();

    let now = page(&south, "box: INBOX").await;
    assert_eq!(now.ids, [draft.referral.as_str(), &sent.referral]);
    let newer = page(
        &south,
        &format!("box: INBOX, last: 10, before: {}", top.first),
    )
    .await;
    assert_eq!(newer.ids, [draft.referral.as_str()]);
    let older = page(
        &south,
        &format!("box: INBOX, first: 1, after: {}", now.first),
    )
    .await;
    assert_eq!(older.ids, [sent.referral.as_str()]);
    assert!(older.before);
}

on_both!(what_changed_last_is_on_top_of_the_outbox_and_what_is_most_urgent_where_that_is_asked_for);
async fn what_changed_last_is_on_top_of_the_outbox_and_what_is_most_urgent_where_that_is_asked_for(
    world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let grace = north.refers("Grace").to(&south).sharing([Identity]).await;
    let outbox = page(&north, "box: OUTBOX").await;
    assert_eq!(outbox.ids, [grace.referral.as_str(), &ada.referral]);
    south.does("acceptReferral", &ada).await.data();
    let outbox = page(&north, "box: OUTBOX").await;
    assert_eq!(outbox.ids, [ada.referral.as_str(), &grace.referral]);

    // Grace's was wanted an hour ago; Ada's, though it was too, is answered.
    let hour = 3_600_000_000_i64;
    let late = 25 * hour;
    world.tampers(&format!(
        "UPDATE referral SET respond_by = respond_by - {late}"
    ));
    let id = world.sql_id(&ada.referral);
    world.tampers(&format!(
        "UPDATE referral SET respond_by = respond_by - {hour} WHERE id = {id}"
    ));
    let urgent = page(&south, "box: INBOX, orderBy: MOST_URGENT").await;
    assert_eq!(urgent.ids, [ada.referral.as_str(), &grace.referral]);
    let overdue = page(&south, "box: INBOX, filter: { overdue: true }").await;
    assert_eq!(overdue.ids, [grace.referral.as_str()]);
    let shown = south.finds("Referral", &grace.referral, "overdue").await;
    assert_eq!(shown, json!({ "overdue": true }));
    let shown = south.finds("Referral", &ada.referral, "overdue").await;
    assert_eq!(shown, json!({ "overdue": false }));
}

on_both!(a_list_is_counted_where_that_is_asked_for_and_nobody_is_named_by_it);
async fn a_list_is_counted_where_that_is_asked_for_and_nobody_is_named_by_it(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    for person in ["Ada", "Grace", "Rosa"] {
        north.refers(person).to(&south).sharing([Identity]).await;
    }
    let count = async |filter: &str| {
        let query = format!(
            "{{ referrals(box: INBOX, first: 1{filter}) {{ totalCount {{ count orMore }} edges {{ cursor }} }} }}"
        );
        let answer = south.asks(&query, Value::Null).await;
        answer.data()["referrals"]["totalCount"].clone()
    };
    assert_eq!(count("").await, json!({ "count": 3, "orMore": false }));
    let accepted = ", filter: { statuses: [ACCEPTED, REJECTED] }";
    assert_eq!(
        count(accepted).await,
        json!({ "count": 0, "orMore": false })
    );
    let requested = ", filter: { statuses: [REQUESTED, REQUESTED], needs: [HOUSING] }";
    assert_eq!(
        count(requested).await,
        json!({ "count": 3, "orMore": false })
    );
}
