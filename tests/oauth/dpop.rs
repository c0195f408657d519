//! A token that is bound to a key is good in the hand of whoever holds it, and in no other (RFC 9449).

use concord::clock;
use serde_json::{Value, json};

use super::authenticator::{Gate, Row, is_on_record};
use super::partner::{Partner, claimed, exchanging, granting, proof, said, signature_of};
use crate::jose::hand::{Hand, with};
use crate::world::documents::VIEWER;
use crate::world::{Database, World};

const SCOPE: &str = "agency.r referral.rs";

/// Asks a server with a token and a proof under the `DPoP` scheme; the status.
async fn brings(partner: &Partner, address: &str, token: &str, proof: &str) -> u16 {
    let request = partner
        .http
        .post(format!("http://{address}/graphql"))
        .header("authorization", format!("DPoP {token}"))
        .header("dpop", proof)
        .header("accept", "application/graphql-response+json")
        .json(&json!({ "query": VIEWER }));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(status == 200, body["errors"].is_null(), "{body}");
    status
}

#[tokio::test]
async fn a_bound_token_needs_a_fresh_proof_each_time() {
    let gate = Gate::new(Database::Sqlite).await;
    let partner = Partner::with_key(&gate.world, &gate.north, SCOPE, Hand::p256());
    for holder in [Hand::p256(), Hand::ed25519()] {
        let given = partner.bound(&holder).await;
        assert_eq!(given.body["token_type"], "DPoP", "{}", given.text);
        let token = given.access_token();
        let thumbprint = claimed(&token)["cnf"]["jkt"].clone();
        let worth = partner.introspects(&token).await;
        assert_eq!(worth.body["active"], true, "{}", worth.text);
        assert_eq!(worth.body["token_type"], "DPoP");
        assert_eq!(worth.body["cnf"], json!({ "jkt": thumbprint }));

        let address = &partner.address;
        let first = proof(&holder, partner.proof_for(&token));
        assert_eq!(brings(&partner, address, &token, &first).await, 200);
        assert_eq!(brings(&partner, address, &token, &first).await, 401);
        let second = proof(&holder, partner.proof_for(&token));
        assert_eq!(brings(&partner, address, &token, &second).await, 200);

        // What it is exchanged for is bound to the same key, or is not given.
        let form = exchanging(&token, &[("scope", "agency.r")]);
        let request = partner.request("token", &form);
        let narrower = said(request.header("dpop", partner.proves_at_token(&holder))).await;
        assert_eq!(narrower.body["token_type"], "DPoP", "{}", narrower.text);
        let narrower = narrower.access_token();
        assert_eq!(claimed(&narrower)["cnf"]["jkt"], thumbprint);
        let third = proof(&holder, partner.proof_for(&narrower));
        assert_eq!(brings(&partner, address, &token, &third).await, 401);
        let fourth = proof(&holder, partner.proof_for(&narrower));
        assert_eq!(brings(&partner, address, &narrower, &fourth).await, 200);
    }
}

