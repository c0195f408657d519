//! A coordinator asks how its task force answers, and is told of no few people.

use std::ops::Range;

use concord::audit::fork::Fork;
use concord::clock;
use concord::statistics::publishing;
use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::month::Month;
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::zone::Zone;
use concord_entities::{audit_event, referral};
use sea_orm::QueryTrait;
use sea_orm::sea_query::{PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder};
use serde_json::{Value, json};

use crate::world::agency::Told;
use crate::world::{Agency, Answer, Database, World, on_both, packed};

const ASK: &str = "query($t: ID!, $from: String!, $to: String!) { \
    referralStatistics(taskForce: $t, period: { from: $from, to: $to }) { taskForce months { \
    month beginsAt endsAt computedAt answered { ...table } unanswered { ...table } } } } \
    fragment table on StatisticsTable { total { ...figures } byStatus { status figures { ...figures } } \
    byNeed { need figures { ...figures } } byAgency { agency { name } figures { ...figures } } } \
    fragment figures on Figures { count medianAgeDays medianHoursToAnswer }";

/// The month that was over last, where days are counted as in UTC.
fn last_month() -> Month {
    let today = Zone::UTC.day(clock::now());
    Month::of(today).unwrap().previous()
}

async fn asks(reader: &Agency, world: &World, from: Month, to: Month) -> Answer {
    let variables = json!({
        "t": world.task_force.to_string(), "from": from.to_string(), "to": to.to_string(),
    });
    reader.asks(ASK, variables).await
}

/// What is told of one month.
async fn month(reader: &Agency, world: &World, month: Month) -> Value {
    let answer = asks(reader, world, month, month).await;
    answer.data()["referralStatistics"]["months"][0].clone()
}

/// The cells of a breakdown that have figures, and how many they count.
fn told(table: &Value, breakdown: &str, key: &str) -> Vec<(String, u64)> {
    let cells = table[breakdown].as_array().unwrap().iter();
    let told = cells.filter(|cell| !cell["figures"].is_null()).map(|cell| {
        let key = cell[key].as_str().or(cell[key]["name"].as_str()).unwrap();
        (key.to_owned(), cell["figures"]["count"].as_u64().unwrap())
    });
    told.collect()
}

impl World {
    /// Has these referrals been sent at a moment of the past.
    fn sent_at(&self, referrals: &[Told], at: Instant) {
        let ids: Vec<_> = referrals
            .iter()
            .map(|told| self.sql_id(&told.referral))
            .collect();
        self.tampers(&format!(
            "UPDATE referral SET sent_at = {} WHERE id IN ({})",
            at.0,
            ids.join(", ")
        ));
    }
}

async fn refers(sender: &Agency, recipient: &Agency, people: Range<usize>) -> Vec<Told> {
    let mut sent = Vec::new();
    for number in people {
        let person = format!("{} {number}", recipient.name);
        sent.push(
            sender
                .refers(&person)
                .to(recipient)
                .sharing([Identity])
                .await,
        );
    }
    sent
}

