//! Consents on the wire.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use concord_entities::consent::{self, Column};
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId, RulePackId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::ConsentStatus;
use concord_entities::{consent_objection, consent_signature, rule_pack, survivor};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, QueryFilter, Select};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::grounds::Grounds;
use super::input::ConsentInput;
use super::parts::{ConsentFinding, Signature};
use super::selection::ConsentSelection;
use super::{draft, rules};
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::clock;
use crate::error::{Faults, Result};
use crate::lists;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::rule_pack::graphql::RulePack;
use crate::store::page::{self, PageRequest};
use crate::survivor::graphql::Survivor;
use crate::wire::connection::Connection;
use crate::wire::together::Together;

/// The language that is told where none may be: BCP 47's own word for an undetermined one.
const UNDETERMINED: &str = "und";

/// On which side of a consent your agency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ConsentSide {
    /// Your agency may disclose.
    Given,
    /// Your agency may be told.
    Received,
}

/// One version of a survivor's consent: one discloser, one recipient, named categories and purposes, an end. To a
/// coordinator that takes it back in its discloser's place, it shows the two agencies, its dates and where it stands, and
/// nothing of what it says.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Consent {
    #[graphql(skip)]
    pub(super) model: consent::Model,
    #[graphql(skip)]
    pub(super) held: Option<Arc<HeldConsent>>,
    #[graphql(skip)]
    pub(super) together: Arc<Together<ConsentId>>,
    #[graphql(skip)]
    judged_at: Instant,
    /// Where it stands now.
    pub status: ConsentStatus,
    /// Who consents; null to the recipient. Asks for `survivor.r`.
    pub survivor: Option<Survivor>,
    /// The agency that may disclose.
    pub discloser: Agency,
    /// The one agency that may be told.
    pub recipient: Agency,
    /// The agency that what is told goes through; null where it goes through none, and to a coordinator.
    pub intermediary: Option<Agency>,
    /// The signatures under it; none to a coordinator.
    pub signatures: Vec<Signature>,
}

/// What only the agency that holds a consent is told.
#[derive(Debug)]
pub(super) struct HeldConsent {
    pub(super) survivor: survivor::Model,
    pub(super) signatures: Vec<consent_signature::Model>,
    pub(super) objections: Vec<consent_objection::Model>,
    grounds: Arc<OnceCell<Grounds>>,
    pub(super) rule_packs: Arc<OnceCell<Vec<RulePack>>>,
}

impl Consent {
    /// Returns the place in a list of consents.
    pub(crate) fn key(&self) -> Uuid {
        self.model.id.0
    }

    /// Reads the grounds, once for all consents that are shown together.
    pub(super) async fn grounds<'h>(
        &self,
        ctx: &Context<'_>,
        held: &'h HeldConsent,
    ) -> Result<&'h Grounds> {
        let store = &ctx.request()?.worker.store;
        let (discloser, now) = (self.model.discloser_id, self.judged_at);
        let read = held
            .grounds
            .get_or_try_init(|| Grounds::gather(&store.read, discloser, now))
            .await?;
        Ok(read)
    }
}

/// What to look for among consents.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ConsentFilter {
    /// Those of this survivor of your agency's.
    pub survivor: Option<ID>,
    /// Those with this other agency.
    pub counterpart: Option<ID>,
    /// In any of these states now: at least one.
    pub statuses: Option<Vec<ConsentStatus>>,
}

/// Reading consents.
#[derive(Default)]
pub struct ConsentQuery;

