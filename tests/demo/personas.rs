//! The tokens that the explorer asks with.

use std::time::Duration;

use concord::access::grant::{Permission, Resource};
use concord::access::scope::Scopes;
use concord_entities::ids::AgencyId;
use concord_entities::vocabulary::{AuditType, Categories, Purpose, ReferralStatus, Urgency};
use concord_entities::{agency, audit_event, referral, token_state};

use super::{Demo, filled};

#[tokio::test]
async fn every_persona_has_a_token_that_opens_its_work() {
    let demo = filled().await;
    let personas = demo.personas().await;
    let names: Vec<&str> = personas.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "advocate",
            "auditor",
            "coordinator",
            "health",
            "housing",
            "legal_aid",
            "police_liaison"
        ]
    );
    let states = demo.all::<token_state::Entity>().await;
    let issued: Vec<_> = demo
        .all::<audit_event::Entity>()
        .await
        .into_iter()
        .filter(|event| event.kind == AuditType::TokenIssued)
        .collect();
    for (name, (card, claims)) in &personas {
        let agency = agency::Entity::named(claims.agency)
            .one(&demo.store.read)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(card["agency"], agency.name.as_str());
        assert_eq!(card["agencyId"], agency.id.to_string());
        let scopes: Vec<&str> = card["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        assert_eq!(scopes.join(" "), claims.scope);
        Scopes::parse(&claims.scope).unwrap();
        assert_eq!(claims.subject, format!("demo:{name}"));
        assert!(claims.expires_at > demo.now.plus(Duration::from_secs(43_190)));
        assert!(
            states
                .iter()
                .any(|state| state.jti == claims.id && state.agency_id == claims.agency)
        );
        assert_eq!(
            issued
                .iter()
                .filter(|event| event.leaf.contains(&claims.id))
                .count(),
            1
        );
    }
    for name in ["housing", "legal_aid", "health", "police_liaison"] {
        let claims = &personas[name].1;
        let scopes = Scopes::parse(&claims.scope).unwrap();
        let purposes: Vec<Purpose> = scopes
            .purposes(Resource::Referral, Permission::Read)
            .iter()
            .collect();
        let [purpose] = purposes[..] else {
            panic!("{name} has {purposes:?}")
        };
        let ceiling = scopes.categories_for(Resource::Referral, Permission::Read, purpose);
        works_at(&demo, name, claims.agency, purpose, ceiling).await;
    }
    let outbox = referral::Entity::outbox(personas["advocate"].1.agency)
        .all(&demo.store.read)
        .await
        .unwrap();
    assert!(outbox.len() >= 30);

    let again = demo.personas().await;
    assert_ne!(again["housing"].1.id, personas["housing"].1.id);
    assert_eq!(demo.count::<token_state::Entity>().await, 14);
}

async fn works_at(
    demo: &Demo,
    name: &str,
    agency: AgencyId,
    purpose: Purpose,
    ceiling: Categories,
) {
    let mut open = Vec::new();
    for row in referral::Entity::inbox(agency)
        .all(&demo.store.read)
        .await
        .unwrap()
    {
        let shared = demo.readable(&row, purpose, ceiling).await;
        if !shared.is_empty() {
            assert_eq!(shared, row.contains, "{name} cannot read all of {row:?}");
            open.push(row);
        }
    }
    let requested = open
        .iter()
        .filter(|row| row.status == ReferralStatus::Requested);
    assert!(open.len() >= 8, "{name}: {}", open.len());
    assert!(requested.count() >= 3, "{name}");
    assert!(
        open.iter().any(|row| row.urgency == Urgency::Emergency),
        "{name}"
    );
}
