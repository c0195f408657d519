//! What is released is recorded, and read by those whom it concerns.

use concord::audit::event::Event;
use concord::audit::ledger::RecordingError;
use concord::clock;
use concord::error::Error;
use concord_entities::agency::TextList;
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{AgencyKind, AgencyStatus, MemberRole};
use concord_entities::zone::Zone;
use concord_entities::{agency, audit_event, membership, task_force};
use sea_orm::sea_query::Order;
use sea_orm::{ActiveModelTrait, Condition, DbBackend, IntoActiveModel};

use super::{Place, agent, mark};
use crate::world::on_both;

on_both!(nothing_is_released_unrecorded: Place, flavor = "multi_thread");
async fn nothing_is_released_unrecorded(place: Place) {
    let decided = place.decided(vec![Event::AuditRead]).await;
    place
        .run("UPDATE sharing_epoch SET epoch = epoch + 1")
        .await;
    let stale = place
        .ledger
        .release(decided, &agent(AgencyId::new()), &mark())
        .await;
    assert!(matches!(stale, Err(RecordingError::Stale)), "{stale:?}");
    assert_eq!(place.events().await, 0);

    place
        .run(if place.store.backend == DbBackend::Postgres {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''full''; END'; \
             CREATE TRIGGER refuse BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION refuse()"
        } else {
            "CREATE TRIGGER refuse BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END"
        })
        .await;
    let decided = place.decided(vec![Event::AuditRead]).await;
    match place
        .ledger
        .release(decided, &agent(AgencyId::new()), &mark())
        .await
    {
        Err(RecordingError::Refused(refusal)) => assert_eq!(refusal.error, Error::Unavailable),
        other => panic!("released although nothing can be recorded: {other:?}"),
    }
    assert_eq!(place.events().await, 0);

    place
        .run(if place.store.backend == DbBackend::Postgres {
            "DROP TRIGGER refuse ON audit_event"
        } else {
            "DROP TRIGGER refuse"
        })
        .await;
    place.record(1).await;
    assert_eq!(place.events().await, 1);
}

on_both!(an_agency_reads_about_itself_and_whom_it_coordinates: Place, flavor = "multi_thread");
async fn an_agency_reads_about_itself_and_whom_it_coordinates(place: Place) {
    let write = &place.store.write;
    let now = clock::now();
    let circle = task_force::Model {
        id: TaskForceId::new(),
        name: "Bay".into(),
        region: "Bay".into(),
        created_at: now,
        time_zone: Zone::UTC,
    };
    circle
        .clone()
        .into_active_model()
        .insert(write)
        .await
        .unwrap();
    let [coordinator, member, told, stranger] = std::array::from_fn(|_| AgencyId::new());
    for id in [coordinator, member, told, stranger] {
        let agency = agency::Model {
            id,
            name: id.to_string(),
            kind: AgencyKind::Other,
            jurisdiction: None,
            confidential_provider: false,
            status: AgencyStatus::Active,
            token_epoch: 1,
            epoch_began_at: concord_entities::instant::Instant(0),
            languages: TextList(Vec::new()),
            service_areas: TextList(Vec::new()),
            created_at: now,
            time_zone: Zone::UTC,
            answer_days: 30,
        };
        agency.into_active_model().insert(write).await.unwrap();
    }
    for (agency_id, role) in [
        (coordinator, MemberRole::Coordinator),
        (member, MemberRole::Member),
    ] {
        let place = membership::Model {
            task_force_id: circle.id,
            agency_id,
            role,
            since: now,
            suspended_at: None,
            suspension_reason: None,
            standing_set_by: None,
            left_at: None,
            coordination_from: None,
            name_key: Some(NameKey::of(&agency_id.to_string())),
            lookalike: 0,
        };
        place.into_active_model().insert(write).await.unwrap();
    }
    let events = vec![Event::AgencyRegistered(told), Event::AuditRead];
    let decided = place.decided(events).await;
    place
        .ledger
        .release(decided, &agent(member), &mark())
        .await
        .unwrap();

    for (who, expected) in [(coordinator, 2), (member, 2), (told, 1), (stranger, 0)] {
        let reach = audit_event::WithinReach {
            backend: place.store.backend,
            reader: who,
            only: Condition::all(),
            order: Order::Desc,
            most: 10,
        };
        let seen = reach.select().all(&place.store.read).await.unwrap();
        assert_eq!(seen.len(), expected);
        assert!(
            seen.windows(2).all(|pair| pair[0].id > pair[1].id),
            "newest first"
        );
    }
}
