//! Opening a review, flagging an event in it, and concluding it: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, AuditEventId, AuditFlagId, AuditReviewId};
use concord_entities::vocabulary::{AuditReviewStatus, FlagNote, ReviewConclusion};
use concord_entities::{audit_event, audit_flag, audit_review};
use sea_orm::sea_query::Order;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, PaginatorTrait, QueryFilter};

use super::graphql::{AuditReview, AuditReviewInput, find_review, wanted_by};
use super::rules;
use crate::access::grant::Resource;
use crate::access::token::MAX_NAME;
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::jose::claim::is_name;
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::review::search::reach_of;
use crate::store::page;

/// Reviewing the audit log.
#[derive(Default)]
pub struct AuditReviewMutation;

/// Reviewing the audit log.
#[Object]
impl AuditReviewMutation {
    /// Opens a review of the audit log over a period: of your agency's events or, where you coordinate, of one of your agencies'.
    /// It goes on record, and nobody else is told, not even the agency that is reviewed.
    async fn open_audit_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is reviewed.")] review: AuditReviewInput,
    ) -> Result<AuditReview> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Audit.create())?;
        let change = request.change(Resource::Audit.create()).await?;
        let (since, until) = (review.since.0, review.until.0);
        rules::check_period(since, until)?;
        let agency = review
            .agency
            .as_ref()
            .map(|id| page::id("review.agency", id));
        let agency: Option<AgencyId> = agency.transpose()?;
        let subject = review.subject.clone();
        if subject
            .as_deref()
            .is_some_and(|name| !is_name(name, MAX_NAME))
        {
            let expected = "1 to 128 characters, none of them a control character";
            return Err(Error::input("review.subject", expected).into());
        }
        let call = CreatingCall::new(
            "openAuditReview",
            "review.idempotencyKey",
            review.idempotency_key.as_ref(),
            &review,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            if let Some(agency) = agency
                && !reach_of(change, change.agency()).await?.contains(&agency)
            {
                return Err(Error::NotFound.into());
            }
            let row = audit_review::Model {
                id: AuditReviewId::new(),
                agency_id: change.agency(),
                opened_by: caller.subject().to_owned(),
                opened_at: change.now(),
                of_agency_id: agency,
                subject,
                since,
                until,
                status: AuditReviewStatus::Open,
                conclusion: None,
                concluded_by: None,
                concluded_at: None,
            };
            let made = row.into_active_model().insert(change).await?;
            Ok(Creation {
                id: made.id.0,
                event: Event::AuditReviewOpened {
                    review: made.id,
                    of: agency,
                },
                made: made.id,
            })
        })
        .await?;
        let id = match created {
            Created::Now(id) => id,
            Created::Before(id) => AuditReviewId(id),
        };
        load(request, id).await
    }

    /// Flags an event that an open review of your agency's is about, with a note. It goes on record, and nobody else is told.
    async fn flag_audit_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The review's id.")] review: ID,
        #[graphql(desc = "The event's id.")] event: ID,
        #[graphql(desc = "Why it is flagged.")] note: FlagNote,
    ) -> Result<AuditReview> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Audit.update())?;
        let change = request.change(Resource::Audit.update()).await?;
        let id: AuditReviewId = page::id("review", &review)?;
        let event: AuditEventId = page::id("event", &event)?;
        let found = locked(&change, id).await?;
        let reader = change.agency();
        let reach = reach_of(&change, reader).await?;
        let backend = request.worker.store.backend;
        let mut about = wanted_by(&found)?.lookup(backend, reader, &reach).reviewed;
        about.range = about.range.add(audit_event::Column::Id.eq(event));
        let is_about = about.page(&Order::Desc, 1).one(&change).await?;
        is_about.ok_or(Error::NotFound)?;
        let flags = audit_flag::Entity::of(&found);
        let same = flags.clone().filter(audit_flag::Column::EventId.eq(event));
        let same = same.filter(audit_flag::Column::Note.eq(note));
        if same.one(&change).await?.is_some() {
            change.give_up().await?;
            return load(request, id).await;
        }
        rules::check_open(&found, flags.count(&change).await?)?;
        let row = audit_flag::Model {
            id: AuditFlagId::new(),
            review_id: id,
            event_id: event,
            note,
            flagged_by: caller.subject().to_owned(),
            flagged_at: change.now(),
        };
        row.into_active_model().insert(&change).await?;
        let event = Event::AuditEventFlagged {
            review: id,
            event,
            note,
        };
        change.commit(event).await?;
        load(request, id).await
    }

    /// Concludes a review of your agency's: what it found stays as it is from then on.
    async fn conclude_audit_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The review's id.")] id: ID,
        #[graphql(desc = "What came of it.")] conclusion: ReviewConclusion,
    ) -> Result<AuditReview> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Audit.update())?;
        let change = request.change(Resource::Audit.update()).await?;
        let id: AuditReviewId = page::id("id", &id)?;
        let found = locked(&change, id).await?;
        match rules::concluded(found, caller.subject(), conclusion, change.now())? {
            Some(concluded) => {
                let row = concluded.into_active_model().reset_all();
                row.update(&change).await?;
                let event = Event::AuditReviewConcluded {
                    review: id,
                    conclusion,
                };
                change.commit(event).await?;
            }
            None => change.give_up().await?,
        }
        load(request, id).await
    }
}

async fn locked(change: &Change<'_>, id: AuditReviewId) -> Result<audit_review::Model> {
    let found = audit_review::Entity::one_by(change.agency(), id)
        .one_locked(change)
        .await?;
    Ok(found.ok_or(Error::NotFound)?)
}

/// Returns the review as it stands.
async fn load(request: &Request, id: AuditReviewId) -> Result<AuditReview> {
    let found = find_review(request, id).await?;
    found.ok_or_else(|| Error::NotFound.into())
}
