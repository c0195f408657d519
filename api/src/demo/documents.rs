//! The signed papers behind consents and MOUs, of which the demo has the hashes alone.

use aws_lc_rs::digest::{SHA256, digest};

use crate::wire::scalars::Sha256;

/// Returns the hash of a document that the demo does not have.
pub(super) fn hash(text: &str) -> Sha256 {
    Sha256::from(digest(&SHA256, text.as_bytes()).as_ref())
}
