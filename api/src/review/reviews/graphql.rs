//! Reviews of the log on the wire.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use concord_entities::ids::{AgencyId, AuditReviewId};
use concord_entities::vocabulary::{AuditReviewStatus, AuditType, FlagNote, ReviewConclusion};
use concord_entities::{audit_flag, audit_review};
use sea_orm::{ColumnTrait, QueryFilter};

use super::rules::LONGEST;
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::error::Result;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::review::events::{AuditEvent, page_of_events};
use crate::review::filter::{AuditFilter, WantedEvents};
use crate::review::signals::graphql::{AuditSignals, signals_of};
use crate::store::page::{self, PageRequest};
use crate::wire::connection::Connection;
use crate::wire::scalars::DateTime;

/// What changed who may do what: programs and what they may execute, issuers, people, and agencies' places.
const ACCESS_CHANGES: &[AuditType] = &[
    AuditType::AgencyRegistered,
    AuditType::AgencySuspended,
    AuditType::AgencyReinstated,
    AuditType::CoordinationHandedOver,
    AuditType::TaskForceLeft,
    AuditType::ApplicationRegistered,
    AuditType::ApplicationSecretRotated,
    AuditType::ApplicationKeysReplaced,
    AuditType::ApplicationOriginsReplaced,
    AuditType::ApplicationSuspended,
    AuditType::TrustedDocumentsAdded,
    AuditType::TrustedDocumentsRemoved,
    AuditType::TrustedDocumentsLifted,
    AuditType::SubjectEnded,
    AuditType::SubjectReinstated,
    AuditType::IssuerTrusted,
    AuditType::IssuerRefreshed,
    AuditType::IssuerSuspended,
    AuditType::IssuerReinstated,
    AuditType::TokenRevoked,
];

/// A review of the audit log over a period, by your agency's reviewers.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct AuditReview {
    #[graphql(skip)]
    row: audit_review::Model,
    /// Where it stands.
    pub status: AuditReviewStatus,
    /// The agency whose events are reviewed; null where all within your reach are.
    pub agency: Option<Agency>,
    /// The person or program whose events are reviewed, as their agency calls them; null for everybody's.
    pub subject: Option<String>,
    /// What was recorded from this moment on is reviewed.
    pub since: DateTime,
    /// What was recorded before this moment is reviewed.
    pub until: DateTime,
    /// Who opened it, as your agency calls them.
    pub opened_by: String,
    /// When it was opened.
    pub opened_at: DateTime,
    /// What came of it; null while it is open.
    pub conclusion: Option<ReviewConclusion>,
    /// Who concluded it.
    pub concluded_by: Option<String>,
    /// When it was concluded.
    pub concluded_at: Option<DateTime>,
}

#[ComplexObject]
impl AuditReview {
    /// The review's id.
    pub async fn id(&self) -> ID {
        ID(self.row.id.to_string())
    }

    /// The events that it is about, newest first. Reading them is itself an event.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        ctx.request()?.caller.may(Resource::Audit.search())?;
        let wanted = wanted_by(&self.row)?;
        let page = wanted.page(first, after.as_deref(), last, before.as_deref())?;
        page_of_events(ctx, &wanted, page, "review").await
    }

    /// Those of the events that changed who may do what, newest first: programs and what they may execute, issuers, people, and
    /// agencies' places. A page may have fewer entries than you ask for while `hasNextPage` says that there is more to look through.
    async fn access_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<AuditEvent>> {
        ctx.request()?.caller.may(Resource::Audit.search())?;
        let filter = AuditFilter {
            types: Some(ACCESS_CHANGES.to_vec()),
            ..filter_of(&self.row)
        };
        let wanted = as_wanted(&filter, self.row.agency_id)?;
        let page = wanted.page(first, after.as_deref(), last, before.as_deref())?;
        page_of_events(ctx, &wanted, page, "review").await
    }

    /// What stands out among the events by stated rules, oldest first. At most 2,000 events are looked at at a time: go on after
    /// `endCursor` while there is one.
    async fn signals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `endCursor` to go on after.")] after: Option<String>,
    ) -> Result<AuditSignals> {
        let request = ctx.request()?;
        request.caller.may(Resource::Audit.search())?;
        signals_of(request, &wanted_by(&self.row)?, after.as_deref()).await
    }

    /// The events that it flags, newest first.
    async fn flags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<AuditFlag>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Audit.read())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let released = request
            .disclose(|| async {
                let among = audit_flag::Entity::of(&self.row);
                let key = audit_flag::Column::Id;
                disclose::page(&request.worker.store, among, key, wanted, |row| {
                    row.event_id.to_string()
                })
                .await
            })
            .await?;
        let page = released.content().map(AuditFlag::from);
        Ok(Connection::from_page(page, |one| one.key))
    }
}

