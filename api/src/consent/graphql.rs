//! Consents on the wire.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, SimpleObject};
use concord_entities::consent::{self, Column};
use concord_entities::ids::{AgencyId, ConsentId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    ConsentStatus, DataCategory, Purpose, SignatureMethod, SignerRole,
};
use concord_entities::{audit_event, consent_signature, survivor};
use sea_orm::{ColumnTrait, QueryFilter};

use super::notice::{self, Notice};
use super::rules;
use crate::access::grant::{Permission, Resource};
use crate::agency::directory::Agencies;
use crate::agency::graphql::Agency;
use crate::audit::accounting::{self, Disclosure};
use crate::audit::ledger::Decided;
use crate::error::Answer;
use crate::graphql::connection::Connection;
use crate::graphql::request::{InRequest, Request};
use crate::graphql::scalars::{Date, DateTime, LanguageTag, Sha256};
use crate::store::page::{self, Wanted};
use crate::store::reading;
use crate::survivor::graphql::Survivor;

/// On which side of a consent your agency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ConsentSide {
    /// Your agency may disclose.
    Given,
    /// Your agency may be told.
    Received,
}

/// One version of a survivor's consent: one discloser, one recipient, named categories and purposes, an end.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Consent {
    #[graphql(skip)]
    model: consent::Model,
    /// Where it stands now.
    pub status: ConsentStatus,
    /// Who consents; null to the recipient.
    pub survivor: Option<Survivor>,
    /// The agency that may disclose.
    pub discloser: Agency,
    /// The one agency that may be told.
    pub recipient: Agency,
    /// The signatures under it.
    pub signatures: Vec<Signature>,
}

#[ComplexObject]
impl Consent {
    /// The consent's id.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// The version of the agreement, from 1.
    async fn version(&self) -> i32 {
        self.model.version
    }

    /// What may be told.
    async fn categories(&self) -> Vec<DataCategory> {
        self.model.categories.iter().collect()
    }

    /// What for.
    async fn purposes(&self) -> Vec<Purpose> {
        self.model.purposes.iter().collect()
    }

    /// The language in which it was explained.
    async fn language(&self) -> LanguageTag {
        self.model.language.clone().into()
    }

    /// From when.
    async fn effective_at(&self) -> DateTime {
        self.model.effective_at.into()
    }

    /// Until when.
    async fn expires_at(&self) -> DateTime {
        self.model.expires_at.into()
    }

    /// When the survivor took it back.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.model.revoked_at.map(DateTime::from)
    }
}

/// A signature under a consent.
#[derive(Clone, Debug, SimpleObject)]
pub struct Signature {
    /// As what they signed.
    pub role: SignerRole,
    /// How they signed.
    pub method: SignatureMethod,
    /// The day on the signature.
    pub signed_on: Date,
    /// The SHA-256 of the signed document.
    pub document_sha256: Option<Sha256>,
}

/// What to look for among consents.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ConsentFilter {
    /// Those of this survivor of your agency's.
    pub survivor: Option<ID>,
    /// Those with this other agency.
    pub counterpart: Option<ID>,
}

/// That a consent was taken back, and what that ended. Nothing can be read under it any more, with whatever token:
/// tokens are bound to agencies and purposes, never to one consent, and each read is decided anew.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Revocation {
    /// The consent, as it stands now.
    pub consent: Consent,
    /// How many open referrals stand suspended for it.
    pub referrals_suspended: i32,
    /// The consent that was named, and every version that followed it.
    #[graphql(skip)]
    pub(super) versions: Vec<ConsentId>,
}

#[ComplexObject]
impl Revocation {
    /// What had been told under it before, newest first. That cannot be taken back: tell the survivor.
    async fn disclosed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
    ) -> Answer<Connection<Disclosure>> {
        let wanted = Wanted::parse(first, after.as_deref(), None, None)?;
        let versions = self.versions.iter().copied();
        let told = audit_event::Entity::told_under(self.consent.model.discloser_id, versions);
        accounting::page(ctx.request()?, &told, wanted).await
    }

    /// The notices that went to whom it named as recipient.
    async fn notices(&self, ctx: &Context<'_>) -> Answer<Vec<Notice>> {
        notice::about(ctx.request()?, &self.versions).await
    }
}

