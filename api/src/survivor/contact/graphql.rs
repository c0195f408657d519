//! Safe contact on the wire: to the survivor's own agency only.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::SurvivorId;
use concord_entities::vocabulary::ContactChannel;
use concord_entities::{safe_contact, survivor};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::advice::ContactAdvice;
use super::plan::SafeContactPlan;
use super::read;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Faults, Refusal, Result};
use crate::request::repeated::unless_repeated;
use crate::request::{InRequest, Request};
use crate::seal::doomed::DoomedKeys;
use crate::seal::record::RecordKind;
use crate::store::page;
use crate::survivor::graphql::{Survivor, find_survivor};

/// Asking whether somebody may be contacted.
#[derive(Default)]
pub struct ContactQuery;

/// Asking whether somebody may be contacted.
#[Object]
impl ContactQuery {
    /// Whether your agency's survivor may be contacted by this channel now, by their plan for safe contact. Ask right
    /// before each contact; the asking is on record.
    async fn contact_now(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The survivor's id.")] survivor: ID,
        #[graphql(desc = "How you would reach the person.")] channel: ContactChannel,
    ) -> Result<ContactAdvice> {
        let request = ctx.request()?;
        request.caller.may(Resource::Survivor.read())?;
        let id = page::id("survivor", &survivor)?;
        let advice = read::advice(request, id, channel).await?;
        advice.ok_or_else(|| Error::NotFound.into())
    }
}

/// Changing how somebody may be contacted.
#[derive(Default)]
pub struct ContactMutation;

/// Changing how somebody may be contacted.
#[Object]
impl ContactMutation {
    /// Sets how, when and where your agency's survivor may be reached safely, in place of what was set before. It is
    /// sealed, and no other agency sees it.
    async fn set_safe_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The survivor's id.")] survivor: ID,
        #[graphql(desc = "The whole plan.")] mut plan: SafeContactPlan,
    ) -> Result<Survivor> {
        let request = ctx.request()?;
        let mut change = request.change(Resource::Survivor.update()).await?;
        let id = page::id("survivor", &survivor)?;
        let mut faults = Faults::default();
        plan.tidy("plan", &mut faults);
        faults.none()?;
        let survivor = survivor::Entity::one_of(change.agency(), id)
            .one_locked(&change)
            .await?;
        let survivor = survivor.ok_or(Error::NotFound)?;
        let before = safe_contact::Entity::of(id).one(&change).await?;
        let last = match &before {
            Some(row) => read::opened(request, row).await?,
            None => None,
        };
        let version = before.map_or(1, |row| row.key_version + 1);
        let Some(version) = unless_repeated(last, &plan, || version) else {
            change.give_up().await?;
            let survivor = find_survivor(request, id).await?;
            return survivor.ok_or_else(|| Error::NotFound.into());
        };
        set(request, &change, survivor.id, version, &plan).await?;
        // An older plan cannot be read from any copy of the data store.
        change.destroys(DoomedKeys::Older {
            kind: RecordKind::SafeContact,
            owner: survivor.id.0,
            version,
        });
        change
            .commit(Event::SafeContactSet(survivor.audit_id))
            .await?;
        Ok(survivor.into())
    }
}

/// Seals the plan under a new key of this version.
async fn set(
    request: &Request,
    change: &Change<'_>,
    survivor: SurvivorId,
    version: i32,
    plan: &SafeContactPlan,
) -> Result<()> {
    let written = zeroize::Zeroizing::new(serde_json::to_vec(plan).map_err(Refusal::internal)?);
    let vault = &request.worker.vault;
    let sealed = vault
        .seal_record(
            RecordKind::SafeContact,
            survivor.0,
            version,
            &written,
            change.now(),
        )
        .await?;
    let row = safe_contact::Model {
        survivor_id: survivor,
        key_version: version,
        sealed,
        set_at: change.now(),
    };
    let row = row.into_active_model();
    if version > 1 {
        row.reset_all().update(change).await?;
    } else {
        row.insert(change).await?;
    }
    Ok(())
}
