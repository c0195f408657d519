//! An MOU's life: one table says what may follow what, and its parties halt it, end it and leave it each for itself.

mod in_force;
mod machine;
mod notice;
mod put_back;
mod reminded;
mod stopped;
pub mod table;
mod versions;

use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::world::agency::{day, text};
use crate::world::{Agency, Answer, World};

pub const DRAFT: &str = "mutation($m: MouInput!) { draftMou(mou: $m) { id status } }";
pub const SIGN: &str =
    "mutation($id: ID!, $s: MouSignatureInput!) { signMou(id: $id, signature: $s) { status } }";

/// The verbs, with what each asks for.
pub const VERBS: [(&str, &str); 6] = [
    ("DECLINE", "declineMou(id: $id, reason: \"no\")"),
    ("SUSPEND", "suspendMou(id: $id, reason: \"a doubt\")"),
    ("REINSTATE", "reinstateMou(id: $id)"),
    (
        "TERMINATE",
        "terminateMou(id: $id, reason: \"no more\", impactSeen: $seen)",
    ),
    ("LEAVE", "leaveMou(id: $id, reason: \"no more\")"),
    (
        "CONFIRM_REVIEW",
        "confirmMouReview(id: $id, reviewOn: $day)",
    ),
];

/// What an agency does with an MOU, and what it is shown then.
pub async fn does(who: &Agency, id: &str, action: &str, shown: &str) -> Answer {
    if action == "SIGN" {
        return signs(who, id).await;
    }
    if action == "OFFER" {
        return who.changes("offerMou", id, shown).await;
    }
    let (_, verb) = VERBS.iter().find(|(name, _)| *name == action).unwrap();
    let declared = match action {
        "CONFIRM_REVIEW" => ", $day: Date!",
        "TERMINATE" => ", $seen: Sha256",
        _ => "",
    };
    let document = format!("mutation($id: ID!{declared}) {{ done: {verb} {{ {shown} }} }}");
    let seen = if action == "TERMINATE" {
        impact_digest(who, id).await
    } else {
        Value::Null
    };
    who.asks(
        &document,
        json!({ "id": id, "day": day(300), "seen": seen }),
    )
    .await
}

/// What shows that somebody has seen what would stop without an MOU; null where they do not see it.
pub async fn impact_digest(who: &Agency, id: &str) -> Value {
    let seen = who.finds("Mou", id, "impact { digest }").await;
    seen["impact"]["digest"].clone()
}

pub async fn signs(who: &Agency, id: &str) -> Answer {
    let signature = json!({ "signatory": "A Director", "title": "Director", "authority": "the board",
        "documentSha256": "ab".repeat(32) });
    who.asks(SIGN, json!({ "id": id, "s": signature })).await
}

/// An MOU between these, in force from yesterday on for a year.
pub fn terms(parties: &[&Agency], notice_days: i32) -> Value {
    let party = |agency: &&Agency| json!({ "agency": agency.id.to_string(), "responsibilities": "refers and receives" });
    let parties: Vec<_> = parties.iter().map(party).collect();
    json!({
        "kind": "REFERRAL", "title": "Together", "parties": parties,
        "terms": {
            "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": ["IDENTITY", "NEEDS"] }], "purpose": "shelter",
            "services": "beds", "confidentiality": "sealed", "breachNoticeHours": 24, "training": "yearly",
            "conflictResolution": "the directors meet", "terminationNoticeDays": notice_days,
        },
        "effectiveOn": day(-1), "expiresOn": day(365),
    })
}

/// Drafts an MOU as its first party.
pub async fn drafts(drafter: &Agency, mou: &Value) -> String {
    let answer = drafter.asks(DRAFT, json!({ "m": mou })).await;
    text(&answer.data()["draftMou"]["id"])
}

/// Puts an MOU in force.
pub async fn agree(parties: &[&Agency], mou: &Value) -> String {
    let id = drafts(parties[0], mou).await;
    parties[0].changes("offerMou", &id, "status").await.data();
    for party in parties {
        signs(party, &id).await.data();
    }
    id
}

/// Three agencies of one task force.
pub async fn trio(world: &World) -> [Agency; 3] {
    [
        world.agency("north").await,
        world.agency("south").await,
        world.agency("west").await,
    ]
}

/// Every row of a table.
pub async fn all_of<E: EntityTrait>(world: &World) -> Vec<E::Model> {
    #[expect(clippy::disallowed_methods, reason = "a test looks at everything")]
    let all = E::find().all(&world.service.store.read);
    all.await.unwrap()
}
