//! What taking a consent back would do. Pure.

use std::collections::BTreeMap;

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ConsentStatus, ReferralStatus, StatusReason};
use concord_entities::{consent, referral};

use super::rules;
use crate::referral::rules::status::{CurrentStatus, StoredStatus};

/// What would come of taking a consent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// Where it stands.
    pub status: ConsentStatus,
    /// How many signed later versions go with it.
    pub later_versions: usize,
    /// The referrals that stand on what is taken back, by where they stand.
    pub by_status: BTreeMap<ReferralStatus, usize>,
    /// How many of them would be suspended that are not.
    pub suspended: usize,
    /// How many packages would lose their keys.
    pub unreadable: usize,
}

/// Returns what taking `named` back at `now` would do; `versions` are it and all that followed it, `standing` the referrals
/// that stand on any of them.
#[must_use]
pub fn effects(
    named: &consent::Model,
    versions: &[consent::Model],
    standing: &[referral::Model],
    now: Instant,
) -> Effects {
    let taken: Vec<&consent::Model> = versions
        .iter()
        .filter(|version| rules::is_taken_back_with(version, named.id))
        .collect();
    let mut effects = Effects {
        status: rules::status(named, now),
        later_versions: taken.iter().filter(|one| one.id != named.id).count(),
        by_status: BTreeMap::new(),
        suspended: 0,
        unreadable: 0,
    };
    for row in standing {
        let Some(version) = taken.iter().find(|one| one.id == row.consent_id) else {
            continue;
        };
        let current = CurrentStatus::of(&StoredStatus::from(row), now);
        *effects.by_status.entry(current.status).or_default() += 1;
        effects.suspended += usize::from(current.status.is_open());
        let is_gone = row.status_reason == Some(StatusReason::Discarded);
        let has_package = !row.contains.is_empty() && !is_gone;
        effects.unreadable += usize::from(has_package && !version.dates().has_ended(now));
    }
    effects
}
