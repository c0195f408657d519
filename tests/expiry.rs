//! Nothing expires silently: by its urgency and its recipient's own days a referral can be answered for so long, and both sides
//! are told before that is over and when it is.

use std::collections::BTreeSet;
use std::time::Duration;

use concord::referral::rules::answer::{answer_term, tell, told_first};
use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord_entities::instant::Instant;
use concord_entities::referral;
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::{Code, Explanation, NoticeKind, ReferralStatus, Urgency};
use proptest::prelude::*;
use serde_json::json;
use tokio::time::{Instant as Waited, sleep};

use crate::world::agency::day;
use crate::world::{Agency, World, on_both};

const DAY: Duration = Duration::from_hours(24);

proptest! {
    #[test]
    fn what_is_urgent_expires_sooner_and_nothing_later_than_its_recipient_says(
        days in 7..=90_i32,
        urgency in prop::sample::select(Urgency::ALL.to_vec()),
    ) {
        let term = answer_term(days, urgency);
        prop_assert!(term <= DAY * days.unsigned_abs());
        let most = match urgency {
            Urgency::Emergency => 2,
            Urgency::Urgent => 7,
            Urgency::Routine => 90,
        };
        prop_assert!(term <= DAY * most && term >= 2 * DAY);
        let sent = Instant(0);
        let first = told_first(sent, sent.plus(term));
        prop_assert!(first > sent && first < sent.plus(term));
    }
}

