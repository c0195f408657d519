//! The versions of an MOU: drafting the next one, and signing, by which it takes the place of the one before.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::MouId;
use concord_entities::vocabulary::{MouAction, NoticeKind};
use concord_entities::{mou, mou_party, referral};

use super::change::{VersionBefore, draft_version, find, finish, save, sign, view};
use super::graphql::Mou;
use super::impact::ImpactSeen;
use super::input::{MouInput, MouSignatureInput, MouTerms, PartyInput};
use super::promises::Promise;
use super::rules::impact::takes_away;
use super::rules::transitions::SeenMou;
use super::rules::versions::superseded;
use super::standing::tell;
use super::{impact, unsound};
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::event::{Event, MouEvent};
use crate::error::{Error, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::store::page;
use crate::wire::scalars::{Date, Sha256};

/// Signing MOUs, and drafting their next versions.
#[derive(Default)]
pub struct MouVersionMutation;

/// Signing MOUs, and drafting their next versions.
#[Object]
impl MouVersionMutation {
    /// Signs an offered MOU for your agency. With the last party's signature it is in force, from its first day on, and takes the
    /// place of the version before.
    async fn sign_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
        #[graphql(desc = "Who signs for your agency.")] signature: MouSignatureInput,
    ) -> Result<Mou> {
        let request = ctx.request()?;
        let id: MouId = page::id("id", &id)?;
        Box::pin(sign_once(request, id, signature)).await
    }

    /// Drafts the next version of an MOU that is in force or has expired, in other terms: offer it, and as its last party signs
    /// it takes the place of the one before. Whatever was sent under that one stands on it from then on, also where it is
    /// narrower.
    async fn amend_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the version before.")] id: ID,
        #[graphql(
            desc = "All that the parties agree on: the parties of the version before and any others, and a first day that is not to come."
        )]
        mou: MouInput,
        #[graphql(
            desc = "The digest of `Mou.impact` of the version before, read without a day, where that one is in force and this one takes away from it: a pair of purpose and category, days at its end, or something that is promised. Where it changed meanwhile the answer is `IMPACT_UNSEEN`: show it again, and pass its `extensions.impactSeen`."
        )]
        impact_seen: Option<Sha256>,
    ) -> Result<Mou> {
        let request = ctx.request()?;
        let seen = Box::pin(impact_is_seen(request, &id, impact_seen.as_ref())).await?;
        let key = mou.idempotency_key.clone();
        let call = CreatingCall::new(
            &format!("amendMou {}", *id),
            "mou.idempotencyKey",
            key.as_ref(),
            &mou,
        )?;
        Box::pin(next_once(
            request,
            &id,
            call,
            Next::Amended(Box::new(mou), seen),
        ))
        .await
    }

    /// Drafts the next version of an MOU that is in force or has expired, in the same terms from today on: offer it, and as its
    /// last party signs it takes the place of the one before. Refused where its terms would not be taken today: amend it then.
    async fn renew_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the version before.")] id: ID,
        #[graphql(desc = "Its last day in force.")] expires_on: Date,
        #[graphql(desc = "The day on which its review is due, within its term.")] review_on: Option<
            Date,
        >,
        #[graphql(
            desc = "The same key again returns what the first call made: 1 to 200 characters."
        )]
        idempotency_key: Option<ID>,
    ) -> Result<Mou> {
        let until = review_on.map(|day| day.0.to_string()).unwrap_or_default();
        let call = CreatingCall::new(
            &format!("renewMou {} {until}", *id),
            "idempotencyKey",
            idempotency_key.as_ref(),
            &expires_on,
        )?;
        let next = Next::Renewed(expires_on, review_on);
        Box::pin(next_once(ctx.request()?, &id, call, next)).await
    }
}

/// What the next version says.
enum Next {
    /// This; and whether what would stop without the version before was seen.
    Amended(Box<MouInput>, ImpactSeen),
    /// The same, until this day, reviewed on that one.
    Renewed(Date, Option<Date>),
}

impl Next {
    fn action(&self) -> MouAction {
        match self {
            Self::Amended(..) => MouAction::Amend,
            Self::Renewed(..) => MouAction::Renew,
        }
    }
}

async fn next_once(request: &Request, id: &ID, call: CreatingCall, next: Next) -> Result<Mou> {
    let change = request.change(Resource::Mou.create()).await?;
    let before: MouId = page::id("id", id)?;
    let vault = &request.worker.vault;
    let created = idempotency::creates_once(change, vault, call, async |change| {
        let (made, event) = next_version(change, before, next).await?;
        Ok(Creation {
            id: made.id.0,
            event,
            made,
        })
    })
    .await?;
    match created {
        Created::Now(made) => view(request, made.created_at, made).await,
        Created::Before(id) => find(request, MouId(id)).await,
    }
}

/// Drafts the renewal of an MOU of the acting agency's; returns the event to record.
///
/// # Errors
/// `NOT_FOUND`, `INVALID_TRANSITION`, `BAD_USER_INPUT`, `UNAVAILABLE`.
pub(crate) async fn renew(
    change: &Change<'_>,
    before: MouId,
    expires_on: Date,
    review_on: Option<Date>,
) -> Result<(mou::Model, Event)> {
    next_version(change, before, Next::Renewed(expires_on, review_on)).await
}

