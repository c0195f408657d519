//! Many requests' events are recorded together, and stand or fall each by itself.

use std::time::Duration;

use concord::audit::change::{ByOperator, Ending};
use concord::audit::event::{Event, RequestMeta};
use concord::audit::integrator::settle;
use concord::audit::ledger::RecordingError;
use concord_entities::ids::AgencyId;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;

use super::{Place, agent, mark};
use crate::world::{Database, on_both};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_the_database_refuses_fails_nobody_elses() {
    let place = Place::on(Database::Postgres).await;
    let attempts = (0..60).map(|number| {
        let place = &place;
        async move {
            // However such an address came in: PostgreSQL has no text with a NUL.
            let address = if number == 17 {
                "192.0.2.1\0"
            } else {
                "192.0.2.1"
            };
            let meta = RequestMeta {
                address: Some(address.to_owned()),
                ..mark()
            };
            let decided = place.decided(vec![Event::AuditRead]).await;
            let agent = agent(AgencyId::new());
            (number, place.ledger.release(decided, &agent, &meta).await)
        }
    });
    for (number, released) in join_all(attempts).await {
        match released {
            Ok(released) => assert_eq!((released.content(), number != 17), ("a secret", true)),
            Err(RecordingError::Refused(refusal)) => {
                assert_eq!((refusal.error.code(), number), ("INTERNAL", 17));
            }
            Err(stale @ RecordingError::Stale) => panic!("{number}: {stale:?}"),
        }
    }
    assert_eq!(place.events().await, 59);
}

on_both!(nothing_ends_while_a_read_holds_the_lock: Database, flavor = "multi_thread");
async fn nothing_ends_while_a_read_holds_the_lock(database: Database) {
    let place = Place::on(database).await;
    let decided = place.decided(vec![Event::AuditRead]).await;
    let held = place.ledger.hold(&place.store).await.unwrap();
    let store = place.store.clone();
    let ending = tokio::spawn(async move {
        let ending = Ending::at_command_line(&store, ByOperator::default())
            .await
            .unwrap();
        ending
            .commit(Event::AgencyRegistered(AgencyId::new()))
            .await
            .unwrap();
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!ending.is_finished());
    let released = held
        .release(decided, &agent(AgencyId::new()), &mark())
        .await
        .unwrap();
    assert_eq!(released.content(), "a secret");
    ending.await.unwrap();

    let outdated = place.decided(vec![Event::AuditRead]).await;
    place
        .run("UPDATE sharing_epoch SET epoch = epoch + 1")
        .await;
    let held = place.ledger.hold(&place.store).await.unwrap();
    let stale = held
        .release(outdated, &agent(AgencyId::new()), &mark())
        .await;
    assert!(matches!(stale, Err(RecordingError::Stale)));
    assert_eq!(place.events().await, 2, "of the read, and of the ending");
}

/// One event, as the function that records it takes it.
const RECORD: &str = "SELECT concord_record(12602381, ARRAY[1::bigint], \
     ARRAY['01900000-0000-7000-8000-000000000001'::uuid], ARRAY[5::bigint], ARRAY[NULL::uuid], ARRAY[NULL::uuid], \
     ARRAY[NULL::uuid], ARRAY['AUDIT_READ'], ARRAY['SUCCESS'], ARRAY['{}'], ARRAY[NULL::text], ARRAY[NULL::bytea], \
     ARRAY[NULL::uuid], ARRAY[decode(repeat('00', 32), 'hex')])";

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_sent_again_is_written_once() {
    let place = Place::on(Database::Postgres).await;
    let waiting = "SELECT count(*) AS n FROM audit_waiting";
    for _ in 0..2 {
        place.run(RECORD).await;
        assert_eq!((place.events().await, place.number(waiting).await), (1, 1));
    }
    settle(&place.store, &place.key).await.unwrap();
    place.run(RECORD).await;
    assert_eq!((place.events().await, place.number(waiting).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_refused_where_its_snapshot_would_be_older_than_its_lock() {
    let place = Place::on(Database::Postgres).await;
    let script = format!("BEGIN ISOLATION LEVEL REPEATABLE READ; {RECORD}; COMMIT");
    let refused = place
        .store
        .write
        .execute_unprepared(&script)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("read committed"), "{refused}");
    assert_eq!(place.events().await, 0);
}
