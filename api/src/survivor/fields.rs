//! What a survivor on the wire says, field by field; apart from its type, since what hangs below it shows it in turn.

use async_graphql::{ComplexObject, Context, ID};
use concord_entities::audit_event;
use concord_entities::ids::SurvivorId;
use concord_entities::vocabulary::AgeGroup;

use super::contact::plan::SafeContactPlan;
use super::graphql::Survivor;
use super::legal_hold;
use super::legal_hold::graphql::LegalHold;
use crate::access::grant::Resource;
use crate::clock;
use crate::consent;
use crate::consent::graphql::Consent;
use crate::consent::selection::ConsentSelection;
use crate::error::{Error, Result};
use crate::referral;
use crate::referral::connection::ReferralConnection;
use crate::referral::selection::ReferralSelection;
use crate::request::InRequest;
use crate::review::accounting::statement::{AccountingStatement, AskedAccounting, statement};
use crate::review::accounting::{self, Disclosure};
use crate::store::page::PageRequest;
use crate::wire::connection::Connection;
use crate::wire::scalars::Date;

#[ComplexObject]
impl Survivor {
    /// The survivor's id.
    pub async fn id(&self) -> ID {
        ID(self.key.to_string())
    }

    /// How old the person is today, as far as it decides who signs: a minor is an adult from `minorUntil` on.
    async fn age_group(&self, ctx: &Context<'_>) -> Result<AgeGroup> {
        let request = ctx.request()?;
        let own = self.model.agency_id;
        let directory = &request.worker.directory;
        let agencies = directory.among(&request.worker.store, [own]).await?;
        let today = agencies
            .get(&own)
            .ok_or(Error::NotFound)?
            .time_zone
            .day(clock::now());
        Ok(self.model.age_on(today))
    }

    /// Who was told what of the person, when and what for, newest first: also what was told under consents that have
    /// ended. Asks for `survivor.r`.
    async fn accounting(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Disclosure>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Survivor.read())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let told = audit_event::Entity::told_of(caller.agency(), self.key);
        accounting::page(request, &told, wanted).await
    }

    /// The accounting of what your agency told of the person, for the person: what was told again to the same recipient for the
    /// same reason is one line. Before you hand it over, ask `contactNow`. Asks for `survivor.r`; its making is on record.
    async fn accounting_statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The first day, in your agency's time zone, at most six years back; six years back where you leave it out."
        )]
        since: Option<Date>,
        #[graphql(desc = "The last day, included; today where you leave it out.")] until: Option<
            Date,
        >,
    ) -> Result<AccountingStatement> {
        let request = ctx.request()?;
        request.caller.may(Resource::Survivor.read())?;
        let asked = AskedAccounting {
            survivor: self.key,
            since: since.map(|day| day.0),
            until: until.map(|day| day.0),
        };
        statement(request, asked).await
    }

    /// How the person may be reached safely; null where your agency has set nothing. Each reading is on record, and
    /// needs the scope `survivor.r`.
    async fn safe_contact(&self, ctx: &Context<'_>) -> Option<Result<SafeContactPlan>> {
        safe_contact(ctx, self.key).await.transpose()
    }

    /// What obliges your agency to keep what it holds of the person, newest first, also what is over. Each reading is on
    /// record, and needs the scope `survivor.r`.
    async fn legal_holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<LegalHold>> {
        let request = ctx.request()?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        legal_hold::query::page(request, self.key, wanted).await
    }

    /// The person's consents, the newest first, also those that are over. Asks for `consent.r`. Of all survivors that are shown
    /// together they are read at once.
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Consent>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Consent.read())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let selection = ConsentSelection::below(ctx, &["edges", "node"]);
        let asked = format!("consents {wanted:?} {selection:?}");
        let below = self.together.below(asked, async |ids: Vec<SurvivorId>| {
            consent::below::of_survivors(request, &ids, &wanted, selection).await
        });
        let below = below.await?;
        let own = below.get(&self.key).cloned().unwrap_or_default();
        Ok(Connection::from_page(own.page, Consent::key))
    }

    /// The referrals that your agency made of the person, drafts included, the newest first. Asks for `referral.r`. Of all
    /// survivors that are shown together they are read at once.
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<ReferralConnection> {
        let request = ctx.request()?;
        request.caller.may(Resource::Referral.read())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let selection = ReferralSelection::below(ctx, &["edges", "node"])?;
        let asked = format!("referrals {wanted:?} {selection:?}");
        let below = self.together.below(asked, async |ids: Vec<SurvivorId>| {
            referral::below::of_survivors(request, &ids, &wanted, &selection).await
        });
        let below = below.await?;
        let own = below.get(&self.key).cloned();
        Ok(ReferralConnection::below(own.unwrap_or_default()))
    }
}

async fn safe_contact(ctx: &Context<'_>, id: SurvivorId) -> Result<Option<SafeContactPlan>> {
    let request = ctx.request()?;
    request.caller.may(Resource::Survivor.read())?;
    crate::survivor::contact::read::plan(request, id).await
}
