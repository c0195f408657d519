//! What goes into a referral.

use async_graphql::{Enum, ID, InputObject, SimpleObject};
use concord_entities::vocabulary::{Need, OutcomeCode, ReferralStatus, Urgency};

use super::package::Contents;

/// Which of your agency's two boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Box")]
pub enum ReferralBox {
    /// What was sent to your agency.
    Inbox,
    /// What your agency wrote, drafts included.
    Outbox,
}

/// A referral to draft.
#[derive(Clone, Debug, InputObject)]
pub struct ReferralInput {
    /// Your agency's consent that names the recipient; its survivor is the one referred.
    pub consent: ID,
    /// What the person needs.
    pub needs: Vec<Need>,
    /// How soon an answer is wanted.
    pub urgency: Urgency,
    /// What the recipient needs to know: nothing beyond what the consent names.
    pub package: Contents,
    /// The same key again returns what the first call made.
    pub idempotency_key: Option<ID>,
}

/// What came of a referral.
#[derive(Clone, Debug, InputObject)]
pub struct OutcomeInput {
    /// What came of it.
    pub code: OutcomeCode,
    /// The needs that you met.
    #[graphql(default)]
    pub provided: Vec<Need>,
}

/// What came of a referral.
#[derive(Clone, Debug, SimpleObject)]
pub struct ReferralOutcome {
    /// What came of it.
    pub code: OutcomeCode,
    /// The needs that the recipient met.
    pub provided: Vec<Need>,
}

/// What to look for in an inbox or outbox.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ReferralFilter {
    /// Any of these states.
    pub statuses: Option<Vec<ReferralStatus>>,
    /// Any of these urgencies.
    pub urgencies: Option<Vec<Urgency>>,
    /// At least one of these needs.
    pub needs: Option<Vec<Need>>,
    /// Those with this other agency.
    pub counterpart: Option<ID>,
}
