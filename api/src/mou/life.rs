//! What parties say of an MOU after it was offered: who, what, rule, save, record.
//!
//! All but a declining is said within an [`Ending`](crate::audit::change::Ending): a suspension, and an end or a leaving at
//! once, are in force on the very next read; the others end nothing, and what is sent meanwhile takes over from the MOU until
//! when it stands.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::ids::{AgencyId, MouId};
use concord_entities::instant::Instant;
use concord_entities::{mou, mou_party};

use super::change::{find, save_both, view};
use super::graphql::Mou;
use super::impact;
use super::rules::transitions::has_left;
use super::rules::words::{self, EndReason, PartyWord, Said};
use super::standing::{stand_anew, tell};
use crate::access::grant::Resource;
use crate::audit::change::{Author, Change};
use crate::audit::event::{Event, MouEvent};
use crate::error::{Error, Faults, Result};
use crate::request::{InRequest, Request};
use crate::store::page;
use crate::text;
use crate::wire::scalars::{Date, Sha256};

/// Letters in the longest reason.
const MAX_REASON: usize = 500;

/// Changing MOUs after they were offered.
#[derive(Default)]
pub struct MouLifeMutation;

/// Changing MOUs after they were offered.
#[Object]
impl MouLifeMutation {
    /// Turns down an MOU that was offered, for your agency, before all of its parties have signed: nobody can sign it any more.
    async fn decline_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
        #[graphql(
            desc = "Why, for the other parties and their task force: 1 to 500 characters, and nothing about a person served."
        )]
        reason: String,
    ) -> Result<Mou> {
        let word = PartyWord::Decline(reason_given(&reason)?);
        say(ctx.request()?, &id, word).await
    }

    /// Suspends an MOU of your agency's: nothing is shared under it any more, from the very next request on, and the open
    /// referrals that stand on it are suspended. It stands until your agency takes it back; another party's suspension is its
    /// own.
    async fn suspend_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
        #[graphql(
            desc = "Why, for the other parties and their task force: 1 to 500 characters, and nothing about a person served."
        )]
        reason: String,
    ) -> Result<Mou> {
        let word = PartyWord::Suspend(reason_given(&reason)?);
        say(ctx.request()?, &id, word).await
    }

    /// Takes your agency's suspension of an MOU back. Where no other party suspends it, it is in force again, and so are the
    /// open referrals that stand on it and whose consents are.
    async fn reinstate_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
    ) -> Result<Mou> {
        say(ctx.request()?, &id, PartyWord::Reinstate).await
    }

    /// Ends an MOU of your agency's: after the last day of the notice that was agreed, which `terminatesOn` tells; at once where
    /// you name a breach, where no notice was agreed, or with the word of the last of its parties, where all say so.
    async fn terminate_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
        #[graphql(
            desc = "Why, for the other parties and their task force: 1 to 500 characters, and nothing about a person served."
        )]
        reason: String,
        #[graphql(
            desc = "Whether the MOU was broken: then it ends at once.",
            default = false
        )]
        breach: bool,
        #[graphql(
            desc = "The digest of `Mou.impact`, read without a day, where the MOU ends with a notice: what would stop was seen. Where it changed meanwhile the answer is `IMPACT_UNSEEN`: show it again, and pass its `extensions.impactSeen`. What ends at once never waits for it."
        )]
        impact_seen: Option<Sha256>,
    ) -> Result<Mou> {
        let text = reason_given(&reason)?;
        let word = PartyWord::Terminate(EndReason { text, breach });
        Box::pin(say_of(ctx.request()?, &id, &word, impact_seen.as_ref())).await
    }

    /// Has your agency leave an MOU that two others at least go on with: after the last day of the notice that was agreed
    /// (`leavesAt`), or at once where you name a breach, have suspended the MOU, or no notice was agreed. From then on nothing is
    /// shared with your agency, or by it, under this MOU.
    async fn leave_mou(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
        #[graphql(
            desc = "Why, for the other parties and their task force: 1 to 500 characters, and nothing about a person served."
        )]
        reason: String,
        #[graphql(
            desc = "Whether the MOU was broken: then your agency leaves at once.",
            default = false
        )]
        breach: bool,
    ) -> Result<Mou> {
        let text = reason_given(&reason)?;
        let word = PartyWord::Leave(EndReason { text, breach });
        say(ctx.request()?, &id, word).await
    }

    /// Says that your agency reviewed an MOU, and until when it is reviewed next. Once every party has said the same day, that is
    /// its `reviewOn`: an open-ended MOU goes on until 90 days after it.
    async fn confirm_mou_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The MOU's id.")] id: ID,
        #[graphql(desc = "The day on which its next review is due.")] review_on: Date,
    ) -> Result<Mou> {
        say(ctx.request()?, &id, PartyWord::ConfirmReview(review_on.0)).await
    }
}

