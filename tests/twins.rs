//! Where SQL must say what a rule says, both are asked about the same generated rows, on both databases, and agree.

mod audit_events;
mod bound;
mod consents;
mod mailbox;
mod memberships;
mod mous;
mod referrals;

use std::ops::RangeInclusive;

use concord_entities::instant::Instant;
use concord_entities::vocabulary::DataCategory;
use concord_entities::{consent, referral};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::world::{Agency, World};

/// The first of the moments on which everything here turns: later than any at which a server settles.
const START: Instant = Instant(4_000_000_000_000_000);

/// How many rows are generated.
const ROWS: usize = 600;

/// The moment so many seconds after the start.
fn second(number: i64) -> Instant {
    Instant(START.0 + number * 1_000_000)
}

/// A second, or the microsecond on either side of it.
fn moment() -> impl Strategy<Value = Instant> {
    (SECONDS, -1..=1_i64).prop_map(|(number, aside)| Instant(second(number).0 + aside))
}

const SECONDS: RangeInclusive<i64> = 1..=3;

/// Every moment that [`moment`] draws.
fn every_moment() -> impl Iterator<Item = Instant> {
    SECONDS.flat_map(|number| (-1..=1).map(move |aside| Instant(second(number).0 + aside)))
}

/// So many values, each drawn anew.
fn drawn<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::default();
    let mut draw = || strategy.new_tree(&mut runner).unwrap().current();
    (0..ROWS).map(|_| draw()).collect()
}

/// A world with an agency that sent one referral, the referral and its consent: the rows that others are made after.
struct Pattern {
    world: World,
    sender: Agency,
    referral: referral::Model,
    consent: consent::Model,
}

impl Pattern {
    async fn on(database: crate::world::Database) -> Self {
        let world = World::on(database).await;
        let (sender, recipient) = world.agencies("north", "south").await;
        let told = sender.refers("Ada").to(&recipient);
        told.sharing([DataCategory::Needs]).await;
        let store = &world.service.store.read;
        let referral = referral::Entity::outbox(sender.id).one(store).await;
        let consent = consent::Entity::given_to(sender.id).one(store).await;
        Self {
            referral: referral.unwrap().unwrap(),
            consent: consent.unwrap().unwrap(),
            sender,
            world,
        }
    }
}