/// Reading consents.
#[Object]
impl ConsentQuery {
    /// What a consent would lack, before anything of it is saved; empty for a good one. Signatures are not looked for.
    async fn lint_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent that you think of.")] consent: ConsentInput,
    ) -> Result<Vec<ConsentFinding>> {
        let request = ctx.request()?;
        request.caller.may(Resource::Consent.read())?;
        let findings = draft::judge(request, &consent).await?;
        Ok(findings.into_iter().map(ConsentFinding::from).collect())
    }

    /// One consent that your agency holds or is named in; null for what does not exist and for what you may not see.
    async fn consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
    ) -> Option<Result<Consent>> {
        let consent = async {
            let id = page::id("id", &id)?;
            let selection = ConsentSelection::below(ctx, &[]);
            consent_by_id(ctx.request()?, id, selection).await
        };
        consent.await.transpose()
    }

    /// The consents that your agency holds or is named in, newest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that your agency holds, or those that name it as recipient.")] side: ConsentSide,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            ConsentFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Consent>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Consent.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.unwrap_or_default();
        let survivor: Option<SurvivorId> = filter
            .survivor
            .as_deref()
            .map(|id| page::id("filter.survivor", id))
            .transpose()?;
        let counterpart: Option<AgencyId> = filter
            .counterpart
            .as_deref()
            .map(|id| page::id("filter.counterpart", id))
            .transpose()?;
        let mut faults = Faults::default();
        lists::require_some(&mut faults, "filter.statuses", filter.statuses.as_ref());
        faults.none()?;
        let selection = ConsentSelection::below(ctx, &["edges", "node"]);
        let released = request
            .disclose(|| async {
                let (mut among, other) = match side {
                    ConsentSide::Given => (
                        consent::Entity::given_to(caller.agency()),
                        Column::RecipientId,
                    ),
                    ConsentSide::Received => (
                        consent::Entity::naming(caller.agency()),
                        Column::DiscloserId,
                    ),
                };
                if let Some(counterpart) = counterpart {
                    among = among.filter(other.eq(counterpart));
                }
                if let Some(survivor) = survivor {
                    // The recipient does not know whose consent it is: to it, nothing matches.
                    among = among
                        .filter(Column::SurvivorId.eq(survivor))
                        .filter(Column::DiscloserId.eq(caller.agency()));
                }
                let store = &request.worker.store;
                if let Some(statuses) = &filter.statuses {
                    let now = Expr::cust(format!("(SELECT {})", clock::sql(store.backend)));
                    let any = statuses.iter().fold(Condition::any(), |any, status| {
                        any.add(consent::stands_at(*status, &now))
                    });
                    among = among.filter(any);
                }
                let found =
                    disclose::page(store, among, Column::Id, wanted, |row| row.id.to_string())
                        .await?;
                with_context(request, found, selection, |page| page.entries.as_slice()).await
            })
            .await?;
        let (page, views, now) = released.content();
        Ok(Connection::from_page(
            page.map(|model| views.view(model, now)),
            |one| one.model.id.0,
        ))
    }
}

/// What a consent is shown with: its survivor, agencies and signatures.
#[derive(Debug)]
pub(crate) struct ConsentView {
    reader: AgencyId,
    survivors: HashMap<SurvivorId, survivor::Model>,
    signatures: HashMap<ConsentId, Vec<consent_signature::Model>>,
    objections: HashMap<ConsentId, Vec<consent_objection::Model>>,
    agencies: AgenciesById,
    grounds: Arc<OnceCell<Grounds>>,
    rule_packs: Arc<OnceCell<Vec<RulePack>>>,
    together: Arc<Together<ConsentId>>,
    survivors_together: Arc<Together<SurvivorId>>,
}

impl ConsentView {
    /// Reads what these consents, which the caller may see, are shown with.
    pub(crate) async fn load(request: &Request, consents: &[consent::Model]) -> Result<Self> {
        let store = &request.worker.store;
        let own = request.caller.agency();
        let parties = consents.iter().flat_map(|one| {
            [one.discloser_id, one.recipient_id]
                .into_iter()
                .chain(one.intermediary_id)
        });
        let agencies = request.worker.directory.among(store, parties).await?;
        let held = consents
            .iter()
            .filter(|one| one.discloser_id == own)
            .map(|one| one.survivor_id);
        let held_ids = consents.iter().filter(|one| one.discloser_id == own);
        let held_ids: Vec<ConsentId> = held_ids.map(|one| one.id).collect();
        let read = consents.iter().filter(|one| is_party(own, one));
        let survivors = survivor::Entity::of(own)
            .filter(survivor::Column::Id.is_in(held))
            .all(&store.read)
            .await?;
        let mut signatures: HashMap<ConsentId, Vec<consent_signature::Model>> = HashMap::new();
        for row in consent_signature::Entity::under(read.map(|one| one.id))
            .all(&store.read)
            .await?
        {
            signatures.entry(row.consent_id).or_default().push(row);
        }
        let mut objections: HashMap<ConsentId, Vec<consent_objection::Model>> = HashMap::new();
        for row in consent_objection::Entity::to(held_ids)
            .all(&store.read)
            .await?
        {
            objections.entry(row.consent_id).or_default().push(row);
        }
        let survivors_together = Together::of(survivors.iter().map(|one| one.id));
        Ok(Self {
            reader: own,
            objections,
            survivors: survivors.into_iter().map(|one| (one.id, one)).collect(),
            signatures,
            agencies,
            grounds: Arc::default(),
            rule_packs: Arc::default(),
            together: Together::of(consents.iter().map(|one| one.id)),
            survivors_together,
        })
    }

