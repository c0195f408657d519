//! Referrals found, released and opened, with everything that they are shown with.

use std::collections::HashMap;

use async_graphql::Context;
use concord_entities::ids::{AgencyId, ConsentId, MouId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::{agency, consent, mou};

use super::graphql::Referral;
use super::package_view::{self, KeyGoneError};
use super::read::{self, Beyond, Seen};
use super::selection::ReferralSelection;
use crate::access::grant::Resource;
use crate::agency::graphql::Agency;
use crate::audit::ledger::{Decided, RecordedEvent};
use crate::consent::graphql::{Consent, ConsentView};
use crate::error::{Error, Refusal, Result};
use crate::mou::graphql::{Mou, MouView};
use crate::request::directory::AgenciesById;
use crate::request::{InRequest, Request};
use crate::seal::vault::OpenedPackages;
use crate::store::page::Page;

/// How often a read is made again whose package lost its key between its release and its opening.
const ATTEMPTS: usize = 4;

/// Returns one referral that the caller's agency is a party of.
pub(crate) async fn referral_by_id(
    request: &Request,
    id: ReferralId,
    selection: &ReferralSelection,
) -> Result<Option<Referral>> {
    request.caller.may(Resource::Referral.read())?;
    find_referral(request, id, selection).await
}

/// Reads a referral as it stands after the caller's change: decided and recorded like any other read. The caller's token
/// need not read: packages stay behind its ceiling.
pub(super) async fn reload(ctx: &Context<'_>, id: ReferralId) -> Result<Referral> {
    let selection = ReferralSelection::below(ctx, &[])?;
    let referral = find_referral(ctx.request()?, id, &selection).await?;
    referral.ok_or_else(|| Error::NotFound.into())
}

async fn find_referral(
    request: &Request,
    id: ReferralId,
    selection: &ReferralSelection,
) -> Result<Option<Referral>> {
    let read = || async {
        let store = &request.worker.store;
        let decided = read::one(store, &request.caller, id, &selection.depth).await?;
        Ok(decided.map(|seen| Page {
            entries: Vec::from_iter(seen),
            has_next: false,
            has_previous: false,
        }))
    };
    let mut page = Box::pin(release(request, selection, read)).await?;
    Ok(page.entries.pop())
}

/// Reads a page, puts it on record and opens its packages; again where a package lost its key before it was opened.
///
/// # Errors
/// What `read` refuses; `UNAVAILABLE`: a package lost its key again and again.
pub(super) async fn release<F>(
    request: &Request,
    selection: &ReferralSelection,
    read: impl Fn() -> F,
) -> Result<Page<Referral>>
where
    F: Future<Output = Result<Decided<Page<Seen>>>>,
{
    let read = || async {
        let decided = read().await?;
        Ok(decided.map(|page| (page.entries, (page.has_next, page.has_previous))))
    };
    let (entries, (has_next, has_previous)) = release_all(request, selection, read).await?;
    Ok(Page {
        entries,
        has_next,
        has_previous,
    })
}

/// The same of any referrals, with whatever says how they belong together.
pub(super) async fn release_all<L, F>(
    request: &Request,
    selection: &ReferralSelection,
    read: impl Fn() -> F,
) -> Result<(Vec<Referral>, L)>
where
    F: Future<Output = Result<Decided<(Vec<Seen>, L)>>>,
{
    for _ in 0..ATTEMPTS {
        let released = request
            .disclose(|| async {
                let decided = read().await?;
                let now = decided.now;
                Ok(decided.map(|(seen, layout)| (seen, layout, now)))
            })
            .await?;
        let ((seen, layout, now), recorded) = released.into_parts();
        let loaded = ReferralView::load(request, selection, &seen, now).await?;
        let Some(views) = loaded else { continue };
        let mut entries = Vec::with_capacity(seen.len());
        for one in seen {
            entries.push(views.view(request, one, &recorded)?);
        }
        return Ok((entries, layout));
    }
    Err(Refusal::unavailable(KeyGoneError))
}

/// What released referrals are shown with.
struct ReferralView {
    packages: OpenedPackages,
    parties: Parties,
    consents: HashMap<ConsentId, Consent>,
    mous: HashMap<MouId, Mou>,
}

impl ReferralView {
    /// Reads what these referrals are shown with. Returns `None` if a package's key was destroyed after its release: read
    /// again.
    async fn load(
        request: &Request,
        selection: &ReferralSelection,
        seen: &[Seen],
        now: Instant,
    ) -> Result<Option<Self>> {
        let Some(packages) = package_view::open(request, seen).await? else {
            return Ok(None);
        };
        let depth = &selection.depth;
        Ok(Some(Self {
            packages,
            parties: Parties::load(request, selection, seen).await?,
            consents: if depth.consent.is_some() {
                consents(request, seen, now).await?
            } else {
                HashMap::new()
            },
            mous: if depth.mou {
                mous(request, seen, now).await?
            } else {
                HashMap::new()
            },
        }))
    }

    /// Returns the referral as the caller sees it.
    fn view(&self, request: &Request, seen: Seen, recorded: &[RecordedEvent]) -> Result<Referral> {
        let beyond = seen.beyond.as_ref();
        let opened = |decisions| {
            package_view::packages(request, seen.header.id, decisions, &self.packages, recorded)
        };
        Ok(Referral {
            packages: opened(&seen.packages)?,
            previews: opened(&seen.previews)?,
            sender: self.parties.view(seen.header.sender_id),
            recipient: self.parties.view(seen.header.recipient_id),
            consent: beyond.and_then(|beyond| self.consents.get(&beyond.consent).cloned()),
            mou: beyond.and_then(|beyond| self.mous.get(&beyond.mou?).cloned()),
            seen,
        })
    }
}

/// The agencies of a page: by name, or read where their state is asked for.
enum Parties {
    Named(AgenciesById),
    Read(HashMap<AgencyId, Agency>),
}

impl Parties {
    async fn load(request: &Request, selection: &ReferralSelection, seen: &[Seen]) -> Result<Self> {
        let ids = seen
            .iter()
            .flat_map(|one| [one.header.sender_id, one.header.recipient_id]);
        let store = &request.worker.store;
        if !selection.depth.parties {
            let named = request.worker.directory.among(store, ids).await?;
            return Ok(Self::Named(named));
        }
        let rows = agency::Entity::among(ids).all(&store.read).await?;
        let read = rows.into_iter().map(|row| (row.id, Agency::read(row)));
        Ok(Self::Read(read.collect()))
    }

    fn view(&self, id: AgencyId) -> Agency {
        match self {
            Self::Named(agencies) => Agency::from_directory(agencies, id),
            Self::Read(agencies) => agencies
                .get(&id)
                .cloned()
                .unwrap_or_else(|| Agency::from_directory(&AgenciesById::new(), id)),
        }
    }
}

fn beyond(seen: &[Seen]) -> impl Iterator<Item = &Beyond> {
    seen.iter().filter_map(|one| one.beyond.as_ref())
}

async fn consents(
    request: &Request,
    seen: &[Seen],
    now: Instant,
) -> Result<HashMap<ConsentId, Consent>> {
    let ids = beyond(seen).map(|beyond| beyond.consent);
    let rows = consent::Entity::known_to(request.caller.agency(), ids)
        .all(&request.worker.store.read)
        .await?;
    let views = ConsentView::load(request, &rows).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.id, views.view(row, now))).collect())
}

async fn mous(request: &Request, seen: &[Seen], now: Instant) -> Result<HashMap<MouId, Mou>> {
    let ids = beyond(seen).filter_map(|beyond| beyond.mou);
    let rows = mou::Entity::among(request.caller.agency(), ids)
        .all(&request.worker.store.read)
        .await?;
    let views = MouView::load(request, &rows).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|row| (row.id, views.view(row, now))).collect())
}
