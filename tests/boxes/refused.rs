//! What no index answers is refused, at its place, with what to ask instead.

use serde_json::Value;

use crate::world::{World, on_both};

on_both!(what_no_index_answers_is_refused_at_its_place);
async fn what_no_index_answers_is_refused_at_its_place(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let mou = "mou_01h2xcejqtf2nbrexx3vqjhp41";
    let survivor = "survivor_01h2xcejqtf2nbrexx3vqjhp41";
    let other = north.id.to_string();
    for (arguments, place) in [
        ("filter: { statuses: [] }".to_owned(), "filter.statuses"),
        (
            format!("filter: {{ urgencies: [URGENT], counterpart: \"{other}\" }}"),
            "filter.counterpart",
        ),
        (
            format!("filter: {{ needs: [HOUSING], mou: \"{mou}\" }}"),
            "filter.mou",
        ),
        (
            "filter: { urgencies: [URGENT], needs: [HOUSING] }".to_owned(),
            "filter.needs",
        ),
        (
            "filter: { needs: [HOUSING] }, orderBy: MOST_URGENT".to_owned(),
            "filter.needs",
        ),
        (
            "filter: { statuses: [ACCEPTED] }, orderBy: LAST_CHANGE".to_owned(),
            "filter.statuses",
        ),
        (
            "filter: { updatedSince: \"2026-01-01T00:00:00Z\" }, orderBy: ARRIVAL".to_owned(),
            "filter.updatedSince",
        ),
        (
            "filter: { sentSince: \"2026-01-01T00:00:00Z\", updatedSince: \"2026-01-01T00:00:00Z\" }".to_owned(),
            "filter.sentSince",
        ),
        (
            "filter: { sentSince: \"2026-01-02T00:00:00Z\", sentBefore: \"2026-01-01T00:00:00Z\" }".to_owned(),
            "filter.sentBefore",
        ),
        ("filter: { overdue: false }".to_owned(), "filter.overdue"),
        (
            "filter: { overdue: true, statuses: [ACCEPTED] }".to_owned(),
            "filter.statuses",
        ),
        (
            "filter: { needs: [HOUSING, LEGAL, EDUCATION, TRAINING] }".to_owned(),
            "filter.needs",
        ),
        (
            "filter: { assignee: \"hanna\", needs: [HOUSING] }".to_owned(),
            "filter.assignee",
        ),
        (
            "filter: { assignee: \"hanna\" }, orderBy: MOST_URGENT".to_owned(),
            "filter.assignee",
        ),
        ("filter: { assignee: \"\" }".to_owned(), "filter.assignee"),
        (format!("filter: {{ survivor: \"{survivor}\" }}"), "filter.survivor"),
        (format!("filter: {{ consent: \"{mou}\" }}"), "filter.consent"),
        ("after: \"AAAA\"".to_owned(), "after"),
    ] {
        let query = format!("{{ referrals(box: INBOX, {arguments}) {{ edges {{ cursor }} }} }}");
        let answer = south.asks(&query, Value::Null).await;
        answer.is_refused_for(place);
    }
    // Who took a referral on is its recipient's own.
    for filter in [
        "{ assignee: \"hanna\" }",
        "{ consent: \"consent_01h2xcejqtf2nbrexx3vqjhp41\", assignee: \"hanna\" }",
    ] {
        let query =
            format!("{{ referrals(box: OUTBOX, filter: {filter}) {{ edges {{ cursor }} }} }}");
        let answer = north.asks(&query, Value::Null).await;
        answer.is_refused_for("filter.assignee");
    }
}

on_both!(a_cursor_of_a_list_in_another_order_is_refused);
async fn a_cursor_of_a_list_in_another_order_is_refused(world: World) {
    use concord_entities::vocabulary::DataCategory::Identity;
    let (north, south) = world.agencies("north", "south").await;
    north.refers("Ada").to(&south).sharing([Identity]).await;
    let top = "{ referrals(box: INBOX) { pageInfo { startCursor } } }";
    let answer = south.asks(top, Value::Null).await;
    let cursor = &answer.data()["referrals"]["pageInfo"]["startCursor"];
    for (order, argument) in [("LAST_CHANGE", "after"), ("MOST_URGENT", "before")] {
        let query = format!(
            "{{ referrals(box: INBOX, orderBy: {order}, {argument}: {cursor}) {{ edges {{ cursor }} }} }}"
        );
        let answer = south.asks(&query, Value::Null).await;
        answer.is_refused_for(argument);
    }
    // The same list, looked through, goes on from where it was.
    let query = format!(
        "{{ referrals(box: INBOX, after: {cursor}, filter: {{ statuses: [REQUESTED] }}) {{ edges {{ cursor }} }} }}"
    );
    let answer = south.asks(&query, Value::Null).await;
    assert_eq!(answer.data()["referrals"]["edges"], serde_json::json!([]));
}
