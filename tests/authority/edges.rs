//! Every edge that leads to a record asks for the scope of what it leads to, before anything is done, and once.
//!
//! Which edges there are, a script apart from the code says: `tests/interop/edges.mjs`, from `schema.graphql` alone.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Variables;
use async_graphql::parser::parse_query;
use concord::access::grant::{Permission, Resource};
use concord::access::scope::Scopes;
use concord::graphql::contract::Contract;
use concord::graphql::operation::select_operation;
use concord::graphql::records::{RECORD_KINDS, record_kind};
use concord::graphql::scopes::DocumentScopes;
use concord::request::LackingFields;
use concord_entities::vocabulary::Code;
use concord_entities::vocabulary::DataCategory::Needs;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rows::rows;
use crate::interop::node;
use crate::world::{World, on_both};

/// Arguments that a field of the root cannot do without.
const ARGUMENTS: [(&str, &str); 4] = [
    ("referrals", "(box: INBOX)"),
    ("consents", "(side: GIVEN)"),
    (
        "coverage",
        "(taskForce: \"taskforce_01h2xcejqtf2nbrexx3vqjhp41\")",
    ),
    (
        "referralStatistics",
        "(taskForce: \"taskforce_01h2xcejqtf2nbrexx3vqjhp41\", period: { from: \"2024-01\", to: \"2024-01\" })",
    ),
];
/// The letters after the prefix of an id that nobody has.
const NOBODYS: &str = "01h2xcejqtf2nbrexx3vqjhp41";

#[derive(Deserialize)]
struct Edges {
    records: Vec<String>,
    edges: Vec<Edge>,
}

#[derive(Clone, Debug, Deserialize)]
struct Edge {
    from: String,
    path: Vec<String>,
    to: String,
    told: String,
}

impl Edges {
    fn of_the_schema() -> Self {
        serde_json::from_str(&node("edges.mjs", "")).unwrap()
    }

    /// The selections that lead from the root over this edge.
    fn way(&self, edge: &Edge) -> Vec<String> {
        if ["Query", "Mutation"].contains(&edge.from.as_str()) {
            return edge.path.clone();
        }
        let reads = |to: &&Edge| to.from == "Query" && to.to == edge.from;
        let first = self.edges.iter().find(reads).unwrap();
        [first.path.as_slice(), &edge.path].concat()
    }

    /// A document that goes over this edge, and reads what only the record itself tells.
    fn document(&self, edge: &Edge) -> String {
        let mut document = edge.told.clone();
        for (place, step) in self.way(edge).iter().enumerate().rev() {
            let mut step = step.clone();
            if let Some(kind) = step.strip_prefix("... on ").and_then(record_kind) {
                document = format!("... on {} {{ {document} }}", kind.name);
                continue;
            }
            if place == 0 {
                step += &self.arguments(edge);
            }
            document = format!("{step} {{ {document} }}");
        }
        let operation = if edge.from == "Mutation" {
            "mutation"
        } else {
            "query"
        };
        format!("{operation} {{ {document} }}")
    }

    fn arguments(&self, edge: &Edge) -> String {
        let way = self.way(edge);
        if let Some((_, arguments)) = ARGUMENTS.iter().find(|(field, _)| *field == way[0]) {
            return (*arguments).to_owned();
        }
        let narrowed = way.get(1).and_then(|step| step.strip_prefix("... on "));
        let kind = match way[0].as_str() {
            "node" | "nodes" => narrowed.unwrap(),
            "referral" => "Referral",
            "mou" => "Mou",
            "consent" => "Consent",
            "agency" => "Agency",
            _ => return String::new(),
        };
        let prefix = record_kind(kind).unwrap().prefix;
        let id = format!("\"{prefix}_{NOBODYS}\"");
        if way[0] == "nodes" {
            return format!("(ids: [{id}])");
        }
        format!("(id: {id})")
    }
}

impl Edge {
    /// The scope that reads what the edge leads to; for the pages of the root that lists it.
    fn scope(&self) -> String {
        let resource = record_kind(&self.to).unwrap().resource;
        let listed = self.from == "Query" && self.path.get(1).is_some_and(|step| step == "edges");
        if listed {
            resource.search().to_string()
        } else {
            resource.read().to_string()
        }
    }
}

fn contract() -> Contract {
    Contract::from_sdl(&concord::graphql::schema::sdl()).unwrap()
}

/// What a document asks for in the hands of a token with these scopes.
fn lacking(document: &str, scopes: &str) -> LackingFields {
    let document = parse_query(document).unwrap();
    let operation = select_operation(&document, None).unwrap();
    let scopes = Scopes::parse(scopes).unwrap();
    let asked = DocumentScopes::of(&contract().outputs, &document);
    asked.lacking(operation, &Variables::default(), &scopes)
}

/// The scope that a refusal of a root's field names, and the paths at which each is asked for.
fn told(lacking: &LackingFields, key: &str) -> (String, BTreeMap<String, Vec<String>>) {
    let Err(refusal) = lacking.check(key) else {
        return <_>::default();
    };
    let concord::error::Error::ForbiddenScope { needed, missing } = refusal.error else {
        panic!("{refusal:?}");
    };
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in missing {
        paths.entry(one.scope).or_default().push(one.path.join("."));
    }
    (needed, paths)
}

