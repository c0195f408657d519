//! The accounting of disclosures (45 CFR 164.528(b)(2)): who was told what of a person, when, and what for.
//!
//! It is read from the audit log itself. What was told before a consent ended stays in it, and names no person.
//!
//! Here is each disclosure by itself. [`statement`] tells them line by line, as [`rules`] puts them together; [`sheet`] is that
//! as a page in the words of [`texts`], and [`printed`] finds what is on it.

pub(crate) mod printed;
pub mod rules;
pub mod sheet;
pub mod statement;
pub mod texts;

use async_graphql::{ComplexObject, ID, SimpleObject};
use concord_entities::audit_event::{self, Column};
use concord_entities::ids::AuditEventId;
use concord_entities::vocabulary::{DataCategory, Purpose};
use sea_orm::Select;

use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::leaf::Leaf;
use crate::audit::ledger::Decided;
use crate::error::{Refusal, Result};
use crate::request::Request;
use crate::request::directory::AgenciesById;
use crate::store::page::{Page, PageRequest};
use crate::wire::connection::Connection;
use crate::wire::scalars::DateTime;

/// That something of a person was told: what, to whom, when, and what for.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Disclosure {
    #[graphql(skip)]
    event: AuditEventId,
    /// When it was told, by the database's clock; what was told by a mandate, when that was put on record.
    pub disclosed_at: DateTime,
    /// The agency that was told; null where it is not of your task forces.
    pub recipient: Option<Agency>,
    /// What was told.
    pub categories: Vec<DataCategory>,
    /// What for; null where a mandate tells it.
    pub purpose: Option<Purpose>,
    /// The referral whose package was read; null for a mandate.
    pub referral: Option<ID>,
    /// The consent that it stood on; null for a mandate.
    pub consent: Option<ID>,
    /// The `MandatedDisclosure` that tells by whose order, where it needed no consent.
    pub mandate: Option<ID>,
}

#[ComplexObject]
impl Disclosure {
    /// The audit event that records it.
    async fn event(&self) -> ID {
        ID(self.event.to_string())
    }
}

impl Disclosure {
    fn read(row: &audit_event::Model, agencies: &AgenciesById) -> Result<Self> {
        // What was hashed is shown, not its searchable copies.
        let leaf: Leaf = serde_json::from_str(&row.leaf).map_err(Refusal::internal)?;
        let recipient = leaf
            .recipient
            .and_then(|id| agencies.get(&id).cloned())
            .map(Agency::named);
        Ok(Self::of(row.id, leaf, recipient))
    }

    fn of(event: AuditEventId, leaf: Leaf, recipient: Option<Agency>) -> Self {
        let mandate = leaf.mandate();
        Self {
            event,
            disclosed_at: leaf.recorded_at.into(),
            recipient,
            categories: leaf
                .categories
                .map(|some| some.iter().collect())
                .unwrap_or_default(),
            purpose: leaf.purpose,
            referral: leaf.object.filter(|_| mandate.is_none()).map(ID),
            consent: leaf.consent.map(|id| ID(id.to_string())),
            mandate: mandate.map(|id| ID(id.to_string())),
        }
    }
}

/// Returns a page of some disclosures, newest first. Reading them is itself an event.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn page(
    request: &Request,
    among: &Select<audit_event::Entity>,
    wanted: PageRequest,
) -> Result<Connection<Disclosure>> {
    let worker = &request.worker;
    let released = request
        .disclose(|| async {
            let found = disclose::page(&worker.store, among.clone(), Column::Id, wanted, |row| {
                row.id.to_string()
            })
            .await?;
            Ok(Decided {
                events: vec![Event::AuditRead],
                ..found
            })
        })
        .await?;
    let rows = released.content();
    // Its reader is told by `agency_id`, where `recipient_id` would only repeat it.
    let told = rows
        .entries
        .iter()
        .flat_map(|row| row.agency_id.into_iter().chain(row.recipient_id));
    let agencies = worker.directory.among(&worker.store, told).await?;
    let entries = rows
        .entries
        .iter()
        .map(|row| Disclosure::read(row, &agencies))
        .collect::<Result<Vec<_>>>()?;
    let page = Page {
        entries,
        has_next: rows.has_next,
        has_previous: rows.has_previous,
    };
    Ok(Connection::from_page(page, |one| one.event.0))
}
