//! The audit log on the wire: events, and what proves them.

use std::collections::BTreeSet;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use concord_entities::audit_event;
use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::vocabulary::{AuditAction, AuditOutcome, AuditType, DataCategory, Purpose};
use sea_orm::sea_query::Order;
use sea_orm::{ColumnTrait, Condition};

use super::filter::{AuditFilter, WantedEvents};
use super::log::{self, SignedCheckpoint, sha256};
use super::programs::{Programs, with_programs};
use super::search::{AuditPlace, AuditSearch};
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::application::graphql::Application;
use crate::audit::event::Event;
use crate::audit::leaf::Leaf;
use crate::audit::ledger::Decided;
use crate::audit::proof::{check_inclusion, prove_inclusion, tiles_for_inclusion};
use crate::audit::tree::{self, Digest, Head, Tiles, TreeError};
use crate::audit::{disclose, stored};
use crate::error::{Refusal, Result};
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::store::page::{self, PageRequest};
use crate::wire::connection::Connection;
use crate::wire::lookahead;
use crate::wire::scalars::{DateTime, Sha256};

/// An entry of the audit log: who did what, to whom and on what ground. Never changed and never removed.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct AuditEvent {
    #[graphql(skip)]
    key: AuditEventId,
    /// The event's place in the ledger, from 0; null for the moment until it has one.
    pub index: Option<i64>,
    /// When it was recorded, by the database's clock.
    pub recorded_at: DateTime,
    /// What kind of action it was.
    pub action: AuditAction,
    /// What was done.
    #[graphql(name = "type")]
    pub kind: AuditType,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why, as a code, where a code says it.
    pub reason: Option<String>,
    /// How many attempts that were refused alike this event stands for, where there were too many to record each by itself;
    /// null elsewhere.
    pub count: Option<u64>,
    /// The agency that acted.
    pub agency: Option<Agency>,
    /// The person or program that acted, as its agency calls it.
    pub subject: Option<String>,
    /// The id under which the acting program is known: an application's id or, where it is not registered here, the
    /// name that its issuer gives it.
    pub client: String,
    /// The program that acted, as its agency's own identity provider calls it; null where Concord issued the token.
    pub program: Option<String>,
    /// The operator's name, where the service's operator acted.
    pub operator: Option<String>,
    /// The application that acted; null where it is not one of your agency's. All but its `id` and `name` asks for
    /// `agency.r`.
    pub application: Option<Application>,
    /// The id of the access token that was used, never the token.
    pub token_id: Option<String>,
    /// The name that the client gave its GraphQL operation.
    pub operation: Option<String>,
    /// The request's id, as the `X-Request-Id` of the answer carried it.
    pub request_id: Option<String>,
    /// The `X-Request-Id` that the client sent itself, where it sent one: up to 64 letters, digits and `._:=+/-`.
    pub client_request_id: Option<String>,
    /// The trace that the client's request belonged to (`traceparent`, W3C Trace Context), 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// The task force that it was done in.
    pub task_force: Option<ID>,
    /// The agency that was told or acted upon.
    pub recipient: Option<Agency>,
    /// The agency that disclosed, where another one acted: whose package was read.
    pub discloser: Option<Agency>,
    /// The record that it was about.
    pub object: Option<ID>,
    /// The records that it was about, where they were many.
    pub objects: Vec<ID>,
    /// The survivor whom it was about, by an id that the audit log alone has: nothing leads from it to the person but the person's
    /// own agency, and nothing at all after an erasure. Null to an agency that was only told of the person.
    pub survivor: Option<ID>,
    /// The consent that it was about, or on which the disclosure stood.
    pub consent: Option<ID>,
    /// The consent's version then.
    pub consent_version: Option<i32>,
    /// The MOU that it was about, or on which the disclosure stood.
    pub mou: Option<ID>,
    /// The MOU's version then.
    pub mou_version: Option<i32>,
    /// What the disclosure was for.
    pub purpose: Option<Purpose>,
    /// What was disclosed; empty where nothing was, or everything was withheld.
    pub categories: Vec<DataCategory>,
    /// The RFC 6962 hash of the event's leaf: what your receipt names.
    pub leaf_hash: Sha256,
    #[graphql(skip)]
    place: Option<u64>,
    #[graphql(skip)]
    leaf: Digest,
    #[graphql(skip)]
    inclusion: Option<Result<InclusionProof>>,
}

