//! What the parties of an MOU agree on, and how MOUs are found.

use serde_json::json;

use super::{Call, Lists};
use crate::world::Agency;
use crate::world::agency::day;

pub(super) async fn agreements(lists: &mut Lists, task_force: &str, [north, south]: [&Agency; 2]) {
    let document = "mutation($mou: MouInput!) { draftMou(mou: $mou) { title parties { promises { needs languages areas } } \
        terms { grants { purpose categories } } } }";
    let variables = json!({ "mou": {
        "kind": "REFERRAL", "title": "x",
        "parties": [
            { "agency": north.id.to_string(), "responsibilities": "x" },
            { "agency": south.id.to_string(), "responsibilities": "y",
                "promises": [{ "needs": ["HOUSING"], "languages": ["es"], "areas": ["US-HI"] }] },
        ],
        "terms": {
            "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS", "SAFETY"] }], "purpose": "x",
            "services": "x", "confidentiality": "x", "breachNoticeHours": 24, "training": "x",
            "conflictResolution": "x", "terminationNoticeDays": 30,
        },
        "effectiveOn": day(-1), "expiresOn": day(365),
    } });
    for (name, pointer, shown) in [
        ("MouInput.parties", "/mou/parties", "/draftMou/title"),
        (
            "MouTermsInput.grants",
            "/mou/terms/grants",
            "/draftMou/terms/grants",
        ),
        (
            "GrantInput.categories",
            "/mou/terms/grants/0/categories",
            "/draftMou/terms/grants",
        ),
        (
            "MouPartyInput.promises",
            "/mou/parties/1/promises",
            "/draftMou/parties",
        ),
        (
            "PromiseInput.needs",
            "/mou/parties/1/promises/0/needs",
            "/draftMou/parties",
        ),
        (
            "PromiseInput.languages",
            "/mou/parties/1/promises/0/languages",
            "/draftMou/parties",
        ),
        (
            "PromiseInput.areas",
            "/mou/parties/1/promises/0/areas",
            "/draftMou/parties",
        ),
    ] {
        let call = Call {
            document,
            variables: variables.clone(),
            pointer,
        };
        lists.tries(north, name, call, shown).await;
    }

    let document = "query($t: ID!, $needs: [Need!]!) { coverage(taskForce: $t, needs: $needs) { cells { need } } }";
    let call = Call {
        document,
        variables: json!({ "t": task_force, "needs": ["HOUSING"] }),
        pointer: "/needs",
    };
    lists
        .tries(north, "Query.coverage(needs:)", call, "/coverage/cells")
        .await;

    let document = "query($filter: MouFilter!) { mous(filter: $filter) { edges { node { id } } } }";
    for (name, entry) in [("kinds", "REFERRAL"), ("statuses", "DRAFT")] {
        let call = Call {
            document,
            variables: json!({ "filter": { name: [entry] } }),
            pointer: &format!("/filter/{name}"),
        };
        let name = format!("MouFilter.{name}");
        lists.tries(north, &name, call, "/mous/edges").await;
    }
}
