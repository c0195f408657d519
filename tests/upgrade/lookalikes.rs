//! Names of 0.1 that look the same stay, are listed, and are joined by no new one.

use concord_entities::name_key::NameKey;
use sea_orm::{ConnectionTrait, Database as AnyDatabase, Statement};
use serde_json::json;

use super::fixture::Opened;
use crate::world::Database;
use crate::world::documents::REGISTER_SURVIVOR;

/// What 0.1 would have taken: three pseudonyms and two names that look the same.
const ALIKE: [&str; 3] = [
    "UPDATE survivor SET pseudonym = 'QUIET  Heron' WHERE pseudonym = 'river otter'",
    "UPDATE survivor SET pseudonym = 'Ｑｕｉｅｔ Ｈéron' WHERE pseudonym = 'small fawn'",
    "UPDATE agency SET name = 'OLD MILL shelter' WHERE name = 'Riverside Clinic'",
];

async fn lookalikes_stay_and_are_listed(database: Database) {
    let mut opened = Opened::made_by_with("0.1", database, &ALIKE).await;
    let said = opened.says(&["check-data"]);
    let found: Vec<&str> = said.lines().collect();
    let about = |what: &str| {
        let about = found.iter().filter(|line| line.contains(what));
        about.copied().collect::<Vec<_>>()
    };
    let pseudonyms = about("pseudonyms of agency_");
    assert!(!pseudonyms.is_empty(), "{said}");
    assert!(
        pseudonyms
            .iter()
            .any(|line| line.matches(" survivor_").count() == 2),
        "{said}"
    );
    assert_eq!(about("`eraseSurvivor`").len(), pseudonyms.len());
    let names = about("agencies of taskforce_");
    assert_eq!(about("`suspendMembership`").len(), names.len());
    for alike in [
        ["\"OLD MILL shelter\"", "\"Old Mill Shelter\""],
        ["\"Quiet Harbor Housing\"", "\"quiet harbor housing\""],
    ] {
        assert!(
            names
                .iter()
                .any(|line| alike.iter().all(|name| line.contains(name))),
            "{said}"
        );
    }
    let all = pseudonyms.len() + names.len() + about("could not be agreed on today").len();
    assert!(said.ends_with(&format!("\n{all} to look into")), "{said}");
    // No pseudonym is printed.
    assert!(!said.to_lowercase().contains("heron"), "{said}");

    let lantern = opened
        .caller_may("Lantern House Advocates", "survivor.c")
        .await;
    let another = json!({ "s": { "pseudonym": "quiet HERON", "ageGroup": "ADULT" } });
    let refused = lantern.asks(REGISTER_SURVIVOR, another).await;
    assert_eq!(refused.codes(), "CONFLICT", "{}", refused.text);

    // The step of the migration and today's program compare alike.
    let store = AnyDatabase::connect(&opened.url).await.unwrap();
    let backend = store.get_database_backend();
    let rows = "SELECT pseudonym AS name, pseudonym_key AS named FROM survivor UNION ALL \
        SELECT name, name_key FROM membership JOIN agency ON agency.id = membership.agency_id";
    let rows = store
        .query_all_raw(Statement::from_string(backend, rows))
        .await
        .unwrap();
    assert!(rows.len() > 8);
    for row in rows {
        let name: String = row.try_get("", "name").unwrap();
        let key: String = row.try_get("", "named").unwrap();
        assert_eq!(NameKey::of(&name).0, key, "{name}");
    }
    store.close().await.unwrap();
    opened.ends();
}

#[tokio::test]
async fn lookalikes_of_0_1_on_sqlite_stay_and_are_listed() {
    lookalikes_stay_and_are_listed(Database::Sqlite).await;
}

#[tokio::test]
async fn lookalikes_of_0_1_on_postgres_stay_and_are_listed() {
    lookalikes_stay_and_are_listed(Database::Postgres).await;
}
