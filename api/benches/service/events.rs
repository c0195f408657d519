//! Lists of the audit log, and its verification, over as many events as are asked for.

use std::fmt::Write;
use std::process::Command;
use std::time::{Duration, Instant as Clock};

use concord::audit::event::{Agent, Event, RequestMeta};
use concord::audit::integrator;
use concord::audit::leaf::{self, Leaf};
use concord::audit::stored;
use concord::audit::tree::{self, Digest, Head};
use concord::service::Service;
use concord::sharing::Ground;
use concord::store::Store;
use concord_entities::audit_event::reviewed::{self, Along, Reviewed};
use concord_entities::audit_event::{self, WithinReach};
use concord_entities::ids::{
    self, AgencyId, AuditEventId, ConsentId, MouId, ReferralId, SurvivorAuditId, TaskForceId,
};
use concord_entities::instant::Instant;
use concord_entities::name_key::NameKey;
use concord_entities::vocabulary::{
    AgencyKind, AuditType, Categories, DataCategory, MemberRole, Purpose,
};
use concord_entities::zone::Zone;
use concord_entities::{membership, task_force};
use nix::sys::resource::{UsageWho, getrusage};
use sea_orm::sea_query::{Expr, Order, PostgresQueryBuilder, Query};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryTrait, Statement, Value};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::seed::{self, insert};

/// How many agencies there are, all in the task force of the first.
const AGENCIES: usize = 200;
/// How many referrals there are whose packages are read.
const RECORDS: usize = 5_000;
/// As far as a page looks where no index finds what is asked for.
const EXAMINED: u64 = 10_000;
/// As far as a coordinator's page looks in the whole log before it walks along each agency's own events.
const NEAR: u64 = 1_000;
/// How many events are taken into the tree at a time.
const CHUNK: usize = 20_000;

/// Fills a store with events and prints what lists of them, and their verification, cost.
pub async fn measure(service: &Service, url: &str, flags: &[String], events: usize) {
    let agencies = agencies(service).await;
    let began = Clock::now();
    let middle = fill(&service.store, url, &agencies, events).await;
    integrator::settle(&service.store, &service.ledger_key)
        .await
        .unwrap();
    let mut database = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE")
        .execute(&mut database)
        .await
        .unwrap();
    println!(
        "\n{events} events, made in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    for (name, reader) in [
        ("coordinator of all", agencies[0]),
        ("coordinator of ten", agencies[1]),
    ] {
        for (which, before) in [("first", None), ("deep", Some(middle))] {
            let (millis, buffers) = listed(&service.store, reader, before).await;
            println!(
                "all within reach, {name:<19} {which:<6} {millis:>9.1} ms {buffers:>8} buffers"
            );
        }
    }
    for (name, along, other) in filters(&agencies) {
        for (which, before) in [("first", None), ("deep", Some(middle))] {
            let (millis, buffers) = found(
                &service.store,
                agencies[0],
                &along,
                &other,
                before,
                EXAMINED,
            )
            .await;
            println!("filter, {name:<29} {which:<6} {millis:>9.1} ms {buffers:>8} buffers");
        }
    }
    verify(flags);
}

/// What a coordinator looks for: along which index, and what else must hold.
fn filters(agencies: &[AgencyId]) -> Vec<(&'static str, Along, Condition)> {
    let subject = |name: &str| leaf::subject(name).unwrap();
    let whole = Condition::all;
    let (agency, record, consent) = (agencies[7], referral(7), consent(7));
    let rare = || whole().add(reviewed::was_for(Purpose::Prosecution));
    vec![
        ("agency", Along::Agency(agency), whole()),
        (
            "subject",
            Along::Subject(agency, subject("caseworker 7")),
            whole(),
        ),
        (
            "subject who never acted",
            Along::Subject(agency, subject("nobody")),
            whole(),
        ),
        ("object", Along::Object(record.to_string()), whole()),
        (
            "object of nothing",
            Along::Object(ReferralId::new().to_string()),
            whole(),
        ),
        ("consent", Along::Consent(consent), whole()),
        (
            "type, one in ten",
            Along::Whole,
            whole().add(audit_event::Column::Kind.eq(AuditType::PackageRead)),
        ),
        ("purpose, none, in all", Along::Whole, rare()),
        ("purpose, none, of an agency", Along::Agency(agency), rare()),
    ]
}

/// Returns what a page of all that a coordinator reaches takes: found near, or along each agency's own events.
async fn listed(store: &Store, reader: AgencyId, before: Option<AuditEventId>) -> (f64, u64) {
    let everything = Condition::all();
    let near = found(store, reader, &Along::Whole, &everything, before, NEAR).await;
    let reached = reviewed_by(store, reader, &Along::Whole, &everything, before);
    let bounds = bounds(store, &reached, NEAR).await;
    let page = within(reached, bounds).page(&Order::Desc, 51);
    if page.all(&store.read).await.unwrap().len() == 51 {
        return near;
    }
    let each = WithinReach {
        backend: store.backend,
        reader,
        only: older_than(before),
        order: Order::Desc,
        most: 51,
    };
    let each = store.backend.build(&each.select().into_query());
    let (millis, buffers) = explained(store, &each).await;
    (near.0 + millis, near.1 + buffers)
}

