//! Taking a consent back: what it lists, whom it tells, and that it asks nothing of an agency's standing.

use concord_entities::vocabulary::DataCategory::{Identity, Needs};
use serde_json::{Value, json};

use crate::world::agency::{Told, text};
use crate::world::{Agency, Answer, BOTH, Database, World};

const REVOKE: &str = "mutation($id: ID!) { revokeConsent(id: $id, channel: IN_PERSON) { referralsSuspended \
    consent { status survivor { pseudonym } revokedAt } \
    disclosed { edges { node { event recipient { name } categories purpose referral consent } } } \
    notices { kind object recipient { name } seenAt } } }";

async fn revokes(caller: &Agency, told: &Told) -> Answer {
    caller.asks(REVOKE, json!({ "id": told.consent })).await
}

async fn notices(reader: &Agency) -> Vec<Value> {
    let query = "{ notices { edges { node { kind object seenAt } } } }";
    let answer = reader.asks(query, Value::Null).await;
    let edges = answer.data()["notices"]["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

fn told_events(revocation: &Value) -> Vec<Value> {
    let edges = revocation["disclosed"]["edges"].as_array().unwrap();
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

#[tokio::test]
async fn a_revocation_lists_what_was_told_and_tells_the_recipient_and_can_be_repeated() {
    for database in BOTH {
        let world = World::on(database).await;
        let (north, south) = world.agencies("north", "south").await;
        let ada = north
            .refers("Ada")
            .to(&south)
            .sharing([Identity, Needs])
            .await;
        let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
        assert!(south.reads(&ada).await.contains("Ada"));
        assert!(
            north.reads(&ada).await.contains("Ada"),
            "no disclosure: its own"
        );
        let withheld = south.reads_for(&ada, "PROSECUTION").await;
        assert!(!withheld.contains("Ada"), "no disclosure: withheld");
        assert!(
            south.reads(&bea).await.contains("Bea"),
            "of another consent"
        );
        assert_eq!(notices(&south).await, Vec::<Value>::new());

        let first = revokes(&north, &ada).await;
        let first = &first.data()["revokeConsent"];
        assert_eq!(first["consent"]["status"], "REVOKED");
        assert_eq!(first["referralsSuspended"], 1);
        let told = told_events(first);
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["recipient"]["name"], "south");
        assert_eq!(told[0]["categories"], json!(["IDENTITY", "NEEDS"]));
        assert_eq!(told[0]["purpose"], "SERVICE_DELIVERY");
        assert_eq!(told[0]["referral"], ada.referral.as_str());
        assert_eq!(told[0]["consent"], ada.consent.as_str());
        assert_eq!(first["notices"][0]["recipient"]["name"], "south");
        assert_eq!(first["notices"][0]["seenAt"], Value::Null);
        assert!(!world.has_key(&ada.referral));
        assert!(world.has_key(&bea.referral));

        let received = notices(&south).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["kind"], "CONSENT_REVOKED");
        assert_eq!(received[0]["object"], ada.consent.as_str());
        assert_eq!(notices(&north).await, Vec::<Value>::new());

        let again = revokes(&north, &ada).await;
        let again = &again.data()["revokeConsent"];
        for same in ["consent", "referralsSuspended", "disclosed"] {
            assert_eq!(again[same], first[same]);
        }
        assert_eq!(again["notices"].as_array().unwrap().len(), 1);
        assert!(again["notices"][0]["seenAt"].is_string());
        let recorded = format!(
            "SELECT count(*) FROM audit_event WHERE kind = 'CONSENT_REVOKED' AND leaf LIKE '%{}%'",
            ada.consent
        );
        assert_eq!(world.tampers(&recorded), "1");
    }
}

#[tokio::test]
async fn what_was_never_signed_is_told_to_nobody() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let survivor = north.registers("Ada").await;
    let consent = north.consents(&survivor, &south, &[Identity]).await;
    let revoked = north.asks(REVOKE, json!({ "id": consent })).await;
    assert_eq!(revoked.data()["revokeConsent"]["notices"], json!([]));
    assert_eq!(notices(&south).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_survivor_needs_no_agency_in_good_standing() {
    for database in BOTH {
        let world = World::on(database).await;
        let (north, south) = world.agencies("north", "south").await;
        let coordinator = world.coordinator();
        let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
        let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
        let cleo = north.refers("Cleo").to(&south).sharing([Identity]).await;
        assert!(south.reads(&ada).await.contains("Ada"));
        // While the discloser takes part, nobody takes its place.
        assert_eq!(revokes(&coordinator, &ada).await.codes(), "NOT_FOUND");

        // The recipient's standing does not matter.
        suspends(&coordinator, &south).await;
        let revoked = revokes(&north, &cleo).await;
        assert_eq!(
            revoked.data()["revokeConsent"]["consent"]["status"],
            "REVOKED"
        );

        suspends(&coordinator, &north).await;
        assert_eq!(revokes(&north, &ada).await.codes(), "UNAUTHENTICATED");
        let other = world.agency("other").await;
        assert_eq!(revokes(&other, &ada).await.codes(), "NOT_FOUND");
        let revoked = revokes(&coordinator, &ada).await;
        let revoked = &revoked.data()["revokeConsent"];
        assert_eq!(revoked["consent"]["status"], "REVOKED");
        assert_eq!(revoked["consent"]["survivor"], Value::Null);
        assert_eq!(told_events(revoked).len(), 1);
        assert!(!world.has_key(&ada.referral));

        let command = |channel| {
            let words = ["consent", "revoke", &bea.consent, "--channel", channel];
            world.commands(&words)
        };
        assert!(!command("BY_PIGEON").0);
        assert!(world.has_key(&bea.referral));
        let (done, said) = command("WRITTEN");
        assert!(done && said.contains("is revoked"), "{said}");
        assert!(!world.has_key(&bea.referral));
        let (done, said) = command("WRITTEN");
        assert!(done && said.contains("was revoked before"), "{said}");
        let unknown = "consent_01h2xcejqtf2nbrexx3vqjhp41";
        assert!(
            !world
                .commands(&["consent", "revoke", unknown, "--channel", "WRITTEN"])
                .0
        );
    }
}

async fn suspends(coordinator: &Agency, agency: &Agency) {
    let suspend = "mutation($id: ID!) { suspendAgency(id: $id, reason: \"review\") { id } }";
    let id = json!({ "id": agency.id.to_string() });
    assert_eq!(
        text(&coordinator.asks(suspend, id).await.data()["suspendAgency"]["id"]),
        agency.id.to_string()
    );
}
