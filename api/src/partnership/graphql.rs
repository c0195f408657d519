//! A partnership on the wire.

use async_graphql::{ComplexObject, ID, InputObject, SimpleObject};
use concord_entities::ids::{AgencyId, PartnershipId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::PartnershipStep;
use concord_entities::{mou, mou_party, partnership, partnership_answers};
use sea_orm::{ColumnTrait, QueryFilter};

use super::rules::{self, GivenAnswers, TakenStep};
use crate::agency::graphql::Agency;
use crate::error::{Faults, Result};
use crate::request::Request;
use crate::request::directory::AgenciesById;
use crate::store::page::CursorKey;
use crate::text;
use crate::wire::scalars::Date;

/// Characters in the longest answer.
const ANSWER: usize = 2_000;

/// Two agencies that share a task force, or did, and how far they have come towards working together.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Partnership {
    #[graphql(skip)]
    pub(super) key: PartnershipId,
    #[graphql(skip)]
    pub(super) place: PartnershipPlace,
    /// The two agencies.
    pub agencies: Vec<Agency>,
    /// The furthest step that they have taken; null where none is recorded.
    pub step: Option<PartnershipStep>,
    /// The steps that they have taken, in order, each with its day.
    pub steps: Vec<DatedPartnershipStep>,
    /// What each answered when they met, shown to the two agencies alone: nobody else has any answers here.
    pub answers: Vec<PartnershipAnswers>,
}

#[ComplexObject]
impl Partnership {
    /// The partnership's id.
    pub async fn id(&self) -> ID {
        ID(self.key.to_string())
    }
}

/// A step that two agencies have taken, and when.
#[derive(Clone, Debug, SimpleObject)]
pub struct DatedPartnershipStep {
    /// The step.
    pub step: PartnershipStep,
    /// Its day, where the agency works that recorded it. Of `FORMALISED`: since when the MOU is in force.
    pub on: Date,
}

impl From<TakenStep> for DatedPartnershipStep {
    fn from(taken: TakenStep) -> Self {
        Self {
            step: taken.step,
            on: taken.on.into(),
        }
    }
}

/// What one of two agencies answered for itself when they met. Its partner is shown `contacts` and `procedures`, which it
/// needs to work with it; what an agency thinks of its partner and of the region stays with itself.
#[derive(Clone, Debug, SimpleObject)]
pub struct PartnershipAnswers {
    /// The agency that answered.
    pub agency: Agency,
    /// The day of its answers.
    pub answered_on: Date,
    /// Whom to turn to at the agency. Shown to its partner.
    pub contacts: Option<String>,
    /// How the agency itself works with a person who is referred to it. Shown to its partner.
    pub procedures: Option<String>,
    /// Whether there is trust between the two, in the agency's words. Null to its partner.
    pub trust: Option<String>,
    /// The likely avenues for trafficking here, in the agency's words. Null to its partner.
    pub avenues: Option<String>,
}

/// What your agency answers when it meets another one: at least one question. What you leave out stays as it was. Write
/// nothing about a person who is served.
#[derive(Clone, Debug, InputObject)]
pub struct PartnershipAnswersInput {
    /// The day of the answers; today where you leave it out.
    pub answered_on: Option<Date>,
    /// Whom to turn to at your agency: 1 to 2,000 characters. Your partner sees it.
    pub contacts: Option<String>,
    /// How your agency works with a person who is referred to it: 1 to 2,000 characters. Your partner sees it.
    pub procedures: Option<String>,
    /// Whether there is trust: 1 to 2,000 characters. Nobody but your agency sees it.
    pub trust: Option<String>,
    /// The likely avenues for trafficking here: 1 to 2,000 characters. Nobody but your agency sees it.
    pub avenues: Option<String>,
}

impl PartnershipAnswersInput {
    /// Returns the answers as they are kept; what is wrong with them is added to `faults`.
    pub(super) fn given(self, faults: &mut Faults) -> GivenAnswers {
        let mut read = |field: &str, said: Option<String>| {
            let place = format!("answers.{field}");
            said.map(|said| text::prose_at(faults, place, &said, ANSWER))
        };
        GivenAnswers {
            answered_on: self.answered_on.map(|day| day.0),
            contacts: read("contacts", self.contacts),
            procedures: read("procedures", self.procedures),
            trust: read("trust", self.trust),
            avenues: read("avenues", self.avenues),
        }
    }
}

