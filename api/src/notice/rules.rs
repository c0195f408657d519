//! What may be done with a notice. Pure.

use concord_entities::instant::Instant;
use concord_entities::notice;

/// Marks a notice as seen, by the agency that it is to. Returns none where it was seen before.
#[must_use]
pub fn seen(notice: notice::Model, now: Instant) -> Option<notice::Model> {
    notice.seen_at.is_none().then_some(notice::Model {
        seen_at: Some(now),
        ..notice
    })
}
