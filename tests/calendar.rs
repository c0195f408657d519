//! MOUs' days in a calendar: a program that knows nothing of Concord reads names and dates and no more, until it is revoked.

use concord::mou::calendar::ical::{DayEvent, calendar};
use concord::mou::calendar::rules::days_of;
use concord_entities::instant::{Day, Instant};
use concord_entities::mou;
use proptest::prelude::*;
use reqwest::Response;
use serde_json::{Value, json};

use crate::endings::put_back::{is_copied, is_put_back, is_reopened};
use crate::interop::node;
use crate::mou_life::{agree, all_of, does, terms, trio};
use crate::world::agency::{day, text};
use crate::world::{Agency, Answer, World, on_both, packed};

async fn makes(agency: &Agency, input: Value) -> Answer {
    let document = "mutation($c: MouCalendarInput!) { createMouCalendar(calendar: $c) { path calendar { id subject taskForce } } }";
    agency.asks(document, json!({ "c": input })).await
}

/// Makes a calendar; gives back its id and its path.
async fn made(agency: &Agency, input: Value) -> (String, String) {
    let answer = makes(agency, input).await;
    let made = &answer.data()["createMouCalendar"];
    (text(&made["calendar"]["id"]), text(&made["path"]))
}

async fn fetches(address: &str, path: &str, has: Option<&str>) -> Response {
    let mut request = reqwest::Client::new().get(format!("http://{address}{path}"));
    if let Some(tag) = has {
        request = request.header("if-none-match", tag);
    }
    request.send().await.unwrap()
}

/// What a calendar program makes of it: each event as its first day, what there is, and by what it is known with its number.
async fn reads(world: &World, path: &str) -> Vec<(String, String, String, i64)> {
    let answer = fetches(&world.server.address, path, None).await;
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    let read: Vec<Value> = serde_json::from_str(&node("calendar.mjs", &text)).unwrap();
    let event = |event: &Value| {
        assert_eq!(event["allDay"], "date");
        let said = |name: &str| event[name].as_str().unwrap().to_owned();
        let sequence = event["sequence"].as_i64().unwrap();
        (said("start"), said("summary"), said("uid"), sequence)
    };
    read.iter().map(event).collect()
}

fn shown(events: &[(String, String, String, i64)]) -> Vec<(String, &str)> {
    let shown = events.iter();
    shown
        .map(|(on, what, ..)| (on.clone(), what.as_str()))
        .collect()
}

async fn revokes(agency: &Agency, id: &str) -> Answer {
    let document = "mutation($id: ID!) { revokeMouCalendar(id: $id) { revokedAt } }";
    agency.asks(document, json!({ "id": id })).await
}

