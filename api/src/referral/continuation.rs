//! Continuing a suspended referral: under a consent and an MOU in force it returns to the state that it left.
//!
//! With a consent its key is destroyed, and the package with it: so its sender seals the content anew, under a key of
//! its own. Where only the MOU had lapsed, the consent and the package are still there.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::vocabulary::{Categories, ConsentStatus, ReferralAction, ReferralStatus};
use concord_entities::{consent, mou, referral, sealed_part};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::change::{mou_in_force, recipient_takes_part, shown};
use super::graphql::Referral;
use super::package::Contents;
use super::rules::{self, Side, StoredStatus};
use crate::access::grant::{Permission, Resource};
use crate::audit::change::Change;
use crate::audit::event::{Event, ReferralEvent};
use crate::consent::{ending, rules as consent_rules};
use crate::error::{Error, Refusal, Result};
use crate::request::{InRequest, Request};
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
        request.caller(Resource::Referral, Permission::Update)?;
        let id: ReferralId = page::id("id", &id)?;
        let consent: ConsentId = page::id("consent", &consent)?;
        if let Some(package) = &package {
            package.check("package")?;
        }
        let change = request.begin().await?;
        let found = referral::Entity::written_by(change.agency(), id)
            .one_locked(&*change)
            .await?;
        let found = found.ok_or(Error::NotFound)?;
        rules::permit(
            ReferralAction::Continue,
            rules::standing(&StoredStatus::from(&found), change.now()),
            Side::Sender,
        )?;
        let consent = fitting(&change, &found, consent).await?;
        let before = PackageVersion::from(&found);
        let continued = restore(request, &change, found, &consent, package).await?;
        change
            .commit(Event::ReferralContinued(ReferralEvent::of(
                id,
                continued.recipient_id,
            )))
            .await?;
        if PackageVersion::from(&continued) != before {
            let worker = &request.worker;
            ending::destroy(&worker.vault, &[before], &request.meta.request).await;
        }
        shown(ctx, id).await
    }
}

/// The consent, where it is in force and of the same survivor for the same recipient.
async fn fitting(
    change: &Change<'_>,
    referral: &referral::Model,
    id: ConsentId,
) -> Result<consent::Model> {
    let consent = consent::Entity::held_by(change.agency(), id)
        .one(&**change)
        .await?
        .filter(|one| {
            one.survivor_id == referral.survivor_id && one.recipient_id == referral.recipient_id
        })
        .ok_or_else(|| {
            Error::input(
                "consent",
                "no consent of this survivor's for this recipient has this id",
            )
        })?;
    if consent_rules::status(&consent, change.now()) != ConsentStatus::Active {
        let text = "this consent is not in force: the survivor decides on a new one";
        return Err(Error::NotNow(text.into()).into());
    }
    Ok(consent)
}

async fn restore(
    request: &Request,
    change: &Change<'_>,
    left: referral::Model,
    consent: &consent::Model,
    package: Option<Contents>,
) -> Result<referral::Model> {
    recipient_takes_part(change, &left).await?;
    let contains = match &package {
        Some(package) => package.categories(),
        None if consent.id == left.consent_id => left.contains,
        None => {
            let text = "the package ended with the consent that it was sealed under: seal it anew";
            return Err(Error::input("package", text).into());
        }
    };
    if !contains.within(consent.categories) {
        let text = "holds a category that the consent does not name";
        return Err(Error::input("package", text).into());
    }
    let told = referral::Model {
        contains,
        ..left.clone()
    };
    let mou = mou_in_force(change, &told, consent).await?;
    let mut restored = returned(&left, consent, &mou, contains, change)?;
    if let Some(package) = package {
        restored.key_version = left.key_version.saturating_add(1);
        seal(request, change, PackageVersion::from(&restored), &package).await?;
    }
    Ok(restored
        .into_active_model()
        .reset_all()
        .update(&**change)
        .await?)
}

/// The referral where it was before it was suspended.
fn returned(
    left: &referral::Model,
    consent: &consent::Model,
    mou: &mou::Model,
    contains: Categories,
    change: &Change<'_>,
) -> Result<referral::Model> {
    let respond_by = if left.status == ReferralStatus::Requested {
        // Its recipient could not answer meanwhile, and has the whole time again.
        Some(change.now().plus(rules::response_time(left.urgency)))
    } else {
        left.respond_by
    };
    let returned = referral::Model {
        consent_id: consent.id,
        consent_until: Some(consent.expires_at),
        mou_id: Some(mou.id),
        mou_until: Some(mou.expires_on.end()),
        halted: false,
        status_reason: rules::left(left.status_reason),
        respond_by,
        contains,
        updated_at: change.now(),
        ..left.clone()
    };
    let now = rules::standing(&StoredStatus::from(&returned), change.now());
    if now.status != returned.status {
        let text = "this referral was not answered in time: draft a new one";
        return Err(Error::NotNow(text.into()).into());
    }
    Ok(returned)
}

/// Seals a package in the place of the one that ended.
async fn seal(
    request: &Request,
    change: &Change<'_>,
    package: PackageVersion,
    contents: &Contents,
) -> Result<()> {
    let parts = contents.parts().map_err(Refusal::internal)?;
    let vault = &request.worker.vault;
    let sealed = vault.seal(package, &parts, change.now()).await?;
    sealed_part::Entity::remove_of([package.referral])
        .exec(&**change)
        .await?;
    if !sealed.is_empty() {
        let rows = sealed.into_iter().map(IntoActiveModel::into_active_model);
        sealed_part::Entity::insert_many(rows)
            .exec_without_returning(&**change)
            .await?;
    }
    Ok(())
}
