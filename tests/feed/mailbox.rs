//! What a badge shows.

use concord_entities::vocabulary::DataCategory::Needs;
use serde_json::{Value, json};

use crate::world::{Agency, World, on_both};

async fn mailbox(reader: &Agency) -> Value {
    let query = "{ mailbox { inboxUnanswered inboxOverdue outboxAnswered unseenNotices } }";
    reader.asks(query, Value::Null).await.data()["mailbox"].clone()
}

fn counts(unanswered: u8, overdue: u8, answered: u8, unseen: u8) -> Value {
    json!({
        "inboxUnanswered": unanswered, "inboxOverdue": overdue, "outboxAnswered": answered, "unseenNotices": unseen,
    })
}

on_both!(a_badge_counts_what_waits_for_somebody);
async fn a_badge_counts_what_waits_for_somebody(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    assert_eq!(mailbox(&south).await, counts(0, 0, 0, 0));
    let mut told = Vec::new();
    for person in ["Ada", "Bea", "Cleo", "Dora", "Eve"] {
        told.push(north.refers(person).to(&south).sharing([Needs]).await);
    }
    north.refers("Fay").to(&south).drafted([Needs]).await;
    assert_eq!(mailbox(&south).await, counts(5, 0, 0, 0));
    assert_eq!(mailbox(&north).await, counts(0, 0, 0, 0));
    let (ada, bea, cleo, dora) = (&told[0], &told[1], &told[2], &told[3]);
    let overdue = world.sql_id(&bea.referral);
    world.tampers(&format!(
        "UPDATE referral SET respond_by = sent_at - 1 WHERE id = {overdue}"
    ));
    assert_eq!(mailbox(&south).await, counts(5, 1, 0, 0));
    south.does("acceptReferral", ada).await.data();
    let reject = "mutation($id: ID!) { rejectReferral(id: $id, reason: NO_CAPACITY) { id } }";
    let rejected = south.asks(reject, json!({ "id": cleo.referral })).await;
    rejected.data();
    assert_eq!(mailbox(&south).await, counts(3, 1, 0, 0));
    assert_eq!(mailbox(&north).await, counts(0, 0, 2, 0));
    // What is suspended waits for nobody's answer, and is no answer.
    north.revokes_consent(bea).await.data();
    assert_eq!(mailbox(&south).await, counts(2, 0, 0, 1));
    north.revokes_consent(ada).await.data();
    assert_eq!(mailbox(&north).await, counts(0, 0, 1, 0));
    assert_eq!(mailbox(&south).await, counts(2, 0, 0, 2));
    // An answer is new for a week, and nothing waits for a month.
    let week = 7 * 86_400_000_000_i64;
    world.tampers(&format!(
        "UPDATE referral SET updated_at = updated_at - {week}"
    ));
    assert_eq!(mailbox(&north).await, counts(0, 0, 0, 0));
    let waiting = world.sql_id(&dora.referral);
    world.tampers(&format!(
        "UPDATE referral SET expires_at = sent_at + 1 WHERE id = {waiting}"
    ));
    assert_eq!(mailbox(&south).await, counts(1, 0, 0, 2));
    let notices = south.lists("notices", "id").await;
    let seen = "mutation($id: ID!) { markNoticeSeen(id: $id) { id } }";
    let marked = south.asks(seen, json!({ "id": notices[0]["id"] })).await;
    marked.data();
    assert_eq!(mailbox(&south).await, counts(1, 0, 0, 1));
}