#[test]
fn the_kinds_of_record_are_those_of_the_schema() {
    let known: BTreeSet<&str> = RECORD_KINDS.iter().map(|kind| kind.name).collect();
    let records = Edges::of_the_schema().records;
    assert_eq!(known, records.iter().map(String::as_str).collect());
}

#[test]
fn every_edge_asks_for_the_scope_of_what_it_leads_to() {
    let schema = Edges::of_the_schema();
    let mut asked = BTreeSet::new();
    for edge in &schema.edges {
        // `viewer` says who asks; what it leads to beyond names is asked for like anything else.
        let document = schema.document(edge);
        let way = schema.way(edge);
        let keys: Vec<&str> = way
            .iter()
            .map(String::as_str)
            .filter(|step| !step.starts_with("..."))
            .collect();
        let (_, paths) = told(&lacking(&document, ""), keys[0]);
        let at = paths.get(&edge.scope()).cloned().unwrap_or_default();
        // A page asks for its entries; what names a record asks only for the rest of it.
        let reaches = |path: &String| {
            let edge = keys.join(".");
            edge.starts_with(path.as_str()) || path.starts_with(&edge)
        };
        assert!(at.iter().any(reaches), "{document}: {paths:?}");
        asked.insert((edge.from.clone(), edge.path.clone()));
    }
    assert_eq!(asked.len(), schema.edges.len());
    assert!(asked.len() > 70, "only {} edges", asked.len());
}

/// Every scope but one.
fn all_but(scope: &str) -> String {
    let resources = Resource::ALL.iter().map(|resource| {
        let kept = Permission::ALL.iter().copied();
        let kept = kept.filter(|letter| resource.to(*letter).to_string() != scope);
        let letters: String = kept.map(Code::code).collect();
        format!("{}.{letters}", resource.name())
    });
    resources.collect::<Vec<_>>().join(" ")
}

on_both!(an_edge_is_refused_at_the_root_where_its_scope_is_lacking);
async fn an_edge_is_refused_at_the_root_where_its_scope_is_lacking(world: World) {
    let north = world.agency("north").await;
    let schema = Edges::of_the_schema();
    let everything = north.with(world.token(north.id, &all_but("")));
    let mut by_scope = BTreeMap::new();
    for edge in schema.edges.iter().filter(|edge| edge.from != "Mutation") {
        let document = schema.document(edge);
        let scope = edge.scope();
        let narrow = by_scope
            .entry(scope.clone())
            .or_insert_with(|| north.with(world.token(north.id, &all_but(&scope))));
        let refused = narrow.asks(&document, json!({})).await;
        assert_eq!(
            refused.codes(),
            "FORBIDDEN_SCOPE",
            "{document}: {}",
            refused.text
        );
        let error = &refused.body["errors"][0];
        assert_eq!(error["path"], json!([schema.way(edge)[0]]), "{document}");
        assert_eq!(error["extensions"]["scope"], scope, "{document}");
        let given = everything.asks(&document, json!({})).await;
        assert_eq!(given.codes(), "", "{document}: {}", given.text);
    }
}

/// What one permission alone opens, the table of the code says too: it names all that is missing at once.
#[test]
fn every_operation_names_the_scope_that_opens_it() {
    let table =
        std::fs::read_to_string(crate::contract::root().join("tests/authority/scopes.snap"))
            .unwrap();
    for row in rows().filter(|row| !["node", "nodes"].contains(&row.operation())) {
        let line = table.lines().find(|line| {
            line.strip_prefix(row.label)
                .is_some_and(|rest| rest.starts_with("  ") || rest.starts_with(' '))
        });
        let cells: Vec<&str> = line.unwrap()[row.label.len()..]
            .split_whitespace()
            .collect();
        let opened = Resource::ALL
            .iter()
            .flat_map(|resource| {
                Permission::ALL
                    .iter()
                    .map(|letter| resource.to(*letter).to_string())
            })
            .zip(cells)
            .filter(|(_, cell)| ["ok", "0"].contains(cell))
            .map(|(scope, _)| scope)
            .collect::<Vec<_>>();
        let (needed, _) = told(&lacking(row.document, ""), row.operation());
        if opened.len() > 1 {
            assert_eq!(needed, "", "{}", row.label);
        } else {
            assert_eq!([needed], opened[..], "{}", row.label);
        }
    }
}

