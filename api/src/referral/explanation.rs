//! Why an agency may see a package or may not, on the wire.

use async_graphql::{Enum, SimpleObject};
use concord_entities::vocabulary::{DataCategory, ReferralStatus};

use super::explained::ExplainedAccess;
use super::package::Withheld;
use super::withheld::WithheldReason;
use crate::error::Error;
use crate::sharing::Reason;
use crate::sharing::explain::{Key, NoPast};

/// Why an agency may see a referral's package or may not, for one purpose.
#[derive(Clone, Debug, SimpleObject)]
pub struct AccessExplanation {
    /// Where the referral stands: its package is read while it is open.
    pub status: ReferralStatus,
    /// The keys, all of which it takes. `TOKEN` is there for your own agency alone, as another's tokens are its own affair, and
    /// for now alone: the token that asks says nothing of the one that you had then.
    pub keys: Vec<AccessKey>,
    /// The categories that it may be told, whether or not the package has something in them.
    pub shared: Vec<DataCategory>,
    /// The categories that it may not be told, and why.
    pub withheld: Vec<Withheld>,
}

/// One of the keys that open a category.
#[derive(Clone, Debug, SimpleObject)]
pub struct AccessKey {
    /// Which.
    pub kind: AccessKeyKind,
    /// Whether it is held.
    pub held: bool,
    /// Why it is not; null where it is.
    pub reason: Option<WithheldReason>,
    /// The same in a sentence, for people.
    pub detail: String,
}

/// The keys that open a category, all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Key")]
pub enum AccessKeyKind {
    /// An MOU in force between two agencies that take part.
    Mou,
    /// A consent in force from the sender to the recipient.
    Consent,
    /// A token that reaches some category for the purpose.
    Token,
    /// The purpose, named by the consent and permitted by the MOU.
    Purpose,
}

impl AccessExplanation {
    /// Shows an explanation.
    pub(super) fn of(explained: &ExplainedAccess) -> Self {
        let ExplainedAccess {
            status,
            explanation: explained,
        } = explained;
        let keys = explained.keys.iter().map(|(key, held)| AccessKey {
            kind: (*key).into(),
            held: held.is_ok(),
            reason: held.err().map(WithheldReason::from),
            detail: detail(*key, *held).to_owned(),
        });
        let withheld = explained
            .withheld
            .iter()
            .map(|(category, reason)| Withheld {
                category: *category,
                reason: (*reason).into(),
            });
        Self {
            status: *status,
            keys: keys.collect(),
            shared: explained.shared.iter().collect(),
            withheld: withheld.collect(),
        }
    }
}

/// Returns the refusal where it is not known how it was at the moment that is asked for.
pub(super) fn not_known(why: NoPast) -> Error {
    match why {
        NoPast::ToCome => Error::input("asOf", "must not lie in the future"),
        NoPast::KnownSince(since) => {
            let remedy = format!(
                "must be {} or later: what was before is not known",
                since.in_full()
            );
            Error::input("asOf", remedy)
        }
    }
}

fn detail(key: Key, held: Result<(), Reason>) -> &'static str {
    match (key, held) {
        (Key::Mou, Ok(())) => "An MOU that both agencies signed is in force.",
        (Key::Mou | Key::Consent, Err(Reason::NotAParty)) => {
            "This agency is no party of the referral: what stands between the two is not for it."
        }
        (Key::Mou, Err(Reason::AgencySuspended)) => {
            "One of the two agencies is suspended in the task force by which they share."
        }
        (Key::Mou, Err(Reason::MouNotInForce)) => "The MOU that this stands on is not in force.",
        (Key::Mou, Err(_)) => "This stands on no MOU that both agencies signed.",
        (Key::Consent, Ok(())) => "The survivor's consent is in force.",
        (Key::Consent, Err(Reason::ConsentRevoked)) => "The survivor took the consent back.",
        (Key::Consent, Err(Reason::ConsentExpired)) => "The consent is past its end.",
        (Key::Consent, Err(Reason::ConsentSuspended)) => {
            "The consent lacks what the law asks for, and is suspended."
        }
        (Key::Consent, Err(_)) => "No signed consent stands from the sender to the recipient.",
        (Key::Token, Ok(())) => "Your token reaches some category for this purpose.",
        (Key::Token, Err(_)) => "Your token reaches no category for this purpose.",
        (Key::Purpose, Ok(())) => "The consent names this purpose, and the MOU permits it.",
        (Key::Purpose, Err(Reason::MouDoesNotCover)) => "The MOU does not permit this purpose.",
        (Key::Purpose, Err(_)) => "The consent does not name this purpose.",
    }
}
