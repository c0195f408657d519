//! Changing consents: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::consent::{self};
use concord_entities::ids::ConsentId;
use concord_entities::instant::Instant;
use concord_entities::survivor;
use concord_entities::vocabulary::RevocationChannel;

use super::checks::ConsentCheck;
use super::ending::{self, By, EndedConsent, Outlook};
use super::graphql::{Consent, ConsentView, find_consent, revoked_before};
use super::input::{ConsentFromInput, ConsentInput, RenewalInput, SignatureInput};
use super::revocation::Revocation;
use super::selection::ConsentSelection;
use super::sign::{self, Defects, Signing};
use super::{draft, life, rules};
use crate::access::grant::Resource;
use crate::agency::zone;
use crate::audit::change::{Change, Ending};
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Refusal, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request, Worker};
use crate::seal::doomed::DoomedKeys;
use crate::store::page;
use crate::wire::scalars::DateTime;

/// Changing consents.
#[derive(Default)]
pub struct ConsentMutation;

/// Changing consents.
#[Object]
impl ConsentMutation {
    /// Drafts a consent of your agency's survivor; it allows nothing before it is signed.
    async fn draft_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose it is, who may be told what, what for, and until when.")]
        consent: ConsentInput,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        let change = request.change(Resource::Consent.create()).await?;
        let call = CreatingCall::new(
            "draftConsent",
            "consent.idempotencyKey",
            consent.idempotency_key.as_ref(),
            &consent,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            draft(change, &consent).await
        })
        .await?;
        view_made(ctx, created).await
    }

    /// Drafts the next version of one of your agency's consents, for longer. Explain it to the survivor anew: it says what
    /// the version before says, allows nothing before it is signed, and takes that version's place once it is.
    async fn renew_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the consent to renew.")] id: ID,
        #[graphql(desc = "Until when: at most 90 days from now, or what your state's law says.")]
        expires_at: DateTime,
        #[graphql(
            desc = "The same key again returns what the first call made: 1 to 200 characters."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        let change = request.change(Resource::Consent.create()).await?;
        let input = RenewalInput { id, expires_at };
        let call = CreatingCall::new(
            "renewConsent",
            "idempotencyKey",
            idempotency_key.as_ref(),
            &input,
        )?;
        let id = page::id("id", &input.id)?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            let (made, event) = renew(change, id, input.expires_at.0).await?;
            Ok(Creation {
                id: made.id.0,
                made,
                event,
            })
        })
        .await?;
        view_made(ctx, created).await
    }

    /// Drafts a consent to another recipient from one of your agency's: of the same survivor, for the same grants, in the same
    /// language. So a referral that was not answered can be sent on. It is another consent: explain it to the survivor, who
    /// signs it or does not.
    async fn draft_consent_from(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which, to whom, until when, and what was explained.")]
        consent: ConsentFromInput,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        let change = request.change(Resource::Consent.create()).await?;
        let call = CreatingCall::new(
            "draftConsentFrom",
            "consent.idempotencyKey",
            consent.idempotency_key.as_ref(),
            &consent,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            let (made, survivor) = draft::draft_from(change, &consent).await?;
            Ok(Creation {
                id: made.id.0,
                event: Event::ConsentDrafted(ConsentEvent::of(&made, survivor.audit_id, None)),
                made,
            })
        })
        .await?;
        view_made(ctx, created).await
    }

    /// Records a signature under a consent. With the last one that it needs, it is in force, in place of the version
    /// before it. Refused while `findings` names something that blocks. The very same signature again changes nothing;
    /// a second one in the same role is refused.
    async fn sign_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(desc = "Who signs, how, and when.")] signature: SignatureInput,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        request.caller.may(Resource::Consent.update())?;
        let id = page::id("id", &id)?;
        let change = request.change(Resource::Consent.update()).await?;
        let signed = sign(change, id, signature.clone()).await?;
        let (now, signing) = if let Some(signed) = signed {
            signed
        } else {
            // Taking an earlier version's place ends what that one allowed.
            let ending = request.ending(Resource::Consent.update()).await?;
            sign_in_place(ending, id, signature).await?
        };
        match signing {
            Signing::Taken(signed) => view(request, now, signed.consent).await,
            Signing::Repeated => reload(ctx, id).await,
            Signing::Blocked(defects) => Err(refuse(request, id, defects).await),
        }
    }

    /// Marks a consent of your agency's as one that should never have been. In force on the very next read, and forever.
    async fn mark_consent_entered_in_error(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
    ) -> Result<Consent> {
        let request = ctx.request()?;
        let now = request.looks(Resource::Consent.update()).await?;
        let id = page::id("id", &id)?;
        let (agency, read) = (request.caller.agency(), &request.worker.store.read);
        let Some(seen) = consent::Entity::held_by(agency, id).one(read).await? else {
            return Err(life::not_held(read, agency, id, now).await?);
        };
        if seen.entered_in_error_at.is_some() {
            return reload(ctx, id).await;
        }
        let is_shared = rules::may_share(&seen, now);
        let (marked, now, _) = end(request, is_shared, id, HowEnded::MarkedInError).await?;
        if marked.events.is_empty() {
            reload(ctx, id).await
        } else {
            view(request, now, marked.consent).await
        }
    }

    /// Takes a consent back, with every later version of it: at any time, through any channel, without a reason. In
    /// force on the very next read. Taking it back again answers the same. Where the discloser is suspended, the
    /// coordinator of its task force takes a signed consent back for the survivor, and is shown no content of it; the
    /// discloser is told by a notice.
    async fn revoke_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consent's id.")] id: ID,
        #[graphql(desc = "How the survivor took it back.")] channel: RevocationChannel,
    ) -> Result<Revocation> {
        let request = ctx.request()?;
        let now = request.looks(Resource::Consent.update()).await?;
        let id = page::id("id", &id)?;
        let (agency, read) = (request.caller.agency(), &request.worker.store.read);
        let Some(seen) = consent::Entity::revocable_by(agency, id).one(read).await? else {
            return Err(life::not_held(read, agency, id, now).await?);
        };
        let outlook = ending::outlook(read, seen.clone(), now).await?;
        let (ended, now, keys_destroyed) = if let Outlook::Over(versions) = outlook {
            let Worker { store, ledger, .. } = &request.worker;
            let housekeeping = ledger.housekeeping();
            let about = &request.meta.request;
            let gone = ending::destroy_left(store, housekeeping, &versions, about).await?;
            (EndedConsent::before(seen, versions), now, gone)
        } else {
            let is_shared = outlook == Outlook::EndsSharing;
            end(request, is_shared, id, HowEnded::TakenBack(channel)).await?
        };
        let consent = if ended.events.is_empty() {
            // Nothing is on record yet that would let it leave.
            let selection = ConsentSelection::below(ctx, &["consent"]);
            let before = revoked_before(request, id, selection).await?;
            before.ok_or(Error::NotFound)?
        } else {
            view(request, now, ended.consent).await?
        };
        Ok(Revocation {
            consent,
            referrals_suspended: ending::suspended(read, &ended.versions).await?,
            keys_destroyed,
            versions: ended.versions,
        })
    }
}

