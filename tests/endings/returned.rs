//! A referral that was suspended returns to the state that it left, from every open state and for every cause.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::world::agency::Told;
use crate::world::{Agency, Database, World, on_both};

const OPEN: [&str; 4] = ["REQUESTED", "ACCEPTED", "IN_PROGRESS", "ON_HOLD"];

/// What suspends a referral.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cause {
    ConsentLapses,
    ConsentIsRevoked,
    MouLapses,
}

impl Cause {
    const ALL: [Self; 3] = [Self::ConsentLapses, Self::ConsentIsRevoked, Self::MouLapses];

    fn suspended(self) -> &'static str {
        match self {
            Self::ConsentLapses | Self::ConsentIsRevoked => "SUSPENDED (CONSENT_NOT_IN_FORCE)",
            Self::MouLapses => "SUSPENDED (MOU_NOT_IN_FORCE)",
        }
    }

    async fn comes(self, world: &World, sender: &Agency, told: &Told) {
        let (consent, referral) = (world.sql_id(&told.consent), world.sql_id(&told.referral));
        match self {
            Self::ConsentLapses => world.ends_sharing(&format!(
                "UPDATE consent SET effective_at = 0, expires_at = 1 WHERE id = {consent};\
                 UPDATE referral SET consent_until = 1 WHERE id = {referral}"
            )),
            Self::ConsentIsRevoked => {
                sender.revokes_consent(told).await.data();
            }
            Self::MouLapses => world.ends_sharing(&format!(
                "UPDATE mou SET begins_at = 0, ends_at = 1;\
                 UPDATE referral SET mou_until = 1 WHERE id = {referral}"
            )),
        }
    }
}

/// A new consent of the same survivor's, in force.
async fn consents_anew(sender: &Agency, recipient: &Agency, told: &Told) -> String {
    let survivor = sender.survivor_of(&told.consent).await;
    let consent = sender.consents(&survivor, recipient, &[Identity]).await;
    let signed = sender.signs(&consent).await;
    assert_eq!(signed.data()["signConsent"]["status"], "ACTIVE");
    consent
}

fn brings_to(world: &World, told: &Told, status: &str) {
    let id = world.sql_id(&told.referral);
    let reason = if status == "ON_HOLD" {
        "'NO_CAPACITY'"
    } else {
        "NULL"
    };
    world.tampers(&format!(
        "UPDATE referral SET status = '{status}', status_reason = {reason} WHERE id = {id}"
    ));
}

on_both!(every_open_state_is_left_for_every_cause_and_returned_to);
async fn every_open_state_is_left_for_every_cause_and_returned_to(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    for cause in Cause::ALL {
        for status in OPEN {
            let what = format!("{cause:?} of {status}");
            let ada = north.refers(&what).to(&south).sharing([Identity]).await;
            brings_to(&world, &ada, status);
            let stood = south.sees(&ada).await;
            cause.comes(&world, &north, &ada).await;
            for reader in [&north, &south] {
                assert_eq!(reader.sees(&ada).await, cause.suspended(), "{what}");
            }
            assert!(!south.reads(&ada).await.contains(&what), "{what}");

            let (consent, package) = if cause == Cause::MouLapses {
                let none = north.continues(&ada, &ada.consent, Value::Null).await;
                assert_eq!(none.codes(), "MOU_REQUIRED", "{what}");
                north.agrees_with(&south).await;
                (ada.consent.clone(), Value::Null)
            } else {
                let none = north.continues(&ada, &ada.consent, Value::Null).await;
                assert_eq!(none.codes(), "INVALID_TRANSITION", "{what}");
                let package = json!({ "identity": { "givenName": what } });
                (consents_anew(&north, &south, &ada).await, package)
            };
            let continued = north.continues(&ada, &consent, package).await;
            continued.data();
            for reader in [&north, &south] {
                assert_eq!(reader.sees(&ada).await, stood, "{what}");
                assert!(reader.reads(&ada).await.contains(&what), "{what}");
            }
            let again = north.continues(&ada, &ada.consent, Value::Null).await;
            let is_same = consent == ada.consent;
            let code = if is_same { "" } else { "INVALID_TRANSITION" };
            assert_eq!(again.codes(), code, "{what}");
        }
    }
}

