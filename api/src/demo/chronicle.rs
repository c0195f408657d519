//! The audit events that the demo's history would have left.

use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditType;

use super::cast::Member;
use crate::audit::change::ByAgency;
use crate::audit::event::Event;

/// What happened, in any order.
#[derive(Debug, Default)]
pub(super) struct AuditHistory(Vec<(Instant, ByAgency, Event)>);

impl AuditHistory {
    /// That `member` caused `event` at `at`.
    pub(super) fn tell(&mut self, at: Instant, member: &Member, event: Event) {
        self.0.push((at, member.author(), event));
    }

    /// That `member` brought a referral to where it stands.
    pub(super) fn step(&mut self, at: Instant, member: &Member, kind: AuditType, of: HistoryStep) {
        let event = Event::Referral {
            kind,
            id: of.id,
            counterpart: of.counterpart,
            reason: of.reason,
        };
        self.tell(at, member, event);
    }

    /// All of it, in the order of time.
    pub(super) fn in_order(mut self) -> Vec<(Instant, ByAgency, Event)> {
        self.0.sort_by_key(|(at, ..)| *at);
        let mut last = Instant(0);
        for (at, ..) in &mut self.0 {
            // Ids order the log and tell milliseconds, so no two events share one.
            last = (*at).max(last.plus(Duration::from_millis(1)));
            *at = last;
        }
        self.0
    }
}

/// A step in a referral's life.
#[derive(Clone, Debug)]
pub(super) struct HistoryStep {
    /// The referral.
    pub(super) id: concord_entities::ids::ReferralId,
    /// The other side.
    pub(super) counterpart: concord_entities::ids::AgencyId,
    /// Why, where a code says it.
    pub(super) reason: Option<String>,
}