/// Reading consents.
#[derive(Default)]
pub struct ConsentQuery;

/// Reading consents.
#[Object]
impl ConsentQuery {
    /// The consents that your agency holds or is named in, newest first.
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Those that your agency holds, or those that name it as recipient.")] side: ConsentSide,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            ConsentFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
    ) -> Answer<Connection<Consent>> {
        let request = ctx.request()?;
        let caller = request.caller(Resource::Consent, Permission::Search)?;
        let wanted = Wanted::parse(first, after.as_deref(), None, None)?;
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
                let found =
                    reading::page(&request.worker.store, among, Column::Id, wanted, |row| {
                        row.id.to_string()
                    })
                    .await?;
                with_context(request, found, |page| page.entries.as_slice()).await
            })
            .await?;
        let (page, context, now) = released.content();
        Ok(Connection::of(
            page.map(|model| context.show(model, now)),
            |one| one.model.id.0,
        ))
    }
}

/// What a consent is shown with: its survivor, agencies and signatures.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    survivors: HashMap<SurvivorId, survivor::Model>,
    signatures: HashMap<ConsentId, Vec<Signature>>,
    agencies: Agencies,
}

impl Shown {
    /// Reads what these consents, which the caller may see, are shown with.
    pub(crate) async fn of(request: &Request, consents: &[consent::Model]) -> Answer<Self> {
        let store = &request.worker.store;
        let own = request.caller.agency();
        let parties = consents
            .iter()
            .flat_map(|one| [one.discloser_id, one.recipient_id]);
        let agencies = request.worker.directory.among(store, parties).await?;
        let held = consents
            .iter()
            .filter(|one| one.discloser_id == own)
            .map(|one| one.survivor_id);
        let survivors = survivor::Entity::of(own)
            .filter(survivor::Column::Id.is_in(held))
            .all(&store.read)
            .await?;
        let mut signatures: HashMap<ConsentId, Vec<Signature>> = HashMap::new();
        for row in consent_signature::Entity::under(consents.iter().map(|one| one.id))
            .all(&store.read)
            .await?
        {
            signatures
                .entry(row.consent_id)
                .or_default()
                .push(row.into());
        }
        Ok(Self {
            survivors: survivors.into_iter().map(|one| (one.id, one)).collect(),
            signatures,
            agencies,
        })
    }

    /// The consent as the caller sees it.
    pub(crate) fn show(&self, model: consent::Model, now: Instant) -> Consent {
        let agency = |id: AgencyId| Agency::from_directory(&self.agencies, id);
        Consent {
            status: rules::status(&model, now),
            survivor: self
                .survivors
                .get(&model.survivor_id)
                .cloned()
                .map(Survivor::from),
            discloser: agency(model.discloser_id),
            recipient: agency(model.recipient_id),
            signatures: self.signatures.get(&model.id).cloned().unwrap_or_default(),
            model,
        }
    }
}

async fn with_context<T>(
    request: &Request,
    found: Decided<T>,
    consents: impl Fn(&T) -> &[consent::Model],
) -> Answer<Decided<(T, Shown, Instant)>> {
    let shown = Shown::of(request, consents(&found.content)).await?;
    let now = found.now;
    Ok(found.map(|content| (content, shown, now)))
}

impl From<consent_signature::Model> for Signature {
    fn from(row: consent_signature::Model) -> Self {
        Self {
            role: row.role,
            method: row.method,
            signed_on: row.signed_on.into(),
            document_sha256: row.document_sha256.map(Sha256::from),
        }
    }
}

/// One consent that the caller's agency holds or is named in.
pub(crate) async fn node(request: &Request, id: ConsentId) -> Answer<Option<Consent>> {
    request.caller(Resource::Consent, Permission::Read)?;
    found(request, id).await
}

/// The same, for a caller whose change named it: read and recorded like any other.
pub(crate) async fn found(request: &Request, id: ConsentId) -> Answer<Option<Consent>> {
    let caller = &request.caller;
    let released = request
        .disclose(|| async {
            let among = consent::Entity::known_to(caller.agency(), [id]);
            let found =
                reading::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
            with_context(request, found, |one| one.as_slice()).await
        })
        .await?;
    let (found, shown, now) = released.content();
    Ok(found.map(|model| shown.show(model, now)))
}