/// What to look for among partnerships.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "PartnershipFilter")]
pub struct PartnershipFilter {
    /// Those of this task force: every two of its agencies where your agency coordinates it, and else your agency's own.
    pub task_force: Option<ID>,
    /// Those with this agency.
    pub partner: Option<ID>,
    /// Those that have not taken this step.
    pub lacking: Option<PartnershipStep>,
}

/// Where a partnership stands in a list: those that have the most to do before the others, and older ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartnershipPlace {
    pub(super) steps: i32,
    pub(super) id: PartnershipId,
}

impl CursorKey for PartnershipPlace {
    fn bytes(&self) -> Vec<u8> {
        [self.steps.to_be_bytes().as_slice(), self.id.0.as_bytes()].concat()
    }

    fn columns(&self) -> Vec<sea_orm::sea_query::Expr> {
        use sea_orm::sea_query::Expr;
        vec![Expr::value(self.steps), Expr::value(self.id.0)]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (steps, id) = bytes.split_first_chunk()?;
        let id = uuid::Uuid::from_slice(id).ok()?;
        Some(Self {
            steps: i32::from_be_bytes(*steps),
            id: PartnershipId(id),
        })
    }
}

/// What partnerships are shown with: names, MOUs in force that the reader may follow, and answers.
#[derive(Debug)]
pub(super) struct PartnershipView {
    agencies: AgenciesById,
    mous: Vec<mou::Model>,
    parties: Vec<mou_party::Model>,
    answers: Vec<partnership_answers::Model>,
    reader: AgencyId,
}

impl PartnershipView {
    /// Reads what these partnerships, which the caller may know of, are shown with.
    pub(super) async fn load(request: &Request, rows: &[partnership::Model]) -> Result<Self> {
        let (store, reader) = (&request.worker.store, request.caller.agency());
        let named: Vec<AgencyId> = rows.iter().flat_map(partnership::Model::agencies).collect();
        let own = rows.iter().filter(|row| row.is_of(reader));
        let answers = partnership_answers::Entity::on(own.map(|row| row.id));
        let answers = answers.all(&store.read).await?;
        let mous = mou::Entity::signed_by_any(reader, named.iter().copied());
        let mous = mous.all(&store.read).await?;
        let parties = mou_party::Entity::of(mous.iter().map(|mou| mou.id))
            .filter(mou_party::Column::AgencyId.is_in(named.iter().copied()));
        let parties = parties.all(&store.read).await?;
        let agencies = request.worker.directory.among(store, named).await?;
        Ok(Self {
            agencies,
            mous,
            parties,
            answers,
            reader,
        })
    }

    /// Returns the partnership as the caller sees it.
    pub(super) fn view(&self, row: &partnership::Model, now: Instant) -> Partnership {
        let named = |id: AgencyId| Agency::from_directory(&self.agencies, id);
        let formalised_on = rules::formalised_on(row.agencies(), &self.mous, &self.parties, now);
        let taken = rules::taken(row, formalised_on);
        let answers = self.answers.iter();
        let answers = answers.filter(|answers| answers.partnership_id == row.id);
        Partnership {
            key: row.id,
            place: PartnershipPlace {
                steps: row.steps,
                id: row.id,
            },
            agencies: row.agencies().map(named).to_vec(),
            step: taken.last().map(|taken| taken.step),
            steps: taken.into_iter().map(DatedPartnershipStep::from).collect(),
            answers: answers.map(|answers| self.answers(answers)).collect(),
        }
    }

    fn answers(&self, row: &partnership_answers::Model) -> PartnershipAnswers {
        let own = |said: &Option<String>| said.clone().filter(|_| row.agency_id == self.reader);
        PartnershipAnswers {
            agency: Agency::from_directory(&self.agencies, row.agency_id),
            answered_on: row.answered_on.into(),
            contacts: row.contacts.clone(),
            procedures: row.procedures.clone(),
            trust: own(&row.trust),
            avenues: own(&row.avenues),
        }
    }
}
