//! Who reads the log learns who acted, and of a person served nothing but an id that the log alone has.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use super::events;
use crate::world::agency::text;
use crate::world::{World, on_both};

/// What the fields of a type lead to.
fn leads_to(ty: &str) -> BTreeSet<String> {
    let schema = parse_schema(concord::graphql::schema::sdl()).unwrap();
    let mut found = BTreeSet::new();
    for definition in schema.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        if definition.node.name.node != ty {
            continue;
        }
        if let TypeKind::Object(object) = definition.node.kind {
            let types = object
                .fields
                .iter()
                .map(|field| field.node.ty.node.to_string());
            found.extend(types.map(|ty| ty.replace(['[', ']', '!'], "")));
        }
    }
    found
}

#[test]
fn an_event_leads_to_agencies_and_programs_and_to_no_record_of_a_person() {
    let expected = [
        "Agency",
        "Application",
        "AuditAction",
        "AuditOutcome",
        "AuditType",
        "DataCategory",
        "DateTime",
        "ID",
        "InclusionProof",
        "Int",
        "Purpose",
        "Sha256",
        "String",
    ];
    let types = leads_to("AuditEvent");
    assert_eq!(types, expected.map(str::to_owned).into());
    let review = leads_to("AuditReview");
    assert!(
        review.is_superset(
            &["AuditEventConnection", "AuditFlagConnection"]
                .map(str::to_owned)
                .into()
        )
    );
    assert!(
        !review
            .iter()
            .any(|ty| ["Survivor", "Consent", "Referral", "Package"].contains(&ty.as_str()))
    );
}

on_both!(an_auditor_cannot_resolve_a_survivor);
async fn an_auditor_cannot_resolve_a_survivor(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    south.reads(&ada).await;
    let own = north.survivor_of(&ada.consent).await;
    for auditor in [
        world.caller(north.id, "north", "audit.crus"),
        world.caller(world.coordinator, "coordinator", "audit.crus directory.rs"),
    ] {
        let found = events(&auditor, json!({ "object": ada.referral })).await;
        let subject = found
            .iter()
            .find_map(|event| event["survivor"].as_str())
            .unwrap()
            .to_owned();
        assert!(
            !text(&json!(
                found.iter().map(Value::to_string).collect::<String>()
            ))
            .contains(&own)
        );
        for id in [&subject, &own, &ada.consent, &ada.referral] {
            let answer = auditor
                .asks(
                    "query($id: ID!) { node(id: $id) { id } }",
                    json!({ "id": id }),
                )
                .await;
            assert!(!answer.codes().is_empty(), "{id}: {}", answer.text);
        }
        let codes = auditor
            .asks("{ survivors { edges { node { id } } } }", json!({}))
            .await
            .codes();
        assert_eq!(codes, "FORBIDDEN_SCOPE");
        // No more by giving the id another kind.
        let disguised = subject.replace("subject_", "survivor_");
        let answer = auditor
            .asks(
                "query($id: ID!) { node(id: $id) { id } }",
                json!({ "id": disguised }),
            )
            .await;
        assert_eq!(answer.codes(), "FORBIDDEN_SCOPE");
    }
}
