//! The text of an MOU on the wire.

use async_graphql::SimpleObject;
use concord_entities::mou;

use crate::wire::scalars::{DateTime, Sha256};

/// The text that the parties of an MOU sign, as a file.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(name = "Document")]
pub struct MouDocument {
    /// Its SHA-256, which every signature names.
    pub sha256: Sha256,
    /// Its media type.
    pub content_type: String,
    /// How long it is, in bytes.
    pub bytes: i64,
    /// When it was stored.
    pub stored_at: DateTime,
    /// Where it is read, beneath the service's address.
    pub path: String,
}

impl MouDocument {
    /// Returns what is told of an MOU's text, where it is stored.
    pub(in crate::mou) fn of(mou: &mou::Model) -> Option<Self> {
        let told = mou.document.clone()?;
        Some(Self {
            sha256: Sha256::from(told.sha256),
            content_type: told.content_type,
            bytes: told.bytes,
            stored_at: told.stored_at.into(),
            path: format!("/mous/{}/document", mou.id),
        })
    }
}