on_both!(a_calendar_program_reads_names_and_dates_and_each_reading_is_on_record);
async fn a_calendar_program_reads_names_and_dates_and_each_reading_is_on_record(world: World) {
    let [north, south, west] = trio(&world).await;
    let coordinator = world.coordinator();
    let mut followed = terms(&[&north, &south], 30);
    followed["title"] = json!("Beds in Elm Street");
    followed["taskForce"] = json!(world.task_force.to_string());
    followed["reviewOn"] = json!(day(100));
    let mou = agree(&[&north, &south], &followed).await;
    agree(&[&south, &west], &terms(&[&south, &west], 30)).await;

    let of_circle = json!({ "taskForce": world.task_force.to_string(), "idempotencyKey": "1" });
    let (id, path) = made(&coordinator, of_circle.clone()).await;
    let again = makes(&coordinator, of_circle.clone()).await;
    let again = &again.data()["createMouCalendar"];
    assert_eq!(
        (&again["path"], &again["calendar"]["id"]),
        (&Value::Null, &json!(id))
    );
    assert_eq!(makes(&north, of_circle).await.codes(), "NOT_FOUND");

    let answer = fetches(&world.server.address, &path, None).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(header("cache-control"), "private, no-cache");
    assert_eq!(header("referrer-policy"), "no-referrer");
    let tag = header("etag");
    let whole = answer.text().await.unwrap();
    for told in ["Beds", "shelter", mou.as_str(), "Director"] {
        assert!(!whole.contains(told), "{told} in {whole}");
    }
    let events = reads(&world, &path).await;
    let expected = [
        (day(100), "Review of the MOU of north, south"),
        (day(365), "Last day of the MOU of north, south"),
    ];
    assert_eq!(shown(&events), expected);

    // Whoever has it already is told nothing, and nothing is on record of that.
    let read = "SELECT count(*) FROM audit_event WHERE kind = 'RECORDS_LISTED' \
        AND leaf LIKE '%\"operation\":\"readMouCalendar\"%'";
    assert_eq!(world.tampers(read), "2");
    let same = fetches(&world.server.address, &path, Some(&tag)).await;
    assert_eq!(
        (
            same.status().as_u16(),
            same.headers()["etag"].to_str().unwrap()
        ),
        (304, tag.as_str())
    );
    assert!(same.bytes().await.unwrap().is_empty());
    assert_eq!(world.tampers(read), "2");
    let leaf =
        world.tampers("SELECT max(leaf) FROM audit_event WHERE leaf LIKE '%readMouCalendar%'");
    assert!(leaf.contains(&packed(&mou)) && leaf.contains(&id), "{leaf}");

    // A notice moves the last day; the program knows the event again.
    does(&south, &mou, "TERMINATE", "id").await.data();
    let moved = reads(&world, &path).await;
    let expected = [(day(30), "Last day, by notice, of the MOU of north, south")];
    assert_eq!(shown(&moved), expected);
    let ((.., before, first), (.., after, second)) = (&events[1], &moved[0]);
    assert!(before == after && first < second, "{moved:?}");
    assert_eq!(
        fetches(&world.server.address, &path, Some(&tag))
            .await
            .status(),
        200
    );

    // An agency's own: those that it is a party of.
    let (_, own) = made(&west, json!({})).await;
    assert_eq!(
        shown(&reads(&world, &own).await),
        [(day(365), "Last day of the MOU of south, west")]
    );
    let logged = world.server.logged();
    let secret = path.rsplit('/').next().unwrap().trim_end_matches(".ics");
    assert!(!logged.contains(secret) && logged.contains("readMouCalendar"));
}

on_both!(what_is_revoked_opens_nothing_on_the_very_next_request);
async fn what_is_revoked_opens_nothing_on_the_very_next_request(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let (id, path) = made(&north, json!({})).await;
    let server = world.second_server();
    let servers: Vec<&str> = server
        .iter()
        .map(|server| server.address.as_str())
        .chain([world.server.address.as_str()])
        .collect();
    for address in &servers {
        assert_eq!(fetches(address, &path, None).await.status(), 200);
    }
    // It is north's own: to the other party there is none.
    assert_eq!(revokes(&south, &id).await.codes(), "NOT_FOUND");
    assert!(revokes(&north, &id).await.data()["revokeMouCalendar"]["revokedAt"].is_string());
    revokes(&north, &id).await.data();
    let nothing = format!("/mous/calendar/concord_{}.ics", "A".repeat(43));
    let mut answers = Vec::new();
    for path in [&path, &nothing, &"/mous/calendar/x.ics".to_owned()] {
        for address in &servers {
            let answer = fetches(address, path, None).await;
            assert_eq!(answer.status(), 404);
            let said: Value = answer.json().await.unwrap();
            answers.push(said["errors"].clone());
        }
    }
    assert!(
        answers.iter().all(|said| *said == answers[0]),
        "{answers:?}"
    );
    let listed = "{ mouCalendars { edges { node { id revokedAt } } } }";
    let listed = north.asks(listed, json!({})).await;
    assert!(listed.data()["mouCalendars"]["edges"][0]["node"]["revokedAt"].is_string());
}

on_both!(what_was_revoked_is_so_again_in_an_older_copy);
async fn what_was_revoked_is_so_again_in_an_older_copy(mut world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let (revoked, path) = made(&north, json!({})).await;
    let (kept, _) = made(&north, json!({})).await;
    is_copied(&world);
    revokes(&north, &revoked).await.data();

    is_put_back(&world);
    let standing = "SELECT count(*) FROM mou_calendar WHERE revoked_at IS NULL";
    assert_eq!(world.tampers(standing), "2");
    is_reopened(&mut world);
    world.server = world.another_server();
    let over = world.tampers("SELECT count(*) FROM mou_calendar WHERE revoked_at IS NOT NULL");
    assert_eq!(over, "1");
    let open = world.tampers("SELECT id FROM mou_calendar WHERE revoked_at IS NULL");
    assert_eq!(
        open,
        world.tampers(&format!(
            "SELECT id FROM mou_calendar WHERE id = {}",
            world.sql_id(&kept)
        ))
    );
    assert_eq!(
        fetches(&world.server.address, &path, None).await.status(),
        404
    );
    assert!(world.verifies().0);
}

