//! The ledger against real databases: what is released is recorded, what is recorded is integrated once and signed,
//! and whoever changes the record is found out.

mod batches;
mod denied;
mod integrated;
mod leaves;
mod queue;
mod released;
mod tampered;
mod thinned;

use std::ops::Range;
use std::sync::Arc;

use concord::audit::check::{CheckedLedger, LedgerCheckError, check};
use concord::audit::checkpoint::LedgerKey;
use concord::audit::event::{Agent, Event, RequestMeta};
use concord::audit::integrator::settle;
use concord::audit::ledger::{Decided, Ledger};
use concord::clock;
use concord::settings::{RawSettings, Settings, StoreLocation};
use concord::store::Store;
use concord_entities::ids::AgencyId;
use concord_entities::{audit_event, audit_tree};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::world::Database;
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

impl Place {
    async fn on(database: Database) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        let (data, keyring) = match database {
            Database::Sqlite => (
                StoreLocation::File(path.join("data.sqlite")),
                StoreLocation::File(path.join("keyring.sqlite")),
            ),
            Database::Postgres => {
                let url = tokio::task::spawn_blocking(|| Cluster::shared().fresh_database())
                    .await
                    .unwrap();
                let at = |schema| StoreLocation::Postgres {
                    url: url.clone(),
                    schema,
                };
                (at(None), at(Some("concord_keyring".to_owned())))
            }
        };
        let usual = Settings::read(None, &RawSettings::default()).unwrap();
        let settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            metrics_listen: None,
            proxies: usual.proxies,
            data: path.to_owned(),
            state: path.join("state"),
            keyring_beside_data: true,
            synchronous_standby: false,
            database: data,
            keyring,
            keys: usual.keys,
            issuer: "https://concord.example".to_owned(),
            audience: "https://concord.example/graphql".to_owned(),
            allowed_origins: Vec::new(),
            explorer: false,
            issuer_private_addresses: false,
            issuer_ca_file: None,
            witnesses: Vec::new(),
            workers: 1,
            connections: 6,
            allowances: usual.allowances,
            keyring_backups: usual.keyring_backups,
            operator: usual.operator,
            sessions: usual.sessions,
        };
        let store = Store::migrate_up(&settings).await.unwrap();
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
    async fn recorded(database: Database) -> Self {
        let place = Self::on(database).await;
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
        check(&self.store, self.key.origins(), None, |_, _| {}).await
    }

    async fn victim(&self) -> audit_event::Model {
        self.placed(VICTIM..VICTIM + 1).await.remove(0)
    }

    /// The events that have these places, in order.
    async fn placed(&self, places: Range<i64>) -> Vec<audit_event::Model> {
        self.store
            .write
            .query_all(&audit_event::Entity::placed(places))
            .await
            .unwrap()
            .iter()
            .map(|row| audit_event::Model::from_query_result(row, "").unwrap())
            .collect()
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
        program: None,
        operator: None,
    }
}

fn mark() -> RequestMeta {
    RequestMeta {
        request: "request".to_owned(),
        address: Some("192.0.2.1".to_owned()),
        ..RequestMeta::default()
    }
}
