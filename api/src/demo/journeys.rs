//! The referrals: their rows, packages, consents and events, from the plan of [`super::routes`].

use std::time::Duration;

use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    DataCategory, Needs, OutcomeCode, ReferralStatus, StatusReason, Urgency,
};
use concord_entities::{consent, mou, referral};

use super::agreements::{Agreements, halted_at};
use super::cast::{Agencies, Member, Who};
use super::chronicle::AuditHistory;
use super::packages;
use super::past::{Past, id_at};
use super::people::{ConsentRequest, Consents, RegisteredSurvivor};
use super::routes::{Fate, ROUTES, Route};
use crate::audit::event::{Event, ReferralEvent};
use crate::error::{Refusal, Result};
use crate::referral::rules;
use crate::sharing::Ground;

/// A referral with its package, still open.
#[derive(Debug)]
pub(super) struct Journey {
    /// Its row.
    pub(super) row: referral::Model,
    /// The package, category by category.
    pub(super) parts: Vec<(DataCategory, Vec<u8>)>,
    /// Whether its consent has ended, so that nobody may open the package any more.
    pub(super) ended: bool,
}

/// Who is there and what binds them.
#[derive(Clone, Copy, Debug)]
pub(super) struct World<'w> {
    /// The agencies.
    pub(super) cast: &'w Agencies,
    /// Their MOUs.
    pub(super) agreements: &'w Agreements,
    /// The time before now.
    pub(super) past: Past,
}

/// Plays every referral of the plan.
///
/// # Errors
/// Where a package cannot be written, which none of ours is.
pub(super) fn play(
    world: World<'_>,
    survivors: &mut [RegisteredSurvivor],
    consents: &mut Consents,
    chronicle: &mut AuditHistory,
) -> Result<Vec<Journey>> {
    let mut journeys = Vec::new();
    for route in ROUTES {
        let mut own: Vec<&mut RegisteredSurvivor> = survivors
            .iter_mut()
            .filter(|survivor| survivor.person.agency == route.sender)
            .collect();
        let places = own.len().max(1);
        own.rotate_left(route.first % places);
        for (survivor, (fate, hours, urgency)) in own.into_iter().zip(route.journeys) {
            let nth = journeys.len();
            let times = Times::of(*fate, world.past.about(*hours, nth), world.past.now);
            survivor.was_known_by(times.asked);
            let asked = ask(route, *fate, &times, nth);
            let consent = consents.ask(survivor, &asked, world.cast, chronicle);
            let scene = Scene {
                world,
                route,
                fate: *fate,
                urgency: *urgency,
                nth,
                times,
                survivor,
                consent,
            };
            journeys.push(scene.play(chronicle)?);
        }
    }
    Ok(journeys)
}

/// When a referral's steps were.
#[derive(Clone, Copy, Debug)]
struct Times {
    asked: Instant,
    drafted: Instant,
    sent: Option<Instant>,
    read: Instant,
    answered: Instant,
    ended: Instant,
    revoked: Instant,
}

impl Times {
    /// Spread over the time from `start`, when it was sent (a draft: drafted), to `now`.
    fn of(fate: Fate, start: Instant, now: Instant) -> Self {
        let gone = now.since(start);
        let answering = (gone / 8).min(Duration::from_hours(70));
        let sent = (!matches!(fate, Fate::Draft)).then_some(start);
        Self {
            asked: start.minus(Duration::from_hours(28)),
            drafted: sent.map_or(start, |sent| sent.minus(Duration::from_mins(95))),
            sent,
            read: start.plus(answering * 3 / 4),
            answered: start.plus(answering),
            ended: start.plus(gone / 2),
            revoked: start.plus(gone * 3 / 4),
        }
    }
}

fn ask(route: &Route, fate: Fate, times: &Times, nth: usize) -> ConsentRequest {
    let days = match fate {
        Fate::Lapsed => 30,
        Fate::Draft
        | Fate::Requested
        | Fate::Accepted
        | Fate::InProgress
        | Fate::OnHold(_)
        | Fate::Revoked(_) => 90,
        Fate::Rejected(_)
        | Fate::Cancelled(_)
        | Fate::Completed(_)
        | Fate::Failed(_)
        | Fate::EnteredInError => {
            if nth.is_multiple_of(2) {
                60
            } else {
                90
            }
        }
    };
    let revoked = if let Fate::Revoked(channel) = fate {
        Some((times.revoked, channel))
    } else {
        None
    };
    ConsentRequest {
        recipient: route.recipient,
        service: route.service,
        nth,
        drafted: times.asked,
        days,
        signed: times.sent.is_some() || nth.is_multiple_of(2),
        revoked,
    }
}

/// One referral about to be played.
struct Scene<'s> {
    world: World<'s>,
    route: &'static Route,
    fate: Fate,
    urgency: Urgency,
    nth: usize,
    times: Times,
    survivor: &'s RegisteredSurvivor,
    consent: consent::Model,
}

/// Where people brought a referral.
struct Stand {
    status: ReferralStatus,
    reason: Option<StatusReason>,
    at: Instant,
    outcome: Option<OutcomeCode>,
}

