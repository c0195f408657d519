//! What an agency that ends leaves without a path: a list of both boxes, read like any other.

use std::collections::BTreeSet;

use concord_entities::ids::{AgencyId, TaskForceId};
use concord_entities::membership;

use super::connection::{ReferralConnection, TotalCount};
use super::find::Find;
use super::listing::{ListPlace, Listing, OnPlace};
use super::selection::ReferralSelection;
use super::{read, view};
use crate::error::Result;
use crate::request::Request;
use crate::sharing::memberships::carried_by_it_alone;
use crate::store::Store;
use crate::store::page::PageRequest;

/// What is asked for of what an agency leaves behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LeftBehind {
    /// The agency.
    pub(crate) by: AgencyId,
    /// The task force that it leaves; none where it ends altogether.
    pub(crate) task_force: Option<TaskForceId>,
    /// Whether the list is counted.
    pub(crate) counted: bool,
}

impl LeftBehind {
    /// Returns a page of the open referrals of the caller's agency that have no path where the agency ends.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: the cursor is of a list in another order. `UNAVAILABLE`.
    pub(crate) async fn page(
        self,
        request: &Request,
        wanted: PageRequest<ListPlace>,
        selection: &ReferralSelection,
    ) -> Result<ReferralConnection> {
        let (store, own) = (&request.worker.store, request.caller.agency());
        let counterpart = (self.by != own).then_some(self.by);
        let on_place = match self.task_force {
            Some(task_force) => Some(self.on_place(store, own, task_force).await?),
            None => None,
        };
        let listing = Listing::left_behind(counterpart, on_place);
        listing.check_place(&wanted)?;
        let among = Find {
            listing: &listing,
            agency: own,
            backend: store.backend,
        };
        let read = || read::page(store, &request.caller, &among, wanted, &selection.depth);
        let page = Box::pin(view::release(request, selection, read)).await?;
        let total = if self.counted {
            Some(TotalCount::of(&among, store).await?)
        } else {
            None
        };
        Ok(ReferralConnection::from_page(page, listing.order, total))
    }

    /// Reads what stands on the agency's place in a task force: between it and the caller's agency, or, of the caller's own, anybody
    /// there.
    async fn on_place(
        self,
        store: &Store,
        own: AgencyId,
        task_force: TaskForceId,
    ) -> Result<OnPlace> {
        let mut others = BTreeSet::from([own]);
        if self.by == own {
            let members = membership::Entity::in_task_force(task_force);
            let members = members.all(&store.read).await?;
            others = members.into_iter().map(|place| place.agency_id).collect();
            others.remove(&own);
        }
        let both = others.iter().copied().chain([self.by]);
        let places = membership::Entity::of(both).all(&store.read).await?;
        let own_place = |place: &membership::Model| {
            place.agency_id == self.by && place.task_force_id == task_force
        };
        let carried =
            |other: &AgencyId| carried_by_it_alone(&places, [self.by, *other], task_force);
        // Seen from the other side, the agency itself is the counterpart.
        let counterpart = |other: AgencyId| if other == own { self.by } else { other };
        Ok(OnPlace {
            followed_by: places.iter().any(own_place).then_some(task_force),
            unfollowed_with: others
                .into_iter()
                .filter(carried)
                .map(counterpart)
                .collect(),
        })
    }
}
