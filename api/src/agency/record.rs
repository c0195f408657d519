//! Keeping what is on record of an agency: who, what, rule, save, record.

use async_graphql::{Context, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::AgencyId;
use concord_entities::{agency, staff_training};
use sea_orm::{ActiveModelTrait, IntoActiveModel};

use super::graphql::{Agency, find_agency};
use super::training::StaffTrainingInput;
use super::zone;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::request::{InRequest, Request};

/// Keeping what is on record of an agency.
#[derive(Default)]
pub struct AgencyRecordMutation;

/// Keeping what is on record of an agency.
#[Object]
impl AgencyRecordMutation {
    /// Notes that your agency's staff were trained on trafficking. The same day and topic again correct how many took part.
    async fn record_staff_training(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The training.")] training: StaffTrainingInput,
    ) -> Result<Agency> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.update()).await?;
        let own = change.agency();
        match record_training(&change, &training).await? {
            Some(event) => drop(change.commit(event).await?),
            None => change.give_up().await?,
        }
        find(request, own).await
    }
}

async fn find(request: &Request, id: AgencyId) -> Result<Agency> {
    let found = find_agency(request, id).await?;
    found.ok_or_else(|| Error::NotFound.into())
}

/// Records a training of the acting agency; returns the event to record, or none where it is on record already.
pub(crate) async fn record_training(
    change: &Change<'_>,
    training: &StaffTrainingInput,
) -> Result<Option<Event>> {
    let own = change.agency();
    // Of two calls at once the second finds what the first wrote.
    agency::Entity::named(own).one_locked(change).await?;
    let today = zone::of_agency(change, own).await?.day(change.now());
    let kept = training.kept(own, (today, change.now()))?;
    let before = staff_training::Entity::one_of(own, kept.held_on, &kept.topic)
        .one(change)
        .await?;
    match before {
        Some(before) if before.attended == kept.attended => return Ok(None),
        Some(_) => drop(kept.into_active_model().reset_all().update(change).await?),
        None => drop(kept.into_active_model().insert(change).await?),
    }
    Ok(Some(Event::StaffTrainingRecorded(own)))
}