#[tokio::test]
async fn a_bad_proof_is_answered_alike_and_recorded() {
    let gate = Gate::new(Database::Sqlite).await;
    let partner = Partner::with_key(&gate.world, &gate.north, SCOPE, Hand::p256());
    let (holder, other) = (Hand::p256(), Hand::ed25519());
    let bound = partner.bound(&holder).await.access_token();
    let free = partner.token(&[]).await.access_token();
    let now = clock::now().unix_seconds();
    let changed = |changes| proof(&holder, with(&partner.proof_for(&bound), changes));
    let good = || changed(json!({}));
    let used = good();
    assert_eq!(brings(&partner, &partner.address, &bound, &used).await, 200);

    let row = |name: &str, scheme: &str, token: &str, proofs: &[String], reason| {
        let mut headers = vec![("authorization", format!("{scheme} {token}").into_bytes())];
        headers.extend(
            proofs
                .iter()
                .map(|proof| ("dpop", proof.clone().into_bytes())),
        );
        let name = name.to_owned();
        Row {
            name,
            headers,
            reason,
        }
    };
    let with_proof = |name, proof: String, reason| row(name, "DPoP", &bound, &[proof], reason);
    let another = proof(&other, partner.proof_for(&bound));
    let of_free = proof(&holder, partner.proof_for(&free));
    let rows = [
        row("bound, as Bearer", "Bearer", &bound, &[], "proof_missing"),
        row(
            "bound, as Bearer with its proof",
            "Bearer",
            &bound,
            &[good()],
            "proof_missing",
        ),
        row(
            "free, as DPoP",
            "DPoP",
            &free,
            std::slice::from_ref(&of_free),
            "token_not_bound",
        ),
        row(
            "free, as DPoP without a proof",
            "DPoP",
            &free,
            &[],
            "token_not_bound",
        ),
        row("without a proof", "DPoP", &bound, &[], "proof_missing"),
        row(
            "with two",
            "DPoP",
            &bound,
            &[good(), good()],
            "proof_repeated",
        ),
        with_proof("with one that was used", used, "proof_replayed"),
        with_proof("with another key's", another, "proof_of_another_key"),
        with_proof(
            "for another method",
            changed(json!({ "htm": "GET" })),
            "wrong_method",
        ),
        with_proof(
            "for another URL",
            changed(json!({ "htu": format!("{}/oauth/token", partner.issuer) })),
            "wrong_url",
        ),
        with_proof(
            "for where the server listens",
            changed(json!({ "htu": format!("http://{}/graphql", partner.address) })),
            "wrong_url",
        ),
        with_proof(
            "for no token",
            changed(json!({ "ath": null })),
            "missing_claim",
        ),
        with_proof("for another token", of_free, "wrong_token"),
        with_proof(
            "that is old",
            changed(json!({ "iat": now - 61 })),
            "expired",
        ),
        with_proof(
            "from the future",
            changed(json!({ "iat": now + 120 })),
            "issued_in_future",
        ),
        with_proof("that is none", "proof".to_owned(), "malformed"),
        with_proof(
            "that is an assertion",
            partner.asserts(json!({})),
            "wrong_type",
        ),
    ];
    let expected = gate.challenges("invalid_token", "invalid_dpop_proof");
    let mut asked = Vec::new();
    for row in rows {
        let (refusal, id) = gate.turns_away(&row).await;
        assert_eq!(refusal.status, 401, "{}", row.name);
        let error = &refusal.body["errors"][0];
        assert_eq!(error["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(refusal.challenges, expected, "{}", row.name);
        asked.push((row, id));
    }
    is_on_record(&gate, &asked);
    let leaves = gate.world.tampers("SELECT leaf FROM audit_event");
    assert!(!leaves.contains(signature_of(&bound)));
}

#[tokio::test]
async fn a_proof_that_one_server_took_no_other_takes() {
    let world = World::on(Database::Postgres).await;
    let other = world.another_server();
    let north = world.agency("north").await;
    let mut partner = Partner::dpop_bound(&world, &north, SCOPE);
    let holder = Hand::ed25519();
    let token = partner.bound(&holder).await.access_token();
    let addresses = [&world.server.address, &other.address];
    for round in 0..6 {
        let [first, second] = [addresses[round % 2], addresses[(round + 1) % 2]];
        let proof = proof(&holder, partner.proof_for(&token));
        assert_eq!(brings(&partner, first, &token, &proof).await, 200);
        assert_eq!(brings(&partner, second, &token, &proof).await, 401);
    }
    // Nor at the token endpoint.
    let (form, proof) = (granting(&[]), partner.proves_at_token(&holder));
    let mut said = Vec::new();
    for address in addresses {
        partner.address.clone_from(address);
        let request = partner.request("token", &form).header("dpop", &proof);
        said.push(super::partner::said(request).await.refusal());
    }
    assert_eq!(said, ["200 -", "400 invalid_dpop_proof"]);
    // Nor an assertion.
    let assertion = partner.asserts(json!({}));
    let mut said = Vec::new();
    for address in addresses {
        partner.address.clone_from(address);
        let request = partner.asserting("introspect", &[("token", &token)], &assertion);
        said.push(super::partner::said(request).await.refusal());
    }
    assert_eq!(said, ["200 -", "401 invalid_client"]);
}
