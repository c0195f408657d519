//! From where a reader may go on, what of a page is named, and which records an event changed.

use std::collections::HashMap;
use std::time::Duration;

use concord::audit::changed::{self, ChangedRecord};
use concord::audit::checkpoint::LedgerKey;
use concord::audit::event::{ConsentEvent, Event, MouEvent, ReferralEvent, RequestMeta};
use concord::audit::leaf::Leaf;
use concord::error::Error;
use concord::feed::cursor::{open, seal};
use concord::feed::rules::{
    ChangedRecordRow, Cursor, EventInPlace, Fingerprint, Position, RESUMABLE, go_on, named,
};
use concord::sweep::AGENCY_CHANGE;
use concord_entities::ids::{
    AgencyId, AuditEventId, ConsentId, MouId, NoticeId, ReferralId, SurvivorAuditId,
};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::ChangedKind;
use proptest::prelude::*;
use uuid::Uuid;
use zeroize::Zeroizing;

const NOW: Instant = Instant(1_800_000_000_000_000);

fn at(event: AuditEventId, place: i64) -> Cursor {
    Cursor {
        agency: AgencyId(Uuid::from_u128(1)),
        position: Position {
            place,
            object: Uuid::max(),
        },
        event: Fingerprint::of(Some(event)),
    }
}

#[test]
fn a_reader_goes_on_where_nothing_is_lost() {
    let (event, other) = (AuditEventId::new(), AuditEventId::new());
    let there = |id, age| {
        Some(EventInPlace {
            id,
            recorded_at: NOW.minus(age),
        })
    };
    let cursor = at(event, 7);
    let lately = RESUMABLE.checked_sub(Duration::from_micros(1)).unwrap();
    let start = Cursor {
        position: Position::START,
        event: Fingerprint::of(None),
        ..cursor
    };
    for (case, cursor, found, size, good) in [
        ("lately", cursor, there(event, lately), 10, true),
        ("too long ago", cursor, there(event, RESUMABLE), 10, false),
        (
            "the end, however old",
            cursor,
            there(event, RESUMABLE * 9),
            8,
            true,
        ),
        ("another history", cursor, there(other, lately), 10, false),
        (
            "another history's end",
            cursor,
            there(other, lately),
            8,
            false,
        ),
        ("beyond the end", cursor, None, 7, false),
        ("before anything", start, None, 0, true),
        (
            "before what came since",
            start,
            there(event, lately),
            3,
            true,
        ),
        ("before what went", start, there(event, RESUMABLE), 3, false),
    ] {
        let expected = if good {
            Ok(())
        } else {
            Err(Error::CursorExpired)
        };
        assert_eq!(go_on(&cursor, found, size, NOW), expected, "{case}");
    }
    // What can be gone on from is kept for longer.
    assert!(AGENCY_CHANGE > RESUMABLE + Duration::from_hours(24));
}

#[test]
fn a_cursor_is_its_agencys_and_ours() {
    let key = |byte| LedgerKey::new("concord.example/audit", &Zeroizing::new([byte; 32])).unwrap();
    let (ours, other) = (key(7), key(8));
    let cursor = at(AuditEventId::new(), 4711);
    let sealed = seal(&cursor, &ours);
    assert_eq!(open(&ours, cursor.agency, &sealed), Some(cursor));
    assert_eq!(open(&ours, AgencyId::new(), &sealed), None);
    assert_eq!(open(&other, cursor.agency, &sealed), None);
    let is_open = |text: &str| open(&ours, cursor.agency, text).is_some();
    for place in 0..sealed.len() {
        let mut forged = sealed.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        assert!(!is_open(&String::from_utf8(forged).unwrap()), "{place}");
        assert!(!is_open(&sealed[..place]), "{place}");
    }
}

fn row(place: i64, object: u128) -> ChangedRecordRow {
    ChangedRecordRow {
        position: Position {
            place,
            object: Uuid::from_u128(object),
        },
        event: AuditEventId(Uuid::nil()),
        kind: ChangedKind::Referral,
        at: NOW,
    }
}

proptest! {
    #[test]
    fn what_is_seen_is_named_once_where_it_changed_last(
        objects in proptest::collection::vec(0..6_u128, 0..30),
        seen in proptest::collection::btree_set(0..6_u128, 0..6),
    ) {
        let rows: Vec<_> = (0..).zip(&objects).map(|(place, object)| row(place, *object)).collect();
        let states: HashMap<_, _> = seen.iter().map(|one| (Uuid::from_u128(*one), "ACTIVE")).collect();
        let named: Vec<_> = named(&rows, &states).into_iter().map(|(row, _)| row).collect();
        let last = |row: &&ChangedRecordRow| {
            let later = |other: &&ChangedRecordRow| other.position.object == row.position.object;
            states.contains_key(&row.position.object) && rows.iter().rev().find(later) == Some(*row)
        };
        let expected: Vec<_> = rows.iter().filter(last).copied().collect();
        prop_assert_eq!(named, expected);
    }
}

#[test]
fn an_event_says_which_records_it_changed() {
    let consent = ConsentId::new();
    let of_consent = || ConsentEvent {
        id: consent,
        version: 1,
        survivor: SurvivorAuditId::new(),
        recipient: None,
        reason: None,
    };
    let (referral, mou, notice) = (ReferralId::new(), MouId::new(), NoticeId::new());
    let erased = Event::SurvivorErased {
        survivor: SurvivorAuditId::new(),
        consents: vec![consent],
    };
    for (event, expected) in [
        (
            Event::ReferralSent(ReferralEvent::of(referral, AgencyId::new())),
            vec![ChangedRecord::Referral(referral)],
        ),
        (
            Event::ConsentRevoked(of_consent()),
            vec![ChangedRecord::Consent(consent)],
        ),
        (
            Event::ConsentObjectedTo(of_consent()),
            vec![ChangedRecord::ConsentOfDiscloser(consent)],
        ),
        (erased, vec![ChangedRecord::Consent(consent)]),
        (
            Event::MouSigned(MouEvent {
                id: mou,
                version: 1,
                task_force: None,
                how: None,
            }),
            vec![ChangedRecord::MouAndReferrals(mou)],
        ),
        (
            Event::NoticeSeen(notice),
            vec![ChangedRecord::Notice(notice)],
        ),
        (Event::RecordsListed(vec![referral.to_string()]), Vec::new()),
        (Event::AuditRead, Vec::new()),
    ] {
        let agent = concord::audit::event::Agent::operator();
        let leaf = Leaf::new(event, &agent, &RequestMeta::default(), NOW);
        let by = changed::by(leaf.kind, leaf.object.as_deref(), &leaf.objects);
        assert_eq!(by, expected);
        let record = leaf.into_record(None).unwrap();
        let read = record.changed.map(|text| changed::read(&text).unwrap());
        assert_eq!(read.unwrap_or_default(), expected, "as it waits");
    }
}