/// How an agency ends a consent.
#[derive(Clone, Copy, Debug)]
enum HowEnded {
    MarkedInError,
    TakenBack(RevocationChannel),
}

impl HowEnded {
    async fn end(self, change: &Change<'_>, id: ConsentId) -> Result<EndedConsent> {
        match self {
            Self::MarkedInError => mark(change, id).await,
            Self::TakenBack(channel) => take_back(change, id, channel).await,
        }
    }
}

/// Ends a consent: by a change, beside everybody's reads, where nothing is shared under it, and by an ending where
/// something is. What was seen before is judged again within either. Returns its time, and whether all keys are gone.
async fn end(
    request: &Request,
    is_shared: bool,
    id: ConsentId,
    how: HowEnded,
) -> Result<(EndedConsent, Instant, bool)> {
    let needed = Resource::Consent.update();
    if !is_shared {
        let mut change = request.change(needed).await?;
        let (ended, now) = (how.end(&change, id).await?, change.now());
        if !ended.was_shared {
            change.destroys(ended.doomed.clone());
            let gone = change.commit_all(ended.events.clone()).await?;
            return Ok((ended, now, gone));
        }
        change.give_up().await?;
    }
    let ending = request.ending(needed).await?;
    let (ended, now) = (how.end(&ending, id).await?, ending.now());
    let gone = ended.commit(ending).await?;
    Ok((ended, now, gone))
}

