//! An MOU's days are days where its task force works: the first and the last one whole, wherever that is and whatever the clocks
//! there do.

use concord::mou::rules::term::last_day_unreviewed;
use concord::mou::rules::words::{EndReason, PartyWord, hear};
use concord::mou::rules::{counted_in, days_left, status};
use concord_entities::instant::{Day, Instant};
use concord_entities::mou;
use concord_entities::vocabulary::MouStatus::{Active, DueForReview, Expired, Signed};
use concord_entities::zone::Zone;

use crate::mou_life::table::Scene;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A signed MOU of these days, counted in this zone.
fn signed(zone: &str, first: &str, review: &str, last: &str) -> mou::Model {
    let mut mou = Scene::draft().mou;
    mou.offered_at = Some(Instant(0));
    mou.signed_at = Some(Instant(0));
    mou.effective_on = day(first);
    mou.review_on = Some(day(review));
    mou.expires_on = day(last);
    let zone: Zone = zone.parse().unwrap();
    counted_in(mou, zone)
}

fn before(moment: Instant) -> Instant {
    Instant(moment.0 - 1)
}

#[test]
fn the_first_and_the_last_day_are_whole_where_the_task_force_works() {
    for (zone, first, review, last, begins, falls_due, ends) in [
        // Ten hours behind UTC, no summer time.
        (
            "Pacific/Honolulu",
            "2027-01-01",
            "2027-06-01",
            "2027-12-31",
            "2027-01-01T10:00:00Z",
            "2027-06-01T10:00:00Z",
            "2028-01-01T10:00:00Z",
        ),
        // Ten hours ahead: there it is tomorrow.
        (
            "Pacific/Guam",
            "2027-01-01",
            "2027-06-01",
            "2027-12-31",
            "2026-12-31T14:00:00Z",
            "2027-05-31T14:00:00Z",
            "2027-12-31T14:00:00Z",
        ),
        // From winter to summer: the last day has 23 hours.
        (
            "America/New_York",
            "2027-03-01",
            "2027-03-13",
            "2027-03-14",
            "2027-03-01T05:00:00Z",
            "2027-03-13T05:00:00Z",
            "2027-03-15T04:00:00Z",
        ),
        // And back: it has 25.
        (
            "America/New_York",
            "2027-11-01",
            "2027-11-06",
            "2027-11-07",
            "2027-11-01T04:00:00Z",
            "2027-11-06T04:00:00Z",
            "2027-11-08T05:00:00Z",
        ),
        // The day that three years of four do not have.
        (
            "America/New_York",
            "2028-02-28",
            "2028-02-29",
            "2028-02-29",
            "2028-02-28T05:00:00Z",
            "2028-02-29T05:00:00Z",
            "2028-03-01T05:00:00Z",
        ),
        (
            "Pacific/Guam",
            "2028-02-29",
            "2028-02-29",
            "2028-03-01",
            "2028-02-28T14:00:00Z",
            "2028-02-28T14:00:00Z",
            "2028-03-01T14:00:00Z",
        ),
    ] {
        let mou = signed(zone, first, review, last);
        let (begins, falls_due, ends) = (at(begins), at(falls_due), at(ends));
        assert_eq!(
            (mou.begins_at, mou.review_at, mou.ends_at),
            (begins, Some(falls_due), ends),
            "{zone} {last}"
        );
        assert_eq!(status(&mou, 3, before(begins)), Signed, "{zone}");
        let from = if begins < falls_due {
            Active
        } else {
            DueForReview
        };
        assert_eq!(status(&mou, 3, begins), from, "{zone}");
        assert_eq!(status(&mou, 3, falls_due), DueForReview, "{zone}");
        assert_eq!(days_left(&mou, before(ends)), Some(1), "{zone} {last}");
        assert_eq!(status(&mou, 3, ends), Expired, "{zone} {last}");
    }
}

#[test]
fn an_open_ended_mou_goes_on_for_ninety_whole_days_after_its_review_was_due() {
    // 2028 has a 29 February, and in New York the clocks go forward on 12 March.
    for (review, last) in [
        ("2027-12-01", "2028-02-29"),
        ("2028-01-01", "2028-03-31"),
        ("2026-12-01", "2027-03-01"),
    ] {
        assert_eq!(last_day_unreviewed(day(review)), day(last));
    }
    let mut mou = signed("America/New_York", "2027-01-01", "2028-01-01", "2028-03-31");
    mou.open_ended = true;
    let ends = at("2028-04-01T04:00:00Z");
    assert_eq!(status(&mou, 3, before(ends)), DueForReview);
    assert_eq!(status(&mou, 3, ends), Expired);
}

#[test]
fn a_notice_ends_with_its_last_day_where_the_task_force_works() {
    for (zone, now, last, ends) in [
        // In Honolulu it is still 1 March.
        (
            "Pacific/Honolulu",
            "2027-03-02T09:59:59Z",
            "2027-03-31",
            "2027-04-01T10:00:00Z",
        ),
        // In Guam it is 3 March already.
        (
            "Pacific/Guam",
            "2027-03-02T14:00:00Z",
            "2027-04-02",
            "2027-04-02T14:00:00Z",
        ),
        // Given in winter, over in summer.
        (
            "America/New_York",
            "2027-03-01T05:00:00Z",
            "2027-03-31",
            "2027-04-01T04:00:00Z",
        ),
        // Given in summer, over in winter.
        (
            "America/New_York",
            "2027-10-15T03:59:59Z",
            "2027-11-13",
            "2027-11-14T05:00:00Z",
        ),
        // Over a 29 February.
        (
            "America/New_York",
            "2028-01-30T05:00:00Z",
            "2028-02-29",
            "2028-03-01T05:00:00Z",
        ),
    ] {
        let scene = Scene::draft();
        let mut mou = signed(zone, "2027-01-01", "2029-01-01", "2029-12-31");
        mou.terms.termination_notice_days = 30;
        let mut parties = scene.parties.clone();
        for party in &mut parties {
            party.signed_at = Some(Instant(0));
        }
        let end = PartyWord::Terminate(EndReason {
            text: "no more".to_owned(),
            breach: false,
        });
        let said = hear(&mou, &parties, parties[0].agency_id, &end, at(now))
            .unwrap()
            .unwrap();
        let given = said.changed.mou;
        assert_eq!(
            (given.terminates_on, given.ends_at),
            (Some(day(last)), at(ends)),
            "{zone} {now}"
        );
        assert!(
            given.dates().is_in_force(before(at(ends))) && !given.dates().is_in_force(at(ends))
        );
    }
}
