//! An MOU on the wire.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{DataCategory, MouAction, MouKind, MouStatus, Purpose};
use concord_entities::{mou, mou_party};

use super::document::graphql::MouDocument;
use super::history::{self, MouHistoryEntry, MouTermChange};
use super::impact::{self, MouImpact};
use super::input::MouTerms;
use super::obligations::{self, MouObligation};
use super::promises::Promise;
use super::rules;
use super::rules::transitions::SeenMou;
use crate::access::grant::Resource;
use crate::agency::graphql::{Agency, TaskForce};
use crate::agency::told::ToldTaskForces;
use crate::audit::disclose;
use crate::error::Result;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::wire::lookahead;
use crate::wire::scalars::{Date, DateTime, LanguageTag, Sha256};

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

    /// What the law asks of its parties, by the rule packs that bind them on the day, or on its first or last one. Requires `mou.r`.
    async fn obligations(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "In which language: English (`en`) or Spanish (`es`); English for any other."
        )]
        language: Option<LanguageTag>,
    ) -> Result<Vec<MouObligation>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Mou.read())?;
        Box::pin(obligations::of_mou(request, &self.model, language.as_ref())).await
    }

    /// The categories that it permits for some purpose: a ceiling only.
    async fn categories(&self) -> Vec<DataCategory> {
        self.model.grants.categories().iter().collect()
    }

    /// The purposes that it permits: a ceiling only.
    async fn purposes(&self) -> Vec<Purpose> {
        self.model.grants.purposes().iter().collect()
    }

    /// The version before this one; null for a first one. Requires `mou.r`.
    async fn supersedes(&self, ctx: &Context<'_>) -> Result<Option<Mou>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Mou.read())?;
        match self.model.supersedes {
            Some(before) => Box::pin(read_mou(request, before)).await,
            None => Ok(None),
        }
    }

    /// What happened to it and to the versions before it, the newest first: who, when, and how it ends. Requires `mou.r`.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<MouHistoryEntry>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Mou.read())?;
        Box::pin(history::history(request, &self.model)).await
    }

    /// In what it differs from a version before it, field by field. Requires `mou.r`.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The version before, from 1.")] since: i32,
    ) -> Result<Vec<MouTermChange>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Mou.read())?;
        Box::pin(history::changes_since(request, &self.model, since)).await
    }

    /// The text that its parties sign, where one of them stored it (`PUT /mous/{id}/document`).
    async fn document(&self) -> Option<MouDocument> {
        MouDocument::of(&self.model)
    }

    /// What would stop if it were in force until a day and no longer. Requires `mou.r`.
    async fn impact(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Its last day in force: today or a day to come. Where you leave it out, the last day of a notice that is given now."
        )]
        if_lapses_on: Option<Date>,
    ) -> Result<MouImpact> {
        let request = ctx.request()?;
        request.caller.may(Resource::Mou.read())?;
        let day = if_lapses_on.map(|day| day.0);
        Box::pin(impact::impact(request, &self.model, day)).await
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

    /// Its last day in force, as it was agreed; null where it is open-ended: then it ends 90 days after its review was due and
    /// did not come.
    async fn expires_on(&self) -> Option<Date> {
        (!self.model.open_ended).then(|| self.model.expires_on.into())
    }

    /// Its last day in force by a party's notice, where that comes before the one that was agreed.
    async fn terminates_on(&self) -> Option<Date> {
        self.model.terminates_on.map(Date::from)
    }
}

/// One agency's part in an MOU.
#[derive(Clone, Debug, SimpleObject)]
pub struct MouParty {
    /// The agency.
    pub agency: Agency,
    /// What it takes on.
    pub responsibilities: String,
    /// What it promises, coded.
    pub promises: Vec<Promise>,
    /// Who signed for it.
    pub signatory: Option<String>,
    /// The signatory's title.
    pub title: Option<String>,
    /// When it signed.
    pub signed_at: Option<DateTime>,
    /// By what authority they signed, as they declared; null for what was signed before that was asked.
    pub authority: Option<String>,
    /// The SHA-256 of the document that it signed.
    pub document_sha256: Option<Sha256>,
    /// Since when it suspends the MOU; null where it does not.
    pub suspended_at: Option<DateTime>,
    /// Why it suspends the MOU.
    pub suspension_reason: Option<String>,
    /// When it said that the MOU is to end, or turned it down.
    pub ended_at: Option<DateTime>,
    /// Why the MOU is to end, or why it leaves.
    pub end_reason: Option<String>,
    /// Whether it named a breach as it said so.
    pub breach: bool,
    /// From when it is no party any more, where it leaves and the others go on.
    pub leaves_at: Option<DateTime>,
    /// The day of the next review to which it agrees.
    pub reviewed_for: Option<Date>,
}

/// Returns an MOU to a caller that may follow it, whether or not its token may read: decided and recorded like any other read.
pub(super) async fn read_mou(request: &Request, id: MouId) -> Result<Option<Mou>> {
    let reader = request.caller.agency();
    let released = request
        .disclose(|| async {
            let among = mou::Entity::known_to(reader, id);
            let store = &request.worker.store;
            let found = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
            let views = MouView::load(request, found.content.as_slice()).await?;
            let now = found.now;
            Ok(found.map(|content| (content, views, now)))
        })
        .await?;
    let (found, views, now) = released.content();
    Ok(found.map(|model| views.view(model, now)))
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
        let seen = SeenMou {
            mou: &model,
            parties,
            agency: self.reader,
            now,
        };
        Mou {
            status: seen.status(),
            parties: parties.iter().map(|party| self.party(party)).collect(),
            days_left: rules::days_left(&model, now),
            allowed_actions: rules::allowed(&seen).collect(),
            task_forces: Arc::clone(&self.task_forces),
            model,
        }
    }

    fn party(&self, row: &mou_party::Model) -> MouParty {
        MouParty {
            agency: Agency::from_directory(&self.agencies, row.agency_id),
            responsibilities: row.responsibilities.clone(),
            promises: row.promises.0.iter().map(Promise::from).collect(),
            signatory: row.signatory.clone(),
            title: row.title.clone(),
            signed_at: row.signed_at.map(DateTime::from),
            authority: row.authority.clone(),
            document_sha256: row.document_sha256.clone().map(Sha256::from),
            suspended_at: row.suspended_at.map(DateTime::from),
            suspension_reason: row
                .suspension_reason
                .clone()
                .filter(|_| row.suspended_at.is_some()),
            ended_at: row.ended_at.map(DateTime::from),
            end_reason: row.end_reason.clone(),
            breach: row.breach,
            leaves_at: row.leaves_at.map(DateTime::from),
            reviewed_for: row.reviewed_for.map(Date::from),
        }
    }
}
