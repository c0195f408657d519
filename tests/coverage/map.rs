//! The map of a task force is what its rows come to, counted once more from scratch: slowly, and cell by cell.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use concord::clock;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, Need};
use concord_entities::{mou, mou_party};
use serde_json::{Value, json};

use super::random::{AREAS, Dice, RandomTaskForce, hours, permits};
use crate::mou_life::all_of;
use crate::world::{Database, EVERYTHING, World, on_both};

/// How many task forces are drawn on each database.
const TASK_FORCES: u64 = 25;

const ASK: &str = "query($t: ID!, $n: [Need!], $l: LanguageTag) { coverage(taskForce: $t, needs: $n, language: $l) { \
    moreCells cells { need language area agencies paths { agency { id } lastDay endsEarly } } } }";

/// A cell, as it is compared: its need, language and area, and its paths.
type Cell = (String, String, String, Vec<(String, String, bool)>);

/// Until when `agency` is reached under an MOU at a moment, looked at party by party.
pub fn reached(
    drawn: &RandomTaskForce,
    (mou, parties): &(mou::Model, Vec<mou_party::Model>),
    agency: AgencyId,
    at: Instant,
) -> Option<Instant> {
    let halts = [
        mou.suspended_at,
        mou.terminated_at,
        mou.declined_at,
        mou.superseded_at,
    ];
    let in_force = mou.signed_at.is_some_and(|signed| signed <= at)
        && halts.iter().all(Option::is_none)
        && mou.begins_at <= at
        && at < mou.ends_at;
    if !in_force {
        return None;
    }
    let binds = |party: &&mou_party::Model| {
        let here =
            !drawn.suspended.contains(&party.agency_id) && !drawn.absent.contains(&party.agency_id);
        here && party.leaves_at.is_none_or(|leaves| leaves > at)
    };
    let own = parties
        .iter()
        .filter(binds)
        .find(|party| party.agency_id == agency)?;
    let until = |party: &mou_party::Model| {
        party
            .leaves_at
            .map_or(mou.ends_at, |leaves| leaves.min(mou.ends_at))
    };
    let others = parties
        .iter()
        .filter(binds)
        .filter(|party| party.agency_id != agency);
    Some(others.map(until).max()?.min(until(own)))
}

fn speaks(promised: &str, asked: &str) -> bool {
    promised.split('-').next() == asked.split('-').next()
}

fn lies_in(promised: &str, asked: &str) -> bool {
    promised == asked || AREAS.contains(&(asked, promised))
}

/// Counts a map from scratch, of the MOUs that `reader` is a party of, or of all.
fn counted(drawn: &RandomTaskForce, reader: Option<AgencyId>, language: Option<&str>) -> Vec<Cell> {
    let now = clock::now();
    let year_ago = hours(now, -24 * 365);
    let lately = |at: Option<Instant>| at.is_none_or(|at| at > year_ago);
    let mous: Vec<_> = drawn
        .mous
        .iter()
        .filter(|(mou, parties)| {
            let shown =
                reader.is_none_or(|reader| parties.iter().any(|party| party.agency_id == reader));
            shown
                && mou.signed_at.is_some()
                && mou.ends_at > year_ago
                && lately(mou.terminated_at)
                && lately(mou.superseded_at)
        })
        .collect();
    let promises: Vec<_> = mous
        .iter()
        .flat_map(|(_, parties)| parties)
        .flat_map(|party| &party.promises.0)
        .collect();
    let mut areas: Vec<String> = promises
        .iter()
        .flat_map(|one| one.areas.iter().map(ToString::to_string))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    // By state, which comes before its counties.
    areas.sort_by_key(|area| {
        let of_state = AREAS.iter().find(|(one, _)| one == area).unwrap().1;
        (of_state.to_owned(), !area.starts_with("US"), area.clone())
    });
    let mut languages: BTreeSet<&str> = promises
        .iter()
        .flat_map(|one| one.languages.iter().map(String::as_str))
        .collect();
    if let Some(language) = language {
        languages = BTreeSet::from([language]);
    }
    let mut cells = Vec::new();
    for need in Need::ALL {
        let is_promised = promises.iter().any(|one| {
            let mut tags = one.languages.iter();
            one.needs.has(*need) && language.is_none_or(|asked| tags.any(|tag| speaks(tag, asked)))
        });
        if !is_promised {
            let language = language.unwrap_or_default().to_owned();
            cells.push((need.code().to_owned(), language, String::new(), Vec::new()));
            continue;
        }
        for language in &languages {
            for area in &areas {
                let mut paths: BTreeMap<AgencyId, (Instant, &mou::Model)> = BTreeMap::new();
                for with_parties in &mous {
                    let (mou, parties) = with_parties;
                    for party in parties.iter().filter(|_| permits(&mou.grants, *need)) {
                        let serves = party.promises.0.iter().any(|one| {
                            one.needs.has(*need)
                                && one.languages.iter().any(|tag| speaks(tag, language))
                                && one.areas.iter().any(|one| lies_in(&one.to_string(), area))
                        });
                        let until = reached(drawn, with_parties, party.agency_id, now);
                        let Some(until) = until.filter(|_| serves) else {
                            continue;
                        };
                        let known = paths.get(&party.agency_id);
                        if known.is_none_or(|(at, other)| (until, mou.id) > (*at, other.id)) {
                            paths.insert(party.agency_id, (until, mou));
                        }
                    }
                }
                let mut paths: Vec<_> = paths.into_iter().collect();
                paths.sort_by_key(|(agency, (until, _))| (std::cmp::Reverse(*until), *agency));
                let paths = paths.into_iter().map(|(agency, (until, mou))| {
                    let last = mou.time_zone.day(until.minus(Duration::from_micros(1)));
                    (agency.to_string(), last.to_string(), last < mou.expires_on)
                });
                cells.push((
                    need.code().to_owned(),
                    (*language).to_owned(),
                    area.clone(),
                    paths.collect(),
                ));
            }
        }
    }
    cells
}

