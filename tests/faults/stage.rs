//! Three servers over one PostgreSQL, two agencies, and what can be done to a server.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use concord_entities::vocabulary::DataCategory::Identity;
use futures_util::future::join_all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;

use crate::world::agency::{PACKAGE, Told};
use crate::world::proxy::Proxy;
use crate::world::{Agency, Answer, Database, Server, World};

/// How many servers there are.
pub const SERVERS: usize = 3;

/// How long a client waits for an answer before it goes away.
const PATIENCE: Duration = Duration::from_secs(8);

/// Each of these tests has the machine's processors to itself, as far as the others of them go.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Three servers, and two agencies with an MOU in force.
pub struct Stage {
    others: [Server; SERVERS - 1],
    pub world: World,
    pub addresses: Addresses,
    pub north: Agency,
    pub south: Agency,
    flags: Vec<String>,
    _alone: MutexGuard<'static, ()>,
}

/// Where the servers listen; one that is started again listens elsewhere.
#[derive(Clone)]
pub struct Addresses(Arc<Mutex<[String; SERVERS]>>);

impl Addresses {
    /// Where this server listens now.
    pub fn of(&self, server: usize) -> String {
        self.0.lock().unwrap()[server].clone()
    }
}

impl Stage {
    pub async fn set() -> Self {
        let alone = ONE_AT_A_TIME.lock().await;
        let world = World::on(Database::Postgres).await;
        let flags = world.flags();
        Self::over(world, flags, alone).await
    }

    /// The servers reach their database by way of a proxy.
    pub async fn behind_a_proxy() -> (Self, Proxy) {
        let alone = ONE_AT_A_TIME.lock().await;
        let mut world = World::on(Database::Postgres).await;
        let proxy = Proxy::before(world.url());
        let by_proxy = proxy.url(world.url());
        let flags = world.flags().into_iter();
        let flags: Vec<String> = flags
            .map(|flag| {
                if flag == world.url() {
                    by_proxy.clone()
                } else {
                    flag
                }
            })
            .collect();
        world.server = Server::start(&flags);
        (Self::over(world, flags, alone).await, proxy)
    }

    async fn over(world: World, flags: Vec<String>, alone: MutexGuard<'static, ()>) -> Self {
        let (north, south) = world.agencies("north", "south").await;
        let others = [Server::start(&flags), Server::start(&flags)];
        let addresses = [&world.server, &others[0], &others[1]].map(|one| one.address.clone());
        Self {
            flags,
            addresses: Addresses(Arc::new(Mutex::new(addresses))),
            others,
            world,
            north,
            south,
            _alone: alone,
        }
    }

    pub fn server(&mut self, server: usize) -> &mut Server {
        match server {
            0 => &mut self.world.server,
            other => &mut self.others[other - 1],
        }
    }

    /// The agency, asking this server.
    pub fn at(&self, agency: &Agency, server: usize) -> Agency {
        agency.at(&self.addresses.of(server))
    }

    /// Refers so many people from north to south.
    pub async fn refers(&self, how_many: usize, of: &str) -> Vec<Told> {
        let mut referred = Vec::new();
        let people: Vec<String> = (0..how_many).map(|turn| format!("{of}-{turn}")).collect();
        for some in people.chunks(12) {
            let referring = some.iter().enumerate().map(|(turn, person)| {
                let north = self.at(&self.north, turn % SERVERS);
                async move {
                    north
                        .refers(person)
                        .to(&self.south)
                        .sharing([Identity])
                        .await
                }
            });
            referred.extend(join_all(referring).await);
        }
        referred
    }

    /// Kills this server as a power cut would, and starts another in its place.
    pub fn kills(&mut self, server: usize) {
        self.server(server).is_killed();
        let fresh = Server::start(&self.flags);
        self.addresses.0.lock().unwrap()[server].clone_from(&fresh.address);
        *self.server(server) = fresh;
    }

    /// Ends every connection that anybody has to the database; says how many.
    pub fn terminates_backends(&self) -> usize {
        let ended = self.world.tampers(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        ended.parse().unwrap()
    }

    /// How many connections stand idle in a transaction that is older than a second.
    pub fn idle_in_transaction(&self) -> usize {
        let idle = self.world.tampers(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
             AND state LIKE 'idle in transaction%' AND xact_start < now() - interval '1 second'",
        );
        idle.parse().unwrap()
    }
}

/// A server that stands still until this is dropped.
pub struct Stopped(Pid);

impl Stopped {
    pub fn server(server: &Server) -> Self {
        let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
        kill(pid, Signal::SIGSTOP).unwrap();
        Self(pid)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        kill(self.0, Signal::SIGCONT).unwrap();
    }
}

/// What a client may conclude from an answer, or from none.
#[derive(Clone, Debug)]
pub enum Outcome {
    Done(Answer),
    /// It was refused with these codes: nothing was changed.
    Refused(String),
    /// Nobody answered, or the answer says that it is not known.
    Unknown,
}

/// Asks a server that may be gone, or stand still.
pub async fn tries(agency: &Agency, query: &str, variables: Value) -> Outcome {
    match tokio::time::timeout(PATIENCE, agency.tries(query, variables)).await {
        Ok(Ok(answer)) => concluded(answer),
        Ok(Err(_)) | Err(_) => Outcome::Unknown,
    }
}

fn concluded(answer: Answer) -> Outcome {
    match answer.codes() {
        codes if codes.is_empty() => Outcome::Done(answer),
        codes if codes == "OUTCOME_UNKNOWN" => Outcome::Unknown,
        codes => Outcome::Refused(codes),
    }
}

/// Reads a package.
pub async fn reads(reader: &Agency, told: &Told) -> Outcome {
    let variables = json!({ "id": told.referral, "p": "SERVICE_DELIVERY" });
    tries(reader, PACKAGE, variables).await
}

/// Whether an answer shows the content of a package.
pub fn shows(answer: &Answer, told: &Told) -> bool {
    answer.text.contains(&told.person)
}

/// The status of `/readyz`; none where it does not answer in five seconds.
pub async fn readiness(address: &str) -> Option<u16> {
    let url = format!("http://{address}/readyz");
    let asking = Client::new().get(url).timeout(Duration::from_secs(5));
    Some(asking.send().await.ok()?.status().as_u16())
}

/// The story, which may last so long.
pub fn within<'s>(
    limit: Duration,
    story: impl Future<Output = ()> + 's,
) -> Pin<Box<dyn Future<Output = ()> + 's>> {
    Box::pin(async move {
        let told = tokio::time::timeout(limit, story).await;
        assert!(told.is_ok(), "not over after {limit:?}");
    })
}

/// Tells figures to whoever runs the tests with `--nocapture`, or sees one fail.
#[expect(clippy::print_stderr, reason = "the test harness shows it")]
pub fn says(figures: &str) {
    eprintln!("faults: {figures}");
}
