//! What ended, as a server's state folder remembers it: ids and codes, one line of JSON an ending.
//!
//! A data store that is put back to an earlier moment has in force again what was ended since. What this journal holds and
//! the store does not is what must be taken back. Pure.

use std::fmt::Write;

use concord_entities::ids::{AgencyId, AuditEventId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::AuditType;
use serde::{Deserialize, Serialize};

use super::leaf::Leaf;

/// An ending. Its audit event tells the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournaledEnding {
    /// The sharing epoch when it was noted, which its own began at the latest.
    pub epoch: i64,
    /// Its audit event.
    pub event: AuditEventId,
    /// What ended.
    #[serde(rename = "type")]
    pub kind: AuditType,
    /// When, by the database's clock.
    pub at: Instant,
    /// The records, each by its id with its kind; a signing key by its thumbprint, a token by its `jti`.
    pub objects: Vec<String>,
    /// The agency that ended it; none where the operator did, and in what a server before this one noted.
    #[serde(default)]
    pub agency: Option<AgencyId>,
    /// Why or how, as a code, where the event says.
    #[serde(default)]
    pub reason: Option<String>,
}

impl JournaledEnding {
    /// Returns the ending that a leaf tells of.
    #[must_use]
    pub fn of(leaf: Leaf, epoch: i64) -> Self {
        let survivor = leaf.survivor.filter(|_| leaf.object.is_none());
        let agency = leaf.acting_agency();
        let mut objects: Vec<String> = survivor.iter().map(ToString::to_string).collect();
        objects.extend(leaf.object);
        objects.extend(leaf.objects);
        objects.extend(leaf.task_force.map(|id| id.to_string()));
        Self {
            epoch,
            agency,
            reason: leaf.reason,
            event: leaf.id,
            kind: leaf.kind,
            at: leaf.recorded_at,
            objects,
        }
    }
}

/// Returns the endings in this text. A line that is none, as a crash leaves one, is passed over; of one that was noted
/// twice, the first counts.
#[must_use]
pub fn parse(text: &str) -> Vec<JournaledEnding> {
    let mut known = std::collections::HashSet::new();
    text.lines()
        .filter_map(|line| serde_json::from_str::<JournaledEnding>(line).ok())
        .filter(|ending| known.insert(ending.event))
        .collect()
}

/// Writes endings, a line each.
///
/// # Errors
/// Where one cannot be written as JSON, which none of ours is.
pub fn lines<'e>(
    endings: impl IntoIterator<Item = &'e JournaledEnding>,
) -> Result<String, serde_json::Error> {
    let mut lines = String::new();
    for ending in endings {
        // Writing to a string does not fail.
        let _ = writeln!(lines, "{}", serde_json::to_string(ending)?);
    }
    Ok(lines)
}
