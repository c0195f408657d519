//! One refusal costs one field: the others are answered, what was done before it is seen, and what comes after is done.

use serde_json::{Value, json};

use crate::world::{World, on_both};

on_both!(one_refusal_costs_one_field);
async fn one_refusal_costs_one_field(world: World) {
    let north = world.agency("north").await;
    let register = "mutation($a: SurvivorInput!, $b: SurvivorInput!, $c: SurvivorInput!) { \
        first: registerSurvivor(survivor: $a) { pseudonym } \
        again: registerSurvivor(survivor: $b) { pseudonym } \
        last: registerSurvivor(survivor: $c) { pseudonym } }";
    let named = |name: &str| json!({ "pseudonym": name, "ageGroup": "ADULT" });
    let variables = json!({ "a": named("Ada"), "b": named("Ada"), "c": named("Bea") });
    let answer = north.asks(register, variables).await;
    assert_eq!((answer.status, answer.codes().as_str()), (200, "CONFLICT"));
    assert_eq!(
        answer.body["data"],
        json!({ "first": { "pseudonym": "Ada" }, "again": null, "last": { "pseudonym": "Bea" } })
    );
    assert_eq!(answer.body["errors"][0]["path"], json!(["again"]));

    let narrow = north.with(world.token(north.id, "survivor.s"));
    let both = "{ survivors { edges { node { pseudonym } } } mous { edges { node { id } } } }";
    let answer = narrow.asks(both, Value::Null).await;
    assert_eq!(
        (answer.status, answer.codes().as_str()),
        (200, "FORBIDDEN_SCOPE")
    );
    assert_eq!(answer.body["data"]["mous"], Value::Null);
    let listed = answer.body["data"]["survivors"]["edges"].as_array();
    assert_eq!(listed.unwrap().len(), 2);
}

on_both!(nothing_that_may_be_asked_is_a_403_that_names_all_that_is_missing);
async fn nothing_that_may_be_asked_is_a_403_that_names_all_that_is_missing(world: World) {
    let north = world.agency("north").await;
    let narrow = north.with(world.token(north.id, "agency.r"));
    let none = "{ survivors { edges { node { id } } } \
        consents(side: GIVEN) { edges { node { survivor { id } rulePacks { id } supersedes { id } } } } }";
    let answer = narrow.asks(none, Value::Null).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.get("data").is_none(), "{}", answer.text);
    let told: Vec<&Value> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["extensions"]["scope"])
        .collect();
    assert_eq!(told, ["survivor.s", "consent.rs survivor.r"]);

    // What is null because there is nothing was asked all the same.
    let one = "{ viewer { subject } mous { edges { node { id } } } }";
    assert_eq!(narrow.asks(one, Value::Null).await.status, 200);
    let gone = "{ node(id: \"application_01h2xcejqtf2nbrexx3vqjhp41\") { id } mous { edges { node { id } } } }";
    let answer = narrow.asks(gone, Value::Null).await;
    assert_eq!(
        (answer.status, answer.codes().as_str()),
        (200, "FORBIDDEN_SCOPE")
    );
}

on_both!(a_package_that_is_refused_costs_the_package);
async fn a_package_that_is_refused_costs_the_package(world: World) {
    use concord_entities::vocabulary::DataCategory::Needs;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let read = "query($id: ID!) { referral(id: $id) { id package { needs { request } } } }";
    let answer = south.asks(read, json!({ "id": ada.referral })).await;
    assert_eq!(
        (answer.status, answer.codes().as_str()),
        (200, "PURPOSE_REQUIRED")
    );
    assert_eq!(
        answer.body["data"]["referral"],
        json!({ "id": ada.referral, "package": null })
    );
}

#[test]
fn every_field_of_the_roots_is_nullable() {
    use async_graphql::parser::parse_schema;
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    let mut seen = 0;
    for definition in parse_schema(concord::graphql::schema::sdl())
        .unwrap()
        .definitions
    {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let TypeKind::Object(object) = definition.node.kind else {
            continue;
        };
        let root = ["Query", "Mutation"].contains(&definition.node.name.node.as_str());
        let fields = object.fields.iter().map(|field| &field.node);
        for field in fields.filter(|field| root || field.name.node == "package") {
            assert!(field.ty.node.nullable, "{}", field.name.node);
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} fields");
}
