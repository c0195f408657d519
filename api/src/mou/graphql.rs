//! An MOU on the wire.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{DataCategory, MouAction, MouKind, MouStatus, Purpose};
use concord_entities::{mou, mou_party};

use super::input::MouTerms;
use super::rules::{self, Involvement};
use crate::agency::graphql::{Agency, TaskForce};
use crate::agency::told::ToldTaskForces;
use crate::error::Result;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::wire::lookahead;
use crate::wire::scalars::{Date, DateTime, Sha256};

/// One version of a memorandum of understanding.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Mou {
    #[graphql(skip)]
    pub(super) model: mou::Model,
    #[graphql(skip)]
    task_forces: Arc<ToldTaskForces>,
    /// Where it stands now, by its dates and signatures.
    pub status: MouStatus,
    /// Its parties.
    pub parties: Vec<MouParty>,
    /// How many days it has left, its last day included; null where it is not in force.
    pub days_left: Option<i32>,
    /// What your agency may do next with it.
    pub allowed_actions: Vec<MouAction>,
}

#[ComplexObject]
impl Mou {
    /// The MOU's id.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// The version of the agreement, from 1.
    async fn version(&self) -> i32 {
        self.model.version
    }

    /// What it is for.
    async fn kind(&self) -> MouKind {
        self.model.kind
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.model.title
    }

    /// The task force that follows it; null where none does, and where your agency belongs to another. Requires `directory.r`.
    async fn task_force(&self, ctx: &Context<'_>) -> Result<Option<TaskForce>> {
        let Some(id) = self.model.task_force_id else {
            return Ok(None);
        };
        let told = lookahead::asks_beyond(ctx, &["members", "agency"], &["id", "name", "kind"]);
        self.task_forces.once(ctx.request()?, id, told).await
    }

    /// What the parties agreed on.
    async fn terms(&self) -> MouTerms {
        MouTerms::of(&self.model)
    }

    /// The categories that it permits for some purpose: a ceiling only.
    async fn categories(&self) -> Vec<DataCategory> {
        self.model.grants.categories().iter().collect()
    }

    /// The purposes that it permits: a ceiling only.
    async fn purposes(&self) -> Vec<Purpose> {
        self.model.grants.purposes().iter().collect()
    }

    /// The time zone in which its days are counted, by its IANA name: its task force's, or its drafter's where no task force
    /// follows it.
    async fn time_zone(&self) -> String {
        self.model.time_zone.to_string()
    }

    /// Its first day in force.
    async fn effective_on(&self) -> Option<Date> {
        Some(self.model.effective_on.into())
    }

    /// The day on which its review is due.
    async fn review_on(&self) -> Option<Date> {
        self.model.review_on.map(Date::from)
    }

    /// Its last day in force.
    async fn expires_on(&self) -> Option<Date> {
        Some(self.model.expires_on.into())
    }
}

/// One agency's part in an MOU.
#[derive(Clone, Debug, SimpleObject)]
pub struct MouParty {
    /// The agency.
    pub agency: Agency,
    /// What it takes on.
    pub responsibilities: String,
    /// Who signed for it.
    pub signatory: Option<String>,
    /// The signatory's title.
    pub title: Option<String>,
    /// When it signed.
    pub signed_at: Option<DateTime>,
    /// The SHA-256 of the document that it signed.
    pub document_sha256: Option<Sha256>,
}

/// What MOUs are shown with: their parties, and who asks.
#[derive(Debug)]
pub(crate) struct MouView {
    parties: HashMap<MouId, Vec<mou_party::Model>>,
    agencies: AgenciesById,
    task_forces: Arc<ToldTaskForces>,
    reader: AgencyId,
}

impl MouView {
    /// Reads what these MOUs, which the caller may follow, are shown with.
    pub(crate) async fn load(request: &Request, mous: &[mou::Model]) -> Result<Self> {
        let store = &request.worker.store;
        let rows = mou_party::Entity::of(mous.iter().map(|mou| mou.id))
            .all(&store.read)
            .await?;
        let agencies = request
            .worker
            .directory
            .among(store, rows.iter().map(|row| row.agency_id))
            .await?;
        let mut parties: HashMap<MouId, Vec<mou_party::Model>> = HashMap::new();
        for row in rows {
            parties.entry(row.mou_id).or_default().push(row);
        }
        Ok(Self {
            parties,
            agencies,
            task_forces: Arc::default(),
            reader: request.caller.agency(),
        })
    }

    /// Returns the MOU as the caller sees it.
    pub(crate) fn view(&self, model: mou::Model, now: Instant) -> Mou {
        let parties = self.parties.get(&model.id).map_or(&[][..], Vec::as_slice);
        let status = rules::status(&model, rules::signed(parties), now);
        let involvement = Involvement::of(self.reader, &model, parties);
        Mou {
            status,
            parties: parties.iter().map(|party| self.party(party)).collect(),
            days_left: rules::days_left(&model, now),
            allowed_actions: rules::allowed(status, involvement),
            task_forces: Arc::clone(&self.task_forces),
            model,
        }
    }

    fn party(&self, row: &mou_party::Model) -> MouParty {
        MouParty {
            agency: Agency::from_directory(&self.agencies, row.agency_id),
            responsibilities: row.responsibilities.clone(),
            signatory: row.signatory.clone(),
            title: row.title.clone(),
            signed_at: row.signed_at.map(DateTime::from),
            document_sha256: row.document_sha256.clone().map(Sha256::from),
        }
    }
}
