//! The rule in every time zone, against an oracle that knows nothing but the time on the person's wall.

use std::collections::BTreeSet;

use concord::survivor::contact::outbound::Permit;
use concord::survivor::contact::plan::{ContactRoute, ContactWindow, SafeContactPlan};
use concord::survivor::contact::rules::{ContactBarredError, ContactPlanError, Plan, may_contact};
use concord::wire::scalars::LocalTime;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::ContactChannel::{Email, InPerson, Phone, Text};
use concord_entities::vocabulary::{Code, ContactBar, ContactChannel, MessageForm, Weekday};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn window(days: &[Weekday], from: &str, until: &str) -> ContactWindow {
    ContactWindow {
        days: days.to_vec(),
        from: LocalTime::new(from).unwrap(),
        until: LocalTime::new(until).unwrap(),
    }
}

fn said(zone: &str, windows: Vec<ContactWindow>) -> SafeContactPlan {
    SafeContactPlan {
        do_not_contact: None,
        channels: Some(vec![ContactRoute {
            channel: Phone,
            address: "+12025550142".to_owned(),
        }]),
        windows: Some(windows),
        time_zone: Some(zone.to_owned()),
        may_leave_message: Some(false),
        code_word: Some("marigold".to_owned()),
    }
}

fn plan(zone: &str, windows: Vec<ContactWindow>) -> Plan {
    said(zone, windows).followed().unwrap()
}

/// The minutes of the week, from Monday, at which a plan is open.
fn open_minutes(windows: &[ContactWindow]) -> BTreeSet<u32> {
    let mut open = BTreeSet::new();
    for window in windows {
        for day in &window.days {
            let start = day.place() * 1440 + u32::from(window.from.minutes());
            let (from, until) = (window.from.minutes(), window.until.minutes());
            let length = if from < until {
                until - from
            } else {
                until + 1440 - from
            };
            open.extend((start..start + u32::from(length)).map(|minute| minute % 10_080));
        }
    }
    open
}

/// Whether the wall shows a minute at which the plan is open.
fn oracle(zone: &TimeZone, open: &BTreeSet<u32>, now: Instant) -> bool {
    let wall = Timestamp::from_microsecond(now.0)
        .unwrap()
        .to_zoned(zone.clone())
        .strftime("%u %H %M")
        .to_string();
    let numbers: Vec<u32> = wall.split(' ').map(|part| part.parse().unwrap()).collect();
    open.contains(&((numbers[0] - 1) * 1440 + numbers[1] * 60 + numbers[2]))
}

/// Allowed where the oracle says open; else the next opening is the very first open minute.
fn agrees(zone: &str, windows: &[ContactWindow], now: Instant) {
    let plan = plan(zone, windows.to_vec());
    let (zone, open) = (TimeZone::get(zone).unwrap(), open_minutes(windows));
    let is_open = |at: Instant| oracle(&zone, &open, at);
    match may_contact(&plan, Phone, now) {
        Ok(manner) => {
            assert!(is_open(now), "allowed at {now} in {zone:?}: {windows:?}");
            if let Some(until) = manner.until {
                assert!(until > now && !is_open(until));
                assert!(is_open(Instant(until.0 - 1)));
                assert!(may_contact(&plan, Phone, until).is_err());
            }
        }
        Err(ContactBarredError { bar, opens }) => {
            assert_eq!(bar, ContactBar::OutsideWindow);
            assert!(!is_open(now), "refused at {now} in {zone:?}: {windows:?}");
            let opens = opens.expect("a window opens within the horizon");
            assert!(opens > now && is_open(opens));
            assert!(may_contact(&plan, Phone, opens).is_ok());
            assert!(!is_open(Instant(opens.0 - 1)));
            let mut between = now;
            while between < opens {
                assert!(!is_open(between), "{between} is open before {opens}");
                between = Instant(between.0 + 7 * MINUTE);
            }
        }
    }
}

fn windows() -> impl Strategy<Value = Vec<ContactWindow>> {
    let days = prop::sample::subsequence(Weekday::ALL.to_vec(), 1..=7);
    let one = (days, 0..1440_u16, 0..=1440_u16)
        .prop_filter("it ends at another time", |(_, from, until)| from != until)
        .prop_map(|(days, from, until)| {
            let text = |time: u16| format!("{:02}:{:02}", time / 60, time % 60);
            window(&days, &text(from), &text(until))
        });
    prop::collection::vec(one, 1..4)
}

