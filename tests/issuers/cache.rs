//! Keys are fetched once for all who need them, seldom, and are not used for ever.

use std::time::Duration;

use concord::access::issuer::address::Reach;
use concord::access::issuer::cache::ExternalTokenError;
use concord::access::issuer::token::ExternalClaims;
use concord::access::issuer::{Issuers, register};
use concord::access::token::TokenError;
use concord::clock;
use concord::jose::key::SigningKey;
use concord_entities::ids::IssuerId;
use concord_entities::instant::Instant;
use concord_entities::trusted_issuer;
use serde_json::json;

use super::provider::{AUDIENCE, Answers, Provider, claims, header, signed};
use crate::world::{Database, World, on_both};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// A world whose coordinating agency brings a provider.
struct Story {
    world: World,
    provider: Provider,
    id: IssuerId,
    /// A moment after the registration.
    start: Instant,
}

impl Story {
    async fn on(database: Database) -> Self {
        let world = World::on(database).await;
        let provider = Provider::new();
        let fetcher = provider.fetcher(Reach::Private);
        let store = &world.service.store;
        let registration = provider.registration();
        let added = register::add(store, &fetcher, "ours", world.coordinator, registration).await;
        let (id, copy) = added.unwrap();
        assert_eq!(copy.keys.iter().count(), 1);
        assert_eq!(provider.requests(), 1);
        Self {
            world,
            provider,
            id,
            start: clock::now(),
        }
    }

    /// What a replica knows.
    fn replica(&self) -> Issuers {
        Issuers::new(self.provider.fetcher(Reach::Private))
    }

    async fn verifies(
        &self,
        replica: &Issuers,
        token: &str,
        now: Instant,
    ) -> Result<ExternalClaims, TokenError> {
        let store = &self.world.service.store;
        let proven = replica.verify(store, token, AUDIENCE, now).await;
        proven.map_err(|fault| match fault {
            ExternalTokenError::Fault(fault) | ExternalTokenError::Signed(fault) => fault,
            ExternalTokenError::Refused(refusal) => panic!("{refusal:?}"),
        })
    }

    /// Whether a good token is believed at this time.
    async fn believes(
        &self,
        replica: &Issuers,
        now: Instant,
    ) -> Result<ExternalClaims, TokenError> {
        self.verifies(replica, &self.provider.token(now), now).await
    }

    async fn row(&self) -> trusted_issuer::Model {
        let store = &self.world.service.store;
        let row = trusted_issuer::Entity::named(self.id).one(&store.read);
        row.await.unwrap().unwrap()
    }
}

on_both!(a_registration_brings_its_keys_to_every_replica: Story);
async fn a_registration_brings_its_keys_to_every_replica(story: Story) {
    for replica in [story.replica(), story.replica()] {
        let foreign = story.believes(&replica, story.start).await.unwrap();
        assert_eq!(foreign.issuer, story.id);
        assert_eq!(foreign.agency, story.world.coordinator);
        assert_eq!(foreign.scopes.to_string(), "referral.rs consent.r");
    }
    assert_eq!(story.provider.requests(), 1);
}

on_both!(twenty_who_come_at_once_make_one_fetch: Story);
async fn twenty_who_come_at_once_make_one_fetch(story: Story) {
    let now = story.start.plus(2 * HOUR);
    let good = json!({ "keys": [story.provider.key.public_jwk()] }).to_string();
    story
        .provider
        .answers(Answers::Body(200, good, Duration::from_millis(300)));
    let replica = story.replica();
    let all = (0..20).map(|_| story.believes(&replica, now));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(story.provider.requests(), 2);

    let row = story.row().await;
    assert_eq!((row.fetched_at, row.attempted_at), (Some(now), Some(now)));
    story
        .believes(&story.replica(), now.plus(MINUTE))
        .await
        .unwrap();
    assert_eq!(story.provider.requests(), 2);
}

on_both!(replicas_that_come_at_once_make_one_fetch: Story);
async fn replicas_that_come_at_once_make_one_fetch(story: Story) {
    let now = story.start.plus(2 * HOUR);
    let replicas: Vec<_> = (0..8).map(|_| story.replica()).collect();
    let all = replicas.iter().map(|replica| story.believes(replica, now));
    let all = futures_util::future::join_all(all).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(story.provider.requests(), 2);
}

on_both!(an_unknown_key_is_asked_for_once_a_minute: Story);
async fn an_unknown_key_is_asked_for_once_a_minute(story: Story) {
    let (replica, other) = (story.replica(), story.replica());
    let next = SigningKey::generate().unwrap();
    let by = |key: &SigningKey, now| signed(key, &header(key), &claims(now));
    story
        .provider
        .publishes(&[story.provider.key.public_jwk(), next.public_jwk()]);

    let early = story.start.plus(30 * SECOND);
    let fault = story.verifies(&replica, &by(&next, early), early).await;
    assert_eq!(fault.unwrap_err(), TokenError::UnknownKey);
    assert_eq!(story.provider.requests(), 1);

    let later = story.start.plus(61 * SECOND);
    story
        .verifies(&replica, &by(&next, later), later)
        .await
        .unwrap();
    assert_eq!(story.provider.requests(), 2);

    // What one replica fetched, the other one has.
    let then = later.plus(5 * SECOND);
    story
        .verifies(&other, &by(&next, then), then)
        .await
        .unwrap();

    for seconds in 6..59 {
        let now = later.plus(seconds * SECOND);
        let made_up = by(&SigningKey::generate().unwrap(), now);
        for replica in [&replica, &other] {
            let fault = story.verifies(replica, &made_up, now).await.unwrap_err();
            assert_eq!(fault, TokenError::UnknownKey);
        }
    }
    assert_eq!(story.provider.requests(), 2);

    let now = later.plus(61 * SECOND);
    let made_up = by(&SigningKey::generate().unwrap(), now);
    for replica in [&replica, &other] {
        let fault = story.verifies(replica, &made_up, now).await.unwrap_err();
        assert_eq!(fault, TokenError::UnknownKey);
    }
    assert_eq!(story.provider.requests(), 3);
}

