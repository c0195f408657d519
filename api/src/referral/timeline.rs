//! What happened to a referral, as its parties are told: from the audit log, which has all of it and from the beginning.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{ID, SimpleObject};
use concord_entities::audit_event::{self, AboutRecords, Column};
use concord_entities::ids::{AgencyId, AuditEventId, ConsentId, ReferralId, ReferralNoteId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditType;
use concord_entities::{referral_note, referral_past};
use sea_orm::{ColumnTrait, Condition};

use super::notes::graphql::ReferralNote;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::leaf::Leaf;
use crate::audit::ledger::Decided;
use crate::error::{Refusal, Result};
use crate::request::Request;
use crate::request::directory::AgenciesById;
use crate::store::page::{Page, PageRequest, Towards, Walk};
use crate::wire::connection::Connection;
use crate::wire::scalars::DateTime;

/// What happened to a consent that changes what becomes of the referrals on it.
const OF_CONSENT: [AuditType; 5] = [
    AuditType::ConsentRevoked,
    AuditType::ConsentSuperseded,
    AuditType::ConsentEnteredInError,
    AuditType::ConsentSuspensionSet,
    AuditType::ConsentSuspensionLifted,
];

/// How many earlier consents a timeline tells of.
const EARLIER_CONSENTS: u64 = 20;

/// Something that happened to a referral, or to the consent that it stands on. What time alone made of it happened to nobody's
/// record: `expiresAt` and the consent say when.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "ReferralEvent")]
pub struct TimelineEntry {
    #[graphql(skip)]
    key: AuditEventId,
    /// The audit event that records it.
    pub event: ID,
    /// When.
    pub at: DateTime,
    /// What.
    #[graphql(name = "type")]
    pub kind: AuditType,
    /// Who did it; null where the service did, or its operator.
    pub agency: Option<Agency>,
    /// Which of your people or programs, by the `sub` of their tokens; null where the other side did it.
    pub subject: Option<String>,
    /// Why, as a code, where a code says it.
    pub reason: Option<String>,
    /// The note that was added; null elsewhere, and once it ended with its consent's package.
    pub note: Option<ReferralNote>,
}

/// Which referral it is, of a caller who may know of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimelineOf {
    /// The referral.
    pub(super) referral: ReferralId,
    /// The consent that it stands on.
    pub(super) consent: ConsentId,
    /// When it was drafted.
    pub(super) since: Instant,
}

/// Returns a page of what happened to a referral, newest first.
pub(super) async fn page(
    request: &Request,
    of: TimelineOf,
    wanted: PageRequest,
) -> Result<Connection<TimelineEntry>> {
    let mut consents: BTreeSet<ConsentId> =
        referral_past::Entity::consents_before(of.referral, EARLIER_CONSENTS)
            .into_tuple::<(ConsentId, Instant)>()
            .all(&request.worker.store.read)
            .await?
            .into_iter()
            .map(|(consent, _)| consent)
            .collect();
    consents.insert(of.consent);
    let of_consents = Condition::all()
        .add(Column::Kind.is_in(OF_CONSENT))
        .add(Column::RecordedAt.gte(of.since));
    let consents = consents.iter();
    let records: Vec<_> = [(of.referral.to_string(), Condition::all())]
        .into_iter()
        .chain(consents.map(|consent| (consent.to_string(), of_consents.clone())))
        .collect();
    let page = entries(request, of.referral, &records, wanted).await?;
    Ok(Connection::from_page(page, |entry| entry.key.0))
}

/// Returns the entry of a note that the caller's agency added.
pub(super) async fn entry_of_note(
    request: &Request,
    referral: ReferralId,
    note: ReferralNoteId,
) -> Result<Option<TimelineEntry>> {
    let packed = crate::audit::record_ids::packed(note.0);
    let added = [AuditType::ReferralNoteAdded, AuditType::ReferralNoteKept];
    let only = Condition::all()
        .add(Column::Kind.is_in(added))
        .add(Column::Leaf.contains(packed));
    let newest = PageRequest {
        size: 1,
        from: Towards::Older(None),
    };
    let records = [(referral.to_string(), only)];
    let mut page = entries(request, referral, &records, newest).await?;
    Ok(page.entries.pop())
}

/// Reads events of these records, and records that the referral was read.
async fn entries(
    request: &Request,
    referral: ReferralId,
    records: &[(String, Condition)],
    wanted: PageRequest,
) -> Result<Page<TimelineEntry>> {
    let store = &request.worker.store;
    let reader = request.caller.agency();
    let select = |walk: Walk| {
        let beyond = walk.beyond(&[(audit_event::Entity, Column::Id)]);
        let from = |(record, only): &(String, Condition)| {
            let only = only.clone().add_option(beyond.clone());
            (record.clone(), only)
        };
        let records: Vec<_> = records.iter().map(from).collect();
        let about = AboutRecords {
            backend: store.backend,
            reader: Some(reader),
            records: &records,
            order: walk.order(),
            most: walk.most,
        };
        about.select()
    };
    let released = request
        .disclose(|| async {
            let found = disclose::page_of(store, select, wanted, |row| row.id.to_string()).await?;
            let events = if found.events.is_empty() {
                Vec::new()
            } else {
                vec![Event::RecordsListed(vec![referral.to_string()])]
            };
            Ok(Decided { events, ..found })
        })
        .await?;
    show(request, released.content()).await
}

async fn show(request: &Request, page: Page<audit_event::Model>) -> Result<Page<TimelineEntry>> {
    let reader = request.caller.agency();
    let mut leaves = Vec::with_capacity(page.entries.len());
    for row in &page.entries {
        let leaf: Leaf = serde_json::from_str(&row.leaf).map_err(Refusal::internal)?;
        leaves.push(leaf);
    }
    let store = &request.worker.store;
    let acting = leaves.iter().filter_map(Leaf::acting_agency);
    let agencies = request.worker.directory.among(store, acting).await?;
    let named = leaves.iter().filter_map(note);
    let notes = referral_note::Entity::known_among(reader, named)
        .all(&store.read)
        .await?;
    let notes: HashMap<_, _> = notes.into_iter().map(|row| (row.id, row)).collect();
    let entries = leaves.into_iter().map(|leaf| {
        let note = note(&leaf).and_then(|id| notes.get(&id).cloned());
        view(leaf, reader, &agencies, note.map(ReferralNote::show))
    });
    Ok(Page {
        entries: entries.collect(),
        has_next: page.has_next,
        has_previous: page.has_previous,
    })
}

/// Returns the note that an event is about.
fn note(leaf: &Leaf) -> Option<ReferralNoteId> {
    leaf.objects.first()?.parse().ok()
}

fn view(
    leaf: Leaf,
    reader: AgencyId,
    agencies: &AgenciesById,
    note: Option<ReferralNote>,
) -> TimelineEntry {
    let acting = leaf.acting_agency();
    let own = acting == Some(reader);
    let named = |id: AgencyId| Agency::from_directory(agencies, id);
    TimelineEntry {
        key: leaf.id,
        event: ID(leaf.id.to_string()),
        at: leaf.recorded_at.into(),
        kind: leaf.kind,
        agency: acting.map(named),
        reason: leaf.reason_told_to(reader).map(str::to_owned),
        subject: own.then_some(leaf.subject),
        note,
    }
}
