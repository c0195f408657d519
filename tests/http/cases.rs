//! The requests, by what is odd about them. None of them may write anything but to the audit log.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord::access::token::issue;
use concord::jose::key::SigningKey;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::asking::{Asking, NEW, OLD, WRITES};
use crate::world::documents::VIEWER;

type Cases = Vec<(&'static str, RequestBuilder)>;

/// Every case, under its heading.
pub fn cases(asking: &Asking) -> Vec<(&'static str, Cases)> {
    vec![
        ("good, by what is accepted", accepted(asking)),
        ("methods and media types", methods(asking)),
        ("bodies", bodies(asking)),
        ("documents", documents(asking)),
        ("operations and variables", variables(asking)),
        ("arguments", arguments(asking)),
        ("tokens", tokens(asking)),
    ]
}

fn accepted(asking: &Asking) -> Cases {
    let wrong = |accept: &str| {
        let request = asking.bare().header("accept", accept);
        request.json(&json!({ "query": "{ nothing }" }))
    };
    vec![
        (NEW, asking.accepting(NEW)),
        (OLD, asking.accepting(OLD)),
        ("*/*", asking.accepting("*/*")),
        ("application/*", asking.accepting("application/*")),
        (
            "both",
            asking.accepting("application/json, application/graphql-response+json"),
        ),
        (
            "both, the older liked better",
            asking.accepting("application/graphql-response+json;q=0.5, application/json"),
        ),
        ("html or anything", asking.accepting("text/html, */*;q=0.1")),
        ("html alone", asking.accepting("text/html")),
        (
            "neither, by q=0",
            asking.accepting("application/json;q=0, application/graphql-response+json;q=0"),
        ),
        (
            "in another charset",
            asking.accepting("application/json; charset=utf-16"),
        ),
        ("nonsense", asking.accepting("nonsense")),
        ("a request error in the newer", wrong(NEW)),
        ("a request error in the older", wrong(OLD)),
    ]
}

fn methods(asking: &Asking) -> Cases {
    let with = |method| {
        // The same change as `WRITES`, as an address has it.
        let change = "mutation%7BregisterSurvivor(survivor:%7Bpseudonym:%22never%22,ageGroup:ADULT%7D)%7Bid%7D%7D";
        let address = format!("http://{}/graphql?query={change}", asking.address);
        let request = asking.http.request(method, address);
        request.bearer_auth(&asking.token).header("accept", NEW)
    };
    let typed = |media: &str| {
        let request = asking.bare().header("accept", NEW);
        request
            .header("content-type", media)
            .body(json!({ "query": WRITES }).to_string())
    };
    vec![
        ("GET", with(Method::GET)),
        ("PUT", with(Method::PUT)),
        ("DELETE", with(Method::DELETE)),
        ("OPTIONS", with(Method::OPTIONS)),
        (
            "no content type",
            asking
                .bare()
                .header("accept", NEW)
                .body(json!({ "query": WRITES }).to_string()),
        ),
        ("text/plain", typed("text/plain")),
        ("application/graphql", typed("application/graphql")),
        ("a form", typed("application/x-www-form-urlencoded")),
        ("a form in parts", typed("multipart/form-data; boundary=x")),
        (
            "JSON in another charset",
            typed("application/json; charset=iso-8859-1"),
        ),
        (
            "two content types",
            typed(OLD).header("content-type", "text/plain"),
        ),
    ]
}

fn bodies(asking: &Asking) -> Cases {
    let mut padded = json!({ "query": WRITES, "padding": "" });
    padded["padding"] = json!("x".repeat(65 * 1024));
    let nested = format!(
        "{{\"query\":\"{{ viewer {{ subject }} }}\",\"extensions\":{{\"a\":{}{}}}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    vec![
        ("65 KiB", asking.json(&padded)),
        ("empty", asking.body("")),
        ("not JSON", asking.body("{\"query\":")),
        ("not UTF-8", asking.body(vec![b'{', 0xff, b'}'])),
        ("nested 10,000 deep", asking.body(nested)),
        ("null", asking.json(&Value::Null)),
        ("a text", asking.json(&json!(WRITES))),
        ("a batch", asking.json(&json!([{ "query": WRITES }, { "query": WRITES }]))),
        ("an empty batch", asking.json(&json!([]))),
        ("no query", asking.json(&json!({ "variables": {} }))),
        ("a query that is a number", asking.json(&json!({ "query": 7 }))),
        ("variables that are a list", asking.json(&json!({ "query": WRITES, "variables": [] }))),
        ("variables that are a text", asking.json(&json!({ "query": WRITES, "variables": "{}" }))),
        ("an operation name that is a number", asking.json(&json!({ "query": WRITES, "operationName": 7 }))),
        ("extensions that are a text", asking.json(&json!({ "query": WRITES, "extensions": "x" }))),
        ("parameters that are null", asking.json(&json!({ "query": VIEWER, "variables": null, "operationName": null, "extensions": null }))),
        ("a parameter nobody knows", asking.json(&json!({ "query": VIEWER, "id": 7 }))),
    ]
}

fn documents(asking: &Asking) -> Cases {
    let deep = format!("{}id{}", "{ viewer ".repeat(200), "}".repeat(200));
    let list = format!(
        "{{ referrals(box: {}{}) {{ edges {{ cursor }} }} }}",
        "[".repeat(4_000),
        "]".repeat(4_000)
    );
    let tokens = format!("{{ viewer {{ {} }} }}", "subject ".repeat(2_001));
    let large = format!("#{}\n{VIEWER}", "x".repeat(16 * 1024));
    let mut doubling = "{ viewer { ...F0 } }".to_owned();
    for level in 0..20 {
        let next = level + 1;
        write!(
            doubling,
            " fragment F{level} on Viewer {{ ...F{next} ...F{next} }}"
        )
        .unwrap();
    }
    doubling += " fragment F20 on Viewer { subject }";
    vec![
        ("not GraphQL", asking.query("{ viewer { subject }")),
        ("empty", asking.query("")),
        ("a comment alone", asking.query("# nothing")),
        (
            "only a fragment",
            asking.query("fragment F on Viewer { subject }"),
        ),
        ("a type definition", asking.query("type Query { a: Int }")),
        (
            "an unknown field",
            asking.query("{ viewer { subject } nothing }"),
        ),
        (
            "an unknown field beside a change",
            asking.query(
                "mutation { registerSurvivor(survivor: { pseudonym: \"never\", ageGroup: ADULT }) { id nothing } }",
            ),
        ),
        (
            "an unknown argument",
            asking.query("{ referrals(box: INBOX, everything: true) { edges { cursor } } }"),
        ),
        ("a field without its selections", asking.query("{ viewer }")),
        ("an unknown fragment", asking.query("{ viewer { ...F } }")),
        (
            "a fragment of itself",
            asking.query("{ viewer { ...F } } fragment F on Viewer { subject ...F }"),
        ),
        ("too deep", asking.query(deep)),
        ("a list 4,000 deep", asking.query(list)),
        ("too many tokens", asking.query(tokens)),
        ("too large", asking.query(large)),
        ("fragments that double 20 times", asking.query(doubling)),
        (
            "a subscription",
            asking.query("subscription { mouChanged { id } }"),
        ),
    ]
}

fn variables(asking: &Asking) -> Cases {
    let two = "query A { viewer { subject } } mutation B { registerSurvivor(survivor: { pseudonym: \"never\", ageGroup: ADULT }) { id } }";
    let node = "query($id: ID!) { node(id: $id) { id } }";
    let register = "mutation($new: SurvivorInput!) { registerSurvivor(survivor: $new) { id } }";
    let with = |query: &str, variables: Value| {
        asking.json(&json!({ "query": query, "variables": variables }))
    };
    let named = |name: &str| asking.json(&json!({ "query": two, "operationName": name }));
    vec![
        ("several operations, none named", asking.query(two)),
        ("several operations, an unknown one named", named("C")),
        ("several operations, one named", named("A")),
        ("a required variable missing", asking.query(node)),
        (
            "a required variable null",
            with(node, json!({ "id": null })),
        ),
        (
            "a variable of another type",
            with(node, json!({ "id": ["x"] })),
        ),
        (
            "a variable nobody declared",
            with(VIEWER, json!({ "id": "x" })),
        ),
        (
            "an input without a required field",
            with(register, json!({ "new": {} })),
        ),
        (
            "an input with an unknown field",
            with(
                register,
                json!({ "new": { "pseudonym": "never", "ageGroup": "ADULT", "name": "Ada" } }),
            ),
        ),
        (
            "an input with a field of another type",
            with(
                register,
                json!({ "new": { "pseudonym": "never", "ageGroup": "no" } }),
            ),
        ),
        (
            "an input with a bad scalar",
            with(
                register,
                json!({ "new": { "pseudonym": "never", "ageGroup": "ADULT", "language": "not a tag" } }),
            ),
        ),
    ]
}

fn arguments(asking: &Asking) -> Cases {
    let page = |arguments: &str| {
        asking.query(format!(
            "{{ referrals(box: INBOX, {arguments}) {{ edges {{ cursor }} }} }}"
        ))
    };
    let survivor = |pseudonym: &str| {
        asking.query(format!(
            "mutation {{ registerSurvivor(survivor: {{ pseudonym: \"{pseudonym}\", ageGroup: ADULT }}) {{ id }} }}"
        ))
    };
    vec![
        ("first: 1", page("first: 1")),
        ("first: 100", page("first: 100")),
        ("first: 0", page("first: 0")),
        ("first: 101", page("first: 101")),
        ("first: -1", page("first: -1")),
        ("first: 3000000000", page("first: 3000000000")),
        ("last: 0", page("last: 0")),
        ("first and last", page("first: 1, last: 1")),
        ("a cursor that is none", page("after: \"x\"")),
        ("a cursor that is none, backwards", page("before: \"AAAA\"")),
        (
            "an unknown enum value",
            asking.query("{ referrals(box: EVERYTHING) { edges { cursor } } }"),
        ),
        (
            "an id that is none",
            asking.query("{ node(id: \"7\") { id } }"),
        ),
        (
            "an id of no kind",
            asking.query("{ node(id: \"person_01h2xcejqtf2nbrexx3vqjhp41\") { id } }"),
        ),
        (
            "an id of another kind",
            asking.query("{ referral(id: \"mou_01h2xcejqtf2nbrexx3vqjhp41\") { id } }"),
        ),
        (
            "an id that nothing has",
            asking.query("{ referral(id: \"referral_01h2xcejqtf2nbrexx3vqjhp41\") { id } }"),
        ),
        (
            "a change of another kind's id",
            asking.query(
                "mutation { acceptReferral(id: \"mou_01h2xcejqtf2nbrexx3vqjhp41\") { id } }",
            ),
        ),
        (
            "a change of what does not exist",
            asking.query(
                "mutation { acceptReferral(id: \"referral_01h2xcejqtf2nbrexx3vqjhp41\") { id } }",
            ),
        ),
        ("an empty pseudonym", survivor(" ")),
        ("a pseudonym of 81 characters", survivor(&"x".repeat(81))),
    ]
}

fn tokens(asking: &Asking) -> Cases {
    let stranger = SigningKey::generate().unwrap();
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = asking.token.split('.').nth(1).unwrap();
    let unsigned = format!(
        "{}.{payload}.",
        part(json!({ "alg": "none", "typ": "at+jwt" }))
    );
    let good = asking.token.as_str();
    let cut = &good[..good.len() - 4];
    let none = |request: RequestBuilder| {
        request
            .header("accept", NEW)
            .json(&json!({ "query": WRITES }))
    };
    let hour = std::time::Duration::from_hours(1);
    vec![
        ("none", none(asking.any(Method::POST))),
        ("an empty one", asking.bearer("")),
        (
            "two headers",
            none(
                asking
                    .bare()
                    .header("authorization", format!("Bearer {good}")),
            ),
        ),
        (
            "another scheme",
            none(
                asking
                    .any(Method::POST)
                    .header("authorization", format!("Basic {good}")),
            ),
        ),
        (
            "expired",
            asking.claiming(|claims| {
                let now = claims.issued_at;
                let ago = |seconds: i64| {
                    concord_entities::instant::Instant::from_unix_seconds(
                        now.unix_seconds() - seconds,
                    )
                };
                (claims.issued_at, claims.not_before, claims.expires_at) =
                    (ago(20), ago(20), ago(10));
            }),
        ),
        (
            "of tomorrow",
            asking.claiming(|claims| claims.not_before = claims.not_before.plus(hour / 2)),
        ),
        (
            "signed by a stranger",
            asking.bearer(&issue(&stranger, &asking.claims).unwrap()),
        ),
        ("unsigned", asking.bearer(&unsigned)),
        ("its signature cut", asking.bearer(cut)),
        (
            "of another issuer",
            asking.claiming(|claims| "https://other.example".clone_into(&mut claims.issuer)),
        ),
        (
            "for another audience",
            asking.claiming(|claims| "https://other.example".clone_into(&mut claims.audience)),
        ),
        (
            "of an agency that is none of ours",
            asking.claiming(|claims| claims.agency = concord_entities::ids::AgencyId::new()),
        ),
        (
            "of an epoch that is over",
            asking.claiming(|claims| claims.epoch = 0),
        ),
        (
            "without a scope",
            asking.claiming(|claims| claims.scope.clear()),
        ),
        (
            "with an unknown key in one scope",
            asking.claiming(|claims| "survivor.c consent.r?age=12".clone_into(&mut claims.scope)),
        ),
        (
            "with an unknown resource in one scope",
            asking.claiming(|claims| "survivor.c person.r".clone_into(&mut claims.scope)),
        ),
        (
            "with a wildcard",
            asking.claiming(|claims| "*.*".clone_into(&mut claims.scope)),
        ),
        ("of 9 KiB", asking.bearer(&"x".repeat(9 * 1024))),
    ]
}
