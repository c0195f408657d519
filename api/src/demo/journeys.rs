//! The referrals: drafted, sent, read and answered as [`super::routes`] says.

use std::time::Duration;

use async_graphql::ID;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Need, Needs, OutcomeCode, Urgency};

use super::consents::{self, ConsentRequest};
use super::packages;
use super::personas;
use super::routes::{Fate, ROUTES, RoutePlan};
use super::script::{ConsentDeed, Deed, ReferralDeed, ReferralPlan, Script};
use super::stage::Stage;
use super::survivors::{Person, SURVIVORS};
use crate::access::scope::Scopes;
use crate::audit::change::{Change, Ending};
use crate::audit::event::Event;
use crate::error::{Error, Refusal, Result};
use crate::referral;
use crate::referral::input::{OutcomeInput, ReferralDraftInput};
use crate::referral::reader::Reader;

/// Scripts every referral of the plan, with the consent that it stands on.
pub(super) fn tell(script: &mut Script) {
    let mut number = 0;
    for route in ROUTES {
        let mut own: Vec<&'static Person> = SURVIVORS
            .iter()
            .filter(|person| person.agency == route.sender)
            .collect();
        let places = own.len().max(1);
        own.rotate_left(route.first % places);
        for (person, (fate, hours, urgency)) in own.into_iter().zip(route.journeys) {
            let start = script.past.about(*hours, number);
            let journey = Journey {
                route,
                fate: *fate,
                urgency: *urgency,
                number,
                person,
                times: Times::of(*fate, start, script.past.now),
            };
            journey.tell(script);
            number += 1;
        }
    }
}

/// When a referral's steps were.
#[derive(Clone, Copy, Debug)]
struct Times {
    asked: Instant,
    drafted: Instant,
    sent: Instant,
    read: Instant,
    answered: Instant,
    completed: Instant,
    ended: Instant,
}

impl Times {
    /// Spreads them over the time from `start`, when it was sent (a draft: drafted), to `now`.
    fn of(fate: Fate, start: Instant, now: Instant) -> Self {
        let gone = now.since(start);
        let answering = (gone / 8).min(Duration::from_hours(70));
        let before = if fate.is_sent() { 95 } else { 0 };
        Self {
            asked: start.minus(Duration::from_hours(28)),
            drafted: start.minus(Duration::from_mins(before)),
            sent: start,
            read: start.plus(answering * 3 / 4),
            answered: start.plus(answering),
            completed: start.plus(gone / 2),
            ended: start.plus(gone * 3 / 4),
        }
    }
}

/// One referral about to be told.
struct Journey {
    route: &'static RoutePlan,
    fate: Fate,
    urgency: Urgency,
    number: usize,
    person: &'static Person,
    times: Times,
}

impl Journey {
    fn tell(&self, script: &mut Script) {
        let consent = consents::ask(script, &self.request());
        let plan = ReferralPlan {
            number: self.number,
            consent: consent.number,
            person: self.person,
            recipient: self.route.recipient,
            service: self.route.service,
            urgency: self.urgency,
        };
        let (sender, recipient) = (self.route.sender, self.route.recipient);
        let times = &self.times;
        for (at, by, deed) in [
            (times.drafted, sender, Some(ReferralDeed::Draft)),
            (times.sent, sender, self.sending()),
            (
                times.read,
                recipient,
                self.answer().map(|_| ReferralDeed::Read),
            ),
            (times.answered, recipient, self.answer()),
            (times.completed, recipient, self.completion()),
        ] {
            if let Some(deed) = deed {
                script.add(at, by, Deed::Referral(plan, deed));
            }
        }
        if let Fate::Discarded = self.fate {
            let deed = Deed::Referral(plan, ReferralDeed::Discard);
            script.add(times.ended, sender, deed);
        }
        if let Some(ended) = self.end_of_consent() {
            script.add(times.ended, sender, Deed::Consent(consent, ended));
        }
    }

    fn request(&self) -> ConsentRequest {
        let days = match self.fate {
            Fate::Lapsed => 30,
            Fate::Rejected(_) | Fate::Completed(_) if self.number.is_multiple_of(2) => 60,
            Fate::Draft
            | Fate::Discarded
            | Fate::Requested
            | Fate::Accepted
            | Fate::Rejected(_)
            | Fate::Completed(_)
            | Fate::Revoked(_)
            | Fate::Mistaken => 90,
        };
        ConsentRequest {
            person: self.person,
            recipient: self.route.recipient,
            service: self.route.service,
            nth: self.number,
            drafted: self.times.asked,
            days,
            signed: self.sending().is_some() || self.number.is_multiple_of(2),
            renews: None,
        }
    }

    fn sending(&self) -> Option<ReferralDeed> {
        self.fate.is_sent().then_some(ReferralDeed::Send)
    }