    /// Returns the consent as the caller sees it.
    pub(crate) fn view(&self, model: consent::Model, now: Instant) -> Consent {
        let model = if is_party(self.reader, &model) {
            model
        } else {
            without_content(&model)
        };
        let agency = |id: AgencyId| Agency::from_directory(&self.agencies, id);
        let survivor = self.survivors.get(&model.survivor_id);
        let beside = |one: &survivor::Model| {
            Survivor::beside(one.clone(), Arc::clone(&self.survivors_together))
        };
        let signatures = self.signatures.get(&model.id).cloned().unwrap_or_default();
        Consent {
            status: rules::status(&model, now),
            survivor: survivor.map(beside),
            discloser: agency(model.discloser_id),
            recipient: agency(model.recipient_id),
            intermediary: model.intermediary_id.map(agency),
            signatures: signatures
                .iter()
                .map(|one| Signature::seen(one, survivor.is_some()))
                .collect(),
            held: survivor.map(|survivor| {
                Arc::new(HeldConsent {
                    survivor: survivor.clone(),
                    signatures,
                    objections: self.objections.get(&model.id).cloned().unwrap_or_default(),
                    grounds: Arc::clone(&self.grounds),
                    rule_packs: Arc::clone(&self.rule_packs),
                })
            }),
            together: Arc::clone(&self.together),
            judged_at: now,
            model,
        }
    }
}

fn is_party(agency: AgencyId, consent: &consent::Model) -> bool {
    [consent.discloser_id, consent.recipient_id].contains(&agency)
}

/// Returns what a coordinator is shown of a consent that it takes back in its discloser's place: which, between whom,
/// and when.
fn without_content(model: &consent::Model) -> consent::Model {
    consent::Model {
        supersedes: None,
        grants: Grants::EMPTY,
        language: UNDETERMINED.to_owned(),
        explained: None,
        voluntary: None,
        revocable: None,
        interpreter: None,
        through_intermediary: false,
        intermediary_id: None,
        names_substance_use: false,
        minor_alone: None,
        incapacitated: false,
        sole_guardian: None,
        ..model.clone()
    }
}

/// Reads what decided consents are shown with; the survivors go on record where they are selected.
pub(super) async fn with_context<T>(
    request: &Request,
    found: Decided<T>,
    selection: ConsentSelection,
    consents: impl Fn(&T) -> &[consent::Model],
) -> Result<Decided<(T, ConsentView, Instant)>> {
    let views = ConsentView::load(request, consents(&found.content)).await?;
    let survivors = views.survivors.values().filter(|_| selection.survivor);
    let survivors: Vec<String> = survivors.map(|one| one.audit_id.to_string()).collect();
    let now = found.now;
    Ok(found.naming(survivors).map(|content| (content, views, now)))
}

/// Reads some of the rules that the caller's agency is bound by, and puts them on record.
pub(super) async fn rule_packs(
    ctx: &Context<'_>,
    bound: &HashSet<RulePackId>,
) -> Result<Vec<RulePack>> {
    let request = ctx.request()?;
    let released = request
        .disclose(|| async {
            let among = rule_pack::Entity::of(request.caller.agency());
            let found = disclose::all(&request.worker.store, among).await?;
            let found = found.map(|packs| {
                let bound = packs.into_iter().filter(|pack| bound.contains(&pack.id));
                bound.collect::<Vec<_>>()
            });
            let ids: Vec<String> = found.content.iter().map(|one| one.id.to_string()).collect();
            Ok(found.naming(ids))
        })
        .await?;
    let bound = released.content().into_iter();
    Ok(bound.map(RulePack::from).collect())
}

/// Returns one consent that the caller's agency holds or is named in.
pub(crate) async fn consent_by_id(
    request: &Request,
    id: ConsentId,
    selection: ConsentSelection,
) -> Result<Option<Consent>> {
    request.caller.may(Resource::Consent.read())?;
    find_consent(request, id, selection).await
}

/// Reads the consent for a caller whose change named it, and records the reading like any other.
pub(crate) async fn find_consent(
    request: &Request,
    id: ConsentId,
    selection: ConsentSelection,
) -> Result<Option<Consent>> {
    seen(request, id, selection, || {
        consent::Entity::known_to(request.caller.agency(), [id])
    })
    .await
}

/// Returns a consent that was taken back before, for a caller that may take it back: read and recorded like any other.
pub(super) async fn revoked_before(
    request: &Request,
    id: ConsentId,
    selection: ConsentSelection,
) -> Result<Option<Consent>> {
    seen(request, id, selection, || {
        consent::Entity::revocable_by(request.caller.agency(), id)
    })
    .await
}

async fn seen(
    request: &Request,
    id: ConsentId,
    selection: ConsentSelection,
    among: impl Fn() -> Select<consent::Entity>,
) -> Result<Option<Consent>> {
    let released = request
        .disclose(|| async {
            let found = disclose::one(&request.worker.store, among(), &id, |row| {
                row.id.to_string()
            })
            .await?;
            with_context(request, found, selection, |one| one.as_slice()).await
        })
        .await?;
    let (found, views, now) = released.content();
    Ok(found.map(|model| views.view(model, now)))
}
