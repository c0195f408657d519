//! What a coordinator's register costs: a page of MOUs beside its bare statement.

use concord::mou::find::FindMous;
use concord::mou::register::{MouPlace, MouRegister};
use concord::service::Service;
use concord::store::page::PageRequest;
use concord_entities::ids::AgencyId;
use sea_orm::{QueryTrait, Statement};
use serde_json::json;

use crate::bare::{self, Extent};
use crate::cpu::{self, Meter, Program};
use crate::load::{self, Client, Crowd, Work};
use crate::seed;
use crate::server::Server;

/// How many agencies a large task force has, and how many MOUs.
const AGENCIES: usize = 200;
const MOUS: usize = 2_000;

/// How many entries a page has.
const PAGE: i32 = 50;

/// How many requests a round counts.
const REQUESTS: usize = 2_400;

const REGISTER: &str = "query Register { mous(first: 50) { edges { node { id version status kind title effectiveOn reviewOn \
    expiresOn daysLeft allowedActions parties { agency { id name } signedAt } } } } }";

/// A service over PostgreSQL that is to be measured.
pub struct Measured<'a> {
    /// It, to be filled and asked.
    pub service: Service,
    /// Its database.
    pub url: &'a str,
    /// The first process of the database's server.
    pub postmaster: u32,
    /// How many connections ask at once.
    pub connections: usize,
}

/// Fills the stores and prints what a page costs, in processor time; `start` then starts a server over them.
pub async fn measure(measured: Measured<'_>, start: impl FnOnce() -> Server) {
    let Measured {
        service,
        url,
        postmaster,
        connections,
    } = measured;
    let register = seed::register(&service, AGENCIES, MOUS).await;
    let statement = page(&service, register.coordinator).await;
    drop(service);
    let mut table = cpu::Table::headed("register, processor time");
    let postmaster = Some(postmaster);
    let waited = Meter {
        program: Program::Waited,
        postmaster,
    };
    let each = REQUESTS / connections;
    let rounds = cpu::rounds(waited, async || {
        bare::under_pgbench(url, &statement, connections, Extent::Each(each)).expect("pgbench");
        each * connections
    });
    table.bare("bare statement, under pgbench", &rounds.await);
    let server = start();
    let request = load::request(
        server.address,
        &register.token,
        &json!({ "query": REGISTER }),
    );
    let mut client = Client::connect(server.address).await;
    let answer: serde_json::Value = serde_json::from_slice(client.ask(&request).await).unwrap();
    let edges = answer["data"]["mous"]["edges"].as_array();
    assert_eq!(edges.map(Vec::len), usize::try_from(PAGE).ok(), "{answer}");
    let work = vec![Work::Again(request); connections];
    let mut crowd = Crowd::connect(server.address, work).await;
    let asked = Meter {
        program: Program::Process(server.id()),
        postmaster,
    };
    let rounds = cpu::rounds(asked, async || crowd.send(REQUESTS).await).await;
    table.row("mous, 50 with their parties", &rounds, true);
}

/// The statement that the service sends for the first page of a coordinator's register.
async fn page(service: &Service, coordinator: AgencyId) -> Statement {
    let register = MouRegister::default();
    let list = FindMous::of(&service.store, &register, coordinator)
        .await
        .unwrap();
    let wanted: PageRequest<MouPlace> = PageRequest::parse(Some(PAGE), None, None, None).unwrap();
    let select = list.rows(wanted.walk()).into_query();
    service.store.backend.build(&select)
}
