//! What the operator is told of a refusal.

use concord::error::Refusal;
use miette::{Report, miette};

/// Returns what the operator is told, with the cause.
pub(super) fn told(refusal: &Refusal) -> Report {
    match refusal.cause() {
        Some(cause) => miette!("{cause}"),
        None => miette!("{}", refusal.error),
    }
}