async fn next_version(
    change: &Change<'_>,
    before: MouId,
    next: Next,
) -> Result<(mou::Model, Event)> {
    let mou = mou::Entity::known_to(change.agency(), before)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let parties = mou_party::Entity::of([before]).all(change).await?;
    let seen = SeenMou {
        mou: &mou,
        parties: &parties,
        agency: change.agency(),
        now: change.now(),
    };
    seen.may(next.action())?;
    let (input, fields, impact_seen) = match next {
        Next::Amended(input, seen) => (*input, "mou.", seen),
        Next::Renewed(expires_on, review_on) => {
            let input = renewed(&seen, expires_on, review_on)?;
            (input, "", ImpactSeen::Yes)
        }
    };
    let version = VersionBefore {
        mou: &mou,
        parties: &parties,
        fields,
    };
    let (made, event) = draft_version(change, input, Some(version)).await?;
    if impact_seen != ImpactSeen::Yes && mou.dates().is_in_force(change.now()) {
        let parties_made = mou_party::Entity::of([made.id]).all(change).await?;
        if takes_away((&mou, &parties), (&made, &parties_made)) {
            impact_seen.require()?;
        }
    }
    Ok((made, event))
}

/// Returns whether a digest is that of what would stop now without an MOU that the caller's agency follows.
async fn impact_is_seen(request: &Request, id: &ID, digest: Option<&Sha256>) -> Result<ImpactSeen> {
    let now = request.looks(Resource::Mou.create()).await?;
    let before: MouId = page::id("id", id)?;
    let among = mou::Entity::known_to(request.caller.agency(), before);
    // What is not found is told as the version is drafted.
    match among.one(&request.worker.store.read).await? {
        Some(mou) => impact::seen(request, &mou, digest, now).await,
        None => Ok(ImpactSeen::No { again: None }),
    }
}

/// Returns what an MOU says, as the input of a next version from today on.
fn renewed(seen: &SeenMou<'_>, expires_on: Date, review_on: Option<Date>) -> Result<MouInput> {
    let mou = seen.mou;
    if let Some(faults) = unsound::faults_of_words(mou, seen.parties).found() {
        let text = format!(
            "this MOU says what is not taken any more, or leaves it out ({faults}): amend it, and mend that"
        );
        return Err(Error::NotNow(text.into()).into());
    }
    let staying = seen
        .parties
        .iter()
        .filter(|party| party.leaves_at.is_none());
    let input = MouInput {
        kind: mou.kind,
        title: mou.title.clone(),
        // The one of the version before.
        task_force: None,
        parties: staying
            .map(|party| PartyInput {
                agency: ID(party.agency_id.to_string()),
                responsibilities: party.responsibilities.clone(),
                promises: Some(party.promises.0.iter().map(Promise::from).collect()),
            })
            .collect(),
        terms: MouTerms::of(mou),
        effective_on: mou.time_zone.day(seen.now).into(),
        review_on,
        expires_on: Some(expires_on),
        idempotency_key: None,
    };
    Ok(input)
}

/// Signs an MOU for the caller's agency. The last signature under a next version ends what the one before permitted.
pub(super) async fn sign_once(
    request: &Request,
    id: MouId,
    signature: MouSignatureInput,
) -> Result<Mou> {
    let needed = Resource::Mou.update();
    let change = request.change(needed).await?;
    let signed = sign(&change, id, signature.clone()).await?;
    let takes_place = signed
        .as_ref()
        .is_some_and(|(mou, _)| mou.supersedes.is_some() && mou.signed_at.is_some());
    if !takes_place {
        return finish(request, change, id, signed).await;
    }
    // Judged again while nothing is released: what was permitted until now may not be any more.
    change.give_up().await?;
    let ending = request.ending(needed).await?;
    let now = ending.now();
    let Some((mou, event)) = sign(&ending, id, signature).await? else {
        ending.ends_nothing().give_up().await?;
        return find(request, id).await;
    };
    match take_place(&ending, &mou).await? {
        Some(before) => {
            ending.commit_all(vec![before, event]).await?;
        }
        None => {
            ending.ends_nothing().commit(event).await?;
        }
    }
    view(request, now, mou).await
}

/// Has a version that all have signed take the place of the one before; returns the event to record, or none where some have not
/// signed.
///
/// # Errors
/// As [`superseded`]; `UNAVAILABLE`.
pub(crate) async fn take_place(change: &Change<'_>, next: &mou::Model) -> Result<Option<Event>> {
    let (Some(before), Some(_)) = (next.supersedes, next.signed_at) else {
        return Ok(None);
    };
    let before = mou::Entity::anywhere(before)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let parties_before = mou_party::Entity::of([before.id]).all(change).await?;
    let parties = mou_party::Entity::of([next.id]).all(change).await?;
    let before = superseded(before, &parties_before, &parties, change.now())?;
    let before = save(change, before).await?;
    let agencies = parties.iter().map(|party| party.agency_id);
    referral::Entity::stand_on_next(before.id, (next.id, next.stands_until()), agencies)
        .exec(change)
        .await?;
    referral::Entity::stand_under(before.id, before.stands_until())
        .exec(change)
        .await?;
    for party in parties
        .iter()
        .filter(|one| one.agency_id != change.agency())
    {
        tell(change, party.agency_id, next.id, NoticeKind::MouSuperseded).await?;
    }
    Ok(Some(Event::MouSuperseded(MouEvent::from(&before))))
}