impl AuditReview {
    fn view(row: audit_review::Model, agencies: &AgenciesById) -> Self {
        let of = row.of_agency_id.and_then(|id| agencies.get(&id).cloned());
        Self {
            status: row.status,
            agency: of.map(Agency::named),
            subject: row.subject.clone(),
            since: row.since.into(),
            until: row.until.into(),
            opened_by: row.opened_by.clone(),
            opened_at: row.opened_at.into(),
            conclusion: row.conclusion,
            concluded_by: row.concluded_by.clone(),
            concluded_at: row.concluded_at.map(DateTime::from),
            row,
        }
    }
}

/// An event that a review flags.
#[derive(Clone, Debug, SimpleObject)]
pub struct AuditFlag {
    #[graphql(skip)]
    key: uuid::Uuid,
    /// The event.
    pub event: ID,
    /// Why.
    pub note: FlagNote,
    /// Who flagged it, as your agency calls them.
    pub flagged_by: String,
    /// When.
    pub flagged_at: DateTime,
}

impl From<audit_flag::Model> for AuditFlag {
    fn from(row: audit_flag::Model) -> Self {
        Self {
            key: row.id.0,
            event: ID(row.event_id.to_string()),
            note: row.note,
            flagged_by: row.flagged_by,
            flagged_at: row.flagged_at.into(),
        }
    }
}

/// What is to be reviewed.
#[derive(Clone, Debug, InputObject)]
pub struct AuditReviewInput {
    /// The agency whose events: your own, or one of a task force that you coordinate. All within your reach where you leave it
    /// out.
    pub agency: Option<ID>,
    /// The person or program whose events, as their agency calls them (`sub`, 1 to 128 characters): of your agency's, or of that
    /// of the one that `agency` names. Everybody's where you leave it out.
    pub subject: Option<String>,
    /// What was recorded from this moment on.
    pub since: DateTime,
    /// What was recorded before this moment: at most 366 days later.
    pub until: DateTime,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// What to look for among reviews.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "AuditReviewFilter")]
pub struct AuditReviewFilter {
    /// Those that stand here.
    pub status: Option<AuditReviewStatus>,
    /// Those of this agency's events.
    pub agency: Option<ID>,
}

/// Reading which reviews there are.
#[derive(Default)]
pub struct AuditReviewQuery;

/// Reading which reviews there are.
#[Object]
impl AuditReviewQuery {
    /// The reviews of the audit log that your agency's people opened, newest first.
    async fn audit_reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            AuditReviewFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<AuditReview>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Audit.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.unwrap_or_default();
        let of = filter
            .agency
            .as_ref()
            .map(|id| page::id("filter.agency", id));
        let of: Option<AgencyId> = of.transpose()?;
        let released = request
            .disclose(|| async {
                let mut among = audit_review::Entity::by(caller.agency());
                if let Some(status) = filter.status {
                    among = among.filter(audit_review::Column::Status.eq(status));
                }
                if let Some(of) = of {
                    among = among.filter(audit_review::Column::OfAgencyId.eq(of));
                }
                let key = audit_review::Column::Id;
                disclose::page(&request.worker.store, among, key, wanted, |row| {
                    row.id.to_string()
                })
                .await
            })
            .await?;
        let page = released.content();
        let agencies = agencies(request, &page.entries).await?;
        let page = page.map(|row| AuditReview::view(row, &agencies));
        Ok(Connection::from_page(page, |one| one.row.id.0))
    }
}

async fn agencies(request: &Request, reviews: &[audit_review::Model]) -> Result<AgenciesById> {
    let worker = &request.worker;
    let of = reviews.iter().filter_map(|review| review.of_agency_id);
    worker.directory.among(&worker.store, of).await
}

/// Returns one review of the caller's agency.
pub(crate) async fn audit_review_by_id(
    request: &Request,
    id: AuditReviewId,
) -> Result<Option<AuditReview>> {
    request.caller.may(Resource::Audit.read())?;
    find_review(request, id).await
}

/// Returns a review to a caller whose change named it, and records the reading like any other.
pub(super) async fn find_review(
    request: &Request,
    id: AuditReviewId,
) -> Result<Option<AuditReview>> {
    let agency = request.caller.agency();
    let released = request
        .disclose(|| async {
            let among = audit_review::Entity::one_by(agency, id);
            disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await
        })
        .await?;
    let found = released.content();
    let agencies = agencies(request, found.as_slice()).await?;
    Ok(found.map(|row| AuditReview::view(row, &agencies)))
}

fn filter_of(review: &audit_review::Model) -> AuditFilter {
    AuditFilter {
        agency: review.of_agency_id.map(|id| ID(id.to_string())),
        subject: review.subject.clone(),
        since: Some(review.since.into()),
        until: Some(review.until.into()),
        ..AuditFilter::default()
    }
}

fn as_wanted(filter: &AuditFilter, reader: AgencyId) -> Result<WantedEvents> {
    let mut wanted = filter.wanted(reader, "review")?;
    wanted.longest = LONGEST;
    Ok(wanted)
}

/// Returns what a review is about.
pub(super) fn wanted_by(review: &audit_review::Model) -> Result<WantedEvents> {
    as_wanted(&filter_of(review), review.agency_id)
}
