//! The audit log on the wire: events, and what proves them.

use std::collections::BTreeSet;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use concord_entities::audit_event::SubjectInLeaf;
use concord_entities::ids::{AgencyId, AnyId, AuditEventId};
use concord_entities::vocabulary::{AuditAction, AuditOutcome, AuditType, DataCategory, Purpose};
use concord_entities::{audit_event, audit_tree};
use sea_orm::sea_query::{ExprTrait, LikeExpr, Order};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter, QueryTrait};

use super::programs::{Programs, with_programs};
use crate::access::grant::Resource;
use crate::access::token::MAX_NAME;
use crate::agency::graphql::Agency;
use crate::application::graphql::Application;
use crate::audit::checkpoint::{self, LedgerKey};
use crate::audit::event::Event;
use crate::audit::leaf::{self, Leaf};
use crate::audit::ledger::Decided;
use crate::audit::proof::{
    check_inclusion, prove_consistency, prove_inclusion, tiles_for_consistency, tiles_for_inclusion,
};
use crate::audit::tree::{self, Digest, Head, Tiles, TreeError};
use crate::audit::{disclose, record_ids, stored};
use crate::error::{Error, Faults, Refusal, Result};
use crate::jose::claim::is_name;
use crate::lists;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::sharing::facts;
use crate::store::page::{self, PageRequest, Walk};
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
    /// The record that it was about.
    pub object: Option<ID>,
    /// The records that it was about, where they were many.
    pub objects: Vec<ID>,
    /// The consent on which the disclosure stood.
    pub consent: Option<ID>,
    /// The MOU on which the disclosure stood.
    pub mou: Option<ID>,
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
        let named = |id: &AgencyId| agencies.get(id).cloned().map(Agency::named);
        let application = programs.named(&leaf);
        let told_only = leaf.is_told_only_to(reader);
        Ok(Self {
            key: row.id,
            index: place.map(stored::in_column).transpose()?,
            recorded_at: leaf.recorded_at.into(),
            action: leaf.action,
            kind: leaf.kind,
            outcome: leaf.outcome,
            reason: leaf.reason.filter(|_| !told_only),
            count: leaf.count,
            agency: leaf.agency.as_ref().and_then(named),
            subject: Some(leaf.subject),
            application,
            client: leaf.client,
            program: leaf.program,
            token_id: leaf.token,
            operation: leaf.operation.filter(|_| !told_only),
            request_id: Some(leaf.request),
            client_request_id: leaf.client_request.filter(|_| !told_only),
            trace_id: leaf.trace.filter(|_| !told_only),
            task_force: leaf.task_force.map(|id| ID(id.to_string())),
            recipient: leaf.recipient.as_ref().and_then(named),
            object: leaf.object.map(ID),
            objects: leaf.objects.into_iter().map(ID).collect(),
            consent: leaf.consent.map(|id| ID(id.to_string())),
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

/// What the service has signed: the ledger has this size and this root. Keep it, and hold every later one against it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex, name = "Checkpoint")]
pub struct SignedCheckpoint {
    #[graphql(skip)]
    head: Head,
    /// The ledger's name.
    pub origin: String,
    /// The number of events that it covers.
    pub size: i64,
    /// The RFC 6962 root hash over them.
    pub root_hash: Sha256,
    /// The checkpoint as a signed note (C2SP tlog-checkpoint), for any tool that knows the format.
    pub note: String,
    /// The verifier key (C2SP signed-note) that checks the note. Learn it once, from a source you trust.
    pub vkey: String,
}

#[ComplexObject]
impl SignedCheckpoint {
    /// The proof that this ledger begins with the smaller one that you have kept a checkpoint of.
    async fn consistency(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The size in the checkpoint that you have kept.")] from: i64,
    ) -> Result<ConsistencyProof> {
        let store = &ctx.request()?.worker.store;
        let beyond = || Error::input("from", format!("a size from 0 to {}", self.size));
        let earlier = u64::try_from(from).map_err(|_| beyond())?;
        let size = self.head.size;
        if earlier > size {
            return Err(beyond().into());
        }
        let wanted = tiles_for_consistency(earlier, size).map_err(Refusal::internal)?;
        let tiles = stored::tiles(&store.read, wanted).await?;
        let root = tree::root(size, &tiles).map_err(Refusal::internal)?;
        if root != self.head.root {
            return Err(Refusal::internal(TreeError::Inconsistent));
        }
        let hashes = prove_consistency(earlier, size, &tiles).map_err(Refusal::internal)?;
        Ok(ConsistencyProof {
            from,
            size: self.size,
            hashes: hashes.into_iter().map(sha256).collect(),
        })
    }
}

/// The proof that a ledger begins with a smaller one (RFC 6962 section 2.1.2): nothing was changed or removed between.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConsistencyProof {
    /// The size of the smaller ledger.
    pub from: i64,
    /// The size of the larger one.
    pub size: i64,
    /// The hashes that lead from the one root to the other.
    pub hashes: Vec<Sha256>,
}

/// What to look for in the audit log.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "AuditFilter")]
pub struct AuditFilter {
    /// Any of these types: at least one.
    pub types: Option<Vec<AuditType>>,
    /// What ended like this.
    pub outcome: Option<AuditOutcome>,
    /// The events in which this agency acted or was told.
    pub agency: Option<ID>,
    /// The events in which this person or program acted, as its agency calls it (`sub`, 1 to 128 characters): of your agency's,
    /// or of that of the one that `agency` names.
    pub subject: Option<String>,
    /// The events about this record, or that stood on this consent or MOU.
    pub object: Option<ID>,
    /// The events from this moment on.
    pub since: Option<DateTime>,
    /// The events before this moment.
    pub until: Option<DateTime>,
}

impl AuditFilter {
    /// Returns what an event must be.
    fn only(&self) -> Result<Condition> {
        use audit_event::Column;
        let mut faults = Faults::default();
        lists::require_some(&mut faults, "filter.types", self.types.as_ref());
        faults.none()?;
        let mut only = Condition::all();
        if let Some(types) = &self.types {
            only = only.add(Column::Kind.is_in(types.iter().copied()));
        }
        if let Some(outcome) = self.outcome {
            only = only.add(Column::Outcome.eq(outcome));
        }
        if let Some(agency) = &self.agency {
            let agency: AgencyId = page::id("filter.agency", agency)?;
            let either = Condition::any()
                .add(Column::AgencyId.eq(agency))
                .add(Column::RecipientId.eq(agency))
                .add(Column::DiscloserId.eq(agency));
            only = only.add(either);
        }
        if let Some(object) = &self.object {
            only = only.add(names(object)?);
        }
        if let Some(since) = self.since {
            only = only.add(Column::RecordedAt.gte(since.0));
        }
        if let Some(until) = self.until {
            only = only.add(Column::RecordedAt.lt(until.0));
        }
        Ok(only)
    }

    /// Returns who acted, where somebody is asked for, with whose person or program it is.
    fn by(&self, reader: AgencyId) -> Result<Option<(AgencyId, SubjectInLeaf)>> {
        let Some(subject) = &self.subject else {
            return Ok(None);
        };
        if !is_name(subject, MAX_NAME) {
            let expected = "1 to 128 characters, none of them a control character";
            return Err(Error::input("filter.subject", expected).into());
        }
        let agency = match &self.agency {
            Some(agency) => page::id("filter.agency", agency)?,
            None => reader,
        };
        Ok(Some((agency, leaf::subject(subject)?)))
    }
}

/// Returns that a leaf names a record: alone, as a whole id between quotes, or packed among many.
fn names(object: &ID) -> Result<Condition> {
    let id = page::id::<AnyId>("filter.object", object)?;
    let holds = |text: &str| {
        // `_` would match any letter.
        let pattern = format!("%{}%", text.replace('_', "\\_"));
        audit_event::Column::Leaf
            .into_expr()
            .like(LikeExpr::new(pattern).escape('\\'))
    };
    Ok(Condition::any()
        .add(holds(&format!("\"{}\"", object.as_str())))
        .add(holds(&record_ids::packed(id.uuid))))
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
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.unwrap_or_default();
        let with_application = lookahead::asks(ctx, &["edges", "node", "application"]);
        let released = request
            .disclose(|| async {
                let only = filter.only()?;
                let store = &request.worker.store;
                let by = filter.by(caller.agency())?;
                let select = |walk: Walk| {
                    if let Some((agency, subject)) = &by {
                        let (backend, reader) = (store.backend, caller.agency());
                        let acted = audit_event::Entity::acted(backend, reader, *agency, subject);
                        return walk.along(acted.filter(only.clone()), &[audit_event::Column::Id]);
                    }
                    let beyond = walk.beyond(&[(audit_event::Entity, audit_event::Column::Id)]);
                    let reach = audit_event::WithinReach {
                        reader: caller.agency(),
                        only: only.clone().add_option(beyond),
                        order: walk.order(),
                        most: walk.most,
                    };
                    reach.select()
                };
                let found =
                    disclose::page_of(store, select, wanted, |row| row.id.to_string()).await?;
                with_programs(request, as_audit_read(found), |page| {
                    let asked = with_application.then_some(page.entries.as_slice());
                    asked.unwrap_or_default()
                })
                .await
            })
            .await?;
        let (rows, programs) = released.content();
        let mut page = page::Page {
            entries: show_events(request, &rows.entries, &programs).await?,
            has_next: rows.has_next,
            has_previous: rows.has_previous,
        };
        if lookahead::asks(ctx, &["edges", "node", "proof"]) {
            prove(request, &mut page.entries).await?;
        }
        Ok(Connection::from_page(page, |one| one.key.0))
    }

    /// The newest checkpoint that the service has signed. It covers all but the last few seconds' events.
    async fn audit_checkpoint(&self, ctx: &Context<'_>) -> Result<SignedCheckpoint> {
        let request = ctx.request()?;
        request.caller.may(Resource::Audit.read())?;
        // A checkpoint tells of no event: recording its reading would only let a witness grow what it watches.
        let released = request
            .disclose(async || newest_note(request).await)
            .await?;
        let (note, signed) = opened(&request.worker.ledger_key, released.content())?;
        Ok(SignedCheckpoint {
            head: signed.head,
            origin: signed.origin,
            size: stored::in_column(signed.head.size)?,
            root_hash: sha256(signed.head.root),
            note,
            vkey: request.worker.ledger_key.public().to_string(),
        })
    }
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
    let (_, signed) = opened(&request.worker.ledger_key, note)?;
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

/// Returns the newest checkpoint beside the epoch; none before the first is signed.
async fn newest_note(request: &Request) -> Result<Decided<Option<String>>> {
    let store = &request.worker.store;
    let statement = facts::beside_epoch(
        store.backend,
        audit_tree::Entity::head().into_query(),
        false,
    );
    let found = store.read.query_all(&statement).await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let note = found
        .first()
        .map(|row| row.try_get::<Option<String>>("", "note"))
        .transpose()?;
    Ok(Decided {
        epoch,
        now,
        content: note.flatten(),
        events: Vec::new(),
    })
}

/// Returns the checkpoint in a note; before the first one there is the empty ledger's.
fn opened(key: &LedgerKey, note: Option<String>) -> Result<(String, checkpoint::Checkpoint)> {
    let note = match note.filter(|note| !note.is_empty()) {
        Some(note) => note,
        None => key.sign(Head::EMPTY).map_err(Refusal::internal)?,
    };
    let signed = key.public().open(&note).map_err(Refusal::internal)?;
    Ok((note, signed))
}

fn sha256(digest: Digest) -> Sha256 {
    digest.0.as_slice().into()
}
