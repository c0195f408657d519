//! What a plan for safe contact answers, on the wire.

use async_graphql::SimpleObject;
use concord_entities::vocabulary::{ContactBar, ContactChannel, MessageForm};

use super::outbound::Permit;
use super::rules::ContactBarredError;
use crate::wire::scalars::DateTime;

/// Whether a survivor may be contacted by a channel now, and how. Your agency's screens can enforce the same rule as the
/// service.
#[derive(Clone, Debug, SimpleObject)]
pub struct ContactAdvice {
    /// Whether the person may be contacted by this channel now.
    pub allowed: bool,
    /// The channel that you asked for.
    pub channel: ContactChannel,
    /// Why not; null where it is allowed.
    pub bar: Option<ContactBar>,
    /// When the next window opens; null where it is open, or no window would help.
    pub opens_at: Option<DateTime>,
    /// When the open window closes; null where none is open, or it never does.
    pub closes_at: Option<DateTime>,
    /// Where to reach the person; null where it is not allowed.
    pub address: Option<String>,
    /// The word that shows that the caller is safe; null where it is not allowed.
    pub code_word: Option<String>,
    /// All that may be left as a message; empty where nothing may.
    pub may_be_left: Vec<MessageForm>,
}

impl ContactAdvice {
    /// Returns what a plan answered.
    pub(super) fn from_permit(
        channel: ContactChannel,
        permit: Result<Permit<'_>, ContactBarredError>,
    ) -> Self {
        match permit {
            Ok(permit) => {
                let manner = permit.manner();
                Self {
                    allowed: true,
                    channel,
                    bar: None,
                    opens_at: None,
                    closes_at: manner.until.map(DateTime::from),
                    address: Some(manner.address.to_owned()),
                    code_word: manner.code_word.map(str::to_owned),
                    may_be_left: permit.forms().to_vec(),
                }
            }
            Err(not) => Self {
                allowed: false,
                channel,
                bar: Some(not.bar),
                opens_at: not.opens.map(DateTime::from),
                closes_at: None,
                address: None,
                code_word: None,
                may_be_left: Vec::new(),
            },
        }
    }
}