fn zones() -> Vec<String> {
    let zones: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect();
    assert!(zones.len() > 400, "only {} zones", zones.len());
    zones
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn never_outside_a_window_and_the_next_one_is_named(
        windows in windows(),
        zone in prop::sample::select(zones()),
        seconds in 1_167_609_600_i64..2_145_916_800,
    ) {
        agrees(&zone, &windows, Instant::from_unix_seconds(seconds));
    }

    #[test]
    fn only_listed_channels(windows in windows(), seconds in 1_167_609_600_i64..2_145_916_800) {
        let plan = plan("America/Chicago", windows);
        let now = Instant::from_unix_seconds(seconds);
        for channel in ContactChannel::ALL.iter().filter(|channel| **channel != Phone) {
            let refused = may_contact(&plan, *channel, now).unwrap_err();
            prop_assert_eq!(refused.bar, ContactBar::ChannelNotListed);
        }
    }
}

#[test]
fn every_zone_around_every_change_of_its_hour() {
    let windows = [
        window(Weekday::ALL, "01:15", "02:20"),
        window(Weekday::ALL, "23:30", "00:30"),
    ];
    let (start, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let mut changes = 0;
    for name in zones() {
        let zone = TimeZone::get(&name).unwrap();
        let start = Timestamp::from_microsecond(start.0).unwrap();
        let moments: Vec<i64> = zone
            .following(start)
            .map(|change| change.timestamp().as_microsecond())
            .take_while(|moment| *moment < end.0)
            .collect();
        for moment in moments {
            changes += 1;
            for minutes in [-50, 0, 25] {
                agrees(&name, &windows, Instant(moment + minutes * MINUTE));
            }
        }
    }
    assert!(changes > 200, "only {changes} changes were met");
}

fn opens(plan: &Plan, now: &str) -> String {
    match may_contact(plan, Phone, at(now)) {
        Ok(manner) => format!("open until {}", manner.until.unwrap()),
        Err(not) => format!("opens {}", not.opens.unwrap()),
    }
}

#[test]
fn where_the_hour_is_turned_forward_over_a_window_it_does_not_open() {
    let plan = plan(
        "America/New_York",
        vec![window(&[Weekday::Sunday], "02:15", "02:45")],
    );
    assert_eq!(
        opens(&plan, "2026-03-08T06:00:00Z"),
        "opens 2026-03-15T06:15:00Z"
    );
}

#[test]
fn where_the_hour_is_turned_back_over_a_window_it_opens_twice() {
    let plan = plan(
        "America/New_York",
        vec![window(&[Weekday::Sunday], "01:30", "01:45")],
    );
    assert_eq!(
        opens(&plan, "2026-11-01T05:00:00Z"),
        "opens 2026-11-01T05:30:00Z"
    );
    assert_eq!(
        opens(&plan, "2026-11-01T05:30:00Z"),
        "open until 2026-11-01T05:45:00Z"
    );
    assert_eq!(
        opens(&plan, "2026-11-01T05:45:00Z"),
        "opens 2026-11-01T06:30:00Z"
    );
    assert_eq!(
        opens(&plan, "2026-11-01T06:45:00Z"),
        "opens 2026-11-08T06:30:00Z"
    );
}

#[test]
fn a_window_crosses_midnight_into_the_day_after() {
    let plan = plan(
        "America/Chicago",
        vec![window(&[Weekday::Friday], "22:00", "02:00")],
    );
    assert_eq!(
        opens(&plan, "2026-06-13T06:59:00Z"),
        "open until 2026-06-13T07:00:00Z"
    );
    assert_eq!(
        opens(&plan, "2026-06-14T03:30:00Z"),
        "opens 2026-06-20T03:00:00Z"
    );
}

#[test]
fn a_day_that_a_zone_leaves_out_has_no_window() {
    let plan = plan(
        "Pacific/Apia",
        vec![window(&[Weekday::Friday], "10:00", "11:00")],
    );
    assert_eq!(
        opens(&plan, "2011-12-29T22:00:00Z"),
        "opens 2012-01-05T20:00:00Z"
    );
}

#[test]
fn windows_without_a_gap_never_close() {
    let plan = plan("UTC", vec![window(Weekday::ALL, "00:00", "24:00")]);
    let manner = may_contact(&plan, Phone, at("2026-06-13T06:59:00Z")).unwrap();
    assert_eq!((manner.until, manner.code_word), (None, Some("marigold")));
}

#[test]
fn do_not_contact_bars_every_channel_at_every_time() {
    let mut said = said("UTC", vec![window(Weekday::ALL, "00:00", "24:00")]);
    said.do_not_contact = Some(true);
    let plan = said.followed().unwrap();
    for channel in ContactChannel::ALL {
        let refused = may_contact(&plan, *channel, at("2026-06-13T06:59:00Z")).unwrap_err();
        assert_eq!(
            (refused.bar, refused.opens),
            (ContactBar::DoNotContact, None)
        );
    }
}

#[test]
fn a_plan_that_cannot_be_followed_is_refused_with_what_is_wrong() {
    type Spoil = fn(&mut SafeContactPlan);
    let address = |channel, text: &str| ContactRoute {
        channel,
        address: text.to_owned(),
    };
    let mut wrong: Vec<(ContactPlanError, SafeContactPlan)> = Vec::new();
    let spoils: [(ContactPlanError, Spoil); 10] = [
        (ContactPlanError::NoChannel, |plan| plan.channels = None),
        (ContactPlanError::NoWindow, |plan| plan.windows = None),
        (ContactPlanError::Zone, |plan| plan.time_zone = None),
        (ContactPlanError::Zone, |plan| {
            plan.time_zone = Some("America/Nowhere".to_owned());
        }),
        (ContactPlanError::Zone, |plan| {
            plan.time_zone = Some("Etc/Unknown".to_owned());
        }),
        (ContactPlanError::Zone, |plan| {
            plan.time_zone = Some("EST5EDT,M3.2.0,M11.1.0".to_owned());
        }),
        (ContactPlanError::CodeWord, |plan| {
            plan.code_word = Some(" ".to_owned());
        }),
        (ContactPlanError::Window, |plan| {
            plan.windows.as_mut().unwrap()[0].days.clear();
        }),
        (ContactPlanError::Window, |plan| {
            let window = &mut plan.windows.as_mut().unwrap()[0];
            window.until = window.from;
        }),
        (ContactPlanError::TooManyWindows, |plan| {
            let windows = plan.windows.as_mut().unwrap();
            *windows = vec![windows[0].clone(); 15];
        }),
    ];
    let good = || said("UTC", vec![window(&[Weekday::Monday], "10:00", "12:00")]);
    for (fault, spoil) in spoils {
        let mut plan = good();
        spoil(&mut plan);
        wrong.push((fault, plan));
    }
    let routes = [
        (ContactPlanError::Address, vec![address(Phone, "555 0142")]),
        (
            ContactPlanError::Address,
            vec![address(Phone, "+0123456789")],
        ),
        (ContactPlanError::Address, vec![address(InPerson, " ")]),
        (
            ContactPlanError::Address,
            vec![address(InPerson, &"x".repeat(201))],
        ),
        (ContactPlanError::Address, vec![address(Email, "nobody")]),
        (
            ContactPlanError::StaysThere,
            vec![address(Email, "a@example.org")],
        ),
        (
            ContactPlanError::StaysThere,
            vec![address(Text, "+12025550142")],
        ),
        (
            ContactPlanError::ChannelTwice,
            vec![
                address(Phone, "+12025550142"),
                address(Phone, "+12025550143"),
            ],
        ),
    ];
    for (fault, routes) in routes {
        let mut plan = good();
        plan.channels = Some(routes);
        plan.may_leave_message = Some(fault == ContactPlanError::Address);
        wrong.push((fault, plan));
    }
    assert!(good().followed().is_ok());
    for (fault, plan) in wrong {
        assert_eq!(plan.followed().unwrap_err(), vec![fault], "{plan:?}");
    }
}

#[test]
fn a_permit_ends_with_its_window_and_leaves_no_content() {
    let mut said = said("UTC", vec![window(&[Weekday::Monday], "10:00", "12:00")]);
    let silent = said.followed().unwrap();
    said.may_leave_message = Some(true);
    let talking = said.followed().unwrap();
    let (inside, after) = (at("2026-06-15T10:00:00Z"), at("2026-06-15T12:00:00Z"));
    assert!(Permit::ask(&talking, Phone, after).is_err());

    let permit = Permit::ask(&talking, Phone, inside).unwrap();
    assert_eq!(permit.forms(), MessageForm::ALL);
    for form in MessageForm::ALL {
        let message = permit.message(*form, inside).unwrap();
        assert_eq!(
            (message.channel(), message.address()),
            (Phone, "+12025550142")
        );
        for telling in ["advocate", "agency", "marigold", "shelter", "case"] {
            assert!(!message.words().to_lowercase().contains(telling));
        }
        let late = permit.message(*form, after).unwrap_err();
        assert_eq!(late.bar, ContactBar::OutsideWindow);
    }

    let permit = Permit::ask(&silent, Phone, inside).unwrap();
    assert!(permit.forms().is_empty());
    let refused = permit
        .message(MessageForm::PleaseCallBack, inside)
        .unwrap_err();
    assert_eq!(refused.bar, ContactBar::NothingMayBeLeft);
}
