//! Continuing a suspended referral: under a consent and an MOU in force it returns to the state that it left.
//!
//! With a consent its key is destroyed, and the package with it: so its sender seals the content anew, under a key of
//! its own. Where only the MOU had lapsed, the consent and the package are still there.

use async_graphql::{Context, ID, Object};
use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::sealed_part;

use super::change::{read_basis, save, written};
use super::draft::seal;
use super::graphql::Referral;
use super::notes::change as notes;
use super::package::Contents;
use super::resealed::is_sealed_in;
use super::rules::basis::{self as rules, Resealed};
use super::view::reload;
use crate::access::grant::Resource;
use crate::audit::event::{Event, ReferralEvent};
use crate::error::{Faults, Result};
use crate::request::{InRequest, Request};
use crate::seal::doomed::DoomedKeys;
use crate::seal::vault::PackageVersion;
use crate::store::page;

/// Continuing referrals.
#[derive(Default)]
pub struct ContinuationMutation;

/// Continuing referrals.
#[Object]
impl ContinuationMutation {
    /// Continues your suspended referral where it was, under a consent in force of the same survivor for the same
    /// recipient, and the MOU in force between the two agencies.
    async fn continue_referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
        #[graphql(
            desc = "The consent to continue under; the one that it stands on is good while it is in force."
        )]
        consent: ID,
        #[graphql(
            desc = "What is told of the person, sealed anew: a package ends with its consent. Leave it out only where the consent stays the same."
        )]
        package: Option<Contents>,
    ) -> Result<Referral> {
        let request = ctx.request()?;
        request.caller.may(Resource::Referral.update())?;
        let id: ReferralId = page::id("id", &id)?;
        let consent: ConsentId = page::id("consent", &consent)?;
        Box::pin(continue_referral(request, id, consent, package)).await?;
        reload(ctx, id).await
    }
}

/// Continues a referral, with its package sealed anew where one is given.
async fn continue_referral(
    request: &Request,
    id: ReferralId,
    consent: ConsentId,
    mut package: Option<Contents>,
) -> Result<()> {
    let mut change = request.change(Resource::Referral.update()).await?;
    if let Some(package) = &mut package {
        let mut faults = Faults::default();
        package.tidy("package", change.now().day(), &mut faults);
        faults.none()?;
    }
    let suspended = written(&change, id).await?;
    let before = PackageVersion::from(&suspended);
    let basis = read_basis(&change, &suspended, consent).await?;
    let resealed = match &package {
        Some(package) => Some(Resealed {
            contains: package.categories(),
            is_same: is_sealed_in(request, &suspended, package).await?,
        }),
        None => None,
    };
    let now = change.now();
    let continued = rules::continue_under(suspended, &basis, consent, resealed, now)?;
    let Some(continued) = continued else {
        return change.give_up().await;
    };
    let continued = save(&change, continued).await?;
    if let Some(package) = &package {
        sealed_part::Entity::remove_of([id]).exec(&change).await?;
        notes::forget_on(&change, id).await?;
        let vault = &request.worker.vault;
        seal(&change, vault, PackageVersion::from(&continued), package).await?;
        change.destroys(DoomedKeys::Packages(vec![before]));
    }
    let event = Event::ReferralContinued(ReferralEvent::of(id, continued.recipient_id));
    change.commit(event).await?;
    Ok(())
}
