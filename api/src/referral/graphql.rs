//! Referrals on the wire: the objects, and reading them.

use std::collections::HashMap;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use concord_entities::ids::{AgencyId, ConsentId, MouId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    Categories, DataCategory, Need, Purpose, ReferralAction, ReferralStatus, StatusReason, Urgency,
};
use concord_entities::{consent, mou};
use sea_orm::QueryFilter;

use super::fast::ReferralPage;
use super::input::{ReferralFilter, ReferralOutcome};
use super::package::{
    Contents, Demographics, Exploitation, Family, Financial, Identity, Immigration, Language,
    Legal, Location, Medical, NeedsDetail, PART_2_NOTICE, Safety, SubstanceUse,
};
use super::read::{self, Depth, PackageDecision, Seen};
use super::withheld::WithheldReason;
use super::{find, rules};
use crate::access::grant::{Permission, Resource};
use crate::agency::graphql::Agency;
use crate::audit::ledger::RecordedEvent;
use crate::consent::graphql::Consent;
use crate::error::{Error, Refusal, Result};
use crate::mou::graphql::Mou;
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::seal::vault::{self, OpenedPackages};
use crate::store::page::{self, Page, PageRequest};
use crate::survivor::contact::plan::SafeContactPlan;
use crate::wire::connection::Connection;
use crate::wire::lookahead;
use crate::wire::scalars::{DateTime, Sha256};

/// Which of your agency's two boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Box")]
pub enum ReferralBox {
    /// What was sent to your agency.
    Inbox,
    /// What your agency wrote, drafts included.
    Outbox,
}

/// A referral of one survivor from one agency to another.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Referral {
    #[graphql(skip)]
    pub(super) seen: Seen,
    #[graphql(skip)]
    packages: HashMap<Purpose, Package>,
    /// The agency that refers.
    pub sender: Agency,
    /// The agency that is asked.
    pub recipient: Agency,
    /// The consent that it stands on.
    pub consent: Option<Consent>,
    /// The MOU that it stands on; null while it is a draft.
    pub mou: Option<Mou>,
}

impl Referral {
    /// A released referral of which no more than the header was asked for.
    #[must_use]
    pub fn headed(seen: Seen, sender: Agency, recipient: Agency) -> Self {
        Self {
            seen,
            packages: HashMap::new(),
            sender,
            recipient,
            consent: None,
            mou: None,
        }
    }

    /// Which.
    #[must_use]
    pub fn key(&self) -> ReferralId {
        self.seen.header.id
    }
}

#[ComplexObject]
impl Referral {
    /// The referral's id.
    pub async fn id(&self) -> ID {
        ID(self.seen.header.id.to_string())
    }

    /// Where it stands now.
    async fn status(&self) -> ReferralStatus {
        self.seen.standing.status
    }

    /// Why it stands there.
    async fn status_reason(&self) -> Option<StatusReason> {
        self.seen.standing.reason
    }

    /// What the person needs.
    async fn needs(&self) -> Vec<Need> {
        self.seen.header.needs.iter().collect()
    }

    /// How soon an answer is wanted.
    async fn urgency(&self) -> Urgency {
        self.seen.header.urgency
    }

    /// When it was drafted.
    async fn created_at(&self) -> DateTime {
        self.seen.header.created_at.into()
    }

    /// When it was sent; null while it is a draft.
    async fn sent_at(&self) -> Option<DateTime> {
        self.seen.header.sent_at.map(DateTime::from)
    }

    /// By when an answer is wanted, from its urgency.
    async fn respond_by(&self) -> Option<DateTime> {
        self.seen.header.respond_by.map(DateTime::from)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.seen.header.updated_at.into()
    }

    /// What your agency may do next with it.
    async fn allowed_actions(&self) -> &'static [ReferralAction] {
        rules::allowed(self.seen.standing.status, self.seen.side)
    }

    /// What came of it; null until it is completed.
    async fn outcome(&self) -> Option<ReferralOutcome> {
        let beyond = self.seen.beyond.as_ref()?;
        Some(ReferralOutcome {
            code: beyond.outcome?,
            provided: beyond.provided.iter().collect(),
        })
    }

    /// What the sender tells the recipient, as far as it may be told to you, for this purpose, now. Reading it is a
    /// disclosure on record.
    async fn package(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What you need it for; your token's only purpose where you name none.")]
        purpose: Option<Purpose>,
    ) -> Result<&Package> {
        let purpose = ctx.request()?.caller.purpose(purpose)?;
        self.packages
            .get(&purpose)
            .ok_or_else(|| Refusal::internal(NotPrefetchedError))
    }
}

