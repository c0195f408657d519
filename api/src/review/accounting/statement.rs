//! The accounting as a statement: a line for each recipient and reason, over a period.

use std::collections::HashMap;

use async_graphql::{ComplexObject, ID, SimpleObject};
use concord_entities::audit_event::{self, Column};
use concord_entities::ids::{AuditEventId, MandateId, SurvivorId};
use concord_entities::instant::{Day, Instant};
use concord_entities::mandated_disclosure;
use concord_entities::vocabulary::{
    AuditType, Categories, DataCategory, MandateInstrument, Purpose,
};
use concord_entities::zone::Zone;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect};

use super::Disclosure;
use super::rules::{
    AccountedPeriod, AccountingLines, ToldLine, ToldOnce, ToldReason, ToldRecipient,
};
use crate::agency::graphql::Agency;
use crate::agency::zone;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::leaf::Leaf;
use crate::audit::ledger::Decided;
use crate::error::{Error, Refusal, Result};
use crate::mandated_disclosure::graphql::OutsideRecipientNamed;
use crate::mandated_disclosure::texts::{self, TextsById};
use crate::request::Request;
use crate::request::directory::AgenciesById;
use crate::wire::scalars::{Date, DateTime};

/// How many events are read at a time.
const PAGE: u64 = 1_000;
/// How many disclosures a statement tells of at most, and how many records of mandates.
const MOST: u64 = 50_000;
const MOST_MANDATES: u64 = 1_000;

/// Who was told what of a person over a period, when, and why, as the person may ask for it (45 CFR 164.528(b)): what was told
/// again to the same recipient for the same reason is one line.
#[derive(Clone, Debug, SimpleObject)]
pub struct AccountingStatement {
    /// The first day that it accounts for.
    pub since: Date,
    /// The last day, included.
    pub until: Date,
    /// The time zone that its days are counted in: your agency's.
    pub time_zone: String,
    /// When it was made, by the database's clock.
    pub made_at: DateTime,
    /// How many disclosures it tells of: each is on one line.
    pub total: u64,
    /// The lines, by the day of each one's first disclosure.
    pub lines: Vec<AccountingLine>,
}

/// What was told to one recipient for one reason.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct AccountingLine {
    #[graphql(skip)]
    last_event: AuditEventId,
    /// The agency that was told; null where it was a body outside the task force.
    pub recipient: Option<Agency>,
    /// The body outside the task force that was told.
    pub recipient_outside: Option<OutsideRecipientNamed>,
    /// What for, where a consent allowed it.
    pub purpose: Option<Purpose>,
    /// What demanded it, where it needed no consent.
    pub instrument: Option<MandateInstrument>,
    /// Who issued the instrument; null once it is erased.
    pub issuing_authority: Option<String>,
    /// The statute's citation or the order's docket number; null once it is erased.
    pub citation: Option<String>,
    /// How many times.
    pub count: u64,
    /// The day of the first time.
    pub first_on: Date,
    /// The first time, in full.
    pub first: Disclosure,
    /// The day of the last time.
    pub last_on: Date,
    /// All that was told at some time.
    pub categories: Vec<DataCategory>,
}

#[ComplexObject]
impl AccountingLine {
    /// The audit event that records the last time.
    async fn last_event(&self) -> ID {
        ID(self.last_event.to_string())
    }
}

/// Whom a statement is about, and over which days. Where nothing is said, the six years up to today.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AskedAccounting {
    /// The survivor of the caller's agency.
    pub(crate) survivor: SurvivorId,
    /// The first day.
    pub(crate) since: Option<Day>,
    /// The last day, included.
    pub(crate) until: Option<Day>,
}

/// Returns the statement of what the caller's agency told of its survivor. Making it is itself an event.
///
/// # Errors
/// `BAD_USER_INPUT`: the period cannot be accounted for, or has too much in it. `UNAVAILABLE`.
pub(crate) async fn statement(
    request: &Request,
    asked: AskedAccounting,
) -> Result<AccountingStatement> {
    let store = &request.worker.store;
    let own = request.caller.agency();
    let zone = zone::of_agency(&store.read, own).await?;
    let released = request
        .disclose(|| async {
            let mandates = mandated_disclosure::Entity::of_survivor(own, asked.survivor);
            let found = disclose::all(store, mandates.limit(MOST_MANDATES + 1)).await?;
            let period = AccountedPeriod::asked(asked.since, asked.until, zone.day(found.now))
                .map_err(|fault| Error::input(fault.field(), fault))?;
            let named: Vec<_> = found.content.iter().map(|one| one.id.to_string()).collect();
            let now = found.now;
            let found = Decided {
                events: vec![Event::AuditRead],
                ..found
            };
            Ok(found.naming(named).map(|mandates| (period, now, mandates)))
        })
        .await?;
    let (period, made_at, mandates) = released.content();
    if u64::try_from(mandates.len()).unwrap_or(u64::MAX) > MOST_MANDATES {
        return Err(too_much());
    }
    let reading = AccountingRead {
        request,
        zone: &zone,
        period,
        made_at,
        texts: texts::opened(request, &mandates).await?,
        mandates: mandates.into_iter().map(|one| (one.id, one)).collect(),
    };
    let lines = reading.lines(asked.survivor).await?;
    let total = lines.iter().map(|line| line.count).sum();
    let agencies = reading.agencies(&lines).await?;
    Ok(AccountingStatement {
        since: period.first.into(),
        until: period.last.into(),
        time_zone: zone.to_string(),
        made_at: made_at.into(),
        total,
        lines: lines
            .iter()
            .map(|line| AccountingLine::shown(line, &agencies))
            .collect(),
    })
}

