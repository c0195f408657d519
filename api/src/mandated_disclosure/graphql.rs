//! Mandated disclosures on the wire: to the agency that disclosed, and to nobody else.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use concord_entities::ids::{MandateId, SurvivorId};
use concord_entities::mandated_disclosure::{self, Attempt, Column, Model};
use concord_entities::survivor;
use concord_entities::vocabulary::{
    ContactChannel, DataCategory, MandateInstrument, NoNoticeReason, NoProtectionReason,
    NoticeResult, OutsideRecipient, ProtectiveStep, Purpose,
};
use sea_orm::{ColumnTrait, QueryFilter};

use super::texts::{self, DisclosureTexts, TextsById};
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::Result;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::store::page::{self, PageRequest};
use crate::survivor::graphql::Survivor;
use crate::wire::connection::Connection;
use crate::wire::lookahead;
use crate::wire::scalars::{Date, DateTime};

/// A disclosure that a statute or a court's order demanded of your agency.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct MandatedDisclosure {
    #[graphql(skip)]
    model: Model,
    #[graphql(skip)]
    texts: Option<DisclosureTexts>,
    /// Who was disclosed; null once the pseudonym is erased. Asks for `survivor.r`.
    pub survivor: Option<Survivor>,
    /// The agency of your task forces that was told; null where it was somebody else.
    pub recipient: Option<Agency>,
}

/// Somebody outside the task force who was told.
#[derive(Clone, Debug, SimpleObject)]
pub struct OutsideRecipientNamed {
    /// What kind of body.
    pub kind: OutsideRecipient,
    /// Which; null once it is erased.
    pub name: Option<String>,
}

/// One attempt to notify the person.
#[derive(Clone, Debug, SimpleObject)]
pub struct NoticeAttempt {
    /// When.
    pub at: DateTime,
    /// How.
    pub channel: ContactChannel,
    /// What came of it.
    pub result: NoticeResult,
}

#[ComplexObject]
impl MandatedDisclosure {
    /// The record's id.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// What demanded it.
    async fn instrument(&self) -> MandateInstrument {
        self.model.instrument
    }

    /// Who issued it; null once it is erased.
    async fn issuing_authority(&self) -> Option<&str> {
        self.texts.as_ref().map(|texts| texts.authority.as_str())
    }

    /// The statute's citation or the order's docket number; null once it is erased.
    async fn citation(&self) -> Option<&str> {
        self.texts.as_ref().map(|texts| texts.citation.as_str())
    }

    /// The day on the instrument.
    async fn dated_on(&self) -> Date {
        self.model.dated_on.into()
    }

    /// The day of the disclosure.
    async fn disclosed_on(&self) -> Date {
        self.model.disclosed_on.into()
    }

    /// Whoever was told, where it was no agency of your task forces.
    async fn recipient_outside(&self) -> Option<OutsideRecipientNamed> {
        let kind = self.model.recipient_outside?;
        let name = self.texts.as_ref().and_then(|texts| texts.outside.clone());
        Some(OutsideRecipientNamed { kind, name })
    }

    /// What the instrument names.
    async fn ordered_categories(&self) -> Vec<DataCategory> {
        self.model.ordered.iter().collect()
    }

    /// What was told.
    async fn categories(&self) -> Vec<DataCategory> {
        self.model.categories.iter().collect()
    }

    /// What for.
    async fn purposes(&self) -> Vec<Purpose> {
        self.model.purposes.iter().collect()
    }

    /// How your agency tried to notify the person.
    async fn attempts(&self) -> Vec<NoticeAttempt> {
        self.model
            .attempts
            .0
            .iter()
            .map(NoticeAttempt::of)
            .collect()
    }

    /// Why nobody tried.
    async fn no_notice(&self) -> Option<NoNoticeReason> {
        self.model.no_notice
    }

    /// What was done to protect the person.
    async fn protective_steps(&self) -> Vec<ProtectiveStep> {
        self.model.steps.iter().collect()
    }

    /// Why nothing could be done.
    async fn no_protection(&self) -> Option<NoProtectionReason> {
        self.model.no_protection
    }

    /// When it was put on record.
    async fn recorded_at(&self) -> DateTime {
        self.model.recorded_at.into()
    }
}

impl MandatedDisclosure {
    /// Returns the record's key in lists.
    fn key(&self) -> uuid::Uuid {
        self.model.id.0
    }
}

