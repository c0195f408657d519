//! The audit events and reviews that operations are asked of.

use serde_json::{Value, json};

use super::{Object, Stage};
use crate::world::agency::{day, text};

impl Stage {
    /// The event of a referral's being sent, and the referral.
    pub(super) async fn event(&self) -> (String, String) {
        let referral = self.sent().await.referral;
        let find = "query($id: ID!) { auditEvents(filter: { object: $id, types: [REFERRAL_SENT] }) { edges { node { id } } } }";
        let found = self.sender.asks(find, json!({ "id": referral })).await;
        let id = text(&found.data()["auditEvents"]["edges"][0]["node"]["id"]);
        (id, referral)
    }

    pub(super) fn new_review(&self) -> Value {
        let at = |days| format!("{}T00:00:00Z", day(days));
        json!({ "agency": self.sender.id.to_string(), "since": at(-2), "until": at(2) })
    }

    pub(super) async fn review(&self) -> String {
        let open = "mutation($new: AuditReviewInput!) { openAuditReview(review: $new) { id } }";
        let new = json!({ "new": self.new_review() });
        let opened = self.sender.asks(open, new).await;
        text(&opened.data()["openAuditReview"]["id"])
    }

    pub(super) async fn review_of_event(&self) -> Object {
        let (event, _) = self.event().await;
        let review = self.review().await;
        Object::new(&review, json!({ "id": review, "event": event }))
    }
}
