//! A reply to COMMIT that is lost is resolved, never guessed: no answer contradicts what then stands.

use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use tokio::time::{Instant, sleep};

use crate::world::agency::Told;
use crate::world::proxy::{Proxy, Trouble};
use crate::world::{Agency, Answer, Database, Server, World};

const ACCEPTING: &str = "UPDATE \"referral\"";
const REVOKING: &str = "UPDATE \"consent\"";

/// A world whose server reaches PostgreSQL by way of a proxy, and a referral that was sent.
struct Proxied {
    world: World,
    proxy: Proxy,
    _server: Server,
    north: Agency,
    south: Agency,
}

impl Proxied {
    async fn start() -> Self {
        let world = World::on(Database::Postgres).await;
        let (north, south) = world.agencies("north", "south").await;
        let proxy = Proxy::before(world.url());
        let server = world.server_behind(&proxy);
        Self {
            north: north.at(&server.address),
            south: south.at(&server.address),
            world,
            proxy,
            _server: server,
        }
    }

    async fn referral(&self, person: &str) -> Told {
        let sending = self.north.refers(person).to(&self.south);
        sending.sharing([Identity]).await
    }

    fn status(&self, told: &Told) -> String {
        let id = self.world.sql_id(&told.referral);
        self.world
            .tampers(&format!("SELECT status FROM referral WHERE id = {id}"))
    }

    async fn accepts(&self, person: &str, trouble: Trouble) -> (Answer, String) {
        let told = self.referral(person).await;
        let met = self.proxy.troubles_met();
        self.proxy.next_commit_after(ACCEPTING, trouble);
        let answer = self.south.does("acceptReferral", &told).await;
        assert_eq!(self.proxy.troubles_met(), met + 1, "{}", answer.text);
        (answer, self.status(&told))
    }
}

#[tokio::test]
async fn a_change_whose_reply_was_lost_is_done() {
    let proxied = Proxied::start().await;
    for person in ["Ada", "Bea", "Cleo", "Dora", "Eve"] {
        let (answer, status) = proxied.accepts(person, Trouble::ReplyLost).await;
        answer.data();
        assert_eq!(status, "ACCEPTED");
    }
}

#[tokio::test]
async fn a_change_that_commits_while_it_is_looked_up_is_done() {
    let proxied = Proxied::start().await;
    for (person, millis) in [("Ada", 0), ("Bea", 20), ("Cleo", 150), ("Dora", 600)] {
        let held = Trouble::HeldBack(Duration::from_millis(millis));
        let (answer, status) = proxied.accepts(person, held).await;
        answer.data();
        assert_eq!(status, "ACCEPTED");
    }
}

#[tokio::test]
async fn a_change_that_was_never_committed_is_refused() {
    let proxied = Proxied::start().await;
    let (answer, status) = proxied.accepts("Ada", Trouble::NeverSent).await;
    assert_eq!(answer.codes(), "UNAVAILABLE", "{}", answer.text);
    assert_eq!(status, "REQUESTED");
    // The database ends a transaction that nothing is heard of, and the COMMIT finds none.
    let too_late = Trouble::HeldBack(Duration::from_secs(4));
    let (answer, status) = proxied.accepts("Bea", too_late).await;
    assert_eq!(answer.codes(), "UNAVAILABLE", "{}", answer.text);
    assert_eq!(status, "REQUESTED");
}

#[tokio::test]
async fn what_cannot_be_learned_is_called_unknown() {
    let proxied = Proxied::start().await;
    let told = proxied.referral("Ada").await;
    proxied.proxy.refuses_connections(true);
    proxied
        .proxy
        .next_commit_after(ACCEPTING, Trouble::ReplyLost);
    let answer = proxied.south.does("acceptReferral", &told).await;
    assert_eq!(answer.codes(), "OUTCOME_UNKNOWN", "{}", answer.text);
    assert_eq!(proxied.status(&told), "ACCEPTED");

    proxied.proxy.refuses_connections(false);
    let deadline = Instant::now() + Duration::from_secs(10);
    let again = loop {
        let again = proxied.south.does("acceptReferral", &told).await;
        if again.codes() != "UNAVAILABLE" {
            break again;
        }
        assert!(Instant::now() < deadline, "it does not recover");
        sleep(Duration::from_millis(50)).await;
    };
    // Whoever asks again is told that it was done.
    assert_eq!(again.data()["acceptReferral"]["status"], "ACCEPTED");
}

#[tokio::test]
async fn a_revocation_whose_reply_was_lost_destroys_its_keys() {
    let proxied = Proxied::start().await;
    let told = proxied.referral("Ada").await;
    assert!(proxied.world.has_key(&told.referral));
    proxied
        .proxy
        .next_commit_after(REVOKING, Trouble::ReplyLost);
    proxied.north.revokes_consent(&told).await.data();
    assert_eq!(proxied.proxy.troubles_met(), 1);
    assert!(!proxied.world.has_key(&told.referral));
}
