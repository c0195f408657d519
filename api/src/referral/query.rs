//! Reading referrals.

use async_graphql::{Context, ID, Object};

use super::fast::ReferralPage;
use super::graphql::Referral;
use super::input::{ReferralBox, ReferralFilter};
use super::selection::ReferralSelection;
use super::{find, read, view};
use crate::access::grant::Resource;
use crate::error::Result;
use crate::request::InRequest;
use crate::store::page::{self, PageRequest};
use crate::wire::connection::Connection;

/// Reading referrals.
#[derive(Default)]
pub struct ReferralQuery;

/// Reading referrals.
#[Object]
impl ReferralQuery {
    /// Your agency's inbox or outbox, newest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What your agency was sent, or what it wrote.")] r#box: ReferralBox,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            ReferralFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<ReferralPage> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Referral.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.unwrap_or_default();
        let selection = ReferralSelection::below(ctx, &["edges", "node"])?;
        let store = &request.worker.store;
        let read = || async {
            let among = find::among(r#box, caller.agency(), &filter, store.backend)?;
            read::page(store, caller, among, wanted, &selection.depth).await
        };
        let page = Box::pin(view::release(request, &selection, read)).await?;
        Ok(ReferralPage(Connection::from_page(page, |one| one.key().0)))
    }

    /// One referral that your agency is a party of; null for what does not exist and for what you may not see.
    async fn referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Option<Result<Referral>> {
        let referral = async {
            let id = page::id("id", &id)?;
            let selection = ReferralSelection::below(ctx, &[])?;
            view::referral_by_id(ctx.request()?, id, &selection).await
        };
        referral.await.transpose()
    }
}
