//! What goes into a referral.

use std::str::FromStr;

use async_graphql::{ID, InputObject, SimpleObject};
use concord_entities::ids::InvalidIdError;
use concord_entities::referral::RecordedOutcome;
use concord_entities::vocabulary::{Need, Needs, OutcomeCode, ReferralStatus, Urgency};

use super::listing::Wanted;
use super::package::Contents;
use super::rules::outcome::{self, Outcome};
use crate::application::rules::person;
use crate::error::{Error, Faults};
use crate::lists;
use crate::store::page;
use crate::wire::scalars::DateTime;

/// A referral to draft.
#[derive(Clone, Debug, InputObject)]
pub struct ReferralInput {
    /// What the draft is to say.
    #[graphql(flatten)]
    pub draft: ReferralDraftInput,
    /// An earlier referral of your agency's, of the same survivor, that is over and that this one takes up again. No reason
    /// is asked. It stays as it is, and this one shows it.
    pub reopens: Option<ID>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// What a referral's draft is to say: all of it.
#[derive(Clone, Debug, InputObject)]
pub struct ReferralDraftInput {
    /// Your agency's consent that names the recipient; its survivor is the one referred.
    pub consent: ID,
    /// What the person needs: at least one.
    pub needs: Vec<Need>,
    /// How soon an answer is wanted.
    pub urgency: Urgency,
    /// What the recipient needs to know: nothing beyond what the consent names. It takes the place of what was said before.
    pub package: Contents,
    /// Whether the survivor is referred once more to a recipient that they are referred to already for one of these needs.
    #[graphql(default)]
    pub again: bool,
}

/// What came of a referral.
#[derive(Clone, Debug, InputObject)]
pub struct OutcomeInput {
    /// What came of it. `NEEDS_MET` where you met every need that was asked for, `NEEDS_PARTLY_MET` where you met some of
    /// them; the others where it ended before all were met.
    pub code: OutcomeCode,
    /// The needs that you met, whether or not they were asked for.
    #[graphql(default)]
    pub provided: Vec<Need>,
}

impl OutcomeInput {
    /// Returns what it says.
    pub(super) fn told(&self) -> Outcome {
        Outcome {
            code: self.code,
            provided: self.provided.iter().copied().collect(),
        }
    }
}

/// What came of a referral.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReferralOutcome {
    /// What came of it.
    pub code: OutcomeCode,
    /// The needs that the recipient met, of those that were asked for.
    pub provided: Vec<Need>,
    /// The needs that it met besides.
    pub further: Vec<Need>,
    /// When it said so.
    pub recorded_at: DateTime,
    /// Until when it may correct that.
    pub correctable_until: DateTime,
    /// What it said before and corrected, newest first.
    pub earlier: Vec<EarlierOutcome>,
}

/// What was said to have come of a referral, and was corrected.
#[derive(Clone, Debug, SimpleObject)]
pub struct EarlierOutcome {
    /// What came of it.
    pub code: OutcomeCode,
    /// The needs that the recipient met, of those that were asked for.
    pub provided: Vec<Need>,
    /// The needs that it met besides.
    pub further: Vec<Need>,
    /// When it said so.
    pub recorded_at: DateTime,
}

impl EarlierOutcome {
    /// Shows an outcome, by the needs that were `asked` for.
    pub(super) fn view(said: &RecordedOutcome, asked: Needs) -> Self {
        let (provided, further) = outcome::split(asked, said.provided);
        Self {
            code: said.code,
            provided: provided.iter().collect(),
            further: further.iter().collect(),
            recorded_at: said.at.into(),
        }
    }
}

/// What to look for in an inbox or outbox. Each list is answered from an index, so that not all of it goes together: what goes
/// with which order is listed in the documentation.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ReferralFilter {
    /// Any of these states: at least one.
    pub statuses: Option<Vec<ReferralStatus>>,
    /// Any of these urgencies: at least one.
    pub urgencies: Option<Vec<Urgency>>,
    /// Any of these needs: at least one.
    pub needs: Option<Vec<Need>>,
    /// Those with this other agency.
    pub counterpart: Option<ID>,
    /// Those that stand on this MOU.
    pub mou: Option<ID>,
    /// Those that stand on this consent.
    pub consent: Option<ID>,
    /// Those of this survivor of your agency's; in the outbox alone.
    pub survivor: Option<ID>,
    /// Those that this one of your people took on, by the `sub` of their tokens, 1 to 128 characters; in the inbox alone.
    pub assignee: Option<String>,
    /// True for those that wait for an answer that was wanted by now.
    pub overdue: Option<bool>,
    /// Those that were sent then or later.
    pub sent_since: Option<DateTime>,
    /// Those that were sent before then.
    pub sent_before: Option<DateTime>,
    /// Those that somebody changed then or later.
    pub updated_since: Option<DateTime>,
}

impl ReferralFilter {
    /// Reads what is asked for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: an id that is none, or a list that names nothing.
    pub fn read(&self) -> Result<Wanted, Error> {
        let mut faults = Faults::default();
        lists::require_some(&mut faults, "filter.statuses", self.statuses.as_ref());
        lists::require_some(&mut faults, "filter.urgencies", self.urgencies.as_ref());
        lists::require_some(&mut faults, "filter.needs", self.needs.as_ref());
        faults.none()?;
        if let Some(assignee) = &self.assignee {
            person("filter.assignee", assignee)?;
        }
        Ok(Wanted {
            statuses: self.statuses.clone().map(lists::once),
            urgencies: self.urgencies.clone().map(lists::once),
            needs: self
                .needs
                .as_ref()
                .map(|needs| needs.iter().copied().collect()),
            counterpart: read_id("filter.counterpart", self.counterpart.as_ref())?,
            mou: read_id("filter.mou", self.mou.as_ref())?,
            consent: read_id("filter.consent", self.consent.as_ref())?,
            survivor: read_id("filter.survivor", self.survivor.as_ref())?,
            assignee: self.assignee.clone(),
            overdue: self.overdue,
            sent_since: self.sent_since.map(|at| at.0),
            sent_before: self.sent_before.map(|at| at.0),
            updated_since: self.updated_since.map(|at| at.0),
        })
    }
}

fn read_id<T>(place: &str, id: Option<&ID>) -> Result<Option<T>, Error>
where
    T: FromStr<Err = InvalidIdError>,
{
    id.map(|id| page::id(place, id)).transpose()
}