fn reason_given(reason: &str) -> Result<String> {
    let mut faults = Faults::default();
    let reason = text::prose_at(&mut faults, "reason", reason, MAX_REASON);
    faults.none()?;
    Ok(reason)
}

/// Has the caller's agency say something of an MOU; where it said so last, answers with the MOU as it stands.
async fn say(request: &Request, id: &ID, word: PartyWord) -> Result<Mou> {
    Box::pin(say_of(request, id, &word, None)).await
}

async fn say_of(
    request: &Request,
    id: &ID,
    word: &PartyWord,
    impact_seen: Option<&Sha256>,
) -> Result<Mou> {
    let needed = Resource::Mou.update();
    let now = request.looks(needed).await?;
    let id: MouId = page::id("id", id)?;
    let agency = request.caller.agency();
    let store = &request.worker.store.read;
    let seen = mou::Entity::known_to(agency, id).one(store).await?;
    let seen = seen.ok_or(Error::NotFound)?;
    let parties = mou_party::Entity::of([id]).all(store).await?;
    let Some(heard) = words::hear(&seen, &parties, agency, word, now)? else {
        return find(request, id).await;
    };
    if heard.waits_for_impact(word) {
        // Before any lock: to count it all takes a while, and a notice leaves time to look again.
        impact::seen(request, &seen, impact_seen, now)
            .await?
            .require()?;
    }
    if matches!(word, PartyWord::Decline(_)) {
        let change = request.change(needed).await?;
        let now = change.now();
        let Some((mou, event, _)) = said(&change, id, word).await? else {
            change.give_up().await?;
            return find(request, id).await;
        };
        change.commit(event).await?;
        return view(request, now, mou).await;
    }
    let ending = if word.is_counted() {
        request.counted_ending(needed).await?
    } else {
        request.ending(needed).await?
    };
    let now = ending.now();
    let Some((mou, event, ends_sharing)) = said(&ending, id, word).await? else {
        ending.ends_nothing().give_up().await?;
        return find(request, id).await;
    };
    if ends_sharing {
        ending.commit(event).await?;
    } else {
        ending.ends_nothing().commit(event).await?;
    }
    view(request, now, mou).await
}

/// Has the acting agency say something of an MOU. Returns it, the event to record, and whether some sharing ends by it; none
/// where the agency said so last.
///
/// # Errors
/// As [`words::hear`]; `NOT_FOUND`; `UNAVAILABLE`.
pub(crate) async fn said(
    change: &Change<'_>,
    id: MouId,
    word: &PartyWord,
) -> Result<Option<(mou::Model, Event, bool)>> {
    let mou = mou::Entity::known_to(change.agency(), id)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let (agency, now) = (change.agency(), change.now());
    heard(change, &mou, agency, word, now).await
}

/// Has an agency say something of an MOU at `now`, as [`said`] does.
///
/// # Errors
/// As [`words::hear`]; `UNAVAILABLE`.
pub(super) async fn heard<By: Author>(
    change: &Change<'_, By>,
    mou: &mou::Model,
    agency: AgencyId,
    word: &PartyWord,
    now: Instant,
) -> Result<Option<(mou::Model, Event, bool)>> {
    let parties = mou_party::Entity::of([mou.id]).all(change).await?;
    let Some(said) = words::hear(mou, &parties, agency, word, now)? else {
        return Ok(None);
    };
    let Said {
        changed,
        how,
        ends_sharing,
    } = said;
    let mou = save_both(change, changed).await?;
    stand_anew(change, &mou).await?;
    for party in parties.iter().filter(|one| !has_left(one, now)) {
        if party.agency_id != agency {
            tell(change, party.agency_id, mou.id, word.notice()).await?;
        }
    }
    let event = MouEvent {
        how: how.map(words::HowMouEnds::code),
        ..MouEvent::from(&mou)
    };
    Ok(Some((mou, word.event(event), ends_sharing)))
}

impl PartyWord {
    fn event(&self, mou: MouEvent) -> Event {
        match self {
            Self::Decline(_) => Event::MouDeclined(mou),
            Self::Suspend(_) => Event::MouSuspended(mou),
            Self::Reinstate => Event::MouReinstated(mou),
            Self::Terminate(_) => Event::MouTerminated(mou),
            Self::Leave(_) => Event::MouLeft(mou),
            Self::ConfirmReview(_) => Event::MouReviewConfirmed(mou),
        }
    }
}
