//! Reviewing the audit log: what is looked for, what stands out, what is flagged and what comes of it.

mod addresses;
mod bounded;
mod commands;
mod filters;
mod identity;
mod operators;
mod plans;
mod reviews;
mod signals;

use serde_json::{Value, json};

use crate::world::agency::{entries, text};
use crate::world::{Agency, Answer};

/// What a filter finds, asked for page by page until the end; the types of the events, newest first.
async fn kinds(who: &Agency, filter: Value) -> Vec<String> {
    let found = events(who, filter).await;
    found.iter().map(|event| text(&event["type"])).collect()
}

/// What a filter finds, all of it.
async fn events(who: &Agency, filter: Value) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = Value::Null;
    loop {
        let page = search(who, &filter, json!({ "n": 100, "a": after })).await;
        let page = &page.data()["auditEvents"];
        all.extend(entries(page));
        if page["pageInfo"]["hasNextPage"] != true {
            return all;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

async fn search(who: &Agency, filter: &Value, page: Value) -> Answer {
    let document = "query($f: AuditFilter, $n: Int, $a: String, $l: Int, $b: String) \
        { auditEvents(filter: $f, first: $n, after: $a, last: $l, before: $b) { \
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } \
        edges { cursor node { id type subject outcome reason object survivor consent consentVersion mou mouVersion \
        purpose categories recipient { name } discloser { name } agency { name } recordedAt } } } }";
    let mut variables = page;
    variables["f"] = filter.clone();
    who.asks(document, variables).await
}

/// Opens a review.
async fn opens(who: &Agency, review: Value) -> Answer {
    let document = "mutation($r: AuditReviewInput!) { openAuditReview(review: $r) \
        { id status agency { name } subject openedBy conclusion flags { edges { node { event note flaggedBy } } } } }";
    who.asks(document, json!({ "r": review })).await
}

/// Opens a review of the last hours, and returns its id.
async fn opened(who: &Agency, more: Value) -> String {
    let mut review = more;
    review["since"] = json!(hours(-24));
    review["until"] = json!(hours(24));
    text(&opens(who, review).await.data()["openAuditReview"]["id"])
}

/// The moment so many hours from now.
fn hours(from_now: i64) -> String {
    let now = jiff::Timestamp::now();
    let at = now + jiff::SignedDuration::from_hours(from_now);
    format!("{at:.6}")
}
