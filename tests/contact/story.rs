//! A plan from its setting to its reading: sealed, on record, and its own agency's alone.

use serde_json::{Value, json};

use crate::world::agency::day;
use crate::world::{Agency, Database, Server, World, on_both};

/// Texts that nothing else contains.
const NUMBER: &str = "+15550173301";
const WORD: &str = "Zyxabel-Quorndon";

pub const SET: &str = "mutation($id: ID!, $plan: SafeContactInput!) { setSafeContact(survivor: $id, plan: $plan) { id } }";
const READ: &str = "query($id: ID!) { node(id: $id) { ... on Survivor { safeContact { doNotContact channels { channel address } \
    windows { days from until } timeZone mayLeaveMessage codeWord } } } }";
const NOW: &str = "query($id: ID!, $channel: ContactChannel!) { contactNow(survivor: $id, channel: $channel) \
    { allowed bar opensAt closesAt address codeWord mayBeLeft } }";

pub const DAYS: [&str; 7] = [
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
];

/// A plan with a window over the whole of these days.
pub fn plan(days: &[&str]) -> Value {
    json!({
        "doNotContact": false,
        "channels": [{ "channel": "PHONE", "address": NUMBER }],
        "windows": [{ "days": days, "from": "00:00", "until": "24:00" }],
        "timeZone": "UTC", "mayLeaveMessage": true, "codeWord": WORD,
    })
}

/// The day of the week so many days from now, UTC.
fn weekday(from_now: i32) -> &'static str {
    // The first day of 1970 was a Thursday.
    let number = concord::clock::now().day().plus_days(from_now).0 + 3;
    DAYS[usize::try_from(number.rem_euclid(7)).unwrap()]
}

pub async fn sets(agency: &Agency, survivor: &str, plan: Value) -> String {
    let answer = agency
        .asks(SET, json!({ "id": survivor, "plan": plan }))
        .await;
    answer.codes()
}

pub async fn reads(agency: &Agency, survivor: &str) -> Value {
    agency.asks(READ, json!({ "id": survivor })).await.data()["node"].clone()
}

pub async fn asks_now(agency: &Agency, survivor: &str, channel: &str) -> Value {
    let asked = json!({ "id": survivor, "channel": channel });
    agency.asks(NOW, asked).await.data()["contactNow"].clone()
}

/// The reasons of the events of a type, the latest first.
async fn recorded(agency: &Agency, kind: &str) -> Vec<Value> {
    let log = format!("auditEvents(first: 100, filter: {{ types: [{kind}] }})");
    let events = agency.lists(&log, "reason").await;
    events.iter().map(|event| event["reason"].clone()).collect()
}

on_both!(its_own_agency_sets_and_reads_a_plan_and_each_reading_is_on_record);
async fn its_own_agency_sets_and_reads_a_plan_and_each_reading_is_on_record(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    assert_eq!(reads(&north, &ada).await, json!({ "safeContact": null }));
    assert_eq!(sets(&north, &ada, plan(&DAYS)).await, "");
    assert_eq!(
        reads(&north, &ada).await,
        json!({ "safeContact": plan(&DAYS) })
    );
    assert_eq!(recorded(&north, "SAFE_CONTACT_SET").await.len(), 1);
    assert_eq!(recorded(&north, "SAFE_CONTACT_READ").await.len(), 2);

    assert_eq!(reads(&south, &ada).await, Value::Null);
    assert_eq!(sets(&south, &ada, plan(&DAYS)).await, "NOT_FOUND");
    let asked = json!({ "id": ada, "channel": "PHONE" });
    assert_eq!(south.asks(NOW, asked).await.codes(), "NOT_FOUND");
    assert!(recorded(&south, "SAFE_CONTACT_READ").await.is_empty());

    let searcher = north.with(world.token(north.id, "survivor.s"));
    let list = "{ survivors { edges { node { safeContact { codeWord } } } } }";
    let refused = searcher.asks(list, json!({})).await;
    assert_eq!(refused.codes(), "FORBIDDEN_SCOPE");
}

