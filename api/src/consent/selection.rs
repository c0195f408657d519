//! What a query selects of consents, for the event of their reading.

use async_graphql::Context;

use crate::wire::lookahead;

/// What a query selects of consents beside themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsentSelection {
    /// Whether their survivors are.
    pub survivor: bool,
}

impl ConsentSelection {
    /// Reads what is selected under `path` below the current field.
    #[must_use]
    pub fn below(ctx: &Context<'_>, path: &[&str]) -> Self {
        Self {
            survivor: lookahead::asks(ctx, &[path, &["survivor"]].concat()),
        }
    }
}
