//! Pollers beside writers: what commits late is told after what was told before it, and of many changes none is lost and
//! none is told twice.

#![expect(clippy::print_stdout, reason = "a measurement tells what it found")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use concord::audit::change::{ByAgency, Change};
use concord::audit::event::{Event, ReferralEvent};
use concord::store::Store;
use concord_entities::ids::{AgencyId, ReferralId};
use concord_entities::referral;
use concord_entities::vocabulary::DataCategory::Needs;
use futures_util::future::join_all;
use sea_orm::{EntityTrait, IntoActiveModel};

use super::{all_have_their_places, events, newest, page, settled};
use crate::world::{Agency, Database, EVERYTHING, Server, World, on_both};

/// Opens a change of this agency's.
async fn opened(store: &Store, agency: AgencyId) -> Change<'_> {
    let by = ByAgency {
        agency,
        subject: "somebody".to_owned(),
        client: "test".to_owned(),
        token: None,
        program: None,
    };
    Change::at_command_line(store, by).await.unwrap()
}

/// On SQLite, whoever changes something keeps the others from it: nothing commits late.
#[tokio::test]
async fn what_commits_late_is_told_after_what_was_told_before_it() {
    let world = World::on(Database::Postgres).await;
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.refers("Ada").to(&south).sharing([Needs]).await;
    let bea = north.refers("Bea").to(&south).sharing([Needs]).await;
    all_have_their_places(&world).await;
    let at = newest(&north).await;
    let id = ada.referral.parse().unwrap();
    let late = opened(&world.service.store, south.id).await;
    south.does("acceptReferral", &bea).await.data();
    let first = settled(&world, &north, &at).await;
    assert_eq!(first.records(), [&bea.referral]);
    let event = Event::ReferralRejected(ReferralEvent::of(id, north.id));
    late.commit(event).await.unwrap();
    let second = settled(&world, &north, &first.end).await;
    assert_eq!(second.records(), [&ada.referral]);
    assert!(second.times < first.times, "{second:?} and {first:?}");
}

/// Many referrals like one.
async fn many(world: &World, sender: &Agency, recipient: &Agency, count: usize) -> Vec<ReferralId> {
    sender.refers("Ada").to(recipient).sharing([Needs]).await;
    let store = &world.service.store;
    let like = referral::Entity::outbox(sender.id).one(&store.read).await;
    let like = like.unwrap().unwrap();
    let mut made = Vec::new();
    for some in vec![(); count].chunks(500) {
        let rows: Vec<_> = some
            .iter()
            .map(|()| referral::Model {
                id: ReferralId::new(),
                ..like.clone()
            })
            .collect();
        made.extend(rows.iter().map(|row| row.id));
        referral::Entity::insert_many(rows.into_iter().map(IntoActiveModel::into_active_model))
            .exec_without_returning(&store.write)
            .await
            .unwrap();
    }
    made
}

