//! The audit events that the demo's history would have left.

use std::time::Duration;

use concord_entities::audit_event;
use concord_entities::ids::AuditEventId;
use concord_entities::instant::Instant;

use super::cast::Member;
use super::past::id_at;
use crate::audit::event::{Agent, Event, ReferralEvent, RequestMeta};
use crate::audit::leaf::Leaf;
use crate::error::{Refusal, Result};

/// What happened, in any order.
#[derive(Debug, Default)]
pub(super) struct AuditHistory(Vec<(Instant, Agent, Event)>);

impl AuditHistory {
    /// That `member` caused `event` at `at`.
    pub(super) fn tell(&mut self, at: Instant, member: &Member, event: Event) {
        self.0.push((at, member.agent(), event));
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

    /// The rows that keep it, in the order of time.
    ///
    /// # Errors
    /// Where a leaf cannot be written, which none of ours is.
    pub(super) fn into_rows(mut self) -> Result<Vec<audit_event::Model>> {
        self.0.sort_by_key(|(at, ..)| *at);
        let mut last = Instant(0);
        self.0
            .into_iter()
            .map(|(at, agent, event)| {
                // Ids order the log and tell milliseconds, so no two events share one.
                last = at.max(last.plus(Duration::from_millis(1)));
                let meta = RequestMeta {
                    request: id_at(last).to_string(),
                    ..RequestMeta::default()
                };
                let mut leaf = Leaf::of(event, &agent, &meta, last);
                leaf.id = AuditEventId(id_at(last));
                leaf.into_row(None).map_err(Refusal::internal)
            })
            .collect()
    }
}