on_both!(a_copy_serves_for_a_day_where_there_is_no_newer_one: Story);
async fn a_copy_serves_for_a_day_where_there_is_no_newer_one(story: Story) {
    let running = story.replica();
    let fetched = story.row().await.fetched_at.unwrap();
    let broken = Answers::Body(500, "broken".to_owned(), Duration::ZERO);
    story.provider.answers(broken);

    let at = |span: Duration| fetched.plus(span);
    for span in [2 * HOUR, 12 * HOUR, 23 * HOUR + 59 * MINUTE + 59 * SECOND] {
        for replica in [&running, &story.replica()] {
            story.believes(replica, at(span)).await.unwrap();
        }
    }
    assert_eq!(
        story.provider.requests(),
        1 + 3,
        "one failed attempt each time"
    );

    for span in [24 * HOUR, 24 * HOUR + MINUTE, 48 * HOUR] {
        for replica in [&running, &story.replica()] {
            let fault = story.believes(replica, at(span)).await.unwrap_err();
            assert_eq!(fault, TokenError::UnknownKey, "{span:?}");
        }
    }

    story.provider.publishes(&[story.provider.key.public_jwk()]);
    for replica in [&running, &story.replica()] {
        story.believes(replica, at(49 * HOUR)).await.unwrap();
    }
}

#[tokio::test]
async fn a_broken_provider_is_left_alone_for_a_minute() {
    let story = Story::on(Database::Sqlite).await;
    let replica = story.replica();
    story.provider.answers(Answers::HangsUp);
    let now = story.start.plus(2 * HOUR);
    for seconds in 0..50 {
        story
            .believes(&replica, now.plus(seconds * SECOND))
            .await
            .unwrap();
    }
    assert_eq!(story.provider.requests(), 2);
}

#[tokio::test]
async fn a_key_that_was_taken_away_proves_nothing_after_the_next_fetch() {
    let story = Story::on(Database::Sqlite).await;
    let replica = story.replica();
    story.believes(&replica, story.start).await.unwrap();
    let next = SigningKey::generate().unwrap();
    story.provider.publishes(&[next.public_jwk()]);
    let now = story.start.plus(HOUR + MINUTE);
    let fault = story.believes(&replica, now).await.unwrap_err();
    assert_eq!(fault, TokenError::UnknownKey);
}

#[tokio::test]
async fn whoever_hangs_up_does_not_spoil_the_fetch() {
    let story = Story::on(Database::Sqlite).await;
    let replica = story.replica();
    let now = story.start.plus(25 * HOUR);
    let good = json!({ "keys": [story.provider.key.public_jwk()] }).to_string();
    story
        .provider
        .answers(Answers::Body(200, good, Duration::from_millis(700)));
    let impatient = tokio::time::timeout(Duration::from_millis(200), story.believes(&replica, now));
    assert!(impatient.await.is_err());
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while story.row().await.fetched_at != Some(now) {
        assert!(std::time::Instant::now() < deadline, "nobody finished it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    story
        .believes(&replica, now.plus(2 * SECOND))
        .await
        .unwrap();
    assert_eq!(story.provider.requests(), 2);
}

on_both!(who_is_not_trusted_is_nobody: Story);
async fn who_is_not_trusted_is_nobody(story: Story) {
    let replica = story.replica();
    let now = story.start;
    for issuer in [
        "https://login.north.example/realms/north/",
        "https://login.north.example/realms/NORTH",
        "https://elsewhere.example",
        "",
        &"x".repeat(4_000),
    ] {
        let mut claims = claims(now);
        claims["iss"] = json!(issuer);
        let token = signed(&story.provider.key, &header(&story.provider.key), &claims);
        let fault = story.verifies(&replica, &token, now).await.unwrap_err();
        assert_eq!(fault, TokenError::WrongIssuer, "{issuer}");
    }
    let fault = story.verifies(&replica, "no token", now).await.unwrap_err();
    assert_eq!(fault, TokenError::Malformed);
    assert_eq!(story.provider.requests(), 1);

    let epoch = || {
        story
            .world
            .tampers("SELECT epoch FROM sharing_epoch")
            .parse::<i64>()
    };
    let before = epoch().unwrap();
    register::suspend(&story.world.service.store, story.id)
        .await
        .unwrap();
    assert_eq!(
        epoch().unwrap(),
        before + 1,
        "decisions under way are not made again"
    );
    let fault = story.believes(&story.replica(), now).await.unwrap_err();
    assert_eq!(fault, TokenError::WrongIssuer);
}

#[tokio::test]
async fn a_row_that_cannot_be_understood_is_nobody() {
    let story = Story::on(Database::Sqlite).await;
    for spoilt in [
        "scope = 'everything.crud'",
        "token_type = 'id+jwt'",
        "algorithms = '[\"none\"]'",
    ] {
        let story = &story;
        story
            .world
            .tampers(&format!("UPDATE trusted_issuer SET {spoilt}"));
        let fault = story
            .believes(&story.replica(), story.start)
            .await
            .unwrap_err();
        assert_eq!(fault, TokenError::WrongIssuer, "{spoilt}");
    }
}
