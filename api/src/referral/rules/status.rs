//! What a referral's status is now: from what people did, and what time, its consent and its MOU made of it. Pure.

use concord_entities::instant::Instant;
use concord_entities::referral::Model;
use concord_entities::vocabulary::{ReferralStatus, StatusReason};

/// What a referral's row says of its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredStatus {
    /// Where people brought it.
    pub status: ReferralStatus,
    /// Why it stands there.
    pub reason: Option<StatusReason>,
    /// Until when it can be answered.
    pub expires_at: Option<Instant>,
    /// When its consent ends by itself.
    pub consent_until: Option<Instant>,
    /// When its MOU ends by itself.
    pub mou_until: Option<Instant>,
    /// Whether its consent was ended before its time.
    pub halted: bool,
}

impl From<&Model> for StoredStatus {
    fn from(row: &Model) -> Self {
        Self {
            status: row.status,
            reason: row.status_reason,
            expires_at: row.expires_at,
            consent_until: row.consent_until,
            mou_until: row.mou_until,
            halted: row.halted,
        }
    }
}

/// A referral's status now, and the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurrentStatus {
    /// The status.
    pub status: ReferralStatus,
    /// The reason.
    pub reason: Option<StatusReason>,
}

impl CurrentStatus {
    /// Computes the status at `now` from what people did, and what time, consent and MOU made of it.
    /// [`stands_at`](concord_entities::referral::stands_at) says the same in SQL.
    #[must_use]
    pub fn of(stored: &StoredStatus, now: Instant) -> Self {
        let past = |end: Option<Instant>| end.is_some_and(|end| end <= now);
        let (status, reason) = if !stored.status.is_open() {
            (stored.status, stored.reason)
        } else if stored.halted || past(stored.consent_until) {
            let reason = StatusReason::ConsentNotInForce;
            (ReferralStatus::Suspended, Some(reason))
        } else if past(stored.mou_until) {
            (ReferralStatus::Suspended, Some(StatusReason::MouNotInForce))
        } else if stored.status == ReferralStatus::Requested && past(stored.expires_at) {
            (ReferralStatus::Expired, Some(StatusReason::NotAnswered))
        } else {
            (stored.status, stored.reason)
        };
        Self { status, reason }
    }
}
