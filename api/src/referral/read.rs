//! How referrals are found, decided on and released: one statement a page.
//!
//! The statement brings the rows, the sharing epoch, the database's time and, where content or consent is asked for,
//! every fact that the decision needs. The copied state on the row only *finds* it;
//! [`decide()`](crate::sharing::decide()) judges the facts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use async_graphql::indexmap::IndexSet;
use concord_entities::ids::{AgencyId, ConsentId, MouId, ReferralId, SurvivorAuditId};
use concord_entities::instant::Instant;
use concord_entities::mou;
use concord_entities::referral::{self, Column, EarlierOutcomes};
use concord_entities::vocabulary::{
    ActionBlock, Categories, Needs, OutcomeCode, Purpose, ReferralSide, ReferralStatus,
    StatusReason, Urgency,
};
use sea_orm::sea_query::SelectStatement;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult, QuerySelect, QueryTrait, Select};

use super::blocks;
use super::disclosure::{self, PackageDecision, PackageOf};
use super::explained::{AccessQuestion, Explained, PastReferrals};
use super::find::Find;
use super::listing::ListPlace;
use super::reader::Reader;
use super::rules::actions::{self, Blocks};
use super::rules::answer;
use super::rules::status::{CurrentStatus, StoredStatus};
use crate::access::Caller;
use crate::access::grant::Resource;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::consent::selection::ConsentSelection;
use crate::error::Result;
use crate::sharing::facts::{self, Gathered};
use crate::store::Store;
use crate::store::page::{Page, PageRequest};
use crate::store::pages_below::{self, Lists, PageBelow};

/// The columns of a list entry, all in one covering index.
const HEADER: [Column; 15] = [
    Column::Id,
    Column::SenderId,
    Column::RecipientId,
    Column::Status,
    Column::StatusReason,
    Column::Needs,
    Column::Urgency,
    Column::CreatedAt,
    Column::SentAt,
    Column::RespondBy,
    Column::ExpiresAt,
    Column::UpdatedAt,
    Column::ConsentUntil,
    Column::MouUntil,
    Column::Halted,
];

/// The further columns, read if more than headers is asked for.
const BEYOND: [Column; 12] = [
    Column::ConsentId,
    Column::MouId,
    Column::SurvivorId,
    Column::Contains,
    Column::KeyVersion,
    Column::Outcome,
    Column::Provided,
    Column::OutcomeAt,
    Column::CompletedAt,
    Column::EarlierOutcomes,
    Column::Reopens,
    Column::Assignee,
];

/// How much of each referral is asked for.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that a query asks for or does not"
)]
pub struct Depth {
    /// Whether anything beyond the header is: consent, MOU, outcome, package, assignee or what it reopens.
    pub beyond_header: bool,
    /// What of the consent is shown with it.
    pub consent: Option<ConsentSelection>,
    /// Whether the MOU is shown with it.
    pub mou: bool,
    /// Whether its parties are, beyond their names.
    pub parties: bool,
    /// Whether the earlier referral is shown that it takes up.
    pub reopens: bool,
    /// Whether it is shown what its reader may do with it.
    pub actions: bool,
    /// The purposes for which its package is read, and the categories that are selected for each.
    pub packages: BTreeMap<Purpose, Categories>,
    /// The same of what its sender sees as its recipient would.
    pub previews: BTreeMap<Purpose, Categories>,
    /// Of whom, for what and when it is explained to its sender what they may see.
    pub explained: BTreeSet<AccessQuestion>,
}

/// A referral's header.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Header {
    /// The referral's id.
    pub id: ReferralId,
    /// The agency that refers.
    pub sender_id: AgencyId,
    /// The agency that is asked.
    pub recipient_id: AgencyId,
    /// Where people brought it.
    pub status: ReferralStatus,
    /// Why it stands there.
    pub status_reason: Option<StatusReason>,
    /// What the person needs.
    pub needs: Needs,
    /// How soon an answer is wanted.
    pub urgency: Urgency,
    /// When it was drafted.
    pub created_at: Instant,
    /// When it was sent.
    pub sent_at: Option<Instant>,
    /// By when an answer is wanted.
    pub respond_by: Option<Instant>,
    /// Until when it can be answered.
    pub expires_at: Option<Instant>,
    /// When somebody last changed it.
    pub updated_at: Instant,
    /// When its consent ends by itself.
    pub consent_until: Option<Instant>,
    /// When its MOU ends by itself.
    pub mou_until: Option<Instant>,
    /// Whether its consent was ended before its time.
    pub halted: bool,
}