fn older_than(before: Option<AuditEventId>) -> Condition {
    Condition::all().add_option(before.map(|id| audit_event::Column::Id.lt(id)))
}

fn reviewed_by(
    store: &Store,
    reader: AgencyId,
    along: &Along,
    other: &Condition,
    before: Option<AuditEventId>,
) -> Reviewed {
    let reviewed = Reviewed {
        backend: store.backend,
        reader,
        along: along.clone(),
        range: older_than(before),
        only: other.clone(),
    };
    reviewed.within_reach()
}

/// Returns the bounds of so many events along each walk.
async fn bounds(store: &Store, reviewed: &Reviewed, examined: u64) -> Vec<Uuid> {
    let bounds = reviewed.bounds(&Order::Desc, examined);
    let rows = store.read.query_all(&bounds).await.unwrap();
    let bounds = rows.iter().map(|row| row.try_get_by_index(0).unwrap());
    bounds.collect()
}

/// Returns the same events, as far as the nearest of these bounds.
fn within(mut reviewed: Reviewed, bounds: Vec<Uuid>) -> Reviewed {
    let nearest = bounds.into_iter().max();
    let nearest = nearest.map(|bound| audit_event::Column::Id.gte(bound));
    reviewed.range = reviewed.range.add_option(nearest);
    reviewed
}

/// Returns what a page of 50 takes: in which part of the index to look, where not all that it has is wanted, and the page.
async fn found(
    store: &Store,
    reader: AgencyId,
    along: &Along,
    other: &Condition,
    before: Option<AuditEventId>,
    examined: u64,
) -> (f64, u64) {
    let mut wanted = reviewed_by(store, reader, along, other, before);
    let mut took = (0.0, 0);
    if !matches!(along, Along::Agency(_) | Along::Subject(..)) || !other.is_empty() {
        let statement = store.backend.build(&wanted.bounds(&Order::Desc, examined));
        took = explained(store, &statement).await;
        let bounds = bounds(store, &wanted, examined).await;
        wanted = within(wanted, bounds);
    }
    let page = store
        .backend
        .build(&wanted.page(&Order::Desc, 51).into_query());
    let (millis, buffers) = explained(store, &page).await;
    (took.0 + millis, took.1 + buffers)
}

/// Returns one of the few referrals whose packages are read.
fn referral(number: usize) -> ReferralId {
    ReferralId(Uuid::from_u128(0x1000 + number as u128))
}

/// Returns the consent under which it is.
fn consent(number: usize) -> ConsentId {
    ConsentId(Uuid::from_u128(0x2000_0000 + number as u128))
}

/// Returns the execution's time in milliseconds and the buffers that it touched, once these are in memory. It is planned as
/// the service's statements are, without knowing the values; and the clock is read for the statement, not for each row of
/// each step, which would take longer than the steps.
async fn explained(store: &Store, statement: &Statement) -> (f64, u64) {
    let database = store.read.begin().await.unwrap();
    let prepare = format!("PREPARE explained AS {}", statement.sql);
    database.execute_unprepared(&prepare).await.unwrap();
    let values = statement.values.iter().flat_map(sea_orm::Values::iter);
    let values: Vec<_> = values.map(literal).collect();
    let execute = if values.is_empty() {
        "explained".to_owned()
    } else {
        format!("explained({})", values.join(", "))
    };
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE {execute}");
    let mut told = (0.0, 0);
    for _ in 0..2 {
        let explain = Statement::from_string(store.backend, &explain);
        let row = database.query_one_raw(explain).await.unwrap().unwrap();
        let plan: serde_json::Value = row.try_get_by_index(0).unwrap();
        let node = &plan[0]["Plan"];
        let buffers = ["Shared Hit Blocks", "Shared Read Blocks"]
            .map(|kind| node[kind].as_u64().unwrap())
            .iter()
            .sum();
        told = (plan[0]["Execution Time"].as_f64().unwrap(), buffers);
    }
    let forget = "DEALLOCATE explained";
    database.execute_unprepared(forget).await.unwrap();
    database.rollback().await.unwrap();
    told
}

/// Returns a value as SQL writes it.
fn literal(value: &Value) -> String {
    let select = Query::select()
        .expr(Expr::value(value.clone()))
        .to_string(PostgresQueryBuilder);
    select.trim_start_matches("SELECT ").to_owned()
}

fn verify(flags: &[String]) {
    let began = Clock::now();
    let verified = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["audit", "verify"])
        .args(flags)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verified.stdout);
    assert!(
        verified.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&verified.stderr)
    );
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() / 1024;
    println!(
        "audit verify {:>10.0} s {peak:>8} MiB   {}",
        began.elapsed().as_secs_f64(),
        said.trim()
    );
}