    fn answer(&self) -> Option<ReferralDeed> {
        match self.fate {
            Fate::Draft | Fate::Discarded | Fate::Requested => None,
            Fate::Rejected(reason) => Some(ReferralDeed::Reject(reason)),
            Fate::Accepted
            | Fate::Completed(_)
            | Fate::Revoked(_)
            | Fate::Mistaken
            | Fate::Lapsed => Some(ReferralDeed::Accept),
        }
    }

    fn completion(&self) -> Option<ReferralDeed> {
        if let Fate::Completed(outcome) = self.fate {
            Some(ReferralDeed::Complete(outcome))
        } else {
            None
        }
    }

    /// Returns how its consent ended, where it did not end by itself.
    fn end_of_consent(&self) -> Option<ConsentDeed> {
        match self.fate {
            Fate::Revoked(channel) => Some(ConsentDeed::Revoke(channel)),
            Fate::Mistaken => Some(ConsentDeed::MarkEnteredInError),
            Fate::Draft
            | Fate::Discarded
            | Fate::Requested
            | Fate::Accepted
            | Fate::Rejected(_)
            | Fate::Completed(_)
            | Fate::Lapsed => None,
        }
    }
}

/// Does one thing with a referral.
pub(super) async fn play(
    stage: &mut Stage<'_>,
    change: &mut Ending<'_>,
    plan: &ReferralPlan,
    deed: ReferralDeed,
) -> Result<Event> {
    let id = || stage.referrals.get(plan.number);
    match deed {
        ReferralDeed::Draft => {
            let input = input(stage, plan)?;
            let (made, event) = referral::draft::draft(change, stage.vault, input).await?;
            stage.referrals.keep(plan.number, made.id);
            Ok(event)
        }
        ReferralDeed::Send => {
            let sent = referral::change::send(change, id()?).await?;
            Ok(sent.ok_or(Error::NotFound)?)
        }
        ReferralDeed::Discard => {
            let (doomed, event) = referral::draft::discard(change, id()?).await?;
            change.destroys(doomed);
            Ok(event.ok_or(Error::NotFound)?)
        }
        ReferralDeed::Read => read(stage, change, plan).await,
        ReferralDeed::Accept => {
            let accepted = referral::change::accept(change, id()?).await?;
            Ok(accepted.ok_or(Error::NotFound)?)
        }
        ReferralDeed::Reject(reason) => {
            let rejected = referral::change::reject(change, id()?, reason).await?;
            Ok(rejected.ok_or(Error::NotFound)?)
        }
        ReferralDeed::Complete(code) => {
            let needs = plan.service.needs(plan.number);
            let code = meant(code, needs);
            let provided = provided(code, needs);
            let outcome = OutcomeInput { code, provided };
            let completed = referral::change::complete(change, id()?, &outcome).await?;
            Ok(completed.ok_or(Error::NotFound)?)
        }
    }
}

/// Reads a package as its recipient's program does: what is decided goes on record, and nobody sees it.
async fn read(stage: &Stage<'_>, change: &Change<'_>, plan: &ReferralPlan) -> Result<Event> {
    let scopes = Scopes::parse(personas::widest(plan.recipient)).map_err(Refusal::internal)?;
    let reader = Reader {
        agency: change.agency(),
        scopes: &scopes,
    };
    let id = stage.referrals.get(plan.number)?;
    let purpose = plan.service.purpose();
    let mut events = referral::read::invented(change, reader, id, purpose, change.now()).await?;
    let last = events.pop().ok_or(Error::NotFound)?;
    for event in events {
        change.record(event).await?;
    }
    Ok(last)
}

fn input(stage: &Stage<'_>, plan: &ReferralPlan) -> Result<ReferralDraftInput> {
    let today = stage.past.now.day();
    let (service, nth) = (plan.service, plan.number);
    Ok(ReferralDraftInput {
        consent: ID(stage.consents.get(plan.consent)?.to_string()),
        needs: service.needs(nth).iter().collect(),
        urgency: plan.urgency,
        package: packages::pack(service, plan.person, nth, service.consented(nth), today),
        again: true,
    })
}

/// Returns the outcome that can be meant: of a single need none is met in part.
fn meant(outcome: OutcomeCode, needs: Needs) -> OutcomeCode {
    if outcome == OutcomeCode::NeedsPartlyMet && needs.iter().count() == 1 {
        OutcomeCode::NeedsMet
    } else {
        outcome
    }
}

fn provided(outcome: OutcomeCode, needs: Needs) -> Vec<Need> {
    let asked = needs.iter().count();
    let met = match outcome {
        OutcomeCode::NeedsMet => asked,
        // One is left where there is one to leave.
        OutcomeCode::NeedsPartlyMet | OutcomeCode::ReferredOnward | OutcomeCode::SurvivorEnded => {
            asked.saturating_sub(1).min(1)
        }
    };
    needs.iter().take(met).collect()
}
