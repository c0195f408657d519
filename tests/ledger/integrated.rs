//! Each event gets its place in the tree once, whoever integrates.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use concord::audit::event::Event;
use concord::audit::fork::Fork;
use concord::audit::integrator::{self, Integrated};
use concord::settings::StoreLocation;
use concord::store::Store;
use concord_entities::ids::AgencyId;
use concord_entities::{audit_checkpoint, audit_place};
use sea_orm::PaginatorTrait;
use tokio::sync::{Notify, watch};

use super::{Place, agent, mark};
use crate::world::postgres::Cluster;
use crate::world::{Database, on_both};

on_both!(two_integrators_integrate_each_event_once: Place, flavor = "multi_thread");
async fn two_integrators_integrate_each_event_once(place: Place) {
    const TASKS: usize = 50;
    const EACH: usize = 30;
    let place = Arc::new(place);
    let other = Store::open(&place.settings).await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let integrators = [
        (place.store.clone(), place.ledger.growth()),
        (other, Arc::new(Notify::new())),
    ]
    .map(|(store, growth)| {
        tokio::spawn(integrator::run(
            store,
            Arc::clone(&place.key),
            growth,
            watch::Sender::default(),
            Fork::default(),
            stopped.clone(),
        ))
    });

    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let place = Arc::clone(&place);
            tokio::spawn(async move {
                let mut recorded = Vec::new();
                for _ in 0..EACH {
                    let decided = place.decided(vec![Event::AuditRead]).await;
                    let released = place
                        .ledger
                        .release(decided, &agent(AgencyId::new()), &mark())
                        .await
                        .unwrap();
                    recorded.extend(released.into_parts().1.into_iter().map(|one| one.event));
                }
                recorded
            })
        })
        .collect();
    let mut recorded = HashSet::new();
    for task in tasks {
        recorded.extend(task.await.unwrap());
    }
    let all = TASKS * EACH;
    assert_eq!(recorded.len(), all);

    let size = u64::try_from(all).unwrap();
    let covered = async {
        while place
            .key
            .public()
            .open(&place.head().await.note)
            .ok()
            .map(|one| one.head.size)
            != Some(size)
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), covered)
        .await
        .expect("a checkpoint covers everything soon");
    stop.send(true).unwrap();
    for integrator in integrators {
        integrator.await.unwrap();
    }

    let places = audit_place::Entity::from(0)
        .all(&place.store.write)
        .await
        .unwrap();
    let indexes: Vec<_> = places.iter().map(|row| row.leaf_index).collect();
    let expected: Vec<_> = (0..i64::try_from(all).unwrap()).collect();
    assert_eq!(indexes, expected);
    let rows = place.placed(0..i64::MAX).await;
    let integrated: HashSet<_> = rows.iter().map(|row| row.id.to_string()).collect();
    assert_eq!(integrated, recorded);
    let verified = place.check().await.unwrap();
    assert_eq!(
        (verified.head.size, verified.signed, verified.awaiting),
        (size, Some(size), 0)
    );
    let checkpoints = audit_checkpoint::Entity::beyond(0)
        .count(&place.store.write)
        .await
        .unwrap();
    assert!(
        checkpoints < 12,
        "{checkpoints} checkpoints are too many for a few seconds"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integrator_leaves_the_work_to_the_one_that_holds_the_lock() {
    let place = Place::on(Database::Postgres).await;
    place.record(3).await;
    let url = match &place.settings.database {
        StoreLocation::Postgres { url, .. } => url.clone(),
        StoreLocation::File(_) => unreachable!(),
    };
    let held = tokio::task::spawn_blocking(move || {
        Cluster::shared().psql(
            &url,
            "SELECT pg_advisory_xact_lock(12602382); SELECT pg_sleep(1.5)",
        )
    });
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(
        integrator::integrate(&place.store).await.unwrap(),
        Integrated::Elsewhere
    );
    held.await.unwrap();
    assert_eq!(
        integrator::integrate(&place.store).await.unwrap(),
        Integrated::Last(3)
    );
}