#[ComplexObject]
impl AuditEvent {
    /// The event's id.
    pub async fn id(&self) -> ID {
        ID(self.key.to_string())
    }

    /// The proof that the newest signed checkpoint covers this event; null for the few seconds until one does.
    async fn proof(&self) -> Option<Result<InclusionProof>> {
        self.inclusion.clone()
    }
}

impl AuditEvent {
    fn read(
        row: &audit_event::Model,
        reader: AgencyId,
        agencies: &AgenciesById,
        programs: &Programs,
        place: Option<u64>,
    ) -> Result<Self> {
        let digest = tree::leaf_hash(row.leaf.as_bytes());
        // What was hashed is shown, not its searchable copies.
        let leaf: Leaf = serde_json::from_str(&row.leaf).map_err(Refusal::internal)?;
        let leaf = leaf.told_to(reader);
        let named = |id: &AgencyId| agencies.get(id).cloned().map(Agency::named);
        let application = programs.named(&leaf);
        Ok(Self {
            key: row.id,
            index: place.map(stored::in_column).transpose()?,
            recorded_at: leaf.recorded_at.into(),
            action: leaf.action,
            kind: leaf.kind,
            outcome: leaf.outcome,
            reason: leaf.reason,
            count: leaf.count,
            agency: leaf.agency.as_ref().and_then(named),
            subject: Some(leaf.subject),
            application,
            client: leaf.client,
            program: leaf.program,
            operator: leaf.operator,
            token_id: leaf.token,
            operation: leaf.operation,
            request_id: Some(leaf.request),
            client_request_id: leaf.client_request,
            trace_id: leaf.trace,
            task_force: leaf.task_force.map(|id| ID(id.to_string())),
            recipient: leaf.recipient.as_ref().and_then(named),
            discloser: leaf.discloser.as_ref().and_then(named),
            survivor: leaf.survivor.map(|id| ID(id.to_string())),
            object: leaf.object.map(ID),
            objects: leaf.objects.into_iter().map(ID).collect(),
            consent: leaf.consent.map(|id| ID(id.to_string())),
            consent_version: leaf.consent_version,
            mou_version: leaf.mou_version,
            mou: leaf.mou.map(|id| ID(id.to_string())),
            purpose: leaf.purpose,
            categories: leaf
                .categories
                .map(|some| some.iter().collect())
                .unwrap_or_default(),
            leaf_hash: sha256(digest),
            place,
            leaf: digest,
            inclusion: None,
        })
    }
}

/// The proof that an event is in the ledger (RFC 6962 section 2.1.1): check it against the signed checkpoint of the
/// same size.
#[derive(Clone, Debug, SimpleObject)]
pub struct InclusionProof {
    /// The event's place in the ledger, from 0.
    pub index: i64,
    /// The number of events that the checkpoint covers.
    pub size: i64,
    /// The checkpoint's root hash.
    pub root_hash: Sha256,
    /// The hashes on the way from the leaf to the root.
    pub hashes: Vec<Sha256>,
}

/// Reading the audit log.
#[derive(Default)]
pub struct AuditQuery;

/// Reading the audit log.
#[Object]
impl AuditQuery {
    /// The events in which your agency acted or was told, newest first; where your agency coordinates a task force,
    /// those of all its agencies. Reading them is itself an event.
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<AuditFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Audit.search())?;
        let wanted = filter
            .unwrap_or_default()
            .wanted(caller.agency(), "filter")?;
        let page = wanted.page(first, after.as_deref(), last, before.as_deref())?;
        page_of_events(ctx, &wanted, page, "filter").await
    }

    /// The newest checkpoint that the service has signed. It covers all but the last few seconds' events.
    async fn audit_checkpoint(&self, ctx: &Context<'_>) -> Result<SignedCheckpoint> {
        let request = ctx.request()?;
        request.caller.may(Resource::Audit.read())?;
        log::signed_checkpoint(request).await
    }
}

