//! What a survivor's record says that decides who signs.

use crate::code::codes;

codes! {
    /// How old a person is, as far as it decides who signs for them.
    AgeGroup {
        /// 18 or older.
        Adult = "ADULT",
        /// Under 18.
        Minor = "MINOR",
        /// Nobody knows: treated like a minor, so that nothing is signed without a guardian that may need one.
        Unknown = "UNKNOWN",
    }
}