/// A referral as one of its parties sees it, released or about to be.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its header.
    pub header: Header,
    /// Its status now.
    pub current: CurrentStatus,
    /// Whether its answer is overdue.
    pub overdue: bool,
    /// The side that its reader is on.
    pub side: ReferralSide,
    /// What keeps that side from what it could do with it, where that was asked for.
    pub blocks: Blocks,
    /// What lies beyond the header, where it was asked for.
    pub beyond: Option<Beyond>,
    /// The decision on its package, for each purpose that was asked for.
    pub packages: BTreeMap<Purpose, PackageDecision>,
    /// The same as its recipient's, where its sender asked for it.
    pub previews: BTreeMap<Purpose, PackageDecision>,
    /// Why somebody may see its package or may not, where its sender asked for it.
    pub explained: Explained,
}

/// What lies beyond the header.
#[derive(Clone, Debug)]
pub struct Beyond {
    /// Whose it is.
    pub survivor: SurvivorAuditId,
    /// The consent it stands on.
    pub consent: ConsentId,
    /// The MOU it stands on.
    pub mou: Option<MouId>,
    /// What came of it.
    pub outcome: Option<OutcomeCode>,
    /// The needs that were met.
    pub provided: Needs,
    /// When that was said.
    pub outcome_at: Option<Instant>,
    /// When it was completed.
    pub completed_at: Option<Instant>,
    /// What was said of it before.
    pub earlier_outcomes: Option<EarlierOutcomes>,
    /// The earlier referral that it takes up, where its reader is a party of that.
    pub reopens: Option<ReferralId>,
    /// Who of the recipient's people took it on.
    pub assignee: Option<String>,
    /// The version of the key that its package was sealed under when it was decided on.
    pub key_version: i32,
}

impl Seen {
    /// Lists the records that showing this one tells of: they all go into the audit log.
    fn records(&self, depth: &Depth) -> Vec<String> {
        let mut records = vec![self.header.id.to_string()];
        if depth.parties {
            let parties = [self.header.sender_id, self.header.recipient_id];
            records.extend(parties.iter().map(ToString::to_string));
        }
        if let Some(beyond) = &self.beyond {
            // Nobody but the sender is shown whose consent it is.
            let with_survivor = |consent: ConsentSelection| consent.survivor;
            let survivor =
                depth.consent.is_some_and(with_survivor) && self.side == ReferralSide::Sender;
            records.extend(survivor.then(|| beyond.survivor.to_string()));
            records.extend(depth.consent.map(|_| beyond.consent.to_string()));
            records.extend(beyond.mou.filter(|_| depth.mou).map(|mou| mou.to_string()));
            records.extend(beyond.reopens.map(|earlier| earlier.to_string()));
        }
        records
    }
}

impl From<&Header> for StoredStatus {
    fn from(header: &Header) -> Self {
        Self {
            status: header.status,
            reason: header.status_reason,
            expires_at: header.expires_at,
            consent_until: header.consent_until,
            mou_until: header.mou_until,
            halted: header.halted,
        }
    }
}

/// Finds one referral that the caller's agency is a party of, and decides on it.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn one(
    store: &Store,
    caller: &Caller,
    id: ReferralId,
    depth: &Depth,
) -> Result<Decided<Option<Seen>>> {
    let rows = columns(referral::Entity::known_to(caller.agency(), id), depth);
    let statement = facts::beside_epoch(store.backend, rows.into_query(), depth.beyond_header);
    let decided = find(store, caller, &statement, depth).await?;
    Ok(decided.map(|mut seen| seen.pop()).or_denied(&id))
}

/// Finds a page of the inbox or outbox, and decides on it.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn page(
    store: &Store,
    caller: &Caller,
    list: &Find<'_>,
    wanted: PageRequest<ListPlace>,
    depth: &Depth,
) -> Result<Decided<Page<Seen>>> {
    let behind = wanted
        .behind()
        .map(|walk| list.rows(&list.along_list(walk)));
    let statement = page_statement(list, wanted, depth);
    let decided = find(store, caller, &statement, depth).await?;
    let behind = match behind {
        Some(behind) => behind.one(&store.read).await?.is_some(),
        None => false,
    };
    Ok(decided.map(|seen| wanted.cut(seen, behind)))
}

/// Finds a page below each of many parents, and decides on all of them; nothing is told of what only shows that there is more.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn pages_below(
    store: &Store,
    caller: &Caller,
    lists: Lists<referral::Entity>,
    wanted: &PageRequest,
    depth: &Depth,
) -> Result<Decided<(Vec<Seen>, Vec<PageBelow>)>> {
    let mut shown = HEADER.to_vec();
    if depth.beyond_header {
        shown.extend(BEYOND);
    }
    let rows = lists.page(&shown, wanted);
    let statement = facts::beside_epoch(store.backend, rows, depth.beyond_header);
    let found = store.read.query_all(&statement).await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let (told, pages) = pages_below::divide(found, wanted)?;
    let (seen, events) = decide_beside(store, caller, &told, now, depth).await?;
    Ok(Decided {
        epoch,
        now,
        content: (seen, pages),
        events,
    })
}

