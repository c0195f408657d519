//! The ledger against real databases: what is released is recorded, what is recorded is integrated once and signed,
//! and whoever changes the record is found out.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use concord::audit::check::{CheckedLedger, LedgerCheckError, check};
use concord::audit::checkpoint::LedgerKey;
use concord::audit::event::{Agent, Event, RequestMeta};
use concord::audit::fork::Fork;
use concord::audit::integrator::{self, Integrated, IntegrationError, settle};
use concord::audit::ledger::{Decided, Ledger, RecordingError};
use concord::audit::tree::leaf_hash;
use concord::clock;
use concord::error::Error;
use concord::settings::{Location, RawSettings, Settings};
use concord::store::Store;
use concord_entities::agency::{Texts, Vetting};
use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::vocabulary::{AgencyKind, AgencyStatus, MemberRole};
use concord_entities::{
    agency, audit_checkpoint, audit_event, audit_tile, audit_tree, membership, task_force,
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, IntoActiveModel, PaginatorTrait, Statement,
};
use tempfile::TempDir;
use tokio::sync::{Notify, watch};
use zeroize::Zeroizing;

use crate::world::postgres::Cluster;

/// How many events a ledger has that somebody tampers with: more than a tile.
const SIZE: u64 = 300;
/// The event that is tampered with.
const VICTIM: i64 = 17;

/// A ledger over a fresh database.
struct Place {
    settings: Settings,
    store: Store,
    ledger: Ledger,
    key: Arc<LedgerKey>,
    _folder: TempDir,
}

#[derive(Clone, Copy, Debug)]
enum On {
    Sqlite,
    Postgres,
}

impl Place {
    async fn new(on: On) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        let (database, keyring) = match on {
            On::Sqlite => (
                Location::File(path.join("data.sqlite")),
                Location::File(path.join("keyring.sqlite")),
            ),
            On::Postgres => {
                let url = tokio::task::spawn_blocking(|| Cluster::shared().fresh_database())
                    .await
                    .unwrap();
                let at = |schema| Location::Postgres {
                    url: url.clone(),
                    schema,
                };
                (at(None), at(Some("concord_keyring".to_owned())))
            }
        };
        let usual = Settings::read(None, &RawSettings::default()).unwrap();
        let settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            data: path.to_owned(),
            database,
            keyring,
            key_file: path.join("key"),
            issuer: "https://concord.example".to_owned(),
            audience: "https://concord.example/graphql".to_owned(),
            explorer: false,
            issuer_private_addresses: false,
            issuer_ca_file: None,
            workers: 1,
            connections: 6,
            allowances: usual.allowances,
            keyring_backups: usual.keyring_backups,
        };
        let store = Store::connect(&settings).await.unwrap();
        store.migrate().await.unwrap();
        Self {
            ledger: Ledger::start(store.clone()),
            store,
            settings,
            key: Arc::new(
                LedgerKey::new("concord.example/graphql", &Zeroizing::new([7; 32])).unwrap(),
            ),
            _folder: folder,
        }
    }

    /// A settled ledger of `SIZE` events.
    async fn recorded(on: On) -> Self {
        let place = Self::new(on).await;
        place.record(SIZE).await;
        settle(&place.store, &place.key).await.unwrap();
        place
    }

    async fn record(&self, events: u64) {
        let events = (0..events)
            .map(|n| Event::RecordsListed(vec![n.to_string()]))
            .collect();
        let decided = self.decided(events).await;
        self.ledger
            .release(decided, &agent(AgencyId::new()), &mark())
            .await
            .unwrap();
    }

    async fn decided(&self, events: Vec<Event>) -> Decided<&'static str> {
        Decided {
            epoch: self.number("SELECT epoch AS n FROM sharing_epoch").await,
            now: clock::now(),
            content: "a secret",
            events,
        }
    }

    async fn number(&self, sql: &str) -> i64 {
        let statement = Statement::from_string(self.store.backend, sql);
        let row = self
            .store
            .write
            .query_one_raw(statement)
            .await
            .unwrap()
            .unwrap();
        row.try_get("", "n").unwrap()
    }

    async fn events(&self) -> i64 {
        self.number("SELECT count(*) AS n FROM audit_event").await
    }

    async fn run(&self, sql: &str) {
        self.store.write.execute_unprepared(sql).await.unwrap();
    }

    async fn check(&self) -> Result<CheckedLedger, LedgerCheckError> {
        check(&self.store, self.key.public(), |_, _| {}).await
    }

    async fn victim(&self) -> audit_event::Model {
        audit_event::Entity::leaves_from(VICTIM)
            .one(&self.store.write)
            .await
            .unwrap()
            .unwrap()
    }

    async fn head(&self) -> audit_tree::Model {
        audit_tree::Entity::head()
            .one(&self.store.write)
            .await
            .unwrap()
            .unwrap()
    }
}

