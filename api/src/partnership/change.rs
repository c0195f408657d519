//! Recording how two agencies come to work together: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, PartnershipId};
use concord_entities::instant::Day;
use concord_entities::vocabulary::PartnershipStep;
use concord_entities::{agency, partnership, partnership_answers, partnership_place};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::graphql::{Partnership, PartnershipAnswersInput};
use super::query::find_partnership;
use super::rules::{self, GivenAnswers};
use crate::access::grant::Resource;
use crate::agency::{pairs, zone};
use crate::audit::change::Change;
use crate::audit::event::{Event, PartnershipEvent};
use crate::error::{Error, Faults, Result};
use crate::request::InRequest;
use crate::store::page;
use crate::wire::scalars::Date;

/// Recording how two agencies come to work together.
#[derive(Default)]
pub struct PartnershipMutation;

/// Recording how two agencies come to work together.
#[Object]
impl PartnershipMutation {
    /// Records a step of your agency and another one towards working together, on its day, after the step before; and what
    /// your agency answered for itself when you met. Recorded again with another day or other answers it is corrected.
    /// `FORMALISED` is not recorded: an MOU in force is that step.
    async fn record_partnership_step(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The other agency: one of your task forces.")] partner: ID,
        #[graphql(desc = "The step.")] step: PartnershipStep,
        #[graphql(
            desc = "Its day, where your agency works: not in the future. Today where you leave it out and it was not recorded."
        )]
        on: Option<Date>,
        #[graphql(desc = "What your agency answers for itself; with `MET` alone.")] answers: Option<
            PartnershipAnswersInput,
        >,
    ) -> Result<Partnership> {
        let request = ctx.request()?;
        let change = request.change(Resource::Mou.update()).await?;
        let partner: AgencyId = page::id("partner", &partner)?;
        let mut faults = Faults::default();
        let own = partner == change.agency();
        faults.require(!own, "partner", "another agency than yours");
        let met = step == PartnershipStep::Met;
        let text = "only a meeting is answered for: `MET`";
        faults.require(met || answers.is_none(), "answers", text);
        let answers = answers.map(|answers| answers.given(&mut faults));
        faults.none()?;
        let taking = Taking {
            partner,
            step,
            on: on.map(|day| day.0),
            answers,
        };
        let (id, event) = take(&change, taking).await?;
        match event {
            Some(event) => drop(change.commit(event).await?),
            None => change.give_up().await?,
        }
        let found = find_partnership(request, id).await?;
        found.ok_or_else(|| Error::NotFound.into())
    }
}

/// A step that an agency records.
#[derive(Clone, Debug)]
pub(crate) struct Taking {
    /// The other agency.
    pub(crate) partner: AgencyId,
    /// The step.
    pub(crate) step: PartnershipStep,
    /// Its day, where one is named.
    pub(crate) on: Option<Day>,
    /// What the acting agency answers.
    pub(crate) answers: Option<GivenAnswers>,
}

/// Records a step of the acting agency with another one; returns the event to record, or none where nothing is new.
pub(crate) async fn take(
    change: &Change<'_>,
    taking: Taking,
) -> Result<(PartnershipId, Option<Event>)> {
    let (own, partner) = (change.agency(), taking.partner);
    agency::Entity::known_to(own)
        .filter(agency::Column::Id.eq(partner))
        .one(change)
        .await?
        .ok_or(Error::NotFound)?;
    let row = partnership::Entity::between([own, partner])
        .one_locked(change)
        .await?;
    let row = match row {
        Some(row) => row,
        None => pairs::pair(change, [own, partner], change.now()).await?,
    };
    let today = zone::of_agency(change, own).await?.day(change.now());
    let taken = rules::taking(&row, taking.step, taking.on, today)?;
    let answered = match taking.answers {
        Some(answers) => answer(change, row.id, answers, today).await?,
        None => false,
    };
    let event = PartnershipEvent {
        id: row.id,
        partner,
        step: taking.step,
    };
    let id = row.id;
    if let Some(taken) = taken {
        partnership_place::Entity::bring_to(id, taken.steps)
            .exec(change)
            .await?;
        taken.into_active_model().reset_all().update(change).await?;
        return Ok((id, Some(Event::PartnershipStepRecorded(event))));
    }
    Ok((id, answered.then_some(Event::PartnershipAnswered(event))))
}

/// Saves what the acting agency answers; returns whether anything is new.
async fn answer(
    change: &Change<'_>,
    id: PartnershipId,
    given: GivenAnswers,
    today: Day,
) -> Result<bool> {
    let agency_id = change.agency();
    let before = partnership_answers::Entity::of(agency_id, id)
        .one(change)
        .await?;
    let is_new = before.is_none();
    let before = before.unwrap_or(partnership_answers::Model {
        partnership_id: id,
        agency_id,
        answered_on: given.answered_on.unwrap_or(today),
        contacts: None,
        procedures: None,
        trust: None,
        avenues: None,
        recorded_at: change.now(),
    });
    let Some(answers) = rules::answering(&before, given, (today, change.now()))? else {
        return Ok(false);
    };
    let answers = answers.into_active_model();
    if is_new {
        answers.insert(change).await?;
    } else {
        answers.reset_all().update(change).await?;
    }
    Ok(true)
}
