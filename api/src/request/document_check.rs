//! Whether a document would be executed. Who knows, the schema, stands above who asks.

use std::fmt;
use std::sync::Arc;

/// Says why a document would not be executed.
type Judging = dyn Fn(&str) -> Result<(), String> + Send + Sync;

/// Says of a GraphQL document why it would not be executed.
#[derive(Clone)]
pub struct DocumentCheck(Arc<Judging>);

impl DocumentCheck {
    /// Returns a check that is carried out by this function.
    pub fn new(by: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(by))
    }

    /// Checks that a document would be executed.
    ///
    /// # Errors
    /// Why not, for the person who wrote it.
    pub fn check(&self, document: &str) -> Result<(), String> {
        (self.0)(document)
    }
}

impl fmt::Debug for DocumentCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentCheck")
    }
}
