//! Whose turn it is: of one agency one at a time, with a pause, and nobody else waits for it.

use std::time::{Duration, Instant};

use concord::audit::turnstile::{PAUSE, Turnstile};
use concord_entities::ids::AgencyId;
use futures_util::FutureExt;

use crate::world::{Database, World};

#[tokio::test]
async fn an_agency_waits_for_itself_alone_and_is_forgotten() {
    let turnstile = Turnstile::default();
    let (one, other) = (AgencyId::new(), AgencyId::new());
    let first = turnstile.turn(one).await;
    let mut second = Box::pin(turnstile.turn(one));
    assert!((&mut second).now_or_never().is_none(), "two at a time");
    let theirs = turnstile.turn(other).await;
    assert_eq!(turnstile.agencies(), 2);
    drop(first);
    // It never came to the lock: nothing to pause for.
    let second = second.await;
    drop(second);
    drop(theirs);
    assert_eq!(turnstile.agencies(), 0);

    // One that gives up waiting leaves its place to the next.
    let held = turnstile.turn(one).await;
    let mut given_up = Box::pin(turnstile.turn(one));
    assert!((&mut given_up).now_or_never().is_none());
    let mut next = Box::pin(turnstile.turn(one));
    assert!((&mut next).now_or_never().is_none());
    drop(given_up);
    drop(held);
    drop(next.await);
    for _ in 0..10_000 {
        drop(turnstile.turn(AgencyId::new()).await);
    }
    assert_eq!(turnstile.agencies(), 0, "memory grows");
}

#[tokio::test]
async fn an_agency_pauses_after_it_held_the_lock() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let tokens = 4;
    let begun = Instant::now();
    for _ in 0..tokens {
        let claims = world.claims(north.id, "audit.r");
        concord::access::issued::record(&world.service.store, &claims)
            .await
            .unwrap();
        north.revokes_token(&claims.id).await.data();
    }
    let least: Duration = PAUSE * (tokens - 1);
    assert!(begun.elapsed() >= least, "{:?}", begun.elapsed());
}
