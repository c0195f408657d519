//! A response key that is selected twice is one field, as the specification has it: done once, told once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Interface, Object, Request, Schema, SimpleObject,
    ValidationMode, Variables,
};
use concord::graphql::contract::Contract;
use concord::graphql::document::admit;
use concord::graphql::merge::merge;
use concord::graphql::operation::select_operation;
use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::{Value as Json, json};

use crate::world::{World, on_both};

#[derive(SimpleObject)]
struct Dog {
    name: String,
    barks: bool,
}

#[derive(SimpleObject)]
struct Cat {
    name: String,
    purrs: bool,
}

#[derive(Interface)]
#[graphql(field(name = "name", ty = "&String"))]
enum Pet {
    Dog(Dog),
    Cat(Cat),
}

/// Counts how often it is asked for an object.
#[derive(Default)]
struct Query(Arc<AtomicU32>);

#[Object]
impl Query {
    /// A dog where the number is even, else a cat.
    async fn pet(&self, number: i32) -> Pet {
        self.0.fetch_add(1, Ordering::SeqCst);
        let name = format!("pet {number}");
        if number % 2 == 0 {
            Pet::Dog(Dog { name, barks: true })
        } else {
            Pet::Cat(Cat { name, purrs: true })
        }
    }
    async fn numbers(&self, of: Vec<i32>) -> i32 {
        self.0.fetch_add(1, Ordering::SeqCst);
        of.iter().sum()
    }
    async fn house(&self) -> House<'_> {
        self.0.fetch_add(1, Ordering::SeqCst);
        House(&self.0)
    }
}

struct House<'q>(&'q AtomicU32);

#[Object]
impl House<'_> {
    async fn dog(&self, _ctx: &Context<'_>) -> Dog {
        self.0.fetch_add(1, Ordering::SeqCst);
        let name = "Rex".to_owned();
        Dog { name, barks: true }
    }
}

/// Runs a document as the transport does; returns the answer, or the first fault, and how often objects were asked for.
async fn run(document: &str, variables: Json) -> String {
    let asked = Arc::new(AtomicU32::new(0));
    let schema = Schema::build(Query(Arc::clone(&asked)), EmptyMutation, EmptySubscription)
        .validation_mode(ValidationMode::Fast)
        .finish();
    let contract = Contract::from_sdl(&schema.sdl()).unwrap();
    let admitted = match admit(&contract, document) {
        Ok(admitted) => admitted,
        Err(unfit) => return format!("0 asked: {}", unfit.faults[0]),
    };
    assert!(admitted.repeats_a_key(), "{document}");
    let operation = select_operation(admitted.document(), None).unwrap();
    let variables = Variables::from_json(variables);
    let merged = merge(
        &contract.outputs,
        admitted.document(),
        operation,
        &variables,
    );
    let mut request = Request::new("").variables(variables);
    request.set_parsed_query(merged);
    let response = schema.execute(request).await;
    let answer = match response.errors.first() {
        Some(fault) => fault.message.clone(),
        None => serde_json::to_string(&response.data).unwrap(),
    };
    format!("{} asked: {answer}", asked.load(Ordering::SeqCst))
}

#[tokio::test]
async fn selections_of_one_key_are_one_field() {
    let both = json!({ "yes": true, "no": false });
    for (document, came_to) in [
        // The specification's own example of CollectFields (section 6.3.2), with our fields.
        (
            "{ house { dog { name } } ...more } fragment more on Query { house { dog { barks } } pet(number: 1) { name } }",
            r#"3 asked: {"house":{"dog":{"name":"Rex","barks":true}},"pet":{"name":"pet 1"}}"#,
        ),
        // Its example of MergeSelectionSets (6.4.3).
        (
            "{ me: pet(number: 2) { name } me: pet(number: 2) { __typename } }",
            r#"1 asked: {"me":{"name":"pet 2","__typename":"Dog"}}"#,
        ),
        // Its examples of fields that merge (5.3.2): the same field, the same alias, the same argument.
        (
            "{ house { dog { name name } dog { called: name called: name } } }",
            r#"2 asked: {"house":{"dog":{"name":"Rex","called":"Rex"}}}"#,
        ),
        (
            "{ a: pet(number: 1) { name } b: pet(number: 1) { name } a: pet(number: 1) { __typename } }",
            r#"2 asked: {"a":{"name":"pet 1","__typename":"Cat"},"b":{"name":"pet 1"}}"#,
        ),
        // Of what belongs to objects of different types, each is told of its own (5.3.2, safe differing fields).
        (
            "{ pet(number: 2) { ... on Dog { name barks } ... on Cat { name purrs } } pet(number: 2) { ... on Dog { name } } }",
            r#"1 asked: {"pet":{"name":"pet 2","barks":true}}"#,
        ),
        (
            "{ ... on Query { house { dog { name } } } house { ... on House { dog { ... { barks } } } } }",
            r#"2 asked: {"house":{"dog":{"name":"Rex","barks":true}}}"#,
        ),
    ] {
        assert_eq!(run(document, json!({})).await, came_to, "{document}");
    }
    for (document, came_to) in [
        (
            "query($yes: Boolean!, $no: Boolean!) { house { dog { name } } house @include(if: $no) { dog { barks } } \
             house @skip(if: $yes) { dog { barks } } }",
            r#"2 asked: {"house":{"dog":{"name":"Rex"}}}"#,
        ),
        (
            "query($yes: Boolean!, $no: Boolean!) { house { dog { name } } house @include(if: $yes) @skip(if: $no) { dog { barks } } }",
            r#"2 asked: {"house":{"dog":{"name":"Rex","barks":true}}}"#,
        ),
        (
            "query($yes: Boolean!, $no: Boolean!) { house { dog @skip(if: $yes) { name } } house { dog @include(if: $no) { name } } }",
            r#"1 asked: {"house":{}}"#,
        ),
    ] {
        assert_eq!(run(document, both.clone()).await, came_to, "{document}");
    }
}