/// The notices of a kind to an agency, by what they tell of.
async fn notices(agency: &Agency, kind: &str) -> BTreeSet<String> {
    let all = agency.lists("notices(first: 100)", "kind object").await;
    let of_kind = all.iter().filter(|notice| notice["kind"] == kind);
    of_kind
        .map(|notice| notice["object"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until both agencies have these notices.
async fn are_told(agencies: [&Agency; 2], kind: &str, of: &[&str]) {
    let expected: BTreeSet<_> = of.iter().map(|id| (*id).to_owned()).collect();
    let began = Waited::now();
    loop {
        let mut told = Vec::new();
        for agency in agencies {
            told.push(notices(agency, kind).await);
        }
        if told.iter().all(|told| *told == expected) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(90), "{told:?}");
        sleep(Duration::from_millis(500)).await;
    }
}

on_both!(both_sides_are_told_before_a_referral_expires_and_when_it_has);
async fn both_sides_are_told_before_a_referral_expires_and_when_it_has(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let soon = north.refers("Ada").to(&south).sharing([Identity]).await;
    let over = north.refers("Grace").to(&south).sharing([Identity]).await;
    let answered = north.refers("Rosa").to(&south).sharing([Identity]).await;
    north.refers("Ida").to(&south).sharing([Identity]).await;
    south.does("acceptReferral", &answered).await.data();
    // It is urgent: a week, of which five and a half days pass for two of them, and eight for the third.
    let passes = |id: &str, days: f64| {
        let by = (days * 86_400_000_000.0).round();
        let id = world.sql_id(id);
        world.tampers(&format!(
            "UPDATE referral SET expires_at = expires_at - {by}, tell_at = tell_at - {by} WHERE id = {id}"
        ));
    };
    passes(&soon.referral, 5.5);
    passes(&answered.referral, 5.5);
    passes(&over.referral, 8.0);

    let both = [&north, &south];
    are_told(both, "REFERRAL_EXPIRES", &[&soon.referral]).await;
    are_told(both, "REFERRAL_EXPIRED", &[&over.referral]).await;
    for (agency, kind) in [(&north, "REFERRAL_EXPIRES"), (&south, "REFERRAL_EXPIRED")] {
        let log = format!("auditEvents(filter: {{ types: [{kind}] }})");
        let logged = agency
            .lists(&log, "object subject recipient { name }")
            .await;
        let of = if kind == "REFERRAL_EXPIRES" {
            &soon
        } else {
            &over
        };
        let expected = json!({ "object": of.referral, "subject": "service", "recipient": { "name": "south" } });
        assert_eq!(logged, [expected]);
    }
    // The first of them expires in its turn, and is told of once more.
    passes(&soon.referral, 2.0);
    are_told(both, "REFERRAL_EXPIRED", &[&over.referral, &soon.referral]).await;
    are_told(both, "REFERRAL_EXPIRES", &[&soon.referral]).await;
    assert_eq!(south.sees(&soon).await, "EXPIRED (NOT_ANSWERED)");
    let left = "SELECT count(*) FROM referral WHERE tell_at IS NOT NULL";
    assert_eq!(world.tampers(left).trim(), "1", "the one that waits");
    assert!(world.verifies().0);
}

on_both!(an_agency_says_within_how_many_days_it_answers_what_is_sent_to_it_from_then_on);
async fn an_agency_says_within_how_many_days_it_answers_what_is_sent_to_it_from_then_on(
    world: World,
) {
    let (north, south) = world.agencies("north", "south").await;
    let say = "mutation($d: Int!) { setAnswerDays(days: $d) { name answerDays } }";
    for days in [6, 91, -1, 0] {
        let refused = south.asks(say, json!({ "d": days })).await;
        refused.is_refused_for("days");
    }
    let before = north.refers("Ada").to(&south).drafted([Identity]).await;
    let routine = |told: &crate::world::agency::Told| {
        let id = world.sql_id(&told.referral);
        world.tampers(&format!(
            "UPDATE referral SET urgency = 'ROUTINE' WHERE id = {id}"
        ));
    };
    routine(&before);
    north.does("sendReferral", &before).await.data();
    for _ in 0..2 {
        let said = south.asks(say, json!({ "d": 14 })).await;
        let expected = json!({ "name": "south", "answerDays": 14 });
        assert_eq!(said.data()["setAnswerDays"], expected);
    }
    let log = "auditEvents(filter: { types: [AGENCY_ANSWER_DAYS_SET] })";
    assert_eq!(
        south.lists(log, "reason").await,
        [json!({ "reason": "14" })]
    );
    let after = north.refers("Grace").to(&south).drafted([Identity]).await;
    routine(&after);
    north.does("sendReferral", &after).await.data();
    for (told, days) in [(&before, 30), (&after, 14)] {
        let seen = north
            .finds("Referral", &told.referral, "sentAt expiresAt")
            .await;
        let moment = |name: &str| seen[name].as_str().unwrap().parse::<Instant>().unwrap();
        let term = moment("expiresAt").since(moment("sentAt"));
        assert_eq!(term, DAY * days);
    }
}

on_both!(nothing_is_told_of_what_was_answered_or_stopped);
async fn nothing_is_told_of_what_was_answered_or_stopped(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    north.refers("Ada").to(&south).sharing([Identity]).await;
    let sent = referral::Entity::inbox(south.id);
    let pattern = sent.one(&world.service.store.read).await.unwrap().unwrap();
    let sent = Instant(0);
    let expires_at = sent.plus(7 * DAY);
    let first = told_first(sent, expires_at);
    let like = |status, halted| referral::Model {
        status,
        halted,
        sent_at: Some(sent),
        expires_at: Some(expires_at),
        tell_at: Some(first),
        consent_until: None,
        mou_until: None,
        ..pattern.clone()
    };
    let later = |days: u32| sent.plus(DAY * days);
    for (status, halted, now, told, next) in [
        (
            ReferralStatus::Requested,
            false,
            first,
            Some(NoticeKind::ReferralExpires),
            Some(expires_at),
        ),
        (
            ReferralStatus::Requested,
            false,
            later(7),
            Some(NoticeKind::ReferralExpired),
            None,
        ),
        // A server that slept through the first moment tells the second alone.
        (
            ReferralStatus::Requested,
            false,
            later(30),
            Some(NoticeKind::ReferralExpired),
            None,
        ),
        (
            ReferralStatus::Requested,
            true,
            first,
            None,
            Some(expires_at),
        ),
        (ReferralStatus::Requested, true, later(7), None, None),
        (ReferralStatus::Accepted, false, first, None, None),
        (ReferralStatus::Rejected, false, later(7), None, None),
    ] {
        let row = like(status, halted);
        let current = CurrentStatus::of(&StoredStatus::from(&row), now).status;
        let (row, kind) = tell(row, current, now);
        assert_eq!(
            (kind, row.tell_at),
            (told, next),
            "{status}, {halted}, at {now}"
        );
    }
}

on_both!(what_was_not_answered_is_sent_on_under_a_consent_of_its_own);
async fn what_was_not_answered_is_sent_on_under_a_consent_of_its_own(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let west = world.agency("west").await;
    north.agrees_with(&west).await;
    let told = north.refers("Ada").to(&south).sharing([Identity]).await;
    let draft = "mutation($c: ConsentFromInput!) { draftConsentFrom(consent: $c) { \
        id version status recipient { name } survivor { id } grants { purpose categories } findings { code } } }";
    let explained: Vec<_> = Explanation::ALL.iter().map(|code| code.code()).collect();
    let from = |recipient: &Agency, explained: &[&str]| {
        json!({ "c": {
            "from": told.consent, "recipient": recipient.id.to_string(), "expiresAt": format!("{}T00:00:00Z", day(30)),
            "explained": explained, "idempotencyKey": recipient.name,
        } })
    };
    for not in [&south, &north] {
        let refused = north.asks(draft, from(not, &explained)).await;
        refused.is_refused_for("consent.recipient");
    }
    // Who will be told is another agency: that it was explained is not taken over.
    let silent = north.asks(draft, from(&west, &[])).await;
    let lacks = silent.data()["draftConsentFrom"]["findings"].to_string();
    assert!(lacks.contains("WHO_NOT_EXPLAINED"), "{lacks}");

    let mut anew = from(&west, &explained);
    anew["c"]["idempotencyKey"] = json!("another");
    let drafted = north.asks(draft, anew.clone()).await;
    let consent = drafted.data()["draftConsentFrom"].clone();
    assert_eq!(
        (&consent["status"], &consent["version"]),
        (&json!("DRAFT"), &json!(1))
    );
    assert_eq!(consent["recipient"]["name"], "west");
    assert_eq!(
        consent["survivor"]["id"],
        north.survivor_of(&told.consent).await.as_str()
    );
    assert_eq!(
        consent["grants"],
        json!([{ "purpose": "SERVICE_DELIVERY", "categories": ["IDENTITY"] }])
    );
    let again = north.asks(draft, anew).await;
    assert_eq!(again.data()["draftConsentFrom"]["id"], consent["id"]);

    let id = consent["id"].as_str().unwrap();
    let unsigned = north.drafts_referral(id, "Ada", &[Identity]).await;
    assert_eq!(
        north.does("sendReferral", &unsigned).await.codes(),
        "INVALID_TRANSITION"
    );
    north.signs(id).await.data();
    north.does("sendReferral", &unsigned).await.data();
    assert!(west.reads(&unsigned).await.contains("Ada"));
    // What the first one was told stays under its own consent.
    north.revokes_consent(&told).await.data();
    assert!(west.reads(&unsigned).await.contains("Ada"));
    assert_eq!(
        west.asks(draft, from(&north, &explained)).await.codes(),
        "NOT_FOUND"
    );
}