on_both!(a_coordinator_sees_how_its_task_force_answers_and_of_no_few_people);
async fn a_coordinator_sees_how_its_task_force_answers_and_of_no_few_people(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let east = world.agency("east").await;
    north.agrees_with(&east).await;
    let office = world.coordinator();
    office.agrees_with(&south).await;

    let to_south = refers(&north, &south, 0..11).await;
    let to_east = refers(&north, &east, 0..11).await;
    let waiting = refers(&north, &south, 11..16).await;
    let own = refers(&office, &south, 0..3).await;
    for told in to_south.iter().chain(&to_east[5..]).chain(&own) {
        let recipient = if told.person.starts_with("east") {
            &east
        } else {
            &south
        };
        recipient.does("acceptReferral", told).await.data();
    }
    let reject = "mutation($id: ID!) { rejectReferral(id: $id, reason: NO_CAPACITY) { id } }";
    for told in &to_east[..5] {
        let rejected = east.asks(reject, json!({ "id": told.referral })).await;
        rejected.data();
    }
    let last = last_month();
    let at = Instant(Zone::UTC.start(last.next().first_day()).0 - 10 * 86_400_000_000);
    for sent in [&to_south, &to_east, &waiting, &own] {
        world.sent_at(sent, at);
    }

    let seen = month(&office, &world, last).await;
    assert_eq!(seen["month"], last.to_string());
    let (answered, unanswered) = (&seen["answered"], &seen["unanswered"]);
    // What the coordinator sent by itself is in none of it.
    assert_eq!(answered["total"]["count"], 22);
    assert_eq!(
        told(answered, "byStatus", "status"),
        [("REJECTED".to_owned(), 5)]
    );
    assert_eq!(told(answered, "byNeed", "need"), []);
    let agencies = told(answered, "byAgency", "agency");
    assert!(agencies.len() == 1 && agencies[0].1 == 11, "{agencies:?}");
    let named: Vec<_> = answered["byAgency"].as_array().unwrap().iter().collect();
    let named: Vec<_> = named.iter().map(|cell| &cell["agency"]["name"]).collect();
    assert_eq!(named, ["north", "south", "east"]);
    assert_eq!(unanswered["total"]["count"], 5);
    for (breakdown, key) in [
        ("byStatus", "status"),
        ("byNeed", "need"),
        ("byAgency", "agency"),
    ] {
        assert_eq!(told(unanswered, breakdown, key), []);
    }
    let hours = clock::now().since(at).as_secs_f64() / 3600.0;
    let median = answered["total"]["medianHoursToAnswer"].as_f64().unwrap();
    assert!((median - hours).abs() < 1.1, "{median} and {hours}");
    let days = answered["total"]["medianAgeDays"].as_f64().unwrap();
    assert!((days - hours / 24.0).abs() < 0.6, "{days} and {hours}");
    assert_eq!(unanswered["total"]["medianHoursToAnswer"], Value::Null);

    // It stays as it was published, whatever becomes of the people: for every server, and for every question.
    south.does("acceptReferral", &waiting[0]).await.data();
    let survivor = north.survivor_of(&to_south[0].consent).await;
    let erase = "mutation($id: ID!) { eraseSurvivor(id: $id) { erasedAt } }";
    let erased = north.asks(erase, json!({ "id": survivor })).await;
    assert_eq!(erased.body["errors"], Value::Null);
    world.sent_at(&to_east, Instant(at.0 - 40 * 86_400_000_000));
    assert_eq!(month(&office, &world, last).await, seen);
    let stored = "SELECT count(*) FROM referral_statistics";
    assert_eq!(world.tampers(stored).trim(), "1");
    let of_a_year = asks(&office, &world, Month(last.0 - 11), last).await;
    let months = of_a_year.data()["referralStatistics"]["months"].clone();
    let months = months.as_array().unwrap();
    assert_eq!(months.len(), 12);
    assert_eq!(months[11], seen);
    let told: Vec<_> = months.iter().map(|one| one["month"].as_str()).collect();
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!(world.tampers(stored).trim(), "12");
    // Each time it was told, that is on record, of the task force and of no other record.
    let id = world.task_force.to_string();
    let letters = packed(&id);
    let read = world.tampers(&format!(
        "SELECT count(*) FROM audit_event WHERE kind = 'RECORDS_LISTED' \
         AND (leaf LIKE '%{letters}%' OR leaf LIKE '%{id}%')"
    ));
    assert_eq!(read.trim(), "3");
}

on_both!(of_two_servers_that_are_asked_at_once_one_publishes);
async fn of_two_servers_that_are_asked_at_once_one_publishes(world: World) {
    let second = world.second_server();
    let office = world.coordinator();
    let other = second
        .as_ref()
        .map_or(office.clone(), |server| office.at(&server.address));
    let last = last_month();
    for first in (0..4).map(|some| Month(last.0 - 1 - 2 * some)) {
        let (one, another) = tokio::join!(
            asks(&office, &world, first, first.next()),
            asks(&other, &world, first, first.next()),
        );
        assert_eq!(one.data(), another.data());
    }
    assert_eq!(
        world
            .tampers("SELECT count(*) FROM referral_statistics")
            .trim(),
        "8"
    );
}

on_both!(a_month_is_published_by_itself_once_it_is_over);
async fn a_month_is_published_by_itself_once_it_is_over(world: World) {
    let store = &world.service.store;
    // It was founded just now, and no month of its was over.
    assert_eq!(publishing::once(store, &Fork::default()).await.unwrap(), 0);
    world.tampers("UPDATE task_force SET created_at = 0");
    assert_eq!(publishing::once(store, &Fork::default()).await.unwrap(), 1);
    assert_eq!(publishing::once(store, &Fork::default()).await.unwrap(), 0);
    let kept = world.tampers("SELECT month FROM referral_statistics");
    assert_eq!(kept.trim(), last_month().0.to_string());
}

