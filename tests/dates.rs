//! Dates and times as they are written, and those that their meaning forbids.

use concord::error::Faults;
use concord::referral::package::{Contents, Identity};
use concord_entities::instant::{Day, Instant, InvalidTimeError};
use concord_entities::zone::Zone;
use serde_json::{Value, json};

use crate::contact::story::{plan, sets};
use crate::world::agency::day;
use crate::world::documents::DRAFT_REFERRAL;
use crate::world::{World, on_both};
use concord_entities::vocabulary::DataCategory;

#[test]
fn a_day_is_the_extended_form_and_nothing_else() {
    for good in ["1900-01-01", "2024-02-29", "2200-12-31"] {
        assert_eq!(good.parse::<Day>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "2026-3-1",
        "2026-03-1",
        "20260301",
        "2026-060",
        "2026-W10-1",
        "+2026-03-01",
        "-2026-03-01",
        " 2026-03-01",
        "2026-03-01 ",
        "2026/03/01",
        "03-01-2026",
        "2026-03-01T00:00:00Z",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "２０２６-03-01",
        "2026-03-0\u{0661}",
    ] {
        assert_eq!(bad.parse::<Day>(), Err(InvalidTimeError::Day), "{bad}");
    }
    for far in ["0026-03-01", "1899-12-31", "2201-01-01", "9999-12-31"] {
        assert_eq!(far.parse::<Day>(), Err(InvalidTimeError::Year), "{far}");
    }
}

#[test]
fn a_moment_is_rfc_3339_and_nothing_else() {
    let moment = "2026-03-01T09:30:00Z".parse::<Instant>().unwrap();
    for same in [
        "2026-03-01T09:30:00.000000Z",
        "2026-03-01T09:30:00.0Z",
        "2026-03-01t09:30:00z",
        "2026-03-01T04:30:00-05:00",
        "2026-03-01T15:00:00.000000000+05:30",
        "2026-03-01T09:30:00-00:00",
    ] {
        assert_eq!(same.parse(), Ok(moment), "{same}");
    }
    for bad in [
        "",
        "2026-03-01",
        "2026-03-01T09:30Z",
        "2026-03-01 09:30:00Z",
        "2026-03-01T09:30:00",
        "20260301T093000Z",
        "2026-03-01T09:30:00+0530",
        "2026-03-01T09:30:00+05",
        "2026-03-01T09:30:00,5Z",
        "2026-03-01T09:30:00.Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T09:60:00Z",
        "+2026-03-01T09:30:00Z",
        "2026-03-01T9:30:00Z",
        "1772357400",
        "2026-03-01T09:30:00Z[UTC]",
        "2026-03-01T09:30:00\u{2212}05:00",
        " 2026-03-01T09:30:00Z",
    ] {
        assert_eq!(
            bad.parse::<Instant>(),
            Err(InvalidTimeError::Instant),
            "{bad}"
        );
    }
    for far in [
        "1899-12-31T23:59:59Z",
        "2201-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ] {
        assert_eq!(far.parse::<Instant>(), Err(InvalidTimeError::Year), "{far}");
    }
}

#[test]
fn what_is_stored_is_read_whatever_its_year() {
    for stored in ["9999-12-31", "1066-10-14"] {
        let day: Day = serde_json::from_value(json!(stored)).unwrap();
        assert_eq!(day.to_string(), stored);
    }
    let moment: Instant = serde_json::from_value(json!("9999-12-31T23:59:59Z")).unwrap();
    assert_eq!(moment.to_string(), "9999-12-31T23:59:59Z");
}

#[test]
fn the_placeholders_of_the_iana_database_are_no_zones() {
    for zone in ["UTC", "America/New_York", "Asia/Kathmandu", "EST5EDT"] {
        assert_eq!(zone.parse::<Zone>().unwrap().to_string(), zone);
    }
    for none in [
        "Factory",
        "factory",
        "Etc/Unknown",
        "localtime",
        "posixrules",
        "EST+5",
        "Mars/Olympus",
        "",
    ] {
        assert!(none.parse::<Zone>().is_err(), "{none}");
    }
}

#[test]
fn nobody_was_born_130_years_ago() {
    let today: Day = "2090-01-01".parse().unwrap();
    for (born, fits) in [
        ("1959-12-01", false),
        ("1960-02-01", true),
        ("2090-01-02", true),
        ("2090-01-03", false),
    ] {
        let identity = Identity {
            date_of_birth: Some(born.parse::<Day>().unwrap().into()),
            ..Identity::default()
        };
        let mut package = Contents {
            identity: Some(identity),
            ..Contents::default()
        };
        let mut faults = Faults::default();
        package.tidy("package", today, &mut faults);
        assert_eq!(faults.found().is_none(), fits, "{born}");
    }
}

on_both!(a_date_that_its_meaning_forbids_is_refused);
async fn a_date_that_its_meaning_forbids_is_refused(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let ada = north.registers("Ada").await;
    let consent = north
        .consents(&ada, &south, &[DataCategory::Identity])
        .await;
    north.signs(&consent).await.data();
    let referral = |born: Value| {
        json!({ "r": {
            "consent": consent, "needs": ["HOUSING"], "urgency": "URGENT", "again": true,
            "package": { "identity": { "dateOfBirth": born } },
        } })
    };
    for born in [day(2), day(400)] {
        let answer = north.asks(DRAFT_REFERRAL, referral(json!(born))).await;
        answer.is_refused_for("referral.package.identity.dateOfBirth");
        assert!(!answer.text.contains(&born), "{}", answer.text);
    }
    for born in [day(0), day(-120 * 365)] {
        north
            .asks(DRAFT_REFERRAL, referral(json!(born)))
            .await
            .data();
    }
    for written in ["2026-3-1", "1899-12-31", "2201-01-01"] {
        let answer = north.asks(DRAFT_REFERRAL, referral(json!(written))).await;
        assert!(
            answer.status >= 400 || answer.body.get("errors").is_some(),
            "{written}"
        );
        assert!(!answer.text.contains(written), "{}", answer.text);
    }

    let mou = |review: String| {
        json!({ "m": {
            "kind": "REFERRAL", "title": "x",
            "parties": [
                { "agency": north.id.to_string(), "responsibilities": "x" },
                { "agency": south.id.to_string(), "responsibilities": "x" },
            ],
            "terms": {
                "grants": [{ "purpose": "SERVICE_DELIVERY", "categories": ["NEEDS"] }], "purpose": "x", "services": "x",
                "confidentiality": "x", "breachNoticeHours": 24, "training": "x", "conflictResolution": "x",
                "terminationNoticeDays": 30,
            },
            "effectiveOn": day(0), "reviewOn": review, "expiresOn": day(365),
        } })
    };
    let draft = "mutation($m: MouInput!) { draftMou(mou: $m) { id } }";
    for outside in [day(-1), day(366)] {
        north
            .asks(draft, mou(outside))
            .await
            .is_refused_for("mou.reviewOn");
    }
    for within in [day(0), day(365)] {
        north.asks(draft, mou(within)).await.data();
    }

    let mut nowhere = plan(&["MONDAY"]);
    nowhere["timeZone"] = json!("Factory");
    assert_eq!(sets(&north, &ada, nowhere).await, "BAD_USER_INPUT");
}
