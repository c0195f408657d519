//! Reading referrals.

use async_graphql::{Context, ID, Object};

use super::connection::{ReferralConnection, TotalCount};
use super::fast::ReferralPage;
use super::find::Find;
use super::graphql::Referral;
use super::input::ReferralFilter;
use super::listing::{Listing, ReferralBox, ReferralOrder};
use super::selection::ReferralSelection;
use super::{read, view};
use crate::access::grant::Resource;
use crate::error::Result;
use crate::request::InRequest;
use crate::store::page::{self, PageRequest};
use crate::wire::lookahead;

/// Reading referrals.
#[derive(Default)]
pub struct ReferralQuery;

/// Reading referrals.
#[Object]
impl ReferralQuery {
    /// Your agency's inbox, what arrived last first; or its outbox, what changed last first.
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
        #[graphql(
            desc = "In which order; where you leave it out, in that which the filter goes with, or the box's own."
        )]
        order_by: Option<ReferralOrder>,
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
        let filter = filter.unwrap_or_default().read()?;
        let listing = Listing::of(r#box, order_by, filter)?;
        listing.check_place(&wanted)?;
        let selection = ReferralSelection::below(ctx, &["edges", "node"])?;
        let store = &request.worker.store;
        let among = Find {
            listing: &listing,
            agency: caller.agency(),
            backend: store.backend,
        };
        let read = || read::page(store, caller, &among, wanted, &selection.depth);
        let page = Box::pin(view::release(request, &selection, read)).await?;
        let total = if lookahead::asks(ctx, &["totalCount"]) {
            Some(TotalCount::of(&among, store).await?)
        } else {
            None
        };
        let page = ReferralConnection::from_page(page, listing.order, total);
        Ok(ReferralPage(page))
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