/// Builds the one statement that brings a page.
#[must_use]
pub fn page_statement(
    list: &Find<'_>,
    wanted: PageRequest<ListPlace>,
    depth: &Depth,
) -> SelectStatement {
    let walk = list.along_list(wanted.walk());
    let rows = columns(list.rows(&walk), depth);
    let mut statement = facts::beside_epoch(list.backend, rows.into_query(), depth.beyond_header);
    for column in [list.sorted_by(), Column::Id] {
        statement.order_by((facts::ROWS, column), walk.order());
    }
    statement
}

fn columns(rows: Select<referral::Entity>, depth: &Depth) -> Select<referral::Entity> {
    let rows = rows.select_only().columns(HEADER);
    if depth.beyond_header {
        rows.columns(BEYOND)
    } else {
        rows
    }
}

async fn find(
    store: &Store,
    caller: &Caller,
    statement: &SelectStatement,
    depth: &Depth,
) -> Result<Decided<Vec<Seen>>> {
    let found = store.read.query_all(statement).await?;
    let (epoch, now) = facts::epoch_and_time(&found)?;
    let (content, events) = decide_beside(store, caller, &found, now, depth).await?;
    Ok(Decided {
        epoch,
        now,
        content,
        events,
    })
}

/// Reads what is asked for beside the rows that were found, and decides on them.
async fn decide_beside(
    store: &Store,
    caller: &Caller,
    found: &[QueryResult],
    now: Instant,
    depth: &Depth,
) -> Result<(Vec<Seen>, Vec<Event>)> {
    let mut beside = ReadBeside::default();
    if depth.reopens {
        beside.reopened = reopened(store, caller.agency(), found).await?;
    }
    if !depth.previews.is_empty() {
        beside.drafts = blocks::of_sending(store, caller.agency(), drafts(found)?, now).await?;
    }
    beside.past = PastReferrals::read(store, caller.agency(), found, &depth.explained).await?;
    let (mut seen, events) = decide_all(found, caller.into(), now, depth, &beside)?;
    if depth.actions {
        read_blocks(store, caller, &mut seen, now).await?;
    }
    Ok((seen, events))
}

/// What is read beside the rows of a page.
#[derive(Debug, Default)]
struct ReadBeside {
    /// The earlier referrals that may be named.
    reopened: HashSet<ReferralId>,
    /// The MOU that each draft would be sent under, or what keeps it from that.
    drafts: HashMap<ReferralId, std::result::Result<mou::Model, ActionBlock>>,
    /// What each stood on at the moments that are asked for.
    past: PastReferrals,
}

/// Returns the drafts among what was found.
fn drafts(found: &[QueryResult]) -> Result<Vec<ReferralId>> {
    let mut drafts = Vec::new();
    for row in found.iter().filter(|row| facts::is_row(row)) {
        let header = Header::from_query_result(row, "")?;
        if header.status == ReferralStatus::Draft {
            drafts.push(header.id);
        }
    }
    Ok(drafts)
}

/// Reads what keeps the reader from what it could do with these: of an inbox that is its token alone.
async fn read_blocks(
    store: &Store,
    caller: &Caller,
    seen: &mut [Seen],
    now: Instant,
) -> Result<()> {
    let lacks_scope = !caller.granted().reaches(Resource::Referral.update());
    let hang_on_facts = seen
        .iter()
        .filter(|one| actions::stands_on_facts(one.current.status, one.side));
    let ids = hang_on_facts.map(|one| one.header.id).collect();
    let mut facts = blocks::read(store, caller.agency(), ids, now).await?;
    for one in seen {
        one.blocks = Blocks {
            lacks_scope,
            facts: facts.remove(&one.header.id).unwrap_or_default(),
        };
    }
    Ok(())
}

/// Returns the earlier referrals that what was found takes up, as far as the agency is a party of them. No later than these:
/// whoever may know of a referral may always.
async fn reopened(
    store: &Store,
    agency: AgencyId,
    found: &[QueryResult],
) -> Result<HashSet<ReferralId>> {
    let mut named = Vec::new();
    for row in found.iter().filter(|row| facts::is_row(row)) {
        named.extend(row.try_get::<Option<ReferralId>>("", "reopens")?);
    }
    if named.is_empty() {
        return Ok(HashSet::new());
    }
    let known = referral::Entity::known_among(agency, named)
        .select_only()
        .column(Column::Id)
        .into_tuple::<ReferralId>()
        .all(&store.read)
        .await?;
    Ok(known.into_iter().collect())
}