#[tokio::test]
async fn a_referral_continues_under_nothing_less_than_a_fitting_consent() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let west = world.agency("west").await;
    north.agrees_with(&west).await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let bea = north.refers("Bea").to(&south).sharing([Identity]).await;
    let elsewhere = north.refers("Cleo").to(&west).sharing([Identity]).await;
    let package = || json!({ "identity": { "givenName": "Ada" } });
    let early = north.continues(&ada, &ada.consent, Value::Null).await;
    assert_eq!(early.codes(), "INVALID_TRANSITION");
    north.revokes_consent(&ada).await.data();

    let fresh = consents_anew(&north, &south, &ada).await;
    for (caller, consent, package, code) in [
        (&south, &fresh, package(), "INVALID_TRANSITION"),
        (&west, &fresh, package(), "NOT_FOUND"),
        (&north, &bea.consent, package(), "BAD_USER_INPUT"),
        (&north, &elsewhere.consent, package(), "BAD_USER_INPUT"),
        (&north, &ada.consent, package(), "INVALID_TRANSITION"),
        (&north, &fresh, Value::Null, "BAD_USER_INPUT"),
        (
            &north,
            &fresh,
            json!({ "legal": { "notes": "more" } }),
            "BAD_USER_INPUT",
        ),
    ] {
        let refused = caller.continues(&ada, consent, package).await;
        assert_eq!(refused.codes(), code, "{}", refused.text);
        assert!(!world.has_key(&ada.referral), "nothing is kept");
        assert_eq!(south.sees(&ada).await, "SUSPENDED (CONSENT_NOT_IN_FORCE)");
    }
    north.continues(&ada, &fresh, package()).await.data();
    assert_eq!(
        south.reads(&ada).await.split("   ").next(),
        Some("identity: Ada")
    );
    // The old consent's revocation, repeated, ends nothing of what goes on under the new one.
    north.revokes_consent(&ada).await.data();
    assert!(south.reads(&ada).await.contains("Ada"));
}

on_both!(a_continuation_that_is_refused_leaves_the_package_and_one_that_is_not_replaces_it);
async fn a_continuation_that_is_refused_leaves_the_package_and_one_that_is_not_replaces_it(
    world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let late = north.refers("Late").to(&south).sharing([Identity]).await;
    let ada = north.refers("Ada").to(&south).sharing([Identity]).await;
    let keys = |told: &Told| {
        let id = world.sql_id(&told.referral);
        let keys = format!("SELECT version FROM package_key WHERE referral_id = {id}");
        world.tampers_with_keyring(&keys).trim().to_owned()
    };
    let id = world.sql_id(&late.referral);
    let month = 31_i64 * 86_400_000_000;
    world.tampers(&format!(
        "UPDATE referral SET expires_at = expires_at - {month} WHERE id = {id}"
    ));
    for told in [&late, &ada] {
        Cause::MouLapses.comes(&world, &north, told).await;
    }
    north.agrees_with(&south).await;

    let anew = || json!({ "identity": { "givenName": "Ada, told anew" } });
    let refused = north.continues(&late, &late.consent, anew()).await;
    assert_eq!(refused.codes(), "INVALID_TRANSITION");
    assert_eq!(keys(&late), "1");
    assert!(north.reads(&late).await.starts_with("identity: Late"));

    let continued = north.continues(&ada, &ada.consent, anew()).await;
    continued.data();
    assert_eq!(keys(&ada), "2", "the one before it is of no use");
    assert!(south.reads(&ada).await.contains("Ada, told anew"));
    assert!(world.verifies().0);
}

on_both!(what_was_not_answered_in_time_is_expired_and_tells_nothing_more);
async fn what_was_not_answered_in_time_is_expired_and_tells_nothing_more(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let late = north.refers("Late").to(&south).sharing([Identity]).await;
    let answered = north.refers("Ada").to(&south).sharing([Identity]).await;
    let accept = "mutation($id: ID!) { acceptReferral(id: $id) { status } }";
    let accepted = south.asks(accept, json!({ "id": answered.referral })).await;
    assert_eq!(accepted.data()["acceptReferral"]["status"], "ACCEPTED");
    assert!(south.reads(&late).await.contains("Late"));
    let month = 31_i64 * 86_400_000_000;
    world.tampers(&format!(
        "UPDATE referral SET expires_at = expires_at - {month}"
    ));

    assert_eq!(south.sees(&late).await, "EXPIRED (NOT_ANSWERED)");
    let read = south.reads(&late).await;
    assert!(
        read.starts_with("withheld: identity (REFERRAL_CLOSED)"),
        "{read}"
    );
    assert!(north.reads(&late).await.starts_with("identity: Late"));
    assert!(south.reads(&answered).await.contains("Ada"));
}
