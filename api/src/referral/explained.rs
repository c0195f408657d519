//! Why somebody may see a package or may not, now or at a moment in the past.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use concord_entities::ids::{AgencyId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Purpose, ReferralStatus};
use sea_orm::QueryResult;

use super::reader::Reader;
use super::rules::status::{CurrentStatus, StoredStatus};
use crate::error::Result;
use crate::sharing::Facts;
use crate::sharing::explain::{Asked, Explanation, NoPast, check_past, explain};
use crate::sharing::facts::is_row;
use crate::sharing::past::{self, PastFacts};
use crate::store::Store;

/// What a sender asks to have explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccessQuestion {
    /// Of whom.
    pub agency: AgencyId,
    /// What that agency would need it for.
    pub purpose: Purpose,
    /// As of when; none for now.
    pub as_of: Option<Instant>,
}

/// Why somebody may see a package or may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedAccess {
    /// Where the referral stands.
    pub status: ReferralStatus,
    /// The keys, and what they come to.
    pub explanation: Explanation,
}

/// What was explained of one referral, or why the past of it is not known.
pub type Explained = BTreeMap<AccessQuestion, std::result::Result<ExplainedAccess, NoPast>>;

/// The facts of referrals at the moments that are asked for.
#[derive(Debug, Default)]
pub(super) struct PastReferrals(HashMap<(ReferralId, Instant), PastFacts>);

impl PastReferrals {
    /// Reads the facts of those of these rows that the agency wrote, which alone are explained to it.
    pub(super) async fn read(
        store: &Store,
        agency: AgencyId,
        found: &[QueryResult],
        asked: &BTreeSet<AccessQuestion>,
    ) -> Result<Self> {
        let moments: BTreeSet<Instant> = asked.iter().filter_map(|one| one.as_of).collect();
        if moments.is_empty() {
            return Ok(Self::default());
        }
        let mut written = Vec::new();
        for row in found.iter().filter(|row| is_row(row)) {
            if row.try_get::<AgencyId>("", "sender_id")? == agency {
                written.push(row.try_get("", "id")?);
            }
        }
        Ok(Self(past::read(&store.read, &written, &moments).await?))
    }

    /// Explains a referral to its sender, who reads it at `now`.
    pub(super) fn explain(
        &self,
        id: ReferralId,
        asked: &BTreeSet<AccessQuestion>,
        (reader, facts, current): (Reader<'_>, &Facts, CurrentStatus),
        now: Instant,
    ) -> Explained {
        let mut explained = Explained::new();
        for question in asked {
            let Some(moment) = question.as_of else {
                let access = ExplainedAccess {
                    status: current.status,
                    explanation: explain(&question.of(reader), facts, now),
                };
                explained.insert(*question, Ok(access));
                continue;
            };
            if let Some(past) = self.0.get(&(id, moment)) {
                let known = check_past(moment, past.known_since, now);
                let access = known.map(|()| question.explain_past(past, moment));
                explained.insert(*question, access);
            }
        }
        explained
    }
}

impl AccessQuestion {
    /// Returns what is asked now. The reader's own token is one of the keys.
    fn of(&self, reader: Reader<'_>) -> Asked {
        let own = self.agency == reader.agency;
        Asked {
            agency: self.agency,
            purpose: self.purpose,
            ceiling: own.then(|| reader.ceiling(self.purpose)),
        }
    }

    /// Explains how it was. The token that asks says nothing of the one that its agency had then, and is no key of it.
    fn explain_past(&self, past: &PastFacts, moment: Instant) -> ExplainedAccess {
        let asked = Asked {
            agency: self.agency,
            purpose: self.purpose,
            ceiling: None,
        };
        ExplainedAccess {
            status: past.status(moment).status,
            explanation: explain(&asked, &past.facts, moment),
        }
    }
}

impl PastFacts {
    /// Returns where the referral stood, by the rule that says so now. Why it stood there is not kept.
    fn status(&self, moment: Instant) -> CurrentStatus {
        let stored = StoredStatus {
            status: self.facts.status,
            reason: None,
            expires_at: self.facts.answerable_until,
            consent_until: self.consent_until,
            mou_until: self.mou_until,
            halted: self.facts.halted,
        };
        CurrentStatus::of(&stored, moment)
    }
}
