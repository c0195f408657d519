//! Every list of MOUs is the one that a reader would make by hand: of generated rows, with any filters together, in each order,
//! forwards and backwards.

use std::collections::BTreeMap;
use std::time::Duration;

use concord::clock;
use concord::mou::rules;
use concord_entities::ids::{AgencyId, MouId, TaskForceId};
use concord_entities::instant::{Day, Instant};
use concord_entities::mou::{self, Follower};
use concord_entities::mou_party;
use concord_entities::vocabulary::{Code, MouKind, MouStatus};
use concord_entities::zone::Zone;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Map, Value, json};

use crate::world::agency::text;
use crate::world::{Agency, World, on_both};

/// How many rows are generated, and how many lists are asked for.
const ROWS: usize = 150;
const LISTS: usize = 60;

const ZONES: [&str; 4] = [
    "UTC",
    "America/New_York",
    "Pacific/Guam",
    "Pacific/Honolulu",
];

/// Days before today, or after it; never close to it, so that nothing changes meanwhile.
fn days() -> impl Strategy<Value = i32> {
    prop_oneof![-20..=-2_i32, 2..=20_i32]
}

/// Who is there: a coordinator of two task forces, three agencies of one of them, and a task force that the coordinator knows
/// nothing of.
struct Cast {
    agencies: Vec<AgencyId>,
    task_forces: Vec<TaskForceId>,
    coordinated: Vec<TaskForceId>,
}

type Made = (mou::Model, Vec<mou_party::Model>);

fn rows(like: &Made, cast: &Cast, now: Instant) -> impl Strategy<Value = Made> + use<> {
    let (like, part) = (like.0.clone(), like.1[0].clone());
    let today = now.day();
    let hour = |often| prop::option::weighted(often, 1..9_u64);
    let parties = prop::sample::subsequence(cast.agencies.clone(), 2..=3);
    (
        (days(), days(), prop::option::of(days())),
        prop::sample::select(&ZONES),
        (prop::bool::weighted(0.85), hour(0.6), hour(0.1)),
        (hour(0.1), hour(0.1), hour(0.1)),
        (parties, any::<[bool; 3]>()),
        prop::sample::select(cast.agencies.clone()),
        prop::option::weighted(0.8, prop::sample::select(cast.task_forces.clone())),
        prop::sample::select(MouKind::ALL.to_vec()),
    )
        .prop_map(
            move |(days, zone, verbs, ends, told, drafter, circle, kind)| {
                let ago = |hours: u64| now.minus(Duration::from_hours(hours));
                let mou = mou::Model {
                    id: MouId::new(),
                    kind,
                    drafted_by: drafter,
                    task_force_id: circle,
                    effective_on: today.plus_days(days.0),
                    expires_on: today.plus_days(days.1),
                    review_on: days.2.map(|days| today.plus_days(days)),
                    offered_at: verbs.0.then(|| ago(9)),
                    signed_at: verbs.1.map(ago),
                    suspended_at: verbs.2.map(ago),
                    terminated_at: ends.0.map(ago),
                    declined_at: ends.1.map(ago),
                    superseded_at: ends.2.map(ago),
                    ..like.clone()
                };
                let zone: Zone = zone.parse().unwrap();
                let mou = rules::counted_in(mou, zone);
                let (parties, signed) = told;
                let parties = parties.iter().zip(signed);
                let parties = parties.map(|(agency, signed)| mou_party::Model {
                    mou_id: mou.id,
                    agency_id: *agency,
                    signed_at: signed.then(|| ago(1)),
                    ..part.clone()
                });
                let parties = parties.collect();
                (mou, parties)
            },
        )
}

/// A list that is asked for.
#[derive(Debug)]
struct Asked {
    reader: usize,
    ending: bool,
    statuses: Option<Vec<MouStatus>>,
    kinds: Option<Vec<MouKind>>,
    party: Option<AgencyId>,
    task_force: Option<TaskForceId>,
    ending_before: Option<Day>,
    lacking: Option<AgencyId>,
}

