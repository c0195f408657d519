//! Recording and releasing legal holds: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{LegalHoldId, SurvivorId};
use concord_entities::legal_hold::{self, Model};
use concord_entities::survivor;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set, Unchanged};
use zeroize::Zeroizing;

use super::graphql::{KEY_VERSION, LegalHold, LegalHoldInput, LegalHoldTexts};
use super::query::find_legal_hold;
use super::rules::{self, LegalHoldError};
use crate::access::grant::Resource;
use crate::agency::zone;
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Faults, Refusal, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::seal::record::RecordKind;
use crate::store::page;
use crate::text;

/// Recording and releasing legal holds.
#[derive(Default)]
pub struct LegalHoldMutation;

/// Recording and releasing legal holds.
#[Object]
impl LegalHoldMutation {
    /// Puts on record that a court, a subpoena, an investigation, a lawsuit or a law obliges your agency to keep what it
    /// holds of its survivor: an erasure asks before it goes over it. Needs the scope `survivor.u`: it changes what may
    /// become of the survivor's record, and shares nothing.
    async fn record_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What obliges your agency, since when, and who had it recorded.")]
        hold: LegalHoldInput,
    ) -> Result<LegalHold> {
        let request = ctx.request()?;
        let change = request.change(Resource::Survivor.update()).await?;
        let call = CreatingCall::new(
            "recordLegalHold",
            "hold.idempotencyKey",
            hold.idempotency_key.as_ref(),
            &hold,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            record(request, change, &hold).await
        })
        .await?;
        let id = match created {
            Created::Now(id) => id,
            Created::Before(id) => LegalHoldId(id),
        };
        let made = find_legal_hold(request, id).await?;
        made.ok_or_else(|| Error::NotFound.into())
    }

    /// Puts on record that a legal hold obliges your agency no longer. One that was released before stays as it is.
    async fn release_legal_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The hold's id.")] id: ID,
    ) -> Result<LegalHold> {
        let request = ctx.request()?;
        let change = request.change(Resource::Survivor.update()).await?;
        let id: LegalHoldId = page::id("id", &id)?;
        let hold = legal_hold::Entity::one_by(change.agency(), id)
            .one_locked(&change)
            .await?;
        let hold = hold.ok_or(Error::NotFound)?;
        if let Some(released) = rules::released(hold, change.now()) {
            save(&change, &released).await?;
            change.commit(Event::LegalHoldReleased(id)).await?;
        } else {
            change.give_up().await?;
        }
        let released = find_legal_hold(request, id).await?;
        released.ok_or_else(|| Error::NotFound.into())
    }
}

async fn record(
    request: &Request,
    change: &Change<'_>,
    told: &LegalHoldInput,
) -> Result<Creation<LegalHoldId>> {
    let survivor: SurvivorId = page::id("hold.survivor", &told.survivor)?;
    let survivor = survivor::Entity::one_of(change.agency(), survivor)
        .one(change)
        .await?;
    let survivor = survivor.ok_or(Error::NotFound)?;
    let zone = zone::of_agency(change, change.agency()).await?;
    if let Err(defects) = rules::check(&told.told(), &zone, change.now()) {
        let mut faults = Faults::default();
        for defect in defects {
            faults.add(defect.field(), defect);
        }
        faults.none()?;
    }
    let id = LegalHoldId::new();
    let model = Model {
        id,
        agency_id: change.agency(),
        survivor_id: survivor.id,
        ground: told.ground,
        issued_on: told.issued_on.0,
        ends_on: told.ends_on.map(|day| day.0),
        sealed: seal(request, id, told, change).await?,
        recorded_at: change.now(),
        released_at: None,
    };
    model.into_active_model().insert(change).await?;
    Ok(Creation {
        id: id.0,
        made: id,
        event: Event::LegalHoldRecorded {
            id,
            survivor: survivor.audit_id,
            ground: told.ground,
        },
    })
}

async fn seal(
    request: &Request,
    id: LegalHoldId,
    told: &LegalHoldInput,
    change: &Change<'_>,
) -> Result<Vec<u8>> {
    let kept = |field: LegalHoldError, said: &str| {
        text::line(said, text::LINE).map_err(|fault| Error::input(field.field(), fault))
    };
    let reference = told.reference.as_deref();
    let texts = LegalHoldTexts {
        counsel_office: kept(LegalHoldError::CounselOffice, &told.counsel_office)?,
        reference: reference
            .map(|said| kept(LegalHoldError::Reference, said))
            .transpose()?,
    };
    let plain = Zeroizing::new(serde_json::to_vec(&texts).map_err(Refusal::internal)?);
    let vault = &request.worker.vault;
    let kind = RecordKind::LegalHold;
    vault
        .seal_record(kind, id.0, KEY_VERSION, &plain, change.now())
        .await
}

/// Saves what a release changes.
async fn save(change: &Change<'_>, hold: &Model) -> Result<()> {
    let released = legal_hold::ActiveModel {
        id: Unchanged(hold.id),
        released_at: Set(hold.released_at),
        ..Default::default()
    };
    released.update(change).await?;
    Ok(())
}
