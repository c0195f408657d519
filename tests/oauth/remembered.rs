//! What counts once is remembered for as long as any server would take it.

use std::time::Duration;

use concord::clock;
use concord::sweep::forget_old_rows;
use concord_entities::instant::Instant;
use serde_json::json;

use super::partner::{Partner, granting, proof, said};
use crate::jose::hand::{Hand, with};
use crate::world::{World, on_both};

on_both!(a_proof_from_the_future_is_remembered_until_it_is_dead);
async fn a_proof_from_the_future_is_remembered_until_it_is_dead(world: World) {
    let north = world.agency("north").await;
    let partner = Partner::with_secret(&world, &north, "referral.rs");
    let holder = Hand::p256();
    let made = clock::now().unix_seconds() + 25;
    let url = format!("{}/oauth/token", partner.issuer);
    let proof = proof(&holder, json!({ "htu": url, "iat": made }));
    let asks = async || {
        let request = partner.request("token", &granting(&[]));
        said(request.header("dpop", &proof)).await.refusal()
    };
    assert_eq!(asks().await, "200 -");

    // A minute after it says that it was made it is refused for its age. A server whose clock is half a minute behind
    // that of the database takes it until then by its own, so that the database forgets it no sooner.
    let after = |seconds: u64| Instant::from_unix_seconds(made).plus(Duration::from_secs(seconds));
    forget_old_rows(&world.service.store, after(89))
        .await
        .unwrap();
    assert_eq!(asks().await, "400 invalid_dpop_proof");
    forget_old_rows(&world.service.store, after(91))
        .await
        .unwrap();
    assert_eq!(world.tampers("SELECT count(*) FROM spent_proof"), "0");
}

on_both!(an_assertion_is_remembered_for_as_long_as_it_is_taken);
async fn an_assertion_is_remembered_for_as_long_as_it_is_taken(world: World) {
    let north = world.agency("north").await;
    let partner = Partner::with_key(&world, &north, "referral.rs", Hand::p256());
    let now = clock::now().unix_seconds();
    // By the application's clock, which is ahead of ours or behind it by less than half a minute.
    for (iat, exp) in [(now + 25, now + 320), (now - 200, now - 10)] {
        let claims = with(&json!({}), json!({ "iat": iat, "nbf": iat, "exp": exp }));
        let assertion = partner.asserts(claims);
        let asks = async || {
            let request = partner.asserting("token", &granting(&[]), &assertion);
            said(request).await.refusal()
        };
        assert_eq!(asks().await, "200 -");
        let dead = Instant::from_unix_seconds(exp).plus(Duration::from_secs(30));
        let store = &world.service.store;
        forget_old_rows(store, dead.plus(Duration::from_secs(29)))
            .await
            .unwrap();
        assert_eq!(asks().await, "401 invalid_client");
        forget_old_rows(store, dead.plus(Duration::from_secs(31)))
            .await
            .unwrap();
        assert_eq!(world.tampers("SELECT count(*) FROM spent_proof"), "0");
    }
}
