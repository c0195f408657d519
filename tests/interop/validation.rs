//! Documents as graphql-js judges them: what it refuses is refused before execution, and what it lets pass is executed,
//! unless it is too large for one request.

use concord::error::Error;
use concord::graphql::contract::Contract;
use concord::graphql::document::admit;
use serde_json::json;

use super::node;

/// How many documents are made up.
const COUNT: usize = 10_000;
/// What was executed once although graphql-js refuses it, and neighbours of it.
const WRITTEN: &[&str] = &[
    r#"{ referrals(box: "INBOX") { edges { cursor } } }"#,
    "query($id: String!) { node(id: $id) { id } }",
    "query($id: ID) { node(id: $id) { id } }",
    "query($id: ID = null) { node(id: $id) { id } }",
    r#"query($id: ID = "referral_1") { node(id: $id) { id } }"#,
    "query($id: [ID!]!) { node(id: $id) { id } }",
    "query($s: ReferralStatus) { referrals(box: INBOX, filter: { statuses: [$s] }) { edges { cursor } } }",
    "query($s: ReferralStatus!) { referrals(box: INBOX, filter: { statuses: [$s] }) { edges { cursor } } }",
    "query($s: ReferralStatus = SENT) { referrals(box: INBOX, filter: { statuses: [$s] }) { edges { cursor } } }",
    "query($s: [ReferralStatus!]) { referrals(box: INBOX, filter: { statuses: $s }) { edges { cursor } } }",
    "query($s: [ReferralStatus]) { referrals(box: INBOX, filter: { statuses: $s }) { edges { cursor } } }",
    "query($s: String!) { referrals(box: INBOX, filter: { statuses: [$s] }) { edges { cursor } } }",
    "{ referrals(box: INBOX, filter: { statuses: [], statuses: [] }) { edges { cursor } } }",
    "{ referrals(box: INBOX, box: INBOX) { edges { cursor } } }",
    "query($n: Int, $n: Int) { referrals(box: INBOX, first: $n) { edges { cursor } } }",
    "{ referrals(box: INBOX, first: 3000000000) { edges { cursor } } }",
    "{ referrals(box: INBOX, first: 2.5) { edges { cursor } } }",
    "{ referrals(box: INBOX, first: null) { edges { cursor } } }",
    "{ referrals(box: null) { edges { cursor } } }",
    "{ referrals { edges { cursor } } }",
    "{ node(id: 5) { id } }",
    "{ node(id: true) { id } }",
    "{ nodes(ids: \"a\") { id } }",
    "{ nodes(ids: [[\"a\"]]) { id } }",
    "{ viewer }",
    "{ viewer { subject { id } } }",
    "{ viewer { a: subject a: client } }",
    "{ viewer { a: subject } viewer { a: subject } }",
    "{ viewer @skip(if: true) @skip(if: false) { subject } }",
    "query($yes: Boolean) { viewer @include(if: $yes) { subject } }",
    "query($yes: Boolean = true) { viewer @include(if: $yes) { subject } }",
    "{ viewer { ... on Agency { id } } }",
    "{ ...f } fragment f on Query { node(id: $x) { id } }",
    "query($x: ID!) { ...f } fragment f on Query { node(id: $x) { id } }",
    "query a($x: ID!) { ...f } query b($x: ID) { ...f } fragment f on Query { node(id: $x) { id } }",
    "{ viewer { ...f } } fragment f on Viewer { ...f }",
    "{ viewer { subject } } fragment f on Viewer { subject }",
    "{ __type(name: \"Node\") { possibleTypes { interfaces { possibleTypes { name } } } } }",
    "{ __type(name: \"Node\") { possibleTypes { interfaces { name } } } }",
    "{ __type(name: \"Node\") { ...f possibleTypes { interfaces { ...f } } } } fragment f on __Type { possibleTypes { name } }",
];

#[test]
fn documents_are_judged_as_graphql_js_judges_them() {
    let asked = json!({ "seed": 20_261_126, "count": COUNT, "written": WRITTEN });
    let judged = node("validation.mjs", &asked.to_string());
    let judged: Vec<(String, Option<String>)> = serde_json::from_str(&judged).unwrap();
    assert_eq!(judged.len(), COUNT + WRITTEN.len());
    let contract = Contract::from_sdl(&concord::graphql::schema::sdl()).unwrap();
    let (mut passed, mut refused, mut too_large) = (0, 0, 0);
    let mut differing = Vec::new();
    for (document, theirs) in &judged {
        match (admit(&contract, document), theirs) {
            (Ok(_), None) => passed += 1,
            (Err(_), Some(_)) => refused += 1,
            (Err(ours), None) if matches!(ours.faults[..], [Error::QueryTooCostly(_)]) => {
                too_large += 1;
            }
            (Err(ours), None) => {
                differing.push(format!("they let it pass: {:?}\n{document}", ours.faults));
            }
            (Ok(_), Some(theirs)) => {
                differing.push(format!("we let it pass: {theirs}\n{document}"));
            }
        }
    }
    let said = differing.join("\n\n");
    assert!(differing.is_empty(), "{} differ:\n{said}", differing.len());
    // Neither is rare among what is made up.
    assert!(
        passed > COUNT / 4 && refused > COUNT / 10,
        "{passed} passed, {refused} refused"
    );
    assert!(too_large < COUNT / 20, "{too_large} are too large");
}
