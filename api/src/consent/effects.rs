//! What depends on a consent, before it is taken back: counts, for the agency that holds it.

use async_graphql::{Context, ID, Object, SimpleObject};
use concord_entities::ids::ConsentId;
use concord_entities::vocabulary::{ConsentStatus, ReferralStatus};
use concord_entities::{consent, referral};

use super::ending::and_following;
use super::rules_effects::{Effects, effects};
use crate::access::grant::Resource;
use crate::audit::disclose;
use crate::error::Result;
use crate::request::{InRequest, Request};
use crate::store::page;

/// What would come of taking a consent back now. It counts, and names no referral.
#[derive(Clone, Debug, SimpleObject)]
pub struct ConsentEffects {
    /// The consent's id.
    pub consent: ID,
    /// Where the consent stands now.
    pub status: ConsentStatus,
    /// How many signed later versions would be taken back with it.
    pub later_versions: i32,
    /// The referrals that stand on it, or on one of those versions, by where they stand now.
    pub referrals: Vec<ReferralCount>,
    /// How many of them are open, and would be suspended.
    pub referrals_suspended: i32,
    /// How many packages nobody but your agency's own records could show any more: their keys would be destroyed.
    pub packages_unreadable: i32,
}

/// How many referrals stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, SimpleObject)]
pub struct ReferralCount {
    /// Where they stand.
    pub status: ReferralStatus,
    /// How many.
    pub count: i32,
}

/// Reading what depends on a consent.
#[derive(Default)]
pub struct EffectsQuery;

/// Reading what depends on a consent.
#[Object]
impl EffectsQuery {
    /// What depends on a consent of your agency's, to be shown before it is taken back: `revokeConsent` would do this. Null
    /// for what does not exist and for a consent that another agency holds. Requires `consent.r`.
    async fn consent_effects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
    ) -> Option<Result<ConsentEffects>> {
        let effects = async {
            let request = ctx.request()?;
            request.caller.may(Resource::Consent.read())?;
            of_consent(request, page::id("id", &id)?).await
        };
        effects.await.transpose()
    }
}

async fn of_consent(request: &Request, id: ConsentId) -> Result<Option<ConsentEffects>> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let released = request
        .disclose(|| async {
            let own = consent::Entity::held_by(agency, id);
            let found = disclose::one(store, own, &id, |row| row.id.to_string()).await?;
            let Some(named) = found.content.clone() else {
                return Ok(found.map(|_| None));
            };
            let versions = and_following(&store.read, named.clone()).await?;
            let ids = versions.iter().map(|version| version.id);
            let standing = referral::Entity::standing_on_any(ids)
                .all(&store.read)
                .await?;
            let effects = effects(&named, &versions, &standing, found.now);
            Ok(found.map(|_| Some(effects)))
        })
        .await?;
    Ok(released.content().map(|effects| view(id, &effects)))
}

fn view(id: ConsentId, effects: &Effects) -> ConsentEffects {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let of_status = |(status, count): (&ReferralStatus, &usize)| ReferralCount {
        status: *status,
        count: number(*count),
    };
    ConsentEffects {
        consent: ID(id.to_string()),
        status: effects.status,
        later_versions: number(effects.later_versions),
        referrals: effects.by_status.iter().map(of_status).collect(),
        referrals_suspended: number(effects.suspended),
        packages_unreadable: number(effects.unreadable),
    }
}