fn asked(cast: &Cast, now: Instant) -> impl Strategy<Value = Asked> + use<> {
    let agency = || prop::sample::select(cast.agencies.clone());
    (
        0..cast.agencies.len(),
        any::<bool>(),
        prop::option::weighted(
            0.4,
            prop::sample::subsequence(MouStatus::ALL.to_vec(), 1..=3),
        ),
        prop::option::weighted(0.2, prop::sample::subsequence(MouKind::ALL.to_vec(), 1..=2)),
        prop::option::weighted(0.3, agency()),
        prop::option::weighted(0.3, prop::sample::select(cast.task_forces.clone())),
        prop::option::weighted(0.3, days()),
        prop::option::weighted(0.2, agency()),
    )
        .prop_map(
            move |(reader, ending, statuses, kinds, party, task_force, before, lacking)| Asked {
                reader,
                ending,
                statuses,
                kinds,
                party,
                task_force,
                ending_before: before.map(|days| now.day().plus_days(days)),
                lacking,
            },
        )
}

impl Asked {
    fn filter(&self) -> Value {
        let mut filter = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            value.map(|value| filter.insert(name.to_owned(), value));
        };
        let codes = |codes: Vec<&str>| json!(codes);
        let statuses = self.statuses.as_ref();
        put(
            "statuses",
            statuses.map(|all| codes(all.iter().map(|one| one.code()).collect())),
        );
        let kinds = self.kinds.as_ref();
        put(
            "kinds",
            kinds.map(|all| codes(all.iter().map(|one| one.code()).collect())),
        );
        put("party", self.party.map(|id| json!(id.to_string())));
        put("taskForce", self.task_force.map(|id| json!(id.to_string())));
        put(
            "endingBefore",
            self.ending_before.map(|day| json!(day.to_string())),
        );
        put(
            "lackingSignatureOf",
            self.lacking.map(|id| json!(id.to_string())),
        );
        Value::Object(filter)
    }

    /// The list, as its reader would make it.
    fn by_hand(&self, rows: &[Made], cast: &Cast, now: Instant) -> Vec<String> {
        let mut found: Vec<&Made> = rows
            .iter()
            .filter(|made| self.has(made, cast, now))
            .collect();
        if self.ending {
            found.sort_by_key(|(mou, _)| (mou.ends_at, mou.id));
        } else {
            found.sort_by_key(|(mou, _)| std::cmp::Reverse(mou.id));
        }
        found.iter().map(|(mou, _)| mou.id.to_string()).collect()
    }

    fn has(&self, (mou, parties): &Made, cast: &Cast, now: Instant) -> bool {
        let reader = cast.agencies[self.reader];
        let coordinates = self.reader == 0
            && mou
                .task_force_id
                .is_some_and(|id| cast.coordinated.contains(&id));
        let is_party = |agency: AgencyId| parties.iter().any(|party| party.agency_id == agency);
        let followed = mou.drafted_by == reader
            || (mou.offered_at.is_some() && (is_party(reader) || coordinates));
        let status = rules::status(mou, rules::signed(parties), now);
        let awaits = matches!(status, MouStatus::Offered | MouStatus::PartiallySigned);
        let lacks = |agency: AgencyId| {
            let mut own = parties.iter().filter(|party| party.agency_id == agency);
            awaits && own.any(|party| party.signed_at.is_none())
        };
        followed
            && self
                .statuses
                .as_ref()
                .is_none_or(|any| any.contains(&status))
            && self
                .kinds
                .as_ref()
                .is_none_or(|any| any.contains(&mou.kind))
            && self.party.is_none_or(is_party)
            && self
                .task_force
                .is_none_or(|id| mou.task_force_id == Some(id))
            && self.ending_before.is_none_or(|day| mou.expires_on < day)
            && self.lacking.is_none_or(lacks)
    }

    /// The same, as the service answers it: in pages of seven, from either end.
    async fn answered(&self, agency: &Agency, forwards: bool) -> Vec<String> {
        let (many, from, cursor, more) = if forwards {
            ("first", "after", "endCursor", "hasNextPage")
        } else {
            ("last", "before", "startCursor", "hasPreviousPage")
        };
        let query = "query($f: MouFilter, $o: MouOrder, $first: Int, $after: String, $last: Int, $before: String) { \
            mous(filter: $f, orderBy: $o, first: $first, after: $after, last: $last, before: $before) { \
            edges { node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let order = if self.ending { "ENDING" } else { "NEWEST" };
        let (mut all, mut place) = (Vec::<String>::new(), Value::Null);
        loop {
            let variables = json!({ "f": self.filter(), "o": order, many: 7, from: place });
            let answer = agency.asks(query, variables).await;
            let page = answer.data()["mous"].clone();
            let edges = page["edges"].as_array().unwrap().iter();
            let ids: Vec<_> = edges.map(|edge| text(&edge["node"]["id"])).collect();
            if forwards {
                all.extend(ids);
            } else {
                all.splice(0..0, ids);
            }
            if page["pageInfo"][more] == false {
                return all;
            }
            place = page["pageInfo"][cursor].clone();
        }
    }
}

