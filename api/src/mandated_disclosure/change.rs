//! Putting a mandated disclosure on record: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::ids::{AgencyId, MandateId, SurvivorId};
use concord_entities::mandated_disclosure::{Attempt, Attempts, Model};
use concord_entities::{agency, survivor};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};
use zeroize::Zeroizing;

use super::graphql::{MandatedDisclosure, find_mandated_disclosure};
use super::input::MandatedDisclosureInput;
use super::rules::{self, MandatedDisclosureError};
use super::texts::{DisclosureTexts, KEY_VERSION};
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Faults, Refusal, Result};
use crate::lists;
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::seal::record::RecordKind;
use crate::store::page;
use crate::text;
use crate::wire::lookahead;

/// Recording mandated disclosures.
#[derive(Default)]
pub struct MandateMutation;

/// Recording mandated disclosures.
#[Object]
impl MandateMutation {
    /// Puts on record what a statute or a court's order made your agency disclose of its own survivor, without consent. A
    /// subpoena alone is refused. Needs the scope `survivor.u`: it stands beside no consent, and changes what your agency
    /// must account for to the person.
    async fn record_mandated_disclosure(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What demanded it, who was told what, and what was done for the person.")]
        disclosure: MandatedDisclosureInput,
    ) -> Result<MandatedDisclosure> {
        let request = ctx.request()?;
        let change = request.change(Resource::Survivor.update()).await?;
        let key = disclosure.idempotency_key.as_ref();
        let call = CreatingCall::new(
            "recordMandatedDisclosure",
            "disclosure.idempotencyKey",
            key,
            &disclosure,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            let (made, event) = record(request, change, &disclosure).await?;
            let (id, made) = (made.id.0, made.id);
            Ok(Creation { id, made, event })
        })
        .await?;
        let id = match created {
            Created::Now(id) => id,
            Created::Before(id) => MandateId(id),
        };
        let with_survivor = lookahead::asks(ctx, &["survivor"]);
        let made = find_mandated_disclosure(request, id, with_survivor).await?;
        made.ok_or_else(|| Error::NotFound.into())
    }
}

async fn record(
    request: &Request,
    change: &Change<'_>,
    told: &MandatedDisclosureInput,
) -> Result<(Model, Event)> {
    let survivor = own_survivor(change, &told.survivor).await?;
    let recipient = recipient(change, told.recipient.as_ref()).await?;
    let mut faults = Faults::default();
    lists::require_some(&mut faults, "disclosure.purposes", told.purposes.as_ref());
    let checked = rules::check(&told.told(recipient), change.agency(), change.now());
    for defect in checked.err().unwrap_or_default() {
        faults.add(defect.field(), defect);
    }
    faults.none()?;
    let id = MandateId::new();
    let sealed = seal(request, id, told, change).await?;
    let model = model(id, survivor.id, recipient, told, sealed, change);
    let model = model.into_active_model().insert(change).await?;
    let event = Event::MandatedDisclosureRecorded {
        id,
        survivor: survivor.audit_id,
        discloser: change.agency(),
        recipient,
        categories: model.categories,
        instrument: model.instrument,
    };
    Ok((model, event))
}

async fn own_survivor(change: &Change<'_>, id: &ID) -> Result<survivor::Model> {
    let id: SurvivorId = page::id("disclosure.survivor", id)?;
    let survivor = survivor::Entity::one_of(change.agency(), id)
        .one(change)
        .await?;
    survivor.ok_or_else(|| Error::NotFound.into())
}

/// Returns the agency that was told, where the caller's agency can know of it.
async fn recipient(change: &Change<'_>, id: Option<&ID>) -> Result<Option<AgencyId>> {
    let Some(id) = id else {
        return Ok(None);
    };
    let id: AgencyId = page::id("disclosure.recipient", id)?;
    let known = agency::Entity::known_to(change.agency())
        .filter(agency::Column::Id.eq(id))
        .one(change)
        .await?;
    if known.is_none() && id != change.agency() {
        return Err(Error::input(
            "disclosure.recipient",
            "no agency of your task forces has this id; say `recipientOutside`",
        )
        .into());
    }
    Ok(Some(id))
}

async fn seal(
    request: &Request,
    id: MandateId,
    told: &MandatedDisclosureInput,
    change: &Change<'_>,
) -> Result<Vec<u8>> {
    let outside = told.recipient_outside.as_ref();
    let kept = |field: MandatedDisclosureError, said: &str| {
        text::line(said, text::LINE).map_err(|fault| Error::input(field.field(), fault))
    };
    let texts = DisclosureTexts {
        authority: kept(MandatedDisclosureError::Authority, &told.issuing_authority)?,
        citation: kept(MandatedDisclosureError::Citation, &told.citation)?,
        outside: outside
            .map(|outside| kept(MandatedDisclosureError::OutsideName, &outside.name))
            .transpose()?,
    };
    let plain = Zeroizing::new(serde_json::to_vec(&texts).map_err(Refusal::internal)?);
    let vault = &request.worker.vault;
    vault
        .seal_record(RecordKind::Mandate, id.0, KEY_VERSION, &plain, change.now())
        .await
}

fn model(
    id: MandateId,
    survivor: SurvivorId,
    recipient: Option<AgencyId>,
    told: &MandatedDisclosureInput,
    sealed: Vec<u8>,
    change: &Change<'_>,
) -> Model {
    let attempts = lists::once(told.attempts.clone());
    let attempts = attempts.iter().map(|attempt| Attempt {
        at: attempt.at.0,
        channel: attempt.channel,
        result: attempt.result,
    });
    Model {
        id,
        agency_id: change.agency(),
        survivor_id: survivor,
        instrument: told.instrument,
        dated_on: told.dated_on.0,
        disclosed_on: told.disclosed_on.0,
        recipient_id: recipient,
        recipient_outside: told.recipient_outside.as_ref().map(|outside| outside.kind),
        ordered: told.ordered_categories.iter().copied().collect(),
        categories: told.categories.iter().copied().collect(),
        purposes: told.purposes.iter().flatten().copied().collect(),
        attempts: Attempts(attempts.collect()),
        no_notice: told.no_notice,
        steps: told.protective_steps.iter().copied().collect(),
        no_protection: told.no_protection,
        sealed,
        recorded_at: change.now(),
    }
}
