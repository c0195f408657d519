//! What a side may do next with a referral, and what keeps it from what it could do by the status. Pure.

use concord_entities::vocabulary::{ActionBlock, ReferralAction, ReferralSide, ReferralStatus};

use super::transitions::allowed;

/// What keeps a side from what it could do with a referral.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Whether its token may change no referral.
    pub lacks_scope: bool,
    /// What keeps a draft from being sent, or a suspended referral from being continued.
    pub facts: Vec<ActionBlock>,
}

impl Blocks {
    /// Lists what keeps the side from this.
    pub fn of(&self, action: ReferralAction) -> impl Iterator<Item = ActionBlock> {
        let scope = self.lacks_scope.then_some(ActionBlock::Scope);
        let stands_on_facts = matches!(action, ReferralAction::Send | ReferralAction::Continue);
        let facts = self.facts.iter().filter(move |_| stands_on_facts);
        scope.into_iter().chain(facts.copied())
    }
}

/// Lists what a side may do next with a referral of this status: what nothing keeps it from.
pub fn unblocked(
    status: ReferralStatus,
    side: ReferralSide,
    blocks: &Blocks,
) -> impl Iterator<Item = ReferralAction> {
    allowed(status, side).filter(|action| blocks.of(*action).next().is_none())
}

/// Returns whether what a side may do with a referral of this status hangs on more than its token.
#[must_use]
pub fn stands_on_facts(status: ReferralStatus, side: ReferralSide) -> bool {
    side == ReferralSide::Sender
        && matches!(status, ReferralStatus::Draft | ReferralStatus::Suspended)
}