/// Returns a page of the events within reach that are wanted, on record; `place` is the argument that says which.
///
/// # Errors
/// `BAD_USER_INPUT`, where their period is too long; `UNAVAILABLE`.
pub(super) async fn page_of_events(
    ctx: &Context<'_>,
    wanted: &WantedEvents,
    page: PageRequest<AuditPlace>,
    place: &str,
) -> Result<Connection<AuditEvent>> {
    let request = ctx.request()?;
    let with_application = lookahead::asks(ctx, &["edges", "node", "application"]);
    let released = request
        .disclose(|| async {
            let search = AuditSearch {
                store: &request.worker.store,
                reader: request.caller.agency(),
                wanted,
                page,
                place,
            };
            let found = search.find().await?;
            with_programs(request, as_audit_read(found), |found| {
                let asked = with_application.then_some(found.page.entries.as_slice());
                asked.unwrap_or_default()
            })
            .await
        })
        .await?;
    let (found, programs) = released.content();
    let mut page = page::Page {
        entries: show_events(request, &found.page.entries, &programs).await?,
        has_next: found.page.has_next,
        has_previous: found.page.has_previous,
    };
    if lookahead::asks(ctx, &["edges", "node", "proof"]) {
        prove(request, &mut page.entries).await?;
    }
    let connection = Connection::from_page(page, |one| AuditPlace::of(wanted, one.key));
    Ok(match found.reached {
        Some(reached) => connection.reaching(&AuditPlace::of(wanted, reached)),
        None => connection,
    })
}

/// Returns one event that the caller may read about.
pub(crate) async fn audit_event_by_id(
    request: &Request,
    id: AuditEventId,
) -> Result<Option<AuditEvent>> {
    let caller = request.caller.may(Resource::Audit.read())?;
    let released = request
        .disclose(|| async {
            let among = audit_event::WithinReach {
                backend: request.worker.store.backend,
                reader: caller.agency(),
                only: Condition::all().add(audit_event::Column::Id.eq(id)),
                order: Order::Desc,
                most: 1,
            }
            .select();
            let found =
                disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
            with_programs(request, as_audit_read(found), |one| one.as_slice()).await
        })
        .await?;
    let (found, programs) = released.content();
    let Some(row) = found else {
        return Ok(None);
    };
    let rows = [row];
    let mut events = show_events(request, &rows, &programs).await?;
    prove(request, &mut events).await?;
    Ok(events.pop())
}

/// Records the reading of the log as an event of its own type, whatever was found in it.
fn as_audit_read<T>(found: Decided<T>) -> Decided<T> {
    Decided {
        events: vec![Event::AuditRead],
        ..found
    }
}

async fn show_events(
    request: &Request,
    rows: &[audit_event::Model],
    programs: &Programs,
) -> Result<Vec<AuditEvent>> {
    let worker = &request.worker;
    let mut ids = Vec::new();
    for row in rows {
        ids.extend(row.agency_id);
        ids.extend(row.recipient_id);
        ids.extend(row.discloser_id);
    }
    let agencies = worker.directory.among(&worker.store, ids).await?;
    let places = stored::places(&worker.store.read, rows.iter().map(|row| row.id)).await?;
    let reader = request.caller.agency();
    rows.iter()
        .map(|row| {
            let place = places.get(&row.id).copied();
            AuditEvent::read(row, reader, &agencies, programs, place)
        })
        .collect()
}

/// Proves every event that the newest checkpoint covers, from tiles read by one statement.
async fn prove(request: &Request, events: &mut [AuditEvent]) -> Result<()> {
    let store = &request.worker.store;
    let note = stored::head(&store.read).await?.map(|row| row.note);
    let (_, signed) = log::opened(&request.worker.ledger_key, note)?;
    let head = signed.head;
    let covered = |event: &AuditEvent| event.place.filter(|index| *index < head.size);
    let mut wanted = BTreeSet::new();
    for index in events.iter().filter_map(covered) {
        wanted.extend(tiles_for_inclusion(index, head.size).map_err(Refusal::internal)?);
    }
    let tiles = stored::tiles(&store.read, wanted).await?;
    for event in events {
        event.inclusion = covered(event)
            .map(|index| inclusion(index, event.leaf, head, &tiles).map_err(Refusal::internal));
    }
    Ok(())
}

/// Returns the proof of one event, made only where it leads to what was signed.
fn inclusion(
    index: u64,
    leaf: Digest,
    head: Head,
    tiles: &Tiles,
) -> Result<InclusionProof, TreeError> {
    let proof = prove_inclusion(index, head.size, tiles)?;
    check_inclusion(&proof, index, leaf, head)?;
    let too_large = |_| TreeError::TooLarge;
    Ok(InclusionProof {
        index: i64::try_from(index).map_err(too_large)?,
        size: i64::try_from(head.size).map_err(too_large)?,
        root_hash: sha256(head.root),
        hashes: proof.into_iter().map(sha256).collect(),
    })
}
