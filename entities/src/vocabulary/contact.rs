//! How a person may be reached safely.

use crate::code::codes;

codes! {
    /// By which way a person may be reached.
    ContactChannel {
        /// A call.
        Phone = "PHONE",
        /// A text message.
        Text = "TEXT",
        /// An e-mail.
        Email = "EMAIL",
        /// A message in an app.
        Messenger = "MESSENGER",
        /// A letter.
        Post = "POST",
        /// A meeting.
        InPerson = "IN_PERSON",
        /// A word to the person's advocate, who passes it on.
        ThroughAdvocate = "THROUGH_ADVOCATE",
    }

    /// A day of the week.
    Weekday {
        /// Monday.
        Monday = "MONDAY",
        /// Tuesday.
        Tuesday = "TUESDAY",
        /// Wednesday.
        Wednesday = "WEDNESDAY",
        /// Thursday.
        Thursday = "THURSDAY",
        /// Friday.
        Friday = "FRIDAY",
        /// Saturday.
        Saturday = "SATURDAY",
        /// Sunday.
        Sunday = "SUNDAY",
    }

    /// All that may be left for a person: none of them says who asks, or why.
    MessageForm {
        /// Please call back.
        PleaseCallBack = "PLEASE_CALL_BACK",
        /// We will try again.
        WeWillTryAgain = "WE_WILL_TRY_AGAIN",
    }

    /// Why a person may not be contacted in this way now.
    ContactBar {
        /// No plan says how; without one, nobody is contacted.
        NoPlan = "NO_PLAN",
        /// The person is not to be contacted.
        DoNotContact = "DO_NOT_CONTACT",
        /// The plan does not list this channel.
        ChannelNotListed = "CHANNEL_NOT_LISTED",
        /// Whatever goes through this channel stays there, and the plan lets nothing be left.
        NothingMayBeLeft = "NOTHING_MAY_BE_LEFT",
        /// No window of the plan is open.
        OutsideWindow = "OUTSIDE_WINDOW",
    }
}