impl Scene<'_> {
    fn member(&self, who: Who) -> &Member {
        self.world.cast.member(who)
    }

    fn play(&self, chronicle: &mut AuditHistory) -> Result<Journey> {
        let consented = self.consent.categories;
        let today = self.world.past.now.day();
        let contents = packages::pack(
            self.route.service,
            self.survivor.person,
            self.nth,
            consented,
            today,
        );
        let mou = self.times.sent.and_then(|_| {
            self.world
                .agreements
                .between(self.route.sender, self.route.recipient)
        });
        let mut row = self.row(mou);
        row.contains = contents.categories();
        self.halt(&mut row, mou);
        self.tell(&row, mou, chronicle);
        Ok(Journey {
            parts: contents.parts().map_err(Refusal::internal)?,
            ended: self.consent.revoked_at.is_some()
                || self.consent.expires_at <= self.world.past.now,
            row,
        })
    }

    fn stand(&self) -> Stand {
        let times = &self.times;
        let stand = |status, reason, at| Stand {
            status,
            reason,
            at,
            outcome: None,
        };
        match self.fate {
            Fate::Draft => stand(ReferralStatus::Draft, None, times.drafted),
            Fate::Requested => stand(
                ReferralStatus::Requested,
                None,
                times.sent.unwrap_or(times.drafted),
            ),
            Fate::Accepted | Fate::Revoked(_) | Fate::Lapsed => {
                stand(ReferralStatus::Accepted, None, times.answered)
            }
            Fate::InProgress => stand(ReferralStatus::InProgress, None, times.ended),
            Fate::OnHold(reason) => stand(ReferralStatus::OnHold, Some(reason), times.ended),
            Fate::Rejected(reason) => stand(ReferralStatus::Rejected, Some(reason), times.answered),
            Fate::Cancelled(reason) => {
                stand(ReferralStatus::Cancelled, Some(reason), times.answered)
            }
            Fate::Failed(reason) => stand(ReferralStatus::Failed, Some(reason), times.ended),
            Fate::EnteredInError => stand(ReferralStatus::EnteredInError, None, times.answered),
            Fate::Completed(outcome) => Stand {
                outcome: Some(outcome),
                ..stand(ReferralStatus::Completed, None, times.ended)
            },
        }
    }

    fn row(&self, mou: Option<&mou::Model>) -> referral::Model {
        let stand = self.stand();
        let needs = self.route.service.needs(self.nth);
        referral::Model {
            id: ReferralId(id_at(self.times.drafted)),
            sender_id: self.consent.discloser_id,
            recipient_id: self.consent.recipient_id,
            survivor_id: self.consent.survivor_id,
            consent_id: self.consent.id,
            mou_id: mou.map(|mou| mou.id),
            status: stand.status,
            status_reason: stand.reason,
            needs,
            urgency: self.urgency,
            contains: self.consent.categories,
            key_version: 1,
            created_at: self.times.drafted,
            sent_at: self.times.sent,
            respond_by: self
                .times
                .sent
                .map(|sent| sent.plus(rules::response_time(self.urgency))),
            updated_at: stand.at,
            consent_until: Some(self.consent.expires_at),
            mou_until: mou.map(|mou| mou.expires_on.end()),
            halted: false,
            outcome: stand.outcome,
            provided: stand
                .outcome
                .map_or(Needs::EMPTY, |outcome| provided(outcome, needs)),
        }
    }

    /// What the end of its consent or MOU did to an open referral.
    fn halt(&self, row: &mut referral::Model, mou: Option<&mou::Model>) {
        let halts = [self.consent.revoked_at, mou.and_then(halted_at)];
        for at in halts.into_iter().flatten() {
            if row.status.is_open() {
                row.halted = true;
                row.updated_at = at;
            }
        }
    }

    fn tell(&self, row: &referral::Model, mou: Option<&mou::Model>, chronicle: &mut AuditHistory) {
        let (sender, recipient) = (
            self.member(self.route.sender),
            self.member(self.route.recipient),
        );
        let to = |counterpart: &Member, reason: Option<String>| ReferralEvent {
            id: row.id,
            counterpart: counterpart.id,
            reason,
        };
        chronicle.step(
            row.created_at,
            sender,
            Event::ReferralDrafted,
            to(recipient, None),
        );
        let Some(sent) = row.sent_at else { return };
        chronicle.step(sent, sender, Event::ReferralSent, to(recipient, None));
        match self.fate {
            Fate::Draft | Fate::Requested | Fate::EnteredInError | Fate::Cancelled(_) => return,
            Fate::Rejected(reason) => {
                let told = to(sender, Some(reason.to_string()));
                chronicle.step(
                    self.times.answered,
                    recipient,
                    Event::ReferralRejected,
                    told,
                );
            }
            Fate::Accepted
            | Fate::InProgress
            | Fate::OnHold(_)
            | Fate::Completed(_)
            | Fate::Failed(_)
            | Fate::Revoked(_)
            | Fate::Lapsed => {
                chronicle.step(
                    self.times.answered,
                    recipient,
                    Event::ReferralAccepted,
                    to(sender, None),
                );
            }
        }
        if let Some(mou) = mou {
            chronicle.tell(self.times.read, recipient, self.package_read(row, mou));
        }
        if let Fate::Completed(_) = self.fate {
            chronicle.step(
                self.times.ended,
                recipient,
                Event::ReferralCompleted,
                to(sender, None),
            );
        }
    }

    /// That the recipient read the package before it answered.
    fn package_read(&self, row: &referral::Model, mou: &mou::Model) -> Event {
        Event::PackageRead {
            referral: row.id,
            survivor: self.survivor.row.audit_id,
            reader: row.recipient_id,
            discloser: row.sender_id,
            purpose: self.route.service.purpose(),
            released: row.contains,
            ground: Some(Ground::Consented {
                consent: self.consent.id,
                consent_version: self.consent.version,
                mou: mou.id,
                mou_version: mou.version,
            }),
        }
    }
}

fn provided(outcome: OutcomeCode, needs: Needs) -> Needs {
    match outcome {
        OutcomeCode::NeedsMet => needs,
        OutcomeCode::NeedsPartlyMet | OutcomeCode::ReferredOnward | OutcomeCode::SurvivorEnded => {
            needs.iter().take(1).collect()
        }
    }
}