fn too_much() -> Refusal {
    let text = "the accounting has more than 50,000 disclosures: ask for a shorter period";
    Error::input("since", text).into()
}

/// The events of a survivor's on their way to be lines.
struct AccountingRead<'r> {
    request: &'r Request,
    zone: &'r Zone,
    period: AccountedPeriod,
    made_at: Instant,
    mandates: HashMap<MandateId, mandated_disclosure::Model>,
    texts: TextsById,
}

impl AccountingRead<'_> {
    /// Reads the events page by page: what is in memory is a page, and the lines.
    async fn lines(&self, survivor: SurvivorId) -> Result<Vec<ToldLine<Disclosure>>> {
        let store = &self.request.worker.store;
        let told = audit_event::Entity::told_of(self.request.caller.agency(), survivor)
            .filter(self.within())
            .limit(PAGE);
        let mut lines = AccountingLines::default();
        let mut before: Option<AuditEventId> = None;
        let mut read = 0;
        loop {
            let further = before.map(|id| Column::Id.lt(id));
            let page = told
                .clone()
                .filter(Condition::all().add_option(further))
                .all(&store.read)
                .await?;
            read += PAGE;
            let Some(last) = page.last() else {
                break;
            };
            if read > MOST {
                return Err(too_much());
            }
            before = Some(last.id);
            for row in &page {
                if let Some(told) = self.told(row)? {
                    lines
                        .add(told)
                        .map_err(|many| Error::input("since", many))?;
                }
            }
        }
        Ok(lines.in_order())
    }

    /// Returns when something is in the period. The day of what a mandate tells is not that of its event.
    fn within(&self) -> Condition {
        let read = Condition::all()
            .add(Column::RecordedAt.gte(self.zone.start(self.period.first)))
            .add(Column::RecordedAt.lt(self.zone.end(self.period.last)));
        let either = Condition::any()
            .add(Column::Kind.eq(AuditType::MandatedDisclosureRecorded))
            .add(read);
        Condition::all()
            .add(Column::RecordedAt.lte(self.made_at))
            .add(either)
    }

    /// Returns what an event tells; none where that is not in the period.
    fn told(&self, row: &audit_event::Model) -> Result<Option<ToldOnce<Disclosure>>> {
        // What was hashed is shown, not its searchable copies.
        let leaf: Leaf = serde_json::from_str(&row.leaf).map_err(Refusal::internal)?;
        let (on, recipient, reason) = if let Some(id) = leaf.mandate() {
            let Some(mandate) = self.mandates.get(&id) else {
                // Put on record since.
                return Ok(None);
            };
            self.by_mandate(mandate)
        } else {
            let recipient = leaf.recipient.or(leaf.agency);
            let nobody = ToldRecipient::Outside(None, None);
            let recipient = recipient.map_or(nobody, ToldRecipient::Agency);
            let on = self.zone.day(leaf.recorded_at);
            (on, recipient, ToldReason::Consent(leaf.purpose))
        };
        Ok(self.period.has(on).then(|| ToldOnce {
            event: row.id,
            on,
            recipient,
            reason,
            categories: leaf.categories.unwrap_or(Categories::EMPTY),
            in_full: Disclosure::of(row.id, leaf, None),
        }))
    }

    /// Returns when somebody was told by a mandate, who, and why.
    fn by_mandate(&self, mandate: &mandated_disclosure::Model) -> (Day, ToldRecipient, ToldReason) {
        let texts = self.texts.get(&mandate.id);
        let outside = || {
            let name = texts.and_then(|texts| texts.outside.clone());
            ToldRecipient::Outside(mandate.recipient_outside, name)
        };
        let recipient = mandate
            .recipient_id
            .map_or_else(outside, ToldRecipient::Agency);
        let reason = ToldReason::Mandate {
            instrument: mandate.instrument,
            authority: texts.map(|texts| texts.authority.clone()),
            citation: texts.map(|texts| texts.citation.clone()),
        };
        (mandate.disclosed_on, recipient, reason)
    }

    async fn agencies(&self, lines: &[ToldLine<Disclosure>]) -> Result<AgenciesById> {
        let worker = &self.request.worker;
        let told = lines.iter().filter_map(|line| match line.first.recipient {
            ToldRecipient::Agency(id) => Some(id),
            ToldRecipient::Outside(..) => None,
        });
        worker.directory.among(&worker.store, told).await
    }
}

impl AccountingLine {
    fn shown(told: &ToldLine<Disclosure>, agencies: &AgenciesById) -> Self {
        let (recipient, recipient_outside) = match &told.first.recipient {
            ToldRecipient::Agency(id) => (Some(Agency::from_directory(agencies, *id)), None),
            ToldRecipient::Outside(kind, name) => {
                let outside = kind.map(|kind| OutsideRecipientNamed {
                    kind,
                    name: name.clone(),
                });
                (None, outside)
            }
        };
        let (purpose, mandate) = match told.first.reason.clone() {
            ToldReason::Consent(purpose) => (purpose, None),
            ToldReason::Mandate {
                instrument,
                authority,
                citation,
            } => (None, Some((instrument, authority, citation))),
        };
        let (instrument, authority, citation) = mandate.map_or((None, None, None), |mandate| {
            (Some(mandate.0), mandate.1, mandate.2)
        });
        let first = Disclosure {
            recipient: recipient.clone(),
            ..told.first.in_full.clone()
        };
        Self {
            recipient,
            recipient_outside,
            purpose,
            instrument,
            issuing_authority: authority,
            citation,
            count: told.count,
            first_on: told.first.on.into(),
            first,
            last_on: told.last_on.into(),
            last_event: told.last_event,
            categories: told.categories.iter().collect(),
        }
    }
}
