//! What is over at one server is over at every other on its very next request.

use serde_json::{Value, json};

use super::partner::{Partner, Said};
use crate::jose::hand::Hand;
use crate::world::documents::VIEWER;
use crate::world::{Agency, Database, Server, World};

const ROUNDS: usize = 20;
const SCOPE: &str = "agency.r referral.rs";

/// Two servers over one PostgreSQL, which let anybody fail as often as these tests do.
struct Replicas {
    servers: [Server; 2],
    world: World,
}

impl Replicas {
    async fn new() -> Self {
        let world = World::on(Database::Postgres).await;
        let variables = [("CONCORD_FAILED_PER_MINUTE", "10000")];
        let server = || Server::start_under(&world.flags(), &variables);
        let servers = [server(), server()];
        Self { servers, world }
    }

    /// The server where something is ended in this round, and the one that must know.
    fn in_turn(&self, round: usize) -> [&str; 2] {
        let [one, other] = [&self.servers[0].address, &self.servers[1].address];
        if round.is_multiple_of(2) {
            [one, other]
        } else {
            [other, one]
        }
    }
}

/// Both servers know the token, and remember that they do.
async fn is_good_everywhere(bearer: &Agency, servers: [&str; 2]) {
    for address in servers.into_iter().chain(servers) {
        let answer = bearer.at(address).asks(VIEWER, Value::Null).await;
        assert!(answer.data()["viewer"].is_object());
    }
}

/// The other server refuses it at once, and so does the one where it ended.
async fn is_over_everywhere(bearer: &Agency, [here, there]: [&str; 2], how: &str) {
    for address in [there, here] {
        let answer = bearer.at(address).asks(VIEWER, Value::Null).await;
        let refused = (answer.status, answer.codes());
        assert_eq!(refused, (401, "UNAUTHENTICATED".to_owned()), "{how}");
    }
}

/// A token of the program's own, and one that another server exchanged for it.
async fn pair(partner: &mut Partner, agency: &Agency, servers: [&str; 2]) -> [(Said, Agency); 2] {
    let [here, there] = servers.map(str::to_owned);
    partner.address = here;
    let root = partner.token(&[]).await;
    partner.address = there;
    let narrowing = [
        ("scope", "agency.r"),
        ("requested_subject", "case worker 7"),
    ];
    let child = partner.exchanges(&root.access_token(), &narrowing).await;
    let mut pair = Vec::new();
    for given in [root, child] {
        let bearer = agency.with(given.access_token());
        is_good_everywhere(&bearer, servers).await;
        pair.push((given, bearer));
    }
    let Ok(pair) = pair.try_into() else {
        panic!("a pair is two");
    };
    pair
}

