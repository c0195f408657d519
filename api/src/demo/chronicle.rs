//! The audit events that the demo's history would have left.

use std::time::Duration;

use concord_entities::instant::Instant;

use super::cast::Member;
use crate::audit::change::ByAgency;
use crate::audit::event::{Event, ReferralEvent};

/// What happened, in any order.
#[derive(Debug, Default)]
pub(super) struct AuditHistory(Vec<(Instant, ByAgency, Event)>);

impl AuditHistory {
    /// That `member` caused `event` at `at`.
    pub(super) fn tell(&mut self, at: Instant, member: &Member, event: Event) {
        self.0.push((at, member.author(), event));
    }

    /// That `member` brought a referral to where it stands.
    pub(super) fn step(
        &mut self,
        at: Instant,
        member: &Member,
        happened: fn(ReferralEvent) -> Event,
        of: ReferralEvent,
    ) {
        self.tell(at, member, happened(of));
    }

    /// Returns all of it, in the order of time.
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
