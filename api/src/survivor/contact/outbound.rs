//! The one door for whatever goes out to a person. Pure.
//!
//! The service sends nothing to survivors yet. Whatever will, takes an [`Outgoing`]: only a [`Permit`] makes one, only an
//! open window of the person's plan gives a permit, and it has no place for content.

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, ContactBar, ContactChannel, MessageForm};

use super::rules::{ContactBarredError, Manner, Plan, may_contact};

/// Leave to contact one person by one channel, while a window of their plan is open.
#[derive(Debug)]
pub struct Permit<'p> {
    plan: &'p Plan,
    manner: Manner<'p>,
}

/// A message to a person: where it goes, and which of the forms it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Outgoing<'p> {
    channel: ContactChannel,
    address: &'p str,
    form: MessageForm,
}

impl<'p> Permit<'p> {
    /// Asks for leave to contact the person by `channel` at `now`.
    ///
    /// # Errors
    /// [`ContactBarredError`].
    pub fn ask(
        plan: &'p Plan,
        channel: ContactChannel,
        now: Instant,
    ) -> Result<Self, ContactBarredError> {
        let manner = may_contact(plan, channel, now)?;
        Ok(Self { plan, manner })
    }

    /// Returns how the person may be contacted.
    #[must_use]
    pub fn manner(&self) -> &Manner<'p> {
        &self.manner
    }

    /// Returns all that may be left; nothing where the plan lets nothing be left.
    #[must_use]
    pub fn forms(&self) -> &'static [MessageForm] {
        if self.manner.may_leave_message {
            MessageForm::ALL
        } else {
            &[]
        }
    }

    /// Returns the message of this form, to go out at `now`.
    ///
    /// # Errors
    /// [`ContactBarredError`]: nothing may be left, or the window has closed since leave was given.
    pub fn message(
        &self,
        form: MessageForm,
        now: Instant,
    ) -> Result<Outgoing<'p>, ContactBarredError> {
        let manner = may_contact(self.plan, self.manner.channel, now)?;
        if !manner.may_leave_message {
            return Err(ContactBarredError {
                bar: ContactBar::NothingMayBeLeft,
                opens: None,
            });
        }
        Ok(Outgoing {
            channel: manner.channel,
            address: manner.address,
            form,
        })
    }
}

impl<'p> Outgoing<'p> {
    /// Returns by which channel it goes.
    #[must_use]
    pub fn channel(&self) -> ContactChannel {
        self.channel
    }

    /// Returns where it goes.
    #[must_use]
    pub fn address(&self) -> &'p str {
        self.address
    }

    /// Returns all that it says: nothing of who asks, or why.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.form {
            MessageForm::PleaseCallBack => "Please call back when it suits you.",
            MessageForm::WeWillTryAgain => "We will try again another time.",
        }
    }
}
