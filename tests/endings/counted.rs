//! What a program could end for ever is counted for its agency; a survivor's word and a suspension never are.

use concord_entities::vocabulary::DataCategory::Identity;
use serde_json::{Value, json};

use crate::jose::hand::Hand;
use crate::oauth::partner::Partner;
use crate::world::{Agency, Database, EVERYTHING, Server, World, on_both};

/// A server that lets an agency end three at once, and then one a second.
fn strict(world: &World) -> Server {
    Server::start_under(&world.flags(), &[("CONCORD_ENDINGS_BURST", "3")])
}

/// The answer to a revocation, with its `Retry-After`.
async fn revokes(agency: &Agency, server: &Server, jti: &str) -> (Value, Option<u64>) {
    let document = "mutation($id: ID!) { revokeToken(tokenId: $id) }";
    let answer = reqwest::Client::new()
        .post(format!("http://{}/graphql", server.address))
        .bearer_auth(&agency.token)
        .json(&json!({ "query": document, "variables": { "id": jti } }))
        .send()
        .await
        .unwrap();
    let header = answer.headers().get("retry-after");
    let wait = header.map(|seconds| seconds.to_str().unwrap().parse().unwrap());
    (answer.json().await.unwrap(), wait)
}

async fn recorded(world: &World, agency: &Agency) -> String {
    let claims = world.claims(agency.id, EVERYTHING);
    concord::access::issued::record(&world.service.store, &claims)
        .await
        .unwrap();
    claims.id
}

on_both!(an_agency_that_ends_tokens_without_end_is_told_to_wait_and_no_other);
async fn an_agency_that_ends_tokens_without_end_is_told_to_wait_and_no_other(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let other = north.refers("Bea").to(&south).sharing([Identity]).await;
    let mut partner = Partner::with_key(&world, &north, EVERYTHING, Hand::p256());
    let server = strict(&world);
    partner.address.clone_from(&server.address);
    let mut jtis = Vec::new();
    for _ in 0..12 {
        jtis.push(recorded(&world, &north).await);
    }
    // What ends nothing is not counted, however often.
    for _ in 0..12 {
        let (answer, wait) = revokes(&north, &server, "nobody's").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
        assert_eq!(wait, None);
    }
    let all = jtis.iter().map(|jti| revokes(&north, &server, jti));
    let all = futures_util::future::join_all(all).await;
    let (mut ended, mut refused) = (Vec::new(), Vec::new());
    for (jti, (answer, wait)) in jtis.iter().zip(all) {
        if answer["data"]["revokeToken"] == true {
            assert_eq!(wait, None);
            ended.push(jti);
        } else {
            let error = &answer["errors"][0]["extensions"];
            assert_eq!(error["code"], "RATE_LIMITED", "{answer}");
            assert_eq!(error["retryAfter"], json!(wait.unwrap()));
            refused.push(jti);
        }
    }
    assert!(ended.len() >= 3 && !refused.is_empty(), "{}", ended.len());
    let denied = "SELECT count(*) FROM token_state WHERE denied_at IS NOT NULL";
    assert_eq!(world.tampers(denied), ended.len().to_string());
    // Again, the dead ones are answered: they end nothing.
    for jti in ended {
        let (answer, _) = revokes(&north, &server, jti).await;
        assert_eq!(answer["data"]["revokeToken"], true);
    }
    // Another agency has its own allowance, and consents are taken back without any.
    let theirs = recorded(&world, &south).await;
    let (answer, _) = revokes(&south, &server, &theirs).await;
    assert_eq!(answer["data"]["revokeToken"], true);
    let there = north.at(&server.address);
    for consent in [&told.consent, &other.consent] {
        there.revokes(consent).await.data();
    }
    // The authorization server counts with it.
    let mut said = Vec::new();
    for _ in 0..8 {
        said.push(partner.token(&[]).await.access_token());
    }
    let said = said.iter().map(|token| partner.revokes(token));
    let said = futures_util::future::join_all(said).await;
    let slow: Vec<_> = said.iter().filter(|one| one.status == 429).collect();
    assert!(!slow.is_empty());
    for one in slow {
        assert!(one.headers.contains_key("retry-after"), "{}", one.text);
    }
}

#[tokio::test]
async fn an_agency_is_suspended_whatever_was_counted() {
    let world = World::on(Database::Sqlite).await;
    let west = world.agency("west").await;
    let server = Server::start_under(&world.flags(), &[("CONCORD_ENDINGS_BURST", "1")]);
    let coordinator = world.coordinator().at(&server.address);
    let mut counted = false;
    for _ in 0..20 {
        coordinator.suspends(&west, "a review").await.data();
        let back = coordinator.reinstates(&west).await;
        if back.codes() == "RATE_LIMITED" {
            counted = true;
            break;
        }
        back.data();
    }
    assert!(counted, "twenty in twenty seconds");
    world.ends_sharing(
        "UPDATE agency SET status = 'ACTIVE'; UPDATE membership SET suspended_at = NULL",
    );
    coordinator.suspends(&west, "a review").await.data();
}

on_both!(all_servers_count_endings_together);
async fn all_servers_count_endings_together(world: World) {
    let north = world.agency("north").await;
    // They fill up so slowly that none comes back meanwhile.
    let allowed = [("CONCORD_ENDINGS_BURST", "4")];
    let one = Server::start_under(&world.flags(), &allowed);
    let other = Server::start_under(&world.flags(), &allowed);
    let mut jtis = Vec::new();
    for _ in 0..12 {
        jtis.push(recorded(&world, &north).await);
    }
    let began = std::time::Instant::now();
    let asked = jtis.iter().enumerate().map(|(place, jti)| {
        let server = if place % 2 == 0 { &one } else { &other };
        revokes(&north, server, jti)
    });
    let answers = futures_util::future::join_all(asked).await;
    let ended = answers
        .iter()
        .filter(|(answer, _)| answer["data"]["revokeToken"] == true)
        .count();
    // One a second comes back while they are asked.
    let back = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!((4..=4 + back).contains(&ended), "{ended} after {back} s");
}