/// A further task force, which the coordinator coordinates as well or knows nothing of.
fn further(world: &World, coordinated: bool) -> TaskForceId {
    let id = TaskForceId::new();
    let circle = world.sql_id(&id.to_string());
    world.tampers(&format!(
        "INSERT INTO task_force (id, name, region, created_at, time_zone) VALUES ({circle}, 'Hills', 'Hills', 0, 'UTC')"
    ));
    if coordinated {
        let own = world.sql_id(&world.coordinator.to_string());
        world.tampers(&format!(
            "INSERT INTO membership (task_force_id, agency_id, role, since) VALUES ({circle}, {own}, 'COORDINATOR', 0)"
        ));
    }
    id
}

on_both!(every_list_of_mous_is_the_one_that_its_reader_would_make_by_hand);
async fn every_list_of_mous_is_the_one_that_its_reader_would_make_by_hand(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let west = world.agency("west").await;
    let store = &world.service.store;
    let now = clock::of(&store.read).await.unwrap();
    let drafted = mou::Entity::followed_as(north.id, Follower::Drafter);
    let like = drafted.one(&store.read).await.unwrap().unwrap();
    let parties = mou_party::Entity::of([like.id]).all(&store.read).await;
    let like = (like, parties.unwrap());
    let coordinated = vec![
        world.task_force,
        further(&world, true),
        further(&world, true),
    ];
    let strange = further(&world, false);
    let readers = [world.coordinator(), north, south, west];
    let cast = Cast {
        agencies: readers.iter().map(|agency| agency.id).collect(),
        task_forces: coordinated.iter().copied().chain([strange]).collect(),
        coordinated,
    };
    let mut runner = TestRunner::default();
    let strategy = rows(&like, &cast, now);
    let mut all: Vec<Made> = (0..ROWS)
        .map(|_| strategy.new_tree(&mut runner).unwrap().current())
        .collect();
    let mous = all.iter().map(|(mou, _)| mou.clone());
    mou::Entity::insert_many(mous.map(IntoActiveModel::into_active_model))
        .exec_without_returning(&store.write)
        .await
        .unwrap();
    let parties = all.iter().flat_map(|(_, parties)| parties.clone());
    mou_party::Entity::insert_many(parties.map(IntoActiveModel::into_active_model))
        .exec_without_returning(&store.write)
        .await
        .unwrap();
    all.push(like);

    let mut met = BTreeMap::new();
    for _ in 0..LISTS {
        let asked = asked(&cast, now).new_tree(&mut runner).unwrap().current();
        let expected = asked.by_hand(&all, &cast, now);
        *met.entry(asked.reader).or_insert(0) += expected.len();
        for forwards in [true, false] {
            let answered = asked.answered(&readers[asked.reader], forwards).await;
            assert_eq!(answered, expected, "{asked:?}");
        }
    }
    assert!(met.values().all(|entries| *entries > 5), "{met:?}");
}
