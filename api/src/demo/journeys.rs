//! The referrals: drafted, sent, read and answered as [`super::routes`] says.

use std::time::Duration;

use async_graphql::ID;
use concord_entities::agency::USUAL_ANSWER_DAYS;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{HoldReason, Need, Needs, NoteAudience, OutcomeCode, Urgency};

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
use crate::referral::notes::{self, graphql::NoteInput};
use crate::referral::reader::Reader;
use crate::referral::rules::answer::answer_term;
use crate::referral::rules::steps::Step;

/// How long after an answer a note is added.
const AFTER_ANSWER: Duration = Duration::from_mins(4);
/// From which number those are counted that take up an earlier one.
const ONCE_MORE: usize = 1_000;

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
                times: Times::of(*fate, *urgency, start, script.past.now),
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
    started: Instant,
    held: Instant,
    resumed: Instant,
    completed: Instant,
    ended: Instant,
}

impl Times {
    /// Spreads them over the time from `start`, when it was sent (a draft: drafted), to `now`.
    fn of(fate: Fate, urgency: Urgency, start: Instant, now: Instant) -> Self {
        let gone = now.since(start);
        // Well within the time in which it can be answered.
        let soon = answer_term(USUAL_ANSWER_DAYS, urgency) / 3;
        let answering = (gone / 8).min(soon).min(Duration::from_hours(70));
        let before = if fate.is_sent() { 95 } else { 0 };
        Self {
            asked: start.minus(Duration::from_hours(28)),
            drafted: start.minus(Duration::from_mins(before)),
            sent: start,
            read: start.plus(answering * 3 / 4),
            answered: start.plus(answering),
            started: start.plus(gone / 4),
            held: start.plus(gone / 3),
            resumed: start.plus(gone * 2 / 5),
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
            reopens: None,
            consent: consent.number,
            person: self.person,
            recipient: self.route.recipient,
            service: self.route.service,
            nth: self.number,
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
            (
                times.answered.plus(AFTER_ANSWER),
                recipient,
                self.note(NoteAudience::OtherParty),
            ),
            (
                times.answered.plus(AFTER_ANSWER * 2),
                sender,
                self.note(NoteAudience::OwnAgency),
            ),
            (times.started, recipient, self.start()),
            (times.held, recipient, self.hold()),
            (times.resumed, recipient, self.resumption()),
            (times.completed, recipient, self.completion()),
            (times.completed, recipient, self.end_by_recipient()),
            (times.ended, sender, self.end_by_sender()),
        ] {
            if let Some(deed) = deed {
                script.add(at, by, Deed::Referral(plan, deed));
            }
        }
        if let Fate::FailedAndReopened(_) = self.fate {
            let once_more = ReferralPlan {
                number: ONCE_MORE + self.number,
                reopens: Some(self.number),
                ..plan
            };
            for deed in [ReferralDeed::Draft, ReferralDeed::Send] {
                script.add(times.ended, sender, Deed::Referral(once_more, deed));
            }
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
            | Fate::Started
            | Fate::Held(_)
            | Fate::Resumed
            | Fate::Completed(_)
            | Fate::FailedAndReopened(_)
            | Fate::Withdrawn(_)
            | Fate::CalledOff(_)
            | Fate::NeverMeant
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
            Fate::Draft
            | Fate::Discarded
            | Fate::Requested
            | Fate::Withdrawn(_)
            | Fate::NeverMeant => None,
            Fate::Rejected(reason) => Some(ReferralDeed::Take(Step::Reject(reason))),
            Fate::Accepted
            | Fate::Started
            | Fate::Held(_)
            | Fate::Resumed
            | Fate::Completed(_)
            | Fate::FailedAndReopened(_)
            | Fate::CalledOff(_)
            | Fate::Revoked(_)
            | Fate::Mistaken
            | Fate::Lapsed => Some(ReferralDeed::Take(Step::Accept)),
        }
    }

    /// Returns a note, which every third one has that is taken on.
    fn note(&self, audience: NoteAudience) -> Option<ReferralDeed> {
        let taken_on = matches!(self.answer(), Some(ReferralDeed::Take(Step::Accept)));
        let noted = taken_on && self.number.is_multiple_of(3);
        noted.then_some(ReferralDeed::Note(audience))
    }

    fn start(&self) -> Option<ReferralDeed> {
        let starts = matches!(
            self.fate,
            Fate::Started | Fate::Held(_) | Fate::Resumed | Fate::FailedAndReopened(_)
        );
        starts.then_some(ReferralDeed::Take(Step::Start))
    }

    fn hold(&self) -> Option<ReferralDeed> {
        let waited = matches!(self.fate, Fate::Resumed).then_some(HoldReason::NoCapacity);
        let reason = if let Fate::Held(reason) = self.fate {
            Some(reason)
        } else {
            waited
        };
        reason.map(|reason| ReferralDeed::Take(Step::Hold(reason)))
    }

    fn resumption(&self) -> Option<ReferralDeed> {
        matches!(self.fate, Fate::Resumed).then_some(ReferralDeed::Take(Step::Resume))
    }

    fn end_by_recipient(&self) -> Option<ReferralDeed> {
        if let Fate::FailedAndReopened(reason) = self.fate {
            Some(ReferralDeed::Take(Step::Fail(reason)))
        } else if let Fate::CalledOff(reason) = self.fate {
            Some(ReferralDeed::Take(Step::Cancel(reason)))
        } else {
            None
        }
    }

    fn end_by_sender(&self) -> Option<ReferralDeed> {
        if let Fate::Withdrawn(reason) = self.fate {
            Some(ReferralDeed::Take(Step::Cancel(reason)))
        } else if matches!(self.fate, Fate::NeverMeant) {
            Some(ReferralDeed::Take(Step::MarkEnteredInError))
        } else {
            matches!(self.fate, Fate::Discarded).then_some(ReferralDeed::Discard)
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
            | Fate::Started
            | Fate::Held(_)
            | Fate::Resumed
            | Fate::Completed(_)
            | Fate::FailedAndReopened(_)
            | Fate::Withdrawn(_)
            | Fate::CalledOff(_)
            | Fate::NeverMeant
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
            let reopens = match plan.reopens {
                Some(earlier) => Some(ID(stage.referrals.get(earlier)?.to_string())),
                None => None,
            };
            let made = referral::draft::draft(change, stage.vault, input, reopens.as_ref());
            let (made, event) = made.await?;
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
        ReferralDeed::Take(step) => {
            let taken = referral::steps::take(change, id()?, step).await?;
            Ok(taken.ok_or(Error::NotFound)?)
        }
        ReferralDeed::Note(audience) => {
            let about = plan.service.consented(plan.nth).iter().next();
            let note = NoteInput {
                category: about.ok_or(Error::NotFound)?,
                text: packages::noted(audience, plan.nth).to_owned(),
                audience,
                idempotency_key: None,
            };
            let (_, event) = notes::change::add(change, stage.vault, id()?, note).await?;
            Ok(event)
        }
        ReferralDeed::Complete(code) => {
            let needs = plan.service.needs(plan.nth);
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
    let (service, nth) = (plan.service, plan.nth);
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
