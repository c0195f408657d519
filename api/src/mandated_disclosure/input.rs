//! What goes into the record of a mandated disclosure.

use async_graphql::{ID, InputObject};
use concord_entities::ids::AgencyId;
use concord_entities::vocabulary::{
    ContactChannel, DataCategory, MandateInstrument, NoNoticeReason, NoProtectionReason,
    NoticeResult, OutsideRecipient, ProtectiveStep, Purpose,
};

use super::rules::ToldDisclosure;
use crate::wire::scalars::{Date, DateTime};

/// A disclosure that a statute or a court's order demanded of your agency. None of its texts is about the person; they
/// are sealed, and your agency alone reads them.
#[derive(Clone, Debug, InputObject)]
pub struct MandatedDisclosureInput {
    /// Your agency's survivor.
    pub survivor: ID,
    /// What demanded it. A subpoena alone is refused: not without a court's order.
    pub instrument: MandateInstrument,
    /// Who issued it, such as the court: 1 to 200 characters, and never a person.
    pub issuing_authority: String,
    /// The statute's citation or the order's docket number: 1 to 200 characters.
    pub citation: String,
    /// The day on the instrument.
    pub dated_on: Date,
    /// The day on which your agency disclosed.
    pub disclosed_on: Date,
    /// The agency of your task forces that was told.
    pub recipient: Option<ID>,
    /// Whoever else was told, where it is no agency of your task forces.
    pub recipient_outside: Option<OutsideRecipientInput>,
    /// What the instrument names: at least one.
    pub ordered_categories: Vec<DataCategory>,
    /// What was told: at least one, and nothing that the instrument does not name.
    pub categories: Vec<DataCategory>,
    /// That each of these categories was required, and no less would have done. It must be true.
    pub minimum_necessary: bool,
    /// What for: at least one, or leave it out.
    pub purposes: Option<Vec<Purpose>>,
    /// How your agency tried to notify the person: at least one attempt that was made, or `noNotice`.
    #[graphql(default)]
    pub attempts: Vec<NoticeAttemptInput>,
    /// Why nobody tried.
    pub no_notice: Option<NoNoticeReason>,
    /// What was done to protect the person: at least one step.
    pub protective_steps: Vec<ProtectiveStep>,
    /// Why nothing could be done, with the step `NONE_POSSIBLE`.
    pub no_protection: Option<NoProtectionReason>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

impl MandatedDisclosureInput {
    /// Returns what the rules judge; `recipient` is the agency that the input names.
    #[must_use]
    pub fn told(&self, recipient: Option<AgencyId>) -> ToldDisclosure<'_> {
        ToldDisclosure {
            instrument: self.instrument,
            issuing_authority: &self.issuing_authority,
            citation: &self.citation,
            dated_on: self.dated_on.0,
            disclosed_on: self.disclosed_on.0,
            recipient,
            outside: self.recipient_outside.as_ref().map(|one| one.name.as_str()),
            ordered_categories: self.ordered_categories.iter().copied().collect(),
            categories: self.categories.iter().copied().collect(),
            minimum_necessary: self.minimum_necessary,
            attempts: self
                .attempts
                .iter()
                .map(|one| (one.at.0, one.result))
                .collect(),
            no_notice: self.no_notice,
            protective_steps: self.protective_steps.iter().copied().collect(),
            no_protection: self.no_protection,
        }
    }
}

/// Somebody outside the task force who was told.
#[derive(Clone, Debug, InputObject)]
pub struct OutsideRecipientInput {
    /// What kind of body.
    pub kind: OutsideRecipient,
    /// Which: 1 to 200 characters, and never a person.
    pub name: String,
}

/// One attempt to notify the person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, InputObject)]
pub struct NoticeAttemptInput {
    /// When.
    pub at: DateTime,
    /// How.
    pub channel: ContactChannel,
    /// What came of it.
    pub result: NoticeResult,
}