async fn agencies(service: &Service) -> Vec<AgencyId> {
    let now = service.store.ping().await.unwrap();
    let ids = seed::agencies(service, "Agency", AgencyKind::HousingProgram, AGENCIES, now).await;
    for (name, of) in [("All Counties", &ids[..]), ("Ten Agencies", &ids[1..11])] {
        let circle = task_force::Model {
            id: TaskForceId::new(),
            name: name.to_owned(),
            region: name.to_owned(),
            created_at: now,
            time_zone: Zone::UTC,
        };
        let places = of
            .iter()
            .enumerate()
            .map(|(number, agency)| membership::Model {
                task_force_id: circle.id,
                agency_id: *agency,
                role: if number == 0 {
                    MemberRole::Coordinator
                } else {
                    MemberRole::Member
                },
                since: now,
                suspended_at: None,
                suspension_reason: None,
                standing_set_by: None,
                left_at: None,
                coordination_from: None,
                name_key: Some(NameKey::of(&agency.to_string())),
                lookalike: 0,
            });
        let places: Vec<_> = places.collect();
        insert(service, vec![circle]).await;
        insert(service, places).await;
    }
    ids
}

/// Writes events as the service would have: a tenth of them readings of packages, the others lists of five records; and
/// takes them into the tree. Returns one from their middle.
async fn fill(store: &Store, url: &str, agencies: &[AgencyId], events: usize) -> AuditEventId {
    let end = store.ping().await.unwrap();
    let begin = end.minus(Duration::from_micros(1000 * u64::try_from(events).unwrap()));
    let mut database = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("SET synchronous_commit = off")
        .execute(&mut database)
        .await
        .unwrap();
    let mut head = Head::EMPTY;
    let mut middle = AuditEventId::new();
    for from in (0..events).step_by(CHUNK) {
        let (mut rows, mut places, mut hashes) = (String::new(), String::new(), Vec::new());
        for number in from..(from + CHUNK).min(events) {
            let moment = Instant(begin.0 + 1000 * i64::try_from(number).unwrap());
            let (id, hash) = write(number, moment, agencies, &mut rows);
            writeln!(places, "{number}\t{}", id.0).unwrap();
            hashes.push(hash);
            if number == events / 2 {
                middle = id;
            }
        }
        for (table, text) in [
            (
                "audit_event (id, recorded_at, agency_id, discloser_id, kind, outcome, leaf, disclosed_under)",
                rows,
            ),
            ("audit_place (leaf_index, event_id)", places),
        ] {
            let mut copy = database
                .copy_in_raw(&format!("COPY {table} FROM STDIN"))
                .await
                .unwrap();
            copy.send(text.into_bytes()).await.unwrap();
            copy.finish().await.unwrap();
        }
        head = grow(store, head, &hashes).await;
    }
    middle
}

async fn grow(store: &Store, head: Head, hashes: &[Digest]) -> Head {
    let transaction = store.write.begin().await.unwrap();
    let edge = stored::tiles(&transaction, tree::edge(head.size))
        .await
        .unwrap();
    let grown = tree::grow(head.size, &edge, hashes).unwrap();
    stored::keep_tiles(&transaction, grown.changed)
        .await
        .unwrap();
    stored::keep_head(&transaction, grown.head).await.unwrap();
    transaction.commit().await.unwrap();
    grown.head
}

fn write(
    number: usize,
    now: Instant,
    agencies: &[AgencyId],
    rows: &mut String,
) -> (AuditEventId, Digest) {
    // The last agency acts never: it is a discloser only.
    let actor = agencies[(number * 7919) % (AGENCIES - 1)];
    let event = if number.is_multiple_of(10) {
        let read = number / 10 % RECORDS;
        Event::PackageRead {
            referral: referral(read),
            survivor: SurvivorAuditId::new(),
            reader: actor,
            discloser: agencies[(number / 10 * 104_729) % AGENCIES],
            purpose: Purpose::HousingPlacement,
            released: Categories::only(DataCategory::Needs),
            ground: Some(Ground::Consented {
                consent: consent(read),
                consent_version: 1,
                mou: MouId(Uuid::from_u128(0x3000)),
                mou_version: 1,
            }),
        }
    } else {
        Event::RecordsListed((0..5).map(|_| ReferralId::new().to_string()).collect())
    };
    let agent = Agent {
        agency: Some(actor),
        subject: format!("caseworker {}", number % 50),
        client: "a-program".to_owned(),
        token: Some(actor.0.to_string()),
        program: None,
        operator: None,
    };
    let meta = RequestMeta {
        request: actor.0.to_string(),
        operation: Some("Inbox".to_owned()),
        document: Some("0".repeat(64)),
        ..RequestMeta::default()
    };
    let mut leaf = Leaf::new(event, &agent, &meta, now);
    leaf.id = AuditEventId(ids::uuid_at(now));
    let record = leaf.into_record(None).unwrap();
    let row = &record.row;
    let or_null = |id: Option<String>| id.unwrap_or_else(|| "\\N".to_owned());
    writeln!(
        rows,
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        row.id.0,
        row.recorded_at.0,
        or_null(row.agency_id.map(|id| id.0.to_string())),
        or_null(row.discloser_id.map(|id| id.0.to_string())),
        row.kind,
        row.outcome,
        row.leaf,
        or_null(row.disclosed_under.map(|id| id.to_string())),
    )
    .unwrap();
    (row.id, record.leaf_hash)
}