on_both!(the_advice_is_the_plans_and_nothing_is_told_where_it_says_no);
async fn the_advice_is_the_plans_and_nothing_is_told_where_it_says_no(world: World) {
    let north = world.agency("north").await;
    let ada = north.registers("Ada").await;
    let barred = |bar: &str, opens: Value| {
        json!({ "allowed": false, "bar": bar, "opensAt": opens, "closesAt": null, "address": null,
                "codeWord": null, "mayBeLeft": [] })
    };
    assert_eq!(
        asks_now(&north, &ada, "PHONE").await,
        barred("NO_PLAN", Value::Null)
    );
    sets(&north, &ada, plan(&DAYS)).await;
    assert_eq!(
        asks_now(&north, &ada, "PHONE").await,
        json!({ "allowed": true, "bar": null, "opensAt": null, "closesAt": null, "address": NUMBER,
                "codeWord": WORD, "mayBeLeft": ["PLEASE_CALL_BACK", "WE_WILL_TRY_AGAIN"] })
    );
    let unlisted = asks_now(&north, &ada, "EMAIL").await;
    assert_eq!(unlisted, barred("CHANNEL_NOT_LISTED", Value::Null));

    sets(&north, &ada, plan(&[weekday(3)])).await;
    let opens = json!(format!("{}T00:00:00.000000Z", day(3)));
    assert_eq!(
        asks_now(&north, &ada, "PHONE").await,
        barred("OUTSIDE_WINDOW", opens)
    );

    assert_eq!(
        sets(&north, &ada, json!({ "doNotContact": true })).await,
        ""
    );
    let never = asks_now(&north, &ada, "PHONE").await;
    assert_eq!(never, barred("DO_NOT_CONTACT", Value::Null));
    assert_eq!(
        recorded(&north, "CONTACT_ADVISED").await,
        [
            "DO_NOT_CONTACT",
            "OUTSIDE_WINDOW",
            "CHANNEL_NOT_LISTED",
            "ALLOWED",
            "NO_PLAN"
        ]
    );
}

on_both!(a_plan_that_cannot_be_followed_leaves_nothing);
async fn a_plan_that_cannot_be_followed_leaves_nothing(world: World) {
    let north = world.agency("north").await;
    let ada = north.registers("Ada").await;
    for (field, wrong) in [
        ("windows", json!([])),
        ("channels", json!([])),
        ("channels", json!([{ "channel": "PHONE", "address": WORD }])),
        ("timeZone", json!(WORD)),
        (
            "windows",
            json!([{ "days": ["MONDAY"], "from": "10:00", "until": "10:00" }]),
        ),
        (
            "windows",
            json!([{ "days": ["MONDAY"], "from": "10:00", "until": "24:01" }]),
        ),
    ] {
        let mut plan = plan(&DAYS);
        plan[field] = wrong;
        let answer = north.asks(SET, json!({ "id": ada, "plan": plan })).await;
        assert_eq!(answer.codes(), "BAD_USER_INPUT", "{plan}");
        assert!(!answer.text.contains(WORD), "{}", answer.text);
    }
    assert_eq!(world.tampers("SELECT count(*) FROM safe_contact"), "0");
    assert_eq!(
        world.tampers_with_keyring("SELECT count(*) FROM record_key"),
        "0"
    );
    assert!(recorded(&north, "SAFE_CONTACT_SET").await.is_empty());
}

on_both!(an_older_plan_cannot_be_read_from_a_copy);
async fn an_older_plan_cannot_be_read_from_a_copy(world: World) {
    let north = world.agency("north").await;
    let ada = north.registers("Ada").await;
    sets(&north, &ada, plan(&DAYS)).await;
    world.tampers("CREATE TABLE kept AS SELECT * FROM safe_contact");
    sets(&north, &ada, json!({ "doNotContact": true })).await;
    assert_eq!(
        world.tampers_with_keyring("SELECT version FROM record_key"),
        "2"
    );
    world.tampers(
            "UPDATE safe_contact SET key_version = (SELECT key_version FROM kept), sealed = (SELECT sealed FROM kept)",
        );
    assert_eq!(reads(&north, &ada).await, json!({ "safeContact": null }));
}

#[tokio::test]
async fn a_plan_is_nowhere_in_the_open() {
    let world = World::on(Database::Sqlite).await;
    let mut talkative = Server::start_under(&world.flags(), &[("CONCORD_LOG", "trace")]);
    let north = world.agency("north").await.at(&talkative.address);
    let ada = north.registers("Ada").await;
    sets(&north, &ada, plan(&DAYS)).await;
    assert_eq!(asks_now(&north, &ada, "PHONE").await["codeWord"], WORD);
    assert_eq!(reads(&north, &ada).await["safeContact"]["codeWord"], WORD);
    talkative.ends();
    assert!(talkative.logged().contains("answered"), "the log is silent");
    let leaves = world.tampers("SELECT leaf FROM audit_event");
    assert!(leaves.contains("CONTACT_ADVISED"));
    let mut kept = vec![talkative.logged(), leaves];
    for file in std::fs::read_dir(world.folder.path()).unwrap() {
        let file = file.unwrap().path();
        if file.is_file() {
            let bytes = std::fs::read(file).unwrap();
            kept.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    for text in kept {
        assert!(!text.contains(WORD) && !text.contains(&NUMBER[1..]));
    }
}
