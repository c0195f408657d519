//! The MOUs that operations are asked of.

use serde_json::{Value, json};

use super::Stage;
use crate::world::Agency;
use crate::world::agency::{day, text};

impl Stage {
    pub(super) fn new_mou(&self) -> Value {
        self.new_mou_of(&[&self.sender, &self.recipient])
    }

    pub(super) fn new_mou_of(&self, parties: &[&Agency]) -> Value {
        let party = |agency: &Agency| json!({ "agency": agency.id.to_string(), "responsibilities": "refers and receives" });
        json!({
            "kind": "REFERRAL", "title": self.name(), "taskForce": self.task_force,
            "parties": parties.iter().map(|one| party(one)).collect::<Vec<_>>(),
            "terms": {
                "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": ["IDENTITY"] }],
                "purpose": "to serve together", "services": "as listed", "confidentiality": "as the law asks",
                "breachNoticeHours": 24, "training": "yearly", "conflictResolution": "the directors meet",
                "terminationNoticeDays": 30,
            },
            "effectiveOn": day(-1), "reviewOn": day(30), "expiresOn": day(365),
        })
    }

    pub(super) async fn in_force(&self, parties: &[&Agency]) -> String {
        let draft = "mutation($new: MouInput!) { draftMou(mou: $new) { id } }";
        let new = json!({ "new": self.new_mou_of(parties) });
        let drafted = self.sender.asks(draft, new).await;
        let id = text(&drafted.data()["draftMou"]["id"]);
        self.sender.changes("offerMou", &id, "id").await.data();
        let sign =
            "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { id } }";
        let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board", "documentSha256": "ab".repeat(32) });
        for party in parties {
            let variables = json!({ "id": id, "s": signature });
            party.asks(sign, variables).await.data();
        }
        id
    }

    pub(super) async fn mou(&self) -> String {
        let draft = "mutation($new: MouInput!) { draftMou(mou: $new) { id } }";
        let drafted = self
            .sender
            .asks(draft, json!({ "new": self.new_mou() }))
            .await;
        text(&drafted.data()["draftMou"]["id"])
    }

    pub(super) async fn offered(&self) -> String {
        let id = self.mou().await;
        let offer = "mutation($id: ID!) { offerMou(id: $id) { id } }";
        self.sender.asks(offer, json!({ "id": id })).await.data();
        id
    }
}