/// Refuses a signature. That an abuser was to sign goes on record, for the agency alone.
async fn refuse(request: &Request, id: ConsentId, defects: Defects) -> Refusal {
    if defects.by_abuser {
        let code = ConsentCheck::SignerIsAbuser.code();
        request.deny(code, Some(id.to_string())).await;
    }
    let findings = defects.findings;
    Error::ConsentDefective { findings }.into()
}

pub(super) async fn survivor_of(
    change: &Change<'_>,
    consent: &consent::Model,
) -> Result<survivor::Model> {
    let survivor = survivor::Entity::one_of(change.agency(), consent.survivor_id)
        .one(change)
        .await?;
    survivor.ok_or_else(|| Error::NotFound.into())
}

/// Puts a signature under a consent. Returns none, and changes nothing, where the consent would take the place of the
/// version before it: what that one allowed is ended by an [`Ending`] alone.
async fn sign(
    change: Change<'_>,
    id: ConsentId,
    signature: SignatureInput,
) -> Result<Option<(Instant, Signing)>> {
    let consent = life::held(&change, id).await?;
    let survivor = survivor_of(&change, &consent).await?;
    let (role, now) = (signature.role, change.now());
    let signing = sign::sign(&change, consent, &survivor, signature).await?;
    if let Signing::Taken(signed) = &signing {
        if signed.replaces.is_some() {
            change.give_up().await?;
            return Ok(None);
        }
        change.commit(signed.event(role, &survivor)).await?;
    }
    Ok(Some((now, signing)))
}

/// Puts a signature under a later version of a consent, which takes the place of the one before with the last that it
/// needs.
async fn sign_in_place(
    mut ending: Ending<'_>,
    id: ConsentId,
    signature: SignatureInput,
) -> Result<(Instant, Signing)> {
    let now = ending.now();
    let (signing, event) = sign_within(&mut ending, id, signature).await?;
    if let Some(event) = event {
        ending.commit(event).await?;
    }
    Ok((now, signing))
}

/// Drafts a consent of the acting agency's survivor.
pub(crate) async fn draft(
    change: &Change<'_>,
    input: &ConsentInput,
) -> Result<Creation<consent::Model>> {
    let (made, survivor) = draft::draft(change, input).await?;
    Ok(Creation {
        id: made.id.0,
        event: Event::ConsentDrafted(ConsentEvent::of(&made, survivor.audit_id, None)),
        made,
    })
}

/// Drafts the next version of one of the acting agency's consents; returns the event to record.
pub(crate) async fn renew(
    change: &Change<'_>,
    id: ConsentId,
    expires_at: Instant,
) -> Result<(consent::Model, Event)> {
    let earlier = life::held(change, id).await?;
    let survivor = survivor_of(change, &earlier).await?;
    let zone = zone::of_agency(change, change.agency()).await?;
    let is_guarded = survivor.is_guarded(zone.day(change.now()));
    let renewed = life::renew(change, &earlier, is_guarded, expires_at).await?;
    let event = Event::ConsentDrafted(ConsentEvent::of(&renewed, survivor.audit_id, None));
    Ok((renewed, event))
}