impl NoticeAttempt {
    fn of(attempt: &Attempt) -> Self {
        Self {
            at: attempt.at.into(),
            channel: attempt.channel,
            result: attempt.result,
        }
    }
}

/// Reading mandated disclosures.
#[derive(Default)]
pub struct MandateQuery;

/// Reading mandated disclosures.
#[Object]
impl MandateQuery {
    /// What statutes and courts made your agency disclose, newest first. No other agency sees it.
    async fn mandated_disclosures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those of this survivor of your agency's; all where you leave it out.")]
        survivor: Option<ID>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<MandatedDisclosure>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Survivor.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let survivor: Option<SurvivorId> = survivor
            .as_deref()
            .map(|id| page::id("survivor", id))
            .transpose()?;
        let with_survivor = lookahead::asks(ctx, &["edges", "node", "survivor"]);
        let released = request
            .disclose(|| async {
                let mut among = mandated_disclosure::Entity::by(caller.agency());
                if let Some(survivor) = survivor {
                    among = among.filter(Column::SurvivorId.eq(survivor));
                }
                let store = &request.worker.store;
                let found =
                    disclose::page(store, among, Column::Id, wanted, |row| row.id.to_string())
                        .await?;
                with_context(request, found, with_survivor, |page| {
                    page.entries.as_slice()
                })
                .await
            })
            .await?;
        let (page, views) = released.content();
        let texts = texts::opened(request, &page.entries).await?;
        Ok(Connection::from_page(
            page.map(|model| views.view(model, &texts)),
            MandatedDisclosure::key,
        ))
    }
}

/// What records are shown with: their survivors and recipients.
#[derive(Debug)]
struct MandatedDisclosureView {
    survivors: HashMap<SurvivorId, survivor::Model>,
    agencies: AgenciesById,
}

impl MandatedDisclosureView {
    async fn load(request: &Request, records: &[Model]) -> Result<Self> {
        let store = &request.worker.store;
        let told = records.iter().filter_map(|one| one.recipient_id);
        let agencies = request.worker.directory.among(store, told).await?;
        let whose = records.iter().map(|one| one.survivor_id);
        let survivors = survivor::Entity::of(request.caller.agency())
            .filter(survivor::Column::Id.is_in(whose))
            .all(&store.read)
            .await?;
        Ok(Self {
            survivors: survivors.into_iter().map(|one| (one.id, one)).collect(),
            agencies,
        })
    }

    fn view(&self, model: Model, texts: &TextsById) -> MandatedDisclosure {
        let survivor = self.survivors.get(&model.survivor_id).cloned();
        MandatedDisclosure {
            survivor: survivor.map(Survivor::from),
            recipient: model
                .recipient_id
                .map(|id| Agency::from_directory(&self.agencies, id)),
            texts: texts.get(&model.id).cloned(),
            model,
        }
    }
}

/// Reads what decided records are shown with; their survivors go on record where they are selected.
async fn with_context<T>(
    request: &Request,
    found: Decided<T>,
    with_survivor: bool,
    records: impl Fn(&T) -> &[Model],
) -> Result<Decided<(T, MandatedDisclosureView)>> {
    let views = MandatedDisclosureView::load(request, records(&found.content)).await?;
    let survivors = views.survivors.values().filter(|_| with_survivor);
    let survivors: Vec<String> = survivors.map(|one| one.audit_id.to_string()).collect();
    Ok(found.naming(survivors).map(|content| (content, views)))
}

/// Returns a record of the caller's own agency.
pub(crate) async fn mandated_disclosure_by_id(
    request: &Request,
    id: MandateId,
    with_survivor: bool,
) -> Result<Option<MandatedDisclosure>> {
    request.caller.may(Resource::Survivor.read())?;
    find_mandated_disclosure(request, id, with_survivor).await
}

/// Reads the disclosure for a caller whose change named it, and records the reading like any other.
pub(crate) async fn find_mandated_disclosure(
    request: &Request,
    id: MandateId,
    with_survivor: bool,
) -> Result<Option<MandatedDisclosure>> {
    let caller = &request.caller;
    let released = request
        .disclose(|| async {
            let among = mandated_disclosure::Entity::one_by(caller.agency(), id);
            let found =
                disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
            with_context(request, found, with_survivor, |one| one.as_slice()).await
        })
        .await?;
    let (found, views) = released.content();
    let texts = texts::opened(request, found.as_slice()).await?;
    Ok(found.map(|model| views.view(model, &texts)))
}
