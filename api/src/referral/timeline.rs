//! What happened to a referral, as its parties are told: from the audit log, which has all of it and from the beginning.

use std::collections::{BTreeSet, HashMap};

use async_graphql::{ID, SimpleObject};
use concord_entities::audit_event::{self, AboutRecords, Column};
use concord_entities::ids::{AgencyId, AuditEventId, ConsentId, MouId, ReferralId, ReferralNoteId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditType;
use concord_entities::{mou, referral_note, referral_past};
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

/// What happened to an MOU that changes what becomes of the referrals on it.
const OF_MOU: [AuditType; 6] = [
    AuditType::MouSuspended,
    AuditType::MouReinstated,
    AuditType::MouTerminated,
    AuditType::MouLeft,
    AuditType::MouReviewConfirmed,
    AuditType::MouSuperseded,
];

/// How many earlier pairs of a consent and an MOU a timeline tells of.
const EARLIER: u64 = 20;

/// Something that happened to a referral, or to the consent or the MOU that it stands on. What time alone made of it happened to
/// nobody's record: `expiresAt`, the consent and the MOU say when.
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
    /// The MOU that it stands on.
    pub(super) mou: Option<MouId>,
    /// When it was drafted.
    pub(super) since: Instant,
}

/// Returns a page of what happened to a referral, newest first.
pub(super) async fn page(
    request: &Request,
    of: TimelineOf,
    wanted: PageRequest,
) -> Result<Connection<TimelineEntry>> {
    let reader = request.caller.agency();
    let mut stood_on: Vec<(ConsentId, Option<MouId>)> =
        referral_past::Entity::stood_on_before(of.referral, EARLIER)
            .into_tuple::<(ConsentId, Option<MouId>, Instant)>()
            .all(&request.worker.store.read)
            .await?
            .into_iter()
            .map(|(consent, mou, _)| (consent, mou))
            .collect();
    stood_on.push((of.consent, of.mou));
    let consents: BTreeSet<_> = stood_on.iter().map(|(consent, _)| *consent).collect();
    let mous: BTreeSet<_> = stood_on.iter().filter_map(|(_, mou)| *mou).collect();
    let since = Column::RecordedAt.gte(of.since);
    let of_consent = Condition::all()
        .add(audit_event::did_or_was_told(reader))
        .add(Column::Kind.is_in(OF_CONSENT))
        .add(since.clone());
    let of_mou = |id| {
        mou::may_follow(reader, id)
            .add(Column::Kind.is_in(OF_MOU))
            .add(since.clone())
    };
    let own = (
        of.referral.to_string(),
        audit_event::did_or_was_told(reader),
    );
    let consents = consents
        .iter()
        .map(|id| (id.to_string(), of_consent.clone()));
    let mous = mous.iter().map(|id| (id.to_string(), of_mou(*id)));
    let records: Vec<_> = [own].into_iter().chain(consents).chain(mous).collect();
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
        .add(audit_event::did_or_was_told(request.caller.agency()))
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
    let select = |walk: Walk| {
        let beyond = walk.beyond(&[(audit_event::Entity, Column::Id)]);
        let from = |(record, only): &(String, Condition)| {
            let only = Condition::all()
                .add(only.clone())
                .add_option(beyond.clone());
            (record.clone(), only)
        };
        let records: Vec<_> = records.iter().map(from).collect();
        let about = AboutRecords {
            backend: store.backend,
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