/// Puts a signature under one of the acting agency's consents, which takes the place of the version before it with the
/// last that it needs; returns the event to record last if the signature was taken.
pub(crate) async fn sign_within(
    ending: &mut Ending<'_>,
    id: ConsentId,
    signature: SignatureInput,
) -> Result<(Signing, Option<Event>)> {
    let consent = life::held(ending, id).await?;
    let survivor = survivor_of(ending, &consent).await?;
    let role = signature.role;
    let signing = sign::sign(ending, consent, &survivor, signature).await?;
    let Signing::Taken(signed) = &signing else {
        return Ok((signing, None));
    };
    if let Some(earlier) = signed.replaces.clone() {
        let (earlier, left) = life::supersede(ending, earlier, &signed.consent).await?;
        let superseded = ConsentEvent::of(&earlier, survivor.audit_id, None);
        ending.record(Event::ConsentSuperseded(superseded)).await?;
        ending.destroys(DoomedKeys::Packages(left));
    }
    let event = signed.event(role, &survivor);
    Ok((signing, Some(event)))
}

/// Marks a consent of the acting agency's as one that should never have been; returns the event to record.
pub(crate) async fn mark_entered_in_error(
    ending: &mut Ending<'_>,
    id: ConsentId,
) -> Result<(consent::Model, Event)> {
    let mut marked = mark(ending, id).await?;
    ending.destroys(marked.doomed);
    let event = marked.events.pop().ok_or(Error::NotFound)?;
    Ok((marked.consent, event))
}

/// Marks a consent as one that should never have been; one that was marked before stays as it is.
async fn mark(change: &Change<'_>, id: ConsentId) -> Result<EndedConsent> {
    let consent = life::held(change, id).await?;
    let doomed = DoomedKeys::Packages(ending::standing_on(change, id).await?);
    if consent.entered_in_error_at.is_some() {
        return Ok(EndedConsent {
            doomed,
            ..EndedConsent::before(consent, vec![id])
        });
    }
    let survivor = survivor_of(change, &consent).await?;
    let event = ConsentEvent::of(&consent, survivor.audit_id, None);
    let was_shared = rules::may_share(&consent, change.now());
    Ok(EndedConsent {
        consent: life::enter_in_error(change, consent).await?,
        versions: vec![id],
        events: vec![Event::ConsentEnteredInError(event)],
        doomed,
        was_shared,
    })
}

/// Takes back a consent that the acting agency may take back, with every later version of it.
pub(crate) async fn revoke(
    ending: &mut Ending<'_>,
    id: ConsentId,
    channel: RevocationChannel,
) -> Result<EndedConsent> {
    let ended = take_back(ending, id, channel).await?;
    ending.destroys(ended.doomed.clone());
    Ok(ended)
}

async fn take_back(
    change: &Change<'_>,
    id: ConsentId,
    channel: RevocationChannel,
) -> Result<EndedConsent> {
    let found = consent::Entity::revocable_by(change.agency(), id)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let by = By::Agency(change.agency());
    ending::revoke(change, found, by, Some(channel)).await
}

/// Returns a consent that was drafted now, or by an earlier call with the same key.
async fn view_made(ctx: &Context<'_>, created: Created<consent::Model>) -> Result<Consent> {
    match created {
        Created::Now(made) => view(ctx.request()?, made.created_at, made).await,
        Created::Before(id) => reload(ctx, ConsentId(id)).await,
    }
}

/// Returns the consent as an earlier call left it.
pub(super) async fn reload(ctx: &Context<'_>, id: ConsentId) -> Result<Consent> {
    let selection = ConsentSelection::below(ctx, &[]);
    let made = find_consent(ctx.request()?, id, selection).await?;
    made.ok_or_else(|| Error::NotFound.into())
}

/// Returns the consent as the change leaves it.
async fn view(request: &Request, now: Instant, model: consent::Model) -> Result<Consent> {
    Ok(ConsentView::load(request, std::slice::from_ref(&model))
        .await?
        .view(model, now))
}