/// The package was not fetched by the field above.
#[derive(Debug, thiserror::Error)]
#[error("a package was selected that the field above did not fetch")]
struct NotPrefetchedError;

/// What a sender tells a recipient under one consent: a nullable field for each data category.
#[derive(Clone, Debug, SimpleObject)]
pub struct Package {
    /// What it is read for.
    pub purpose: Purpose,
    /// Who the person is.
    pub identity: Option<Identity>,
    /// What the person is like, without naming them.
    pub demographics: Option<Demographics>,
    /// How the person may be reached safely.
    pub contact: Option<SafeContactPlan>,
    /// Where the person is.
    pub location: Option<Location>,
    /// Family and dependants.
    pub family: Option<Family>,
    /// Languages and interpreting.
    pub language: Option<Language>,
    /// Needs in detail.
    pub needs: Option<NeedsDetail>,
    /// Safety plan and threats.
    pub safety: Option<Safety>,
    /// The exploitation.
    pub exploitation: Option<Exploitation>,
    /// Medical information.
    pub medical: Option<Medical>,
    /// Mental-health information.
    pub mental_health: Option<Medical>,
    /// Substance-use records.
    pub substance_use: Option<SubstanceUse>,
    /// Immigration status and relief.
    pub immigration: Option<Immigration>,
    /// Legal matters.
    pub legal: Option<Legal>,
    /// Money.
    pub financial: Option<Financial>,
    /// Every category that you may not see, whether or not there is something in it, and why.
    pub withheld: Vec<Withheld>,
    /// The redisclosure notice that must travel with what you read.
    pub notice: Option<String>,
    /// Proof that this disclosure is in the audit log.
    pub receipt: DisclosureReceipt,
}

/// A category that you may not see, and why.
#[derive(Clone, Debug, SimpleObject)]
pub struct Withheld {
    /// The category.
    pub category: DataCategory,
    /// Why.
    pub reason: WithheldReason,
}

/// Proof that a disclosure is in the audit log: a promise, signed by the ledger, that this leaf is in the tree.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Receipt")]
pub struct DisclosureReceipt {
    /// The audit event.
    pub event: ID,
    /// The hash of its leaf (RFC 6962).
    pub leaf_hash: Sha256,
    /// The ledger's Ed25519 signature over event and hash, base64.
    pub signature: String,
}

/// Reading referrals.
#[derive(Default)]
pub struct ReferralQuery;

/// Reading referrals.
#[Object]
impl ReferralQuery {
    /// Your agency's inbox or outbox, newest first.
    #[expect(
        clippy::too_many_arguments,
        reason = "the arguments of a Relay connection"
    )]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What your agency was sent, or what it wrote.")] r#box: ReferralBox,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            ReferralFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<ReferralPage> {
        let request = ctx.request()?;
        let caller = request.caller(Resource::Referral, Permission::Search)?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let filter = filter.unwrap_or_default();
        let asked = ReferralSelection::below(ctx, &["edges", "node"])?;
        let store = &request.worker.store;
        for _ in 0..ATTEMPTS {
            let released = request
                .disclose(|| async {
                    let among = find::among(r#box, caller.agency(), &filter, store.backend)?;
                    let decided = read::page(store, caller, among, wanted, &asked.depth).await?;
                    let now = decided.now;
                    Ok(decided.map(|page| (page, now)))
                })
                .await?;
            let ((page, now), recorded) = released.into_parts();
            if let Some(shown) = show(request, &asked, page.entries, now, &recorded).await? {
                let page = Page {
                    entries: shown,
                    has_next: page.has_next,
                    has_previous: page.has_previous,
                };
                let page = Connection::of(page, |one| one.key().0);
                return Ok(ReferralPage(page));
            }
        }
        Err(Refusal::unavailable(KeyGoneError))
    }

    /// One referral that your agency is a party of; null for what does not exist and for what you may not see.
    async fn referral(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The referral's id.")] id: ID,
    ) -> Option<Result<Referral>> {
        let found = async {
            let id = page::id("id", &id)?;
            one(ctx.request()?, id, &ReferralSelection::below(ctx, &[])?).await
        };
        found.await.transpose()
    }
}

/// How often a read is made again whose package lost its key between its release and its opening.
const ATTEMPTS: usize = 4;

/// A package lost its key, again and again, between its release and its opening.
#[derive(Debug, thiserror::Error)]
#[error("a package that was released has no key")]
struct KeyGoneError;

/// One referral that the caller's agency is a party of.
pub(crate) async fn one(
    request: &Request,
    id: ReferralId,
    asked: &ReferralSelection,
) -> Result<Option<Referral>> {
    request.caller(Resource::Referral, Permission::Read)?;
    found(request, id, asked).await
}