#[tokio::test]
async fn a_token_that_its_program_gives_up() {
    let replicas = Replicas::new().await;
    let north = replicas.world.agency("north").await;
    let mut partner = Partner::with_key(&replicas.world, &north, SCOPE, Hand::p256());
    for round in 0..ROUNDS {
        let servers = replicas.in_turn(round);
        let [(root, of_root), (child, of_child)] = pair(&mut partner, &north, servers).await;
        partner.address = servers[0].to_owned();
        // By the token itself, and by its `jti`; the child first or along with its parent.
        let named = if round % 4 < 2 {
            root.jti()
        } else {
            root.access_token()
        };
        if round % 3 == 0 {
            assert_eq!(partner.revokes(&child.access_token()).await.text, "{}");
            is_over_everywhere(&of_child, servers, "the child").await;
            is_good_everywhere(&of_root, servers).await;
        }
        assert_eq!(partner.revokes(&named).await.text, "{}");
        is_over_everywhere(&of_child, servers, "with its parent").await;
        is_over_everywhere(&of_root, servers, "by its program").await;
        partner.address = servers[1].to_owned();
        for given in [&root, &child] {
            let worth = partner.introspects(&given.access_token()).await;
            assert_eq!(worth.text, r#"{"active":false}"#);
        }
    }
}

/// An exchange at one server beside the revocation at the other: whichever is first, nothing of it is left.
#[tokio::test]
async fn what_is_exchanged_while_its_parent_is_taken_back() {
    let replicas = Replicas::new().await;
    let north = replicas.world.agency("north").await;
    let mut taking = Partner::with_key(&replicas.world, &north, SCOPE, Hand::p256());
    let mut exchanging = Partner::with_key(&replicas.world, &north, SCOPE, Hand::ed25519());
    let mut given = 0;
    for round in 0..ROUNDS {
        let servers = replicas.in_turn(round);
        [taking.address, exchanging.address] = servers.map(str::to_owned);
        let root = taking.token(&[]).await.access_token();
        let (first, revoked, second) = tokio::join!(
            exchanging.exchanges(&root, &[]),
            taking.revokes(&root),
            exchanging.exchanges(&root, &[]),
        );
        assert_eq!(revoked.text, "{}");
        for child in [first, second] {
            if child.status == 200 {
                given += 1;
                let bearer = north.with(child.access_token());
                is_over_everywhere(&bearer, servers, "a child of the race").await;
            } else {
                assert_eq!(child.refusal(), "400 invalid_request");
            }
        }
        let late = exchanging.exchanges(&root, &[]).await;
        assert_eq!(late.refusal(), "400 invalid_request");
    }
    assert!(
        given > 0,
        "no exchange came before its revocation: nothing was raced"
    );
}

#[tokio::test]
async fn a_token_that_its_agency_takes_back() {
    let replicas = Replicas::new().await;
    let north = replicas.world.agency("north").await;
    let mut partner = Partner::with_key(&replicas.world, &north, SCOPE, Hand::ed25519());
    for round in 0..ROUNDS {
        let servers = replicas.in_turn(round);
        let [(root, of_root), (_, of_child)] = pair(&mut partner, &north, servers).await;
        let here = north.at(servers[0]);
        let revoked = here.revokes_token(&root.jti()).await;
        assert_eq!(revoked.data()["revokeToken"], true);
        is_over_everywhere(&of_child, servers, "with its parent").await;
        is_over_everywhere(&of_root, servers, "by its agency").await;
    }
}

#[tokio::test]
async fn the_tokens_of_a_suspended_program() {
    let replicas = Replicas::new().await;
    let north = replicas.world.agency("north").await;
    let suspend = "mutation($id: ID!) { suspendApplication(id: $id) { status } }";
    for round in 0..ROUNDS {
        let servers = replicas.in_turn(round);
        let mut partner = Partner::with_key(&replicas.world, &north, SCOPE, Hand::p256());
        let [(_, of_root), (_, of_child)] = pair(&mut partner, &north, servers).await;
        let here = north.at(servers[0]);
        let suspended = here.asks(suspend, json!({ "id": partner.id })).await;
        assert_eq!(
            suspended.data()["suspendApplication"]["status"],
            "SUSPENDED"
        );
        is_over_everywhere(&of_child, servers, "of a suspended program").await;
        is_over_everywhere(&of_root, servers, "of a suspended program").await;
        partner.address = servers[1].to_owned();
        assert_eq!(partner.token(&[]).await.refusal(), "401 invalid_client");
    }
}

#[tokio::test]
async fn the_tokens_of_a_suspended_agency() {
    let replicas = Replicas::new().await;
    let north = replicas.world.agency("north").await;
    let coordinator = replicas.world.coordinator();
    let mut partner = Partner::with_key(&replicas.world, &north, SCOPE, Hand::p256());
    for round in 0..ROUNDS {
        let servers = replicas.in_turn(round);
        let pair = pair(&mut partner, &north, servers).await;
        let here = coordinator.at(servers[0]);
        here.suspends(&north, "a review").await.data();
        for (_, bearer) in &pair {
            is_over_everywhere(bearer, servers, "of a suspended agency").await;
        }
        partner.address = servers[1].to_owned();
        assert_eq!(partner.token(&[]).await.refusal(), "401 invalid_client");
        // What is over stays so: the agency begins anew, under the next epoch.
        let there = coordinator.at(servers[1]);
        there.reinstates(&north).await.data();
        for (_, bearer) in &pair {
            is_over_everywhere(bearer, servers, "of an epoch that is over").await;
        }
    }
}
