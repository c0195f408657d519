//! What is told of an event where it is exported: ids and codes, never the name of anybody, and no more than its reader sees.

use concord_entities::audit_event;
use concord_entities::ids::AgencyId;

use crate::audit::leaf::Leaf;
use crate::audit::tree;
use crate::error::{Refusal, Result};

/// An event as it leaves.
#[derive(Clone, Debug)]
pub struct ExportedEvent {
    /// What was hashed, but for what its reader is not told.
    pub leaf: Leaf,
    /// The leaf's RFC 6962 hash, in hexadecimal.
    pub leaf_hash: String,
    /// Its place in the ledger, from 0; none for the moment until it has one.
    pub index: Option<u64>,
}

impl ExportedEvent {
    /// Returns what `reader` is told of an event; the operator, where no agency reads.
    ///
    /// # Errors
    /// `INTERNAL`, where the leaf is none.
    pub fn of(
        row: &audit_event::Model,
        index: Option<u64>,
        reader: Option<AgencyId>,
    ) -> Result<Self> {
        let mut leaf: Leaf = serde_json::from_str(&row.leaf).map_err(Refusal::internal)?;
        // What a commitment commits to is not told, nor is the commitment.
        leaf.address = None;
        if let Some(reader) = reader {
            leaf = leaf.told_to(reader);
            // Which document was run is the operator's to know.
            leaf.document = None;
        }
        Ok(Self {
            leaf,
            leaf_hash: tree::leaf_hash(row.leaf.as_bytes()).to_string(),
            index,
        })
    }
}