#[test]
fn what_is_skipped_or_of_another_kind_asks_for_nothing() {
    let document = "query($no: Boolean!, $id: ID!) { \
        referral(id: $id) { id consent @include(if: $no) { id } mou @skip(if: true) { id } ...More } \
        node(id: $id) { ... on Consent { survivor { pseudonym } } ... on Referral { mou { id } } } } \
        fragment More on Referral { consent { survivor @skip(if: $no) { id } } }";
    let document = parse_query(document).unwrap();
    let operation = select_operation(&document, None).unwrap();
    let asked = DocumentScopes::of(&contract().outputs, &document);
    let with = |no: bool, kind: &str| {
        let id = format!("{kind}_{NOBODYS}");
        let variables = Variables::from_json(json!({ "no": no, "id": id }));
        let lacking = asked.lacking(operation, &variables, &Scopes::default());
        (told(&lacking, "referral").0, told(&lacking, "node").0)
    };
    let answer = |referral: &str, node: &str| (referral.to_owned(), node.to_owned());
    let (all, less) = ("referral.r consent.r survivor.r", "referral.r consent.r");
    assert_eq!(with(false, "referral"), answer(all, "referral.r mou.r"));
    assert_eq!(with(true, "referral"), answer(less, "referral.r mou.r"));
    assert_eq!(with(true, "consent"), answer(less, "consent.r survivor.r"));
    assert_eq!(with(true, "mou"), answer(less, "mou.r"));
}

#[test]
fn missing_letters_are_written_as_a_scope_has_them() {
    let document = "mutation { a: signConsent(id: \"x\") { status survivor { pseudonym } } b: signConsent(id: \"x\") { id } }";
    let lacking = lacking(document, "mou.r");
    let (needed, paths) = told(&lacking, "a");
    assert_eq!(needed, "consent.ru survivor.r");
    let at = |path: &str| vec![path.to_owned()];
    let expected = [
        ("consent.r", at("a.status")),
        ("consent.u", at("a")),
        ("survivor.r", at("a.survivor")),
    ];
    let expected = expected.map(|(scope, paths)| (scope.to_owned(), paths));
    assert_eq!(paths, BTreeMap::from(expected));
    assert_eq!(told(&lacking, "b").0, "consent.u");
}

on_both!(a_change_whose_answer_would_be_refused_is_not_made);
async fn a_change_whose_answer_would_be_refused_is_not_made(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let accepts = "mutation($id: ID!) { acceptReferral(id: $id) { id status } }";
    let narrow = south.with(world.token(south.id, "referral.u"));
    let refused = narrow.asks(accepts, json!({ "id": ada.referral })).await;
    assert_eq!(refused.codes(), "FORBIDDEN_SCOPE", "{}", refused.text);
    let extensions = &refused.body["errors"][0]["extensions"];
    assert_eq!(extensions["scope"], "referral.r");
    assert_eq!(
        extensions["scopes"],
        json!([{ "scope": "referral.r", "path": ["acceptReferral", "status"] }])
    );
    let status = "query($id: ID!) { referral(id: $id) { status } }";
    let seen = south.asks(status, json!({ "id": ada.referral })).await;
    assert_eq!(seen.data()["referral"]["status"], "REQUESTED");

    let accepts = "mutation($id: ID!) { acceptReferral(id: $id) { id } }";
    let done = narrow.asks(accepts, json!({ "id": ada.referral })).await;
    assert_eq!(done.data()["acceptReferral"]["id"], ada.referral);
}

on_both!(the_event_names_every_record_whose_data_left);
async fn the_event_names_every_record_whose_data_left(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let read = async |document: &str, id: &str| {
        let before = events(&north).await.len();
        let read = north.asks(document, json!({ "id": id })).await;
        let read = read.data().clone();
        let events = events(&north).await;
        let named: BTreeSet<String> = events[..events.len() - before]
            .iter()
            .filter(|event| event["type"] == "RECORDS_LISTED")
            .flat_map(|event| event["objects"].as_array().unwrap().clone())
            .map(|id| id.as_str().unwrap().to_owned())
            .collect();
        let kinds: Vec<&str> = named
            .iter()
            .map(|id| id.rsplit_once('_').unwrap().0)
            .collect();
        (read, kinds.join(" "))
    };
    let of_referral =
        |selected: &str| format!("query($id: ID!) {{ referral(id: $id) {{ {selected} }} }}");
    for (selected, kinds) in [
        ("consent { id }", "consent referral"),
        (
            "consent { survivor { pseudonym } } mou { title }",
            "consent mou referral subject",
        ),
        ("sender { name } recipient { name }", "referral"),
        (
            "sender { name } recipient { languages }",
            "agency agency referral",
        ),
        (
            "consent { discloser { serviceAreas memberships { role } } }",
            "agency consent referral",
        ),
    ] {
        let (_, named) = read(&of_referral(selected), &ada.referral).await;
        assert_eq!(named, kinds, "{selected}");
    }
    let consent = "query($id: ID!) { node(id: $id) { ... on Consent { survivor { id } } } }";
    assert_eq!(read(consent, &ada.consent).await.1, "consent subject");
    let listed = "{ consents(side: GIVEN) { edges { node { id } } } }";
    assert_eq!(read(listed, "").await.1, "consent");
    let listed = "{ consents(side: GIVEN) { edges { node { survivor { id } } } } }";
    assert_eq!(read(listed, "").await.1, "consent subject");
}

/// The events that an agency may read about, newest first, without those of reading them.
async fn events(reader: &crate::world::Agency) -> Vec<Value> {
    let events = reader
        .lists("auditEvents(first: 100)", "type objects")
        .await;
    let others = events
        .into_iter()
        .filter(|event| event["type"] != "AUDIT_READ");
    others.collect()
}