/// Decides on what was found, as it stands at `now`; returns the events to record before any of it leaves.
fn decide_all(
    found: &[QueryResult],
    reader: Reader<'_>,
    now: Instant,
    depth: &Depth,
    beside: &ReadBeside,
) -> Result<(Vec<Seen>, Vec<Event>)> {
    let mut events = Vec::new();
    let mut seen = Vec::with_capacity(found.len());
    for row in found.iter().filter(|row| facts::is_row(row)) {
        let mut one = judge(row, reader, now, (depth, beside), &mut events)?;
        if let Some(beyond) = &mut one.beyond {
            beyond.reopens = beyond
                .reopens
                .filter(|earlier| beside.reopened.contains(earlier));
        }
        seen.push(one);
    }
    if !seen.is_empty() {
        let records = seen.iter().flat_map(|one| one.records(depth));
        // What many referrals share is named once.
        let records = if depth.parties || depth.beyond_header {
            records.collect::<IndexSet<_>>().into_iter().collect()
        } else {
            records.collect()
        };
        events.push(Event::RecordsListed(records));
    }
    Ok((seen, events))
}

/// Decides on one package at a moment of an invented past, and returns the events that its reading records. Releases
/// nothing. Returns no events if the reader is no party of the referral.
///
/// # Errors
/// `UNAVAILABLE`.
pub(crate) async fn invented(
    database: &impl ConnectionTrait,
    reader: Reader<'_>,
    id: ReferralId,
    purpose: Purpose,
    moment: Instant,
) -> Result<Vec<Event>> {
    let depth = Depth {
        beyond_header: true,
        packages: BTreeMap::from([(purpose, Categories::all())]),
        ..Depth::default()
    };
    let rows = columns(referral::Entity::known_to(reader.agency, id), &depth);
    let backend = database.get_database_backend();
    let statement = facts::beside_epoch(backend, rows.into_query(), depth.beyond_header);
    let found = database.query_all(&statement).await?;
    let (_, events) = decide_all(&found, reader, moment, &depth, &ReadBeside::default())?;
    Ok(events)
}

/// Reads one row and decides on it.
fn judge(
    row: &QueryResult,
    reader: Reader<'_>,
    now: Instant,
    (depth, beside): (&Depth, &ReadBeside),
    events: &mut Vec<Event>,
) -> Result<Seen> {
    let header = Header::from_query_result(row, "")?;
    let side = if header.sender_id == reader.agency {
        ReferralSide::Sender
    } else {
        ReferralSide::Recipient
    };
    let current = CurrentStatus::of(&StoredStatus::from(&header), now);
    let (mut packages, mut previews) = (BTreeMap::new(), BTreeMap::new());
    let mut explained = Explained::new();
    let beyond = if depth.beyond_header {
        let gathered = Gathered::from_row(row)?;
        let of = PackageOf {
            referral: header.id,
            sender: header.sender_id,
            recipient: header.recipient_id,
        };
        if side == ReferralSide::Sender {
            let as_sent = disclosure::as_sent(&gathered, beside.drafts.get(&header.id));
            for (purpose, selected) in &depth.previews {
                let asked = (*purpose, *selected);
                let decision =
                    disclosure::preview_package(&of, &as_sent, reader, asked, now, events);
                previews.insert(*purpose, decision);
            }
            let as_it_is = (reader, &gathered.facts, current);
            let asked = &depth.explained;
            explained = beside.past.explain(header.id, asked, as_it_is, now);
        }
        for (purpose, selected) in &depth.packages {
            let asked = (*purpose, *selected);
            let decision = disclosure::decide_package(&of, &gathered, reader, asked, now, events);
            packages.insert(*purpose, decision);
        }
        Some(Beyond {
            survivor: gathered.survivor,
            consent: gathered.consent,
            mou: gathered.mou,
            outcome: row.try_get("", "outcome")?,
            provided: row.try_get("", "provided")?,
            outcome_at: row.try_get("", "outcome_at")?,
            completed_at: row.try_get("", "completed_at")?,
            earlier_outcomes: row.try_get("", "earlier_outcomes")?,
            reopens: row.try_get("", "reopens")?,
            assignee: row.try_get("", "assignee")?,
            key_version: row.try_get("", "key_version")?,
        })
    } else {
        None
    };
    Ok(Seen {
        overdue: answer::overdue(current.status, header.respond_by, now),
        header,
        current,
        side,
        blocks: Blocks::default(),
        beyond,
        packages,
        previews,
        explained,
    })
}
