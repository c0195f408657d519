//! Referrals below other records: a page of those of each survivor, or under each consent, by one statement for all of them.

use std::collections::HashMap;

use concord_entities::ids::{ConsentId, SurvivorId};
use concord_entities::referral::{self, Column};

use super::graphql::Referral;
use super::selection::ReferralSelection;
use super::{read, view};
use crate::error::Result;
use crate::request::Request;
use crate::store::page::PageRequest;
use crate::store::pages_below::{ListedBelow, Lists, PageBelow, by_parent};

/// Returns the referrals that the caller's agency made of these survivors of its own.
pub(crate) async fn of_survivors(
    request: &Request,
    survivors: &[SurvivorId],
    wanted: &PageRequest,
    selection: &ReferralSelection,
) -> Result<HashMap<SurvivorId, ListedBelow<Referral>>> {
    let agency = request.caller.agency();
    let lists = Lists {
        rows: referral::Entity::of_survivors(agency, survivors.iter().copied()),
        parent: Column::SurvivorId,
        key: Column::Id,
    };
    let (told, pages) = release(request, lists, wanted, selection).await?;
    Ok(by_parent(told, &pages, SurvivorId))
}

/// Returns the referrals that stand on these consents, as far as the caller's agency may know of them.
pub(crate) async fn under_consents(
    request: &Request,
    consents: &[ConsentId],
    wanted: &PageRequest,
    selection: &ReferralSelection,
) -> Result<HashMap<ConsentId, ListedBelow<Referral>>> {
    let agency = request.caller.agency();
    let lists = Lists {
        rows: referral::Entity::under_consents(agency, consents.iter().copied()),
        parent: Column::ConsentId,
        key: Column::Id,
    };
    let (told, pages) = release(request, lists, wanted, selection).await?;
    Ok(by_parent(told, &pages, ConsentId))
}

async fn release(
    request: &Request,
    lists: Lists<referral::Entity>,
    wanted: &PageRequest,
    selection: &ReferralSelection,
) -> Result<(Vec<Referral>, Vec<PageBelow>)> {
    let store = &request.worker.store;
    let read = || {
        read::pages_below(
            store,
            &request.caller,
            lists.clone(),
            wanted,
            &selection.depth,
        )
    };
    Box::pin(view::release_all(request, selection, read)).await
}