/// Writers record that each of many referrals changed once, some of them late, while both parties poll.
async fn nothing_is_lost_or_doubled(world: World, count: usize) {
    const WRITERS: usize = 4;
    let (north, south) = world.agencies("north", "south").await;
    let referrals = many(&world, &north, &south, count).await;
    all_have_their_places(&world).await;
    let from = [
        (&north, newest(&north).await),
        (&south, newest(&south).await),
    ];
    let start = Instant::now();
    let store = &world.service.store;
    let writing = referrals.chunks(count.div_ceil(WRITERS)).map(|own| async {
        for (number, some) in own.chunks(17).enumerate() {
            let change = opened(store, south.id).await;
            if number % 5 == 0 && world.database == Database::Postgres {
                tokio::time::sleep(Duration::from_millis(120)).await;
            }
            let told = |id: &ReferralId| Event::ReferralAccepted(ReferralEvent::of(*id, north.id));
            change
                .commit_all(some.iter().map(told).collect())
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let polling = from.into_iter().map(|(reader, mut at)| async move {
        let mut told: BTreeMap<String, u32> = BTreeMap::new();
        let mut pages = 0;
        while told.len() < count && start.elapsed() < Duration::from_mins(10) {
            let page = page(reader, Some(&at), 100).await;
            for (_, _, record) in page.named {
                *told.entry(record).or_default() += 1;
            }
            at = page.end;
            pages += 1;
            if !page.more {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        (told, at, pages)
    });
    let (_, polled) = tokio::join!(join_all(writing), join_all(polling));
    all_have_their_places(&world).await;
    for ((told, at, pages), reader) in polled.into_iter().zip([&north, &south]) {
        let rest = page(reader, Some(&at), 100).await;
        assert!(rest.named.is_empty(), "{rest:?}");
        assert!(told.values().all(|times| *times == 1), "one was doubled");
        let expected: Vec<_> = referrals.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), count, "some were lost");
        assert!(expected.iter().all(|id| told.contains_key(id)));
        println!("{count} changes in {pages} pages, {:?}", start.elapsed());
    }
}

on_both!(a_poller_loses_and_doubles_nothing_beside_its_writers);
async fn a_poller_loses_and_doubles_nothing_beside_its_writers(world: World) {
    nothing_is_lost_or_doubled(world, 2_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_poller_loses_and_doubles_nothing_of_a_hundred_thousand() {
    let world = World::on(Database::Postgres).await;
    nothing_is_lost_or_doubled(world, 100_000).await;
}

/// The processor time of a process and of its children, in microseconds.
fn used(process: u32) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanos = tasks.filter_map(|task| {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    nanos.sum::<u64>() / 1000
}

/// The processor time of every PostgreSQL process that serves a database.
fn used_by_postgres(world: &World) -> u64 {
    let pids = world.tampers("SELECT pid FROM pg_stat_activity WHERE datname = current_database()");
    let pids = pids.lines().filter_map(|pid| pid.trim().parse().ok());
    let alive = pids.filter(|pid: &u32| std::fs::exists(format!("/proc/{pid}")).unwrap());
    alive.map(used).sum()
}

/// `MEASURED_PROGRAM=$PWD/target/release/concord cargo test -p concord --test concord polled -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn two_hundred_programs_that_poll_each_second_cost_little() {
    const PROGRAMS: u32 = 200;
    const SECONDS: u32 = 30;
    let world = World::on(Database::Postgres).await;
    let server = Server::start(&world.flags());
    let (north, south) = world.agencies("north", "south").await;
    for number in 0..20 {
        let person = format!("person {number}");
        north.refers(&person).to(&south).sharing([Needs]).await;
    }
    all_have_their_places(&world).await;
    let readers: Vec<Agency> = (0..PROGRAMS)
        .map(|_| {
            world
                .caller(south.id, "south", EVERYTHING)
                .at(&server.address)
        })
        .collect();
    let mut from = Vec::new();
    for reader in &readers {
        from.push(newest(reader).await);
    }
    let before = events(&world);
    let used_so_far = || [used(server.pid()), used_by_postgres(&world)];
    // What both take of themselves, such as the integrator and the sweeps, no poll costs.
    let idle = used_so_far();
    tokio::time::sleep(Duration::from_secs(SECONDS.into())).await;
    let begun = used_so_far();
    let start = Instant::now();
    let polling = readers
        .iter()
        .zip(from)
        .zip(0..)
        .map(|((reader, mut at), number)| async move {
            tokio::time::sleep(Duration::from_millis(u64::from(1000 * number / PROGRAMS))).await;
            let mut tick = tokio::time::interval(Duration::from_secs(1));
            for _ in 0..SECONDS {
                tick.tick().await;
                let told = page(reader, Some(&at), 100).await;
                assert!(told.named.is_empty());
                at = told.end;
            }
        });
    join_all(polling).await;
    let ended = used_so_far();
    let polls = u64::from(PROGRAMS * SECONDS);
    let of = |which: usize| {
        let alone = begun[which].saturating_sub(idle[which]);
        (
            alone,
            ended[which]
                .saturating_sub(begun[which])
                .saturating_sub(alone),
        )
    };
    let ((server_alone, server), (postgres_alone, postgres)) = (of(0), of(1));
    let core =
        |micros: u64| Duration::from_micros(micros).as_secs_f64() / start.elapsed().as_secs_f64();
    println!(
        "{polls} polls: server {} us each, PostgreSQL {} us each; {:.1} % of a core, beside {:.1} % without them",
        server / polls,
        postgres / polls,
        100.0 * core(server + postgres),
        100.0 * core(server_alone + postgres_alone)
    );
    assert_eq!(events(&world), before, "no event while nothing changes");
}