/// The same, for a caller that has just changed it and whose token need not read: packages stay behind its ceiling.
pub(crate) async fn found(
    request: &Request,
    id: ReferralId,
    asked: &ReferralSelection,
) -> Result<Option<Referral>> {
    let caller = &request.caller;
    for _ in 0..ATTEMPTS {
        let released = request
            .disclose(|| async {
                let decided = read::one(&request.worker.store, caller, id, &asked.depth).await?;
                let now = decided.now;
                Ok(decided.map(|seen| (seen, now)))
            })
            .await?;
        let ((seen, now), recorded) = released.into_parts();
        if let Some(mut shown) = show(request, asked, Vec::from_iter(seen), now, &recorded).await? {
            return Ok(shown.pop());
        }
    }
    Err(Refusal::unavailable(KeyGoneError))
}

/// What a query asks for of each referral.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReferralSelection {
    depth: Depth,
    agency_state: bool,
}

impl ReferralSelection {
    /// What is selected under `path` below the current field.
    pub(crate) fn below(ctx: &Context<'_>, path: &[&str]) -> Result<Self> {
        let at = |names: &[&'static str]| [path, names].concat();
        let caller = &ctx.request()?.caller;
        let mut purposes = Vec::new();
        for field in lookahead::under(ctx, &at(&["package"])) {
            let arguments = field
                .arguments()
                .map_err(|_| Error::input("purpose", "not a purpose"))?;
            let stated = arguments
                .into_iter()
                .find(|(name, _)| name == "purpose")
                .map(|(_, value)| value);
            let stated = match stated {
                None | Some(async_graphql::Value::Null) => None,
                Some(value) => Some(
                    <Purpose as async_graphql::InputType>::parse(Some(value))
                        .map_err(|_| Error::input("purpose", "not a purpose"))?,
                ),
            };
            // A package whose purpose is missing says so by itself, at its own place in the answer.
            if let Ok(purpose) = caller.purpose(stated)
                && !purposes.contains(&purpose)
            {
                purposes.push(purpose);
            }
        }
        let consent = lookahead::asks(ctx, &at(&["consent"]));
        let mou = lookahead::asks(ctx, &at(&["mou"]));
        let outcome = lookahead::asks(ctx, &at(&["outcome"]));
        Ok(Self {
            depth: Depth {
                beyond_header: consent || mou || outcome || !purposes.is_empty(),
                consent,
                mou,
                purposes,
            },
            agency_state: lookahead::asks(ctx, &at(&["sender", "status"]))
                || lookahead::asks(ctx, &at(&["recipient", "status"])),
        })
    }
}

/// Released referrals as the wire shows them; none where a package lost its key since its release.
async fn show(
    request: &Request,
    asked: &ReferralSelection,
    seen: Vec<Seen>,
    now: Instant,
    recorded: &[RecordedEvent],
) -> Result<Option<Vec<Referral>>> {
    let Some(opened) = open(request, &seen).await? else {
        return Ok(None);
    };
    let agencies = agencies(request, asked, &seen).await?;
    let consents = if asked.depth.consent {
        consents(request, &seen, now).await?
    } else {
        HashMap::new()
    };
    let mous = if asked.depth.mou {
        mous(request, &seen, now).await?
    } else {
        HashMap::new()
    };
    let mut shown = Vec::with_capacity(seen.len());
    for one in seen {
        let mut packages = HashMap::new();
        for (purpose, grant) in &one.grants {
            let parts = opened.get(&one.header.id).map_or(&[][..], Vec::as_slice);
            packages.insert(
                *purpose,
                package(request, *purpose, grant, parts, recorded)?,
            );
        }
        shown.push(Referral {
            packages,
            sender: agencies.show(one.header.sender_id),
            recipient: agencies.show(one.header.recipient_id),
            consent: one
                .beyond
                .as_ref()
                .and_then(|beyond| consents.get(&beyond.consent).cloned()),
            mou: one
                .beyond
                .as_ref()
                .and_then(|beyond| mous.get(&beyond.mou?).cloned()),
            seen: one,
        });
    }
    Ok(Some(shown))
}

/// Unseals every category that some grant shares; none where a package is not the one that was decided on any more.
async fn open(request: &Request, seen: &[Seen]) -> Result<Option<OpenedPackages>> {
    let mut released: HashMap<vault::PackageVersion, Categories> = HashMap::new();
    for one in seen {
        let Some(beyond) = &one.beyond else {
            continue;
        };
        let package = vault::PackageVersion {
            referral: one.header.id,
            version: beyond.key_version,
        };
        for grant in one.grants.values().filter(|grant| !grant.shared.is_empty()) {
            let categories = released.entry(package).or_insert(Categories::EMPTY);
            *categories = grant.shared.iter().fold(*categories, Categories::with);
        }
    }
    let opened = request
        .worker
        .vault
        .open(&request.worker.store, &released)
        .await?;
    let complete = released
        .keys()
        .all(|package| opened.contains_key(&package.referral));
    Ok(complete.then_some(opened))
}

fn package(
    request: &Request,
    purpose: Purpose,
    grant: &PackageDecision,
    parts: &[(DataCategory, zeroize::Zeroizing<Vec<u8>>)],
    recorded: &[RecordedEvent],
) -> Result<Package> {
    let mut contents = Contents::default();
    for (category, plain) in parts
        .iter()
        .filter(|(category, _)| grant.shared.has(*category))
    {
        contents.put(*category, plain).map_err(Refusal::internal)?;
    }
    let recorded = recorded
        .get(grant.event)
        .ok_or_else(|| Refusal::internal(NotPrefetchedError))?;
    let part_2 = grant.shared.has(DataCategory::SubstanceUse);
    Ok(Package {
        purpose,
        identity: contents.identity,
        demographics: contents.demographics,
        contact: contents.contact,
        location: contents.location,
        family: contents.family,
        language: contents.language,
        needs: contents.needs,
        safety: contents.safety,
        exploitation: contents.exploitation,
        medical: contents.medical,
        mental_health: contents.mental_health,
        substance_use: contents.substance_use,
        immigration: contents.immigration,
        legal: contents.legal,
        financial: contents.financial,
        withheld: grant
            .withheld
            .iter()
            .map(|(category, reason)| Withheld {
                category: *category,
                reason: (*reason).into(),
            })
            .collect(),
        notice: part_2.then(|| PART_2_NOTICE.to_owned()),
        receipt: DisclosureReceipt {
            event: ID(recorded.event.clone()),
            leaf_hash: Sha256::from(&recorded.leaf_hash.0[..]),
            signature: request
                .worker
                .ledger_key
                .sign_receipt(&recorded.event, recorded.leaf_hash)
                .map_err(Refusal::internal)?,
        },
    })
}

/// The agencies of a page: by name, or read where their state is asked for.
enum Parties {
    Named(AgenciesById),
    Read(HashMap<AgencyId, Agency>),
}

impl Parties {
    fn show(&self, id: AgencyId) -> Agency {
        match self {
            Self::Named(agencies) => Agency::from_directory(agencies, id),
            Self::Read(agencies) => agencies
                .get(&id)
                .cloned()
                .unwrap_or_else(|| Agency::from_directory(&AgenciesById::new(), id)),
        }
    }
}

async fn agencies(request: &Request, asked: &ReferralSelection, seen: &[Seen]) -> Result<Parties> {
    let ids = seen
        .iter()
        .flat_map(|one| [one.header.sender_id, one.header.recipient_id]);
    let store = &request.worker.store;
    if !asked.agency_state {
        return Ok(Parties::Named(
            request.worker.directory.among(store, ids).await?,
        ));
    }
    let read = concord_entities::agency::Entity::among(ids)
        .all(&store.read)
        .await?;
    Ok(Parties::Read(
        read.into_iter()
            .map(|row| (row.id, Agency::read(row)))
            .collect(),
    ))
}

async fn consents(
    request: &Request,
    seen: &[Seen],
    now: Instant,
) -> Result<HashMap<ConsentId, Consent>> {
    let ids = seen
        .iter()
        .filter_map(|one| one.beyond.as_ref())
        .map(|beyond| beyond.consent);
    let rows = consent::Entity::known_to(request.caller.agency(), ids)
        .all(&request.worker.store.read)
        .await?;
    let shown = crate::consent::graphql::ConsentView::of(request, &rows).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, shown.show(row, now)))
        .collect())
}

async fn mous(request: &Request, seen: &[Seen], now: Instant) -> Result<HashMap<MouId, Mou>> {
    let ids = seen
        .iter()
        .filter_map(|one| one.beyond.as_ref())
        .filter_map(|beyond| beyond.mou);
    let rows = mou::Entity::followed_by(request.caller.agency())
        .filter(sea_orm::ColumnTrait::is_in(&mou::Column::Id, ids))
        .all(&request.worker.store.read)
        .await?;
    let shown = crate::mou::graphql::MouView::of(request, &rows).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.id, shown.show(row, now)))
        .collect())
}
