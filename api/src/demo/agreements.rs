//! The memoranda of understanding: their rows, signatures and events, from the plans of [`super::pacts`].

use std::time::Duration;

use concord_entities::ids::MouId;
use concord_entities::instant::Instant;
use concord_entities::{mou, mou_party};

use super::cast::{Agencies, Who};
use super::chronicle::AuditHistory;
use super::pacts::{End, MouPlan, PACTS};
use super::past::{Past, id_at};
use super::people::document;
use crate::audit::event::{Event, MouEvent};

/// The MOUs, drafted and as far as they came.
#[derive(Debug, Default)]
pub(super) struct Agreements {
    /// Their rows.
    pub(super) mous: Vec<mou::Model>,
    /// Their parties.
    pub(super) parties: Vec<mou_party::Model>,
    /// Who is bound by which, in the order of the plans.
    bound: Vec<(&'static MouPlan, mou::Model)>,
}

impl Agreements {
    /// Draws up every MOU of the plans.
    pub(super) fn draw_up(cast: &Agencies, past: Past, chronicle: &mut AuditHistory) -> Self {
        let mut all = Self::default();
        for pact in PACTS {
            let mut row = draft(pact, cast, past);
            row.supersedes = pact
                .supersedes
                .and_then(|title| all.titled(title))
                .map(|before| before.id);
            all.parties.extend(parties(pact, &row, cast));
            tell(pact, &row, cast, chronicle);
            all.mous.push(row.clone());
            all.bound.push((pact, row));
        }
        all
    }

    fn titled(&self, title: &str) -> Option<&mou::Model> {
        self.mous
            .iter()
            .find(|row| row.title == title && row.superseded_at.is_some())
    }

    /// Returns the MOU that both agencies have signed, and that no later version replaced.
    pub(super) fn between(&self, one: Who, other: Who) -> Option<&mou::Model> {
        self.bound
            .iter()
            .find(|(pact, row)| {
                row.signed_at.is_some()
                    && row.superseded_at.is_none()
                    && pact.names(one)
                    && pact.names(other)
            })
            .map(|(_, row)| row)
    }
}

fn draft(plan: &MouPlan, cast: &Agencies, past: Past) -> mou::Model {
    let created_at = past.days_ago(plan.drafted);
    let day = |days: i32| past.now.day().plus_days(days);
    let offered_at = plan.is_offered().then(|| offered(created_at));
    let last_signature = plan
        .signed_by_all()
        .then(|| signed(created_at, plan.parties.len()));
    let at = |end: End| (plan.end == end).then(|| past.days_ago(plan.ended));
    mou::Model {
        id: MouId(id_at(created_at)),
        version: if plan.supersedes.is_some() { 2 } else { 1 },
        supersedes: None,
        kind: plan.kind,
        title: plan.title.to_owned(),
        task_force_id: Some(cast.task_force),
        drafted_by: cast.member(plan.drafter()).id,
        categories: plan.service.categories(),
        purposes: plan.service.purposes(),
        terms: plan.terms(),
        effective_on: day(plan.effective),
        review_on: plan.review.map(day),
        expires_on: day(plan.expires),
        offered_at,
        signed_at: last_signature,
        suspended_at: at(End::Suspended),
        terminated_at: at(End::Terminated),
        declined_at: at(End::Declined),
        superseded_at: at(End::Superseded),
        created_at,
    }
}

fn offered(created_at: Instant) -> Instant {
    created_at.plus(Duration::from_hours(30))
}

/// Returns when the `nth` party signed, from 1.
fn signed(created_at: Instant, nth: usize) -> Instant {
    let nth = u64::try_from(nth).unwrap_or(0);
    offered(created_at).plus(Duration::from_hours(41 * nth))
}

fn parties(pact: &MouPlan, row: &mou::Model, cast: &Agencies) -> Vec<mou_party::Model> {
    let seats = pact.parties.iter().zip(1..);
    seats
        .map(|((who, responsibilities), nth)| {
            let member = cast.member(*who);
            let signed_at = (nth <= pact.signatures()).then(|| signed(row.created_at, nth));
            mou_party::Model {
                mou_id: row.id,
                agency_id: member.id,
                responsibilities: (*responsibilities).to_owned(),
                signatory: signed_at.map(|_| member.profile.signatory.to_owned()),
                title: signed_at.map(|_| member.profile.title.to_owned()),
                document_sha256: signed_at
                    .map(|_| document(&format!("{} {}", pact.title, member.profile.name))),
                signed_at,
            }
        })
        .collect()
}

fn tell(pact: &MouPlan, row: &mou::Model, cast: &Agencies, chronicle: &mut AuditHistory) {
    let told = MouEvent {
        id: row.id,
        version: row.version,
    };
    let drafter = cast.member(pact.drafter());
    chronicle.tell(row.created_at, drafter, Event::MouDrafted(told));
    if let Some(at) = row.offered_at {
        chronicle.tell(at, drafter, Event::MouOffered(told));
    }
    for ((who, _), nth) in pact.parties.iter().zip(1..=pact.signatures()) {
        chronicle.tell(
            signed(row.created_at, nth),
            cast.member(*who),
            Event::MouSigned(told),
        );
    }
}

/// Returns when an MOU was ended before its last day, where referrals under it were halted by that.
pub(super) fn halted_at(row: &mou::Model) -> Option<Instant> {
    row.suspended_at.or(row.terminated_at)
}
