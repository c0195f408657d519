//! What is sent twice: a key makes one thing, and a verb that is repeated changes nothing.

mod keys;
mod verbs;

use serde_json::json;

use crate::world::Agency;
use crate::world::agency::{day, text};

/// Drafts an MOU for housing between two agencies.
async fn drafts_mou(one: &Agency, other: &Agency) -> String {
    let party =
        |who: &Agency| json!({ "agency": who.id.to_string(), "responsibilities": "refers" });
    let mou = json!({
        "kind": "REFERRAL", "title": "One more", "parties": [party(one), party(other)],
        "terms": {
            "grants": [{ "purpose": "HOUSING_PLACEMENT", "categories": ["NEEDS"] }],
            "purpose": "to serve survivors together", "services": "as listed", "confidentiality": "as the law asks",
            "breachNoticeHours": 24, "training": "yearly", "conflictResolution": "the directors meet",
            "terminationNoticeDays": 30,
        },
        "effectiveOn": day(-1), "expiresOn": day(365),
    });
    let draft = "mutation($m: MouInput!) { draftMou(mou: $m) { id } }";
    let drafted = one.asks(draft, json!({ "m": mou })).await;
    text(&drafted.data()["draftMou"]["id"])
}
