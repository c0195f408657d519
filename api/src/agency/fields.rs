//! What an agency on the wire says, field by field; apart from its type, since what it leaves behind shows it in turn.

use async_graphql::{Context, ID, Object};
use concord_entities::vocabulary::{AgencyKind, AgencyStatus, Jurisdiction};

use super::graphql::{Agency, Membership, memberships};
use super::names::{self, FormerName};
use super::training::{self, StaffTraining};
use super::vetting::{Vetting, vetting_of};
use crate::access::grant::Resource;
use crate::error::Result;
use crate::referral::connection::ReferralConnection;
use crate::referral::left_behind::LeftBehind;
use crate::referral::selection::ReferralSelection;
use crate::request::InRequest;
use crate::store::page::{self, PageRequest};
use crate::wire::lookahead;
use crate::wire::scalars::LanguageTag;

/// An agency that takes part in a task force. Wherever a record names it, its `id`, `name` and `kind` ask for no scope; all
/// else asks for `directory.r`.
#[Object]
impl Agency {
    /// The agency's id.
    pub async fn id(&self) -> ID {
        ID(self.key().to_string())
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.known().name
    }

    /// What kind of collaborator it is.
    async fn kind(&self) -> AgencyKind {
        self.known().kind
    }

    /// Whose law it enforces, where it enforces any.
    async fn jurisdiction(&self, ctx: &Context<'_>) -> Result<Option<Jurisdiction>> {
        Ok(self.details(ctx).await?.jurisdiction)
    }

    /// Whether it is bound by victim confidentiality, as community-based advocates are.
    async fn confidential_provider(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(self.details(ctx).await?.confidential_provider)
    }

    /// Whether it takes part now: `SUSPENDED` where it is suspended in every one of its task forces. Always read, never
    /// remembered.
    async fn status(&self, ctx: &Context<'_>) -> Result<AgencyStatus> {
        Ok(self.details(ctx).await?.status)
    }

    /// Its places in the task forces in which your agency takes part; your own agency's everywhere.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<Membership>> {
        memberships(ctx.request()?, self.key()).await
    }

    /// What it was called before, the latest twenty names, newest first.
    async fn former_names(&self, ctx: &Context<'_>) -> Result<Vec<FormerName>> {
        names::former_names(ctx.request()?, self.key()).await
    }

    /// How the coordinators of the task forces in which your agency takes part vetted it; your own agency's everywhere.
    async fn vetting(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "In this task force; each attribute as it was checked last in any of yours where you leave it out."
        )]
        task_force: Option<ID>,
    ) -> Result<Vetting> {
        let task_force = task_force.as_ref().map(|id| page::id("taskForce", id));
        vetting_of(ctx.request()?, self.key(), task_force.transpose()?).await
    }

    /// The open referrals between your agency and this one that have no path where this one ends, what was sent first first; your own
    /// agency's: all that it sent or was sent. An end hands nothing over: a consent names one recipient, so each referral that is
    /// to go on elsewhere needs a new consent of the survivor that names somebody else (`draftConsentFrom` begins one) and a new
    /// referral. The list is the same before an end and after it, until each is settled: cancelled, completed, failed. Drafts are
    /// not in it. Whoever is shut out reads nothing any more: null, with `UNAUTHENTICATED`; ask for it before you leave. Asks
    /// for `referral.r`.
    async fn left_behind(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "What it leaves where it leaves this task force, or is suspended in it; all that it leaves where it ends altogether, where you leave this out."
        )]
        task_force: Option<ID>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Option<Result<ReferralConnection>> {
        let left = async {
            let request = ctx.request()?;
            request.caller.may(Resource::Referral.read())?;
            let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
            let task_force = task_force.as_ref().map(|id| page::id("taskForce", id));
            let selection = ReferralSelection::below(ctx, &["edges", "node"])?;
            let asked = LeftBehind {
                by: self.key(),
                task_force: task_force.transpose()?,
                counted: lookahead::asks(ctx, &["totalCount"]),
            };
            asked.page(request, wanted, &selection).await
        };
        Some(left.await)
    }

    /// The languages it serves in.
    async fn languages(&self, ctx: &Context<'_>) -> Result<Vec<LanguageTag>> {
        let details = self.details(ctx).await?;
        let languages = details.languages.0.iter().cloned();
        Ok(languages.map(LanguageTag::from).collect())
    }

    /// The areas it serves.
    async fn service_areas(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        Ok(self.details(ctx).await?.service_areas.0.clone())
    }

    /// The trainings on trafficking of its staff, the latest twenty, newest first.
    async fn staff_training(&self, ctx: &Context<'_>) -> Result<Vec<StaffTraining>> {
        training::latest(ctx.request()?, self.key()).await
    }

    /// Within how many days it answers a referral that you send it now: then it is expired. What is urgent has 7 days at most, an
    /// emergency 2.
    async fn answer_days(&self, ctx: &Context<'_>) -> Result<i32> {
        Ok(self.details(ctx).await?.answer_days)
    }

    /// The time zone in which it works, by its IANA name: the limits of its consents, its rule packs and its legal holds
    /// are counted in the days there.
    async fn time_zone(&self, ctx: &Context<'_>) -> Result<String> {
        Ok(self.details(ctx).await?.time_zone.to_string())
    }
}