fn agent(agency: AgencyId) -> Agent {
    Agent {
        agency: Some(agency),
        subject: "ada".to_owned(),
        client: "test".to_owned(),
        token: None,
    }
}

fn mark() -> RequestMeta {
    RequestMeta {
        request: "request".to_owned(),
        address: Some("192.0.2.1".to_owned()),
        ..RequestMeta::default()
    }
}

async fn integrated_once(on: On) {
    const TASKS: usize = 50;
    const EACH: usize = 30;
    let place = Arc::new(Place::new(on).await);
    let other = Store::connect(&place.settings).await.unwrap();
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

    let rows = audit_event::Entity::leaves_from(0)
        .all(&place.store.write)
        .await
        .unwrap();
    let indexes: Vec<_> = rows.iter().map(|row| row.leaf_index).collect();
    let expected: Vec<_> = (0..i64::try_from(all).unwrap()).map(Some).collect();
    assert_eq!(indexes, expected);
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
async fn two_integrators_integrate_each_event_once_on_sqlite() {
    integrated_once(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_integrators_integrate_each_event_once_on_postgres() {
    integrated_once(On::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integrator_leaves_the_work_to_the_one_that_holds_the_lock() {
    let place = Place::new(On::Postgres).await;
    place.record(3).await;
    let url = match &place.settings.database {
        Location::Postgres { url, .. } => url.clone(),
        Location::File(_) => unreachable!(),
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

/// A way to tamper, and how the check begins to tell of it.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    Sql(&'static str, &'static str),
    LeafAndHash(&'static str),
    Tile(&'static str),
}

const TAMPERING: [Tampering; 13] = [
    Tampering::Sql(
        "UPDATE audit_event SET leaf = replace(leaf, 'SUCCESS', 'REFUSED') WHERE leaf_index = 17",
        "event 17: its bytes were changed",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET leaf_hash = (SELECT leaf_hash FROM audit_event WHERE leaf_index = 18) WHERE leaf_index = 17",
        "event 17: its bytes were changed",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET kind = 'AUDIT_READ' WHERE leaf_index = 17",
        "event 17: its type is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET outcome = 'REFUSED' WHERE leaf_index = 17",
        "event 17: its outcome is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET agency_id = NULL WHERE leaf_index = 17",
        "event 17: its agency is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET recipient_id = agency_id WHERE leaf_index = 17",
        "event 17: its recipient is",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET address = '192.0.2.2' WHERE leaf_index = 17",
        "event 17: its network address is",
    ),
    Tampering::Sql(
        "DELETE FROM audit_event WHERE leaf_index = 17",
        "event 17: it is missing, and later",
    ),
    Tampering::Sql(
        "DELETE FROM audit_event WHERE leaf_index = 299",
        "event 299: it is missing with all that follow",
    ),
    Tampering::Sql(
        "UPDATE audit_event SET leaf_index = -1 WHERE leaf_index = 17; \
         UPDATE audit_event SET leaf_index = 17 WHERE leaf_index = 18; \
         UPDATE audit_event SET leaf_index = 18 WHERE leaf_index = -1",
        "event 17: the stored tile 0/0 does not hold",
    ),
    Tampering::Sql(
        "UPDATE audit_tree SET note = ''",
        "event 0: there are 300 events, and no checkpoint",
    ),
    Tampering::LeafAndHash("event 17: the stored tile 0/0 does not hold"),
    Tampering::Tile("event 17: the stored tile 0/0 does not hold"),
];

async fn tampered(on: On) {
    for tampering in TAMPERING {
        let place = Place::recorded(on).await;
        let verified = place.check().await.unwrap();
        assert_eq!((verified.head.size, verified.signed), (SIZE, Some(SIZE)));
        let expected = match tampering {
            Tampering::Sql(sql, expected) => {
                place.run(sql).await;
                expected
            }
            Tampering::LeafAndHash(expected) => {
                let leaf = place.victim().await.leaf.replace("SUCCESS", "REFUSED");
                let mut row = place.victim().await.into_active_model();
                row.leaf_hash = sea_orm::Set(leaf_hash(leaf.as_bytes()).0.to_vec());
                row.leaf = sea_orm::Set(leaf);
                row.update(&place.store.write).await.unwrap();
                expected
            }
            Tampering::Tile(expected) => {
                let tiles = audit_tile::Entity::all()
                    .all(&place.store.write)
                    .await
                    .unwrap();
                let first = tiles
                    .into_iter()
                    .find(|tile| (tile.level, tile.place) == (0, 0))
                    .unwrap();
                let mut hashes = first.hashes.clone();
                hashes[17 * 32] ^= 1;
                let mut row = first.into_active_model();
                row.hashes = sea_orm::Set(hashes);
                row.update(&place.store.write).await.unwrap();
                expected
            }
        };
        let broken = place.check().await.unwrap_err().to_string();
        assert!(
            broken.starts_with(expected),
            "{tampering:?} on {on:?} is told as: {broken}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_is_named_by_index_on_sqlite() {
    tampered(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tampering_is_named_by_index_on_postgres() {
    tampered(On::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_put_in_is_found() {
    let place = Place::recorded(On::Sqlite).await;
    place
        .run(
            "INSERT INTO audit_event SELECT randomblob(16), recorded_at, agency_id, recipient_id, kind, outcome, leaf, \
             leaf_hash, -1, address, salt, disclosed_under FROM audit_event WHERE leaf_index = 17",
        )
        .await;
    assert!(matches!(
        place.check().await,
        Err(LedgerCheckError::Surplus {
            index: SIZE,
            rows: 301
        })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_without_an_index_is_counted_and_checked() {
    let place = Place::recorded(On::Sqlite).await;
    place.record(2).await;
    assert_eq!(place.check().await.unwrap().awaiting, 2);
    place
        .run("UPDATE audit_event SET outcome = 'REFUSED' WHERE leaf_index IS NULL")
        .await;
    assert!(matches!(
        place.check().await,
        Err(LedgerCheckError::Awaiting {
            what: "outcome",
            ..
        })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_tree_is_not_signed_and_not_believed() {
    let place = Place::recorded(On::Sqlite).await;
    let note = place.head().await.note;
    let leaf = place.victim().await.leaf.replace("\"ada\"", "\"eve\"");
    let mut row = place.victim().await.into_active_model();
    row.leaf_hash = sea_orm::Set(leaf_hash(leaf.as_bytes()).0.to_vec());
    row.leaf = sea_orm::Set(leaf);
    row.update(&place.store.write).await.unwrap();
    // Everything is integrated anew, as if the changed event had always been so.
    place.run("UPDATE audit_event SET leaf_index = NULL; DELETE FROM audit_tile; DELETE FROM audit_tree").await;
    while integrator::integrate(&place.store).await.unwrap() != Integrated::Last(0) {}
    place
        .run(&format!("UPDATE audit_tree SET note = '{note}'"))
        .await;

    let refused = settle(&place.store, &place.key).await;
    assert!(
        matches!(refused, Err(IntegrationError::Rewritten)),
        "{refused:?}"
    );
    assert_eq!(place.head().await.note, note);
    let broken = place.check().await.unwrap_err();
    assert!(
        matches!(broken, LedgerCheckError::Ledger(fault) if fault.through == SIZE - 1),
        "{broken}"
    );
}

async fn stale_or_refused(on: On) {
    let place = Place::new(on).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_released_unrecorded_on_sqlite() {
    stale_or_refused(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_released_unrecorded_on_postgres() {
    stale_or_refused(On::Postgres).await;
}

async fn reach(on: On) {
    let place = Place::new(on).await;
    let write = &place.store.write;
    let now = clock::now();
    let circle = task_force::Model {
        id: TaskForceId::new(),
        name: "Bay".into(),
        region: "Bay".into(),
        created_at: now,
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
            suspension_reason: None,
            vetting: Vetting::default(),
            languages: Texts(Vec::new()),
            service_areas: Texts(Vec::new()),
            created_at: now,
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
        };
        place.into_active_model().insert(write).await.unwrap();
    }
    let events = vec![
        Event::Agency {
            kind: concord_entities::vocabulary::AuditType::AgencyRegistered,
            id: told,
        },
        Event::AuditRead,
    ];
    let decided = place.decided(events).await;
    place
        .ledger
        .release(decided, &agent(member), &mark())
        .await
        .unwrap();

    for (who, expected) in [(coordinator, 2), (member, 2), (told, 1), (stranger, 0)] {
        let seen = audit_event::Entity::within_reach_of(who)
            .all(&place.store.read)
            .await
            .unwrap();
        assert_eq!(seen.len(), expected);
        assert!(
            seen.windows(2).all(|pair| pair[0].id > pair[1].id),
            "newest first"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_reads_about_itself_and_whom_it_coordinates_on_sqlite() {
    reach(On::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_reads_about_itself_and_whom_it_coordinates_on_postgres() {
    reach(On::Postgres).await;
}