#[tokio::test]
async fn what_does_not_merge_is_refused_and_nothing_is_asked() {
    for document in [
        "{ a: pet(number: 1) { name } a: pet(number: 2) { name } }",
        "{ pet(number: 1) { name } pet: house { dog { name } } }",
        "{ numbers(of: [1, 2]) numbers(of: [1]) }",
        "query($x: Int!) { a: pet(number: $x) { name } a: pet(number: 1) { name } }",
        "{ house { dog { name } } house { dog { unknown } } }",
        "{ house { dog { name } } house { dog { name } } ...gone }",
        "query($unused: Int) { house { dog { name } } house { dog { name } } }",
        "{ house { dog { name } } house { dog { name } } } fragment unused on Query { house { dog { name } } }",
    ] {
        let came_to = run(document, json!({ "x": 1 })).await;
        assert!(came_to.starts_with("0 asked: "), "{document}: {came_to}");
        assert!(!came_to.contains('{'), "{document}: {came_to}");
    }
}

#[test]
fn a_document_that_repeats_nothing_that_matters_is_left_as_it_is() {
    let schema = Schema::new(Query::default(), EmptyMutation, EmptySubscription);
    let contract = Contract::from_sdl(&schema.sdl()).unwrap();
    for (document, repeats) in [
        ("{ house { dog { name barks } } }", false),
        ("{ house { dog { name name } } }", false),
        (
            "{ a: house { dog { name } } b: house { dog { name } } }",
            false,
        ),
        ("{ __typename __typename }", true),
        (
            "{ house { ...f dog { name } } } fragment f on House { dog { barks } }",
            true,
        ),
        (
            "{ house { ...f } } fragment f on House { dog { barks } }",
            false,
        ),
        (
            "query a { house { dog { name } } } query b { house { dog { name } } }",
            false,
        ),
    ] {
        assert_eq!(
            admit(&contract, document).unwrap().repeats_a_key(),
            repeats,
            "{document}"
        );
    }
}

on_both!(a_referral_that_is_drafted_under_one_key_twice_is_one_referral);
async fn a_referral_that_is_drafted_under_one_key_twice_is_one_referral(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north
        .refers("Ada")
        .to(&south)
        .sharing([Identity, Needs])
        .await;
    let before = north.lists("referrals(box: OUTBOX)", "id").await.len();
    let input = json!({
        "consent": ada.consent, "needs": ["HOUSING"], "urgency": "ROUTINE", "again": true,
        "package": { "identity": { "givenName": "Ada" } },
    });
    for document in [
        "mutation($r: ReferralInput!) { draftReferral(referral: $r) { id } draftReferral(referral: $r) { status } }",
        "mutation($r: ReferralInput!) { draftReferral(referral: $r) { id } ...too } \
         fragment too on Mutation { draftReferral(referral: $r) { status } }",
    ] {
        let drafted = north.asks(document, json!({ "r": input })).await;
        assert_eq!(drafted.data()["draftReferral"]["status"], "DRAFT");
    }
    let after = north.lists("referrals(box: OUTBOX)", "id").await.len();
    assert_eq!(after - before, 2, "one for each document");

    let twice = "query($id: ID!) { referral(id: $id) { package(purpose: SERVICE_DELIVERY) { identity { givenName } } } ...needs } \
         fragment needs on Query { referral(id: $id) { package(purpose: SERVICE_DELIVERY) { needs { request } } } }";
    let events = async || {
        let listed = north.lists("auditEvents(first: 100)", "type").await;
        let reads = listed
            .iter()
            .filter(|event| event["type"] == "PACKAGE_READ");
        reads.count()
    };
    let before = events().await;
    let read = south.asks(twice, json!({ "id": ada.referral })).await;
    let package = &read.data()["referral"]["package"];
    assert_eq!(package["identity"]["givenName"], "Ada");
    assert!(package["needs"].is_object(), "{}", read.text);
    assert_eq!(events().await - before, 1, "one disclosure");
}