on_both!(a_month_is_where_the_task_force_works);
async fn a_month_is_where_the_task_force_works(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let office = world.coordinator();
    let last = last_month();
    let before = last.previous();
    // In Honolulu it is the evening of the month before.
    let at = Instant(Zone::UTC.start(last.first_day()).0 + 9 * 3_600_000_000);
    let sent = refers(&north, &south, 11..16).await;
    world.sent_at(&sent, at);
    world.tampers("UPDATE task_force SET time_zone = 'Pacific/Honolulu'");
    let seen = month(&office, &world, before).await;
    assert_eq!(seen["unanswered"]["total"]["count"], 5);
    assert_eq!(
        seen["endsAt"],
        format!("{}T10:00:00.000000Z", last.first_day())
    );
    // Wherever it moves: what was told of is told of once.
    world.tampers("UPDATE task_force SET time_zone = 'Pacific/Guam'");
    let after = month(&office, &world, last).await;
    assert_eq!(after["beginsAt"], seen["endsAt"]);
    assert_eq!(after["unanswered"]["total"], Value::Null);
    let this_month = asks(&office, &world, last, last.next()).await;
    assert_eq!(this_month.codes(), "BAD_USER_INPUT");
}

on_both!(what_is_no_closed_month_is_refused);
async fn what_is_no_closed_month_is_refused(world: World) {
    let office = world.coordinator();
    let north = world.agency("north").await;
    let last = last_month();
    for (from, to, field) in [
        (last.to_string(), last.next().to_string(), "to"),
        (last.to_string(), last.previous().to_string(), "to"),
        (Month(last.0 - 24).to_string(), last.to_string(), "to"),
        ("2026-1".to_owned(), last.to_string(), "from"),
        (last.to_string(), "2026-01-01".to_owned(), "to"),
    ] {
        let variables = json!({ "t": world.task_force.to_string(), "from": from, "to": to });
        let refused = office.asks(ASK, variables).await;
        assert_eq!(refused.codes(), "BAD_USER_INPUT", "{from} to {to}");
        let place = &refused.body["errors"][0]["extensions"]["field"];
        assert_eq!(place, &json!(["period", field]), "{from} to {to}");
    }
    // Whoever does not coordinate it learns as little of it as of one that is not there.
    let nobodys = "taskforce_01h2xcejqtf2nbrexx3vqjhp41";
    for (reader, id) in [
        (&north, world.task_force.to_string()),
        (&office, nobodys.to_owned()),
    ] {
        let variables = json!({ "t": id, "from": last.to_string(), "to": last.next().to_string() });
        let answer = reader.asks(ASK, variables).await;
        assert_eq!(answer.data()["referralStatistics"], Value::Null);
    }
    assert_eq!(
        world
            .tampers("SELECT count(*) FROM referral_statistics")
            .trim(),
        "0"
    );
}

on_both!(a_month_is_read_from_indexes);
async fn a_month_is_read_from_indexes(world: World) {
    let explained = |statement: SelectStatement| match world.database {
        Database::Postgres => {
            let sql = statement.to_string(PostgresQueryBuilder);
            world.tampers(&format!("SET enable_seqscan = off; EXPLAIN {sql}"))
        }
        Database::Sqlite => {
            let sql = statement.to_string(SqliteQueryBuilder);
            world.tampers(&format!("EXPLAIN QUERY PLAN {sql}"))
        }
    };
    let backend = world.service.store.backend;
    let sent = referral::Entity::sent_between([world.coordinator], Instant(1), Instant(2));
    let plan = explained(sent.into_query());
    let walked = plan.contains("referral_inbox") || plan.contains("referral_outbox_sent");
    let by_time = plan.contains("sent_at >= ") || plan.contains("sent_at>? AND sent_at<?");
    assert!(walked && by_time, "{plan}");
    let answers = audit_event::Entity::answers_to(backend, &[ReferralId::new()]);
    let plan = explained(answers.into_query());
    assert!(plan.contains("audit_event_of_object"), "{plan}");
}