/// The cells of an answer.
fn told(map: &Value) -> Vec<Cell> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cells = map["cells"].as_array().unwrap().iter();
    cells
        .map(|cell| {
            let paths = cell["paths"].as_array().unwrap();
            assert_eq!(cell["agencies"], json!(paths.len()));
            let paths = paths.iter().map(|path| {
                (
                    text(&path["agency"]["id"]),
                    text(&path["lastDay"]),
                    path["endsEarly"] == true,
                )
            });
            (
                text(&cell["need"]),
                text(&cell["language"]),
                text(&cell["area"]),
                paths.collect(),
            )
        })
        .collect()
}

on_both!(a_map_is_what_the_rows_come_to_counted_from_scratch);
async fn a_map_is_what_the_rows_come_to_counted_from_scratch(world: World) {
    world.agencies("north", "south").await;
    let (mut with_paths, mut without) = (0, 0);
    for seed in 1..=TASK_FORCES {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let drawn = RandomTaskForce::made(&world, &mut dice).await;
        for (place, reader) in drawn.agencies.iter().enumerate().take(2) {
            let who = world.caller(*reader, "somebody", EVERYTHING);
            let own = (place > 0).then_some(*reader);
            for language in [None, Some("es-MX")] {
                let asked = json!({ "t": drawn.id.to_string(), "l": language });
                if drawn.absent.contains(reader) {
                    continue;
                }
                let answer = who.asks(ASK, asked).await;
                let map = &answer.data()["coverage"];
                if drawn.suspended.contains(reader) {
                    assert_eq!(*map, Value::Null);
                    continue;
                }
                let expected = counted(&drawn, own, language);
                assert_eq!(
                    told(map),
                    expected,
                    "task force {seed}, {reader}, {language:?}"
                );
                with_paths += expected.iter().filter(|cell| !cell.3.is_empty()).count();
                without += expected.iter().filter(|cell| cell.3.is_empty()).count();
            }
        }
    }
    assert!(with_paths > 500 && without > 500, "{with_paths}, {without}");
    assert!(all_of::<mou::Entity>(&world).await.len() > 50);
}

/// With 200 agencies and 2,000 MOUs. A measurement, of a release build, which nothing runs beside:
/// `MEASURED_PROGRAM=$PWD/target/release/concord cargo test -p concord --test concord coverage::map -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::print_stdout, reason = "a measurement tells what it found")]
async fn how_long_a_large_map_takes() {
    let world = World::on(Database::Postgres).await;
    world.agencies("north", "south").await;
    let drawn = RandomTaskForce::of_size(&world, &mut Dice(7), 200, 2_000).await;
    for table in ["agency", "membership", "mou", "mou_party"] {
        world.tampers(&format!("VACUUM (ANALYZE) {table}"));
    }
    let who = world.caller(drawn.agencies[0], "somebody", EVERYTHING);
    for _ in 0..12 {
        let begun = std::time::Instant::now();
        let answer = who.asks(ASK, json!({ "t": drawn.id.to_string() })).await;
        let cells = answer.data()["coverage"]["cells"].as_array().unwrap().len();
        println!("coverage: {cells} cells in {:?}", begun.elapsed());
    }
}