on_both!(a_calendar_is_over_with_whoever_made_it);
async fn a_calendar_is_over_with_whoever_made_it(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    agree(&[&north, &south], &terms(&[&north, &south], 30)).await;
    let answer = makes(&north, json!({})).await;
    let made_by_one = &answer.data()["createMouCalendar"];
    let (subject, path) = (
        text(&made_by_one["calendar"]["subject"]),
        text(&made_by_one["path"]),
    );
    let status = async |path: &str| fetches(&world.server.address, path, None).await.status();
    assert_eq!(status(&path).await, 200);
    let (_, of_south) = made(&south, json!({})).await;
    world.coordinator().suspends(&south, "review").await.data();
    assert_eq!(status(&of_south).await, 404);
    // What was made before is over for good.
    world.coordinator().reinstates(&south).await.data();
    assert_eq!(status(&of_south).await, 404);

    let ends = "mutation($s: String!) { endSubject(subject: $s) { endedAt } }";
    let colleague = north.with(world.token(north.id, "agency.d"));
    colleague.asks(ends, json!({ "s": subject })).await.data();
    assert_eq!(status(&path).await, 404);
}

fn letters() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just(','),
            Just(';'),
            Just('\\'),
            Just('ñ'),
            Just('日'),
            any::<char>()
        ],
        0..200,
    )
    .prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    /// Whatever an agency is called, every line is short (75 octets and the space before), and the lines say it again when they
    /// are put together.
    #[test]
    fn every_line_is_short_and_says_the_whole_name(name in letters()) {
        let event = DayEvent {
            uid: "one@concord".to_owned(), sequence: 1, changed_at: Instant(0), on: Day(20_000), summary: name.clone(),
        };
        let text = calendar("MOUs", &[event]);
        prop_assert!(text.ends_with("\r\n"));
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 76 && !line.contains(['\r', '\n'])));
        let unfolded = text.replace("\r\n ", "");
        let value = unfolded.split("\r\n").find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
        let mut said = String::new();
        let mut letters = value.chars();
        while let Some(letter) = letters.next() {
            said.push(match letter {
                '\\' => match letters.next().unwrap() { 'n' => '\n', other => other },
                letter => letter,
            });
        }
        let kept: String = name.chars().filter(|letter| *letter == '\n' || !letter.is_control()).collect();
        prop_assert_eq!(said, kept);
    }
}

on_both!(the_number_of_a_day_grows_with_whatever_moves_it);
async fn the_number_of_a_day_grows_with_whatever_moves_it(world: World) {
    let (north, south) = (world.agency("north").await, world.agency("south").await);
    let mut mou = terms(&[&north, &south], 30);
    mou["reviewOn"] = json!(day(100));
    agree(&[&north, &south], &mou).await;
    let first = all_of::<mou::Entity>(&world).await.remove(0);
    let on = |days| first.effective_on.plus_days(days);
    let reviewed = mou::Model {
        review_on: Some(on(200)),
        ..first.clone()
    };
    let ending = mou::Model {
        terminates_on: Some(on(31)),
        ..reviewed.clone()
    };
    let renewed = mou::Model {
        version: 2,
        effective_on: on(40),
        expires_on: on(60),
        review_on: Some(on(50)),
        ..first.clone()
    };
    let number = |mou: &mou::Model, last: bool| {
        let days = days_of(mou, &[], Instant(0));
        let day = if last { days.last() } else { days.first() };
        day.unwrap().sequence
    };
    assert!(number(&first, false) < number(&reviewed, false));
    assert!(number(&reviewed, false) < number(&renewed, false));
    assert!(number(&first, true) < number(&ending, true));
    assert!(number(&ending, true) < number(&renewed, true));
}
