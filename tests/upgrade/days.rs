//! The days of 0.1's MOUs, which knew no time zone: those of their parties' first common task force, or UTC, and they are told.

use std::collections::BTreeMap;

use concord_entities::ids::{MouId, TaskForceId};
use concord_entities::instant::Day;
use concord_entities::zone::Zone;
use sea_orm::prelude::Uuid;
use sea_orm::{ConnectionTrait, Database as AnyDatabase, Statement};

use super::fixture::Opened;
use super::telling::{oldest_first, plain};
use crate::world::Database;

/// A task force that was founded after the one that 0.1 has.
const LATER: u128 = 0x01a2_133c_ffff_7000_8000_0000_0000_0001;

/// Has two of its agencies belong to one more task force, and a third to none.
fn circles(database: Database) -> Vec<String> {
    let hex = format!("{LATER:032x}");
    let later = match database {
        Database::Sqlite => format!("X'{hex}'"),
        Database::Postgres => format!("'{hex}'::uuid"),
    };
    vec![
        format!(
            "INSERT INTO task_force (id, name, region, created_at) SELECT {later}, 'Hills', 'Hills', created_at + 1 FROM task_force"
        ),
        format!(
            "INSERT INTO membership (task_force_id, agency_id, role, since) SELECT {later}, id, 'MEMBER', created_at FROM agency \
             WHERE name IN ('Lantern House Advocates', 'Riverside Clinic')"
        ),
        "DELETE FROM membership WHERE agency_id = (SELECT id FROM agency WHERE name = 'Old Mill Shelter')".to_owned(),
    ]
}

/// An MOU's days, and the moments that they begin and end at.
struct Counted {
    zone: Zone,
    days: (Day, Day, Option<Day>),
    moments: (i64, i64, Option<i64>),
}

impl Counted {
    fn are_whole(&self) -> bool {
        let (first, last, review) = self.days;
        let start = |day: Day| self.zone.start(day).0;
        let moments = (start(first), self.zone.end(last).0, review.map(start));
        self.moments == moments
    }
}

/// The days of every MOU, by its title.
async fn days(opened: &Opened) -> BTreeMap<String, Counted> {
    let store = AnyDatabase::connect(&opened.url).await.unwrap();
    let rows = "SELECT title, time_zone, effective_on, expires_on, review_on, begins_at, ends_at, review_at FROM mou";
    let rows = Statement::from_string(store.get_database_backend(), rows);
    let rows = store.query_all_raw(rows).await.unwrap();
    let read = rows.iter().map(|row| {
        let day = |column| Day(row.try_get("", column).unwrap());
        let moment = |column| row.try_get::<i64>("", column).unwrap();
        let review: Option<i32> = row.try_get("", "review_on").unwrap();
        let zone: String = row.try_get("", "time_zone").unwrap();
        let days = Counted {
            zone: zone.parse().unwrap(),
            days: (day("effective_on"), day("expires_on"), review.map(Day)),
            moments: (
                moment("begins_at"),
                moment("ends_at"),
                row.try_get("", "review_at").unwrap(),
            ),
        };
        (row.try_get("", "title").unwrap(), days)
    });
    let read = read.collect();
    store.close().await.unwrap();
    read
}

async fn has_the_days_of_the_first_common_task_force(database: Database) {
    let statements = circles(database);
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let mut opened = Opened::made_by_with("0.1", database, &statements).await;
    let before = days(&opened).await;
    assert!(
        before
            .values()
            .all(|one| one.zone == Zone::UTC && one.are_whole())
    );

    // Whoever is a party of one that no task force follows is told of it; of a draft, its drafter.
    let lantern = opened.caller("Lantern House Advocates").await;
    let query = "{ mous(first: 50) { edges { node { id title } } } }";
    let mous = oldest_first(&lantern, query, "mous").await;
    let titles: BTreeMap<_, _> = mous
        .iter()
        .map(|mou| (plain(&mou["id"]), plain(&mou["title"])))
        .collect();
    let query = "{ notices(first: 50) { edges { node { id kind object } } } }";
    let mut told: Vec<_> = oldest_first(&lantern, query, "notices")
        .await
        .into_iter()
        .filter(|one| one["kind"] == "TIME_ZONE_ASSUMED")
        .filter_map(|one| titles.get(&plain(&one["object"])).cloned())
        .collect();
    told.sort();
    let expected = [
        "A draft",
        "Care and counsel",
        "Everybody, in a far future",
        "Half signed",
        "Lantern and Mill",
        "Offered",
        r"\u{200b}",
    ];
    assert_eq!(told, expected);

    // A later one in common, where the drafter works as well, says nothing of it.
    let later = TaskForceId(Uuid::from_u128(LATER)).to_string();
    opened.says(&["time-zone", &later, "Pacific/Guam"]);
    let meanwhile = days(&opened).await;
    assert!(meanwhile.values().all(|one| one.zone == Zone::UTC));
    let query = "{ taskForces { edges { node { id } } } }";
    let first = oldest_first(&lantern, query, "taskForces").await;
    let first = plain(&first[0]["id"]);
    opened.says(&["time-zone", &first, "Pacific/Honolulu"]);
    let after = days(&opened).await;
    assert!(after.values().all(Counted::are_whole));
    for (title, zone) in [
        ("Lantern and Harbor", "Pacific/Honolulu"),
        ("Care and counsel", "Pacific/Honolulu"),
        ("Half signed", "Pacific/Honolulu"),
        ("Over before it was signed", "Pacific/Honolulu"),
        ("Lantern and Mill", "UTC"),
        ("Mill and Harbor", "UTC"),
    ] {
        assert_eq!(after[title].zone.to_string(), zone, "{title}");
        assert_eq!(after[title].days, before[title].days, "{title}");
    }
    // What stands on it stands to the end of the last day there.
    let care = mous.iter().find(|mou| mou["title"] == "Care and counsel");
    let care: MouId = plain(&care.unwrap()["id"]).parse().unwrap();
    let store = AnyDatabase::connect(&opened.url).await.unwrap();
    let until = "SELECT max(mou_until) AS it FROM referral WHERE mou_id = $1";
    let backend = store.get_database_backend();
    let until = Statement::from_sql_and_values(backend, until, [care.0.into()]);
    let until = store.query_one_raw(until).await.unwrap().unwrap();
    let until: i64 = until.try_get("", "it").unwrap();
    assert_eq!(until, after["Care and counsel"].moments.1);
    store.close().await.unwrap();
    opened.ends();
}

#[tokio::test]
async fn an_mou_of_0_1_on_sqlite_has_the_days_of_its_parties_first_common_task_force_or_utc() {
    has_the_days_of_the_first_common_task_force(Database::Sqlite).await;
}

#[tokio::test]
async fn an_mou_of_0_1_on_postgres_has_the_days_of_its_parties_first_common_task_force_or_utc() {
    has_the_days_of_the_first_common_task_force(Database::Postgres).await;
}
