//! A place in an agency's feed, sealed: no other agency goes on from it, nobody makes one, and it shows when the log has
//! another history than the one that it was given in.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use concord_entities::ids::{AgencyId, AuditEventId};
use uuid::Uuid;

use super::rules::Position;
use crate::audit::checkpoint::LedgerKey;

/// What the code in a cursor is for.
const USAGE: &str = "concord feed cursor v1";
/// The bytes before the code: agency, place, record, fingerprint.
const BYTES: usize = 16 + 8 + 16 + 8;

/// A place in the feed of one agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The agency.
    pub agency: AgencyId,
    /// The place.
    pub position: Position,
    /// The event that the log has there.
    pub event: Fingerprint,
}

/// By what an event is known again: of its id, which is random, and which it does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// Returns the fingerprint of an event; of none before the first.
    #[must_use]
    pub fn of(event: Option<AuditEventId>) -> Self {
        let hash = event.map(|event| digest(&SHA256, event.0.as_bytes()));
        let first = hash.as_ref().and_then(|hash| hash.as_ref().first_chunk());
        Self(first.copied().unwrap_or_default())
    }
}

impl Cursor {
    /// Returns the cursor as a reader is given it.
    #[must_use]
    pub fn seal(&self, key: &LedgerKey) -> String {
        let mut bytes = Vec::with_capacity(BYTES + 32);
        bytes.extend_from_slice(self.agency.0.as_bytes());
        bytes.extend_from_slice(&self.position.place.to_be_bytes());
        bytes.extend_from_slice(self.position.object.as_bytes());
        bytes.extend_from_slice(&self.event.0);
        let code = key.authenticate(USAGE, &bytes);
        bytes.extend_from_slice(&code);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor that `agency` was given. Returns none for what is none of ours, or another agency's.
    #[must_use]
    pub fn open(key: &LedgerKey, agency: AgencyId, text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (told, code) = bytes.split_at_checked(BYTES)?;
        if !key.has_authenticated(USAGE, told, code) {
            return None;
        }
        let (of, rest) = told.split_first_chunk()?;
        let (place, rest) = rest.split_first_chunk()?;
        let (object, rest) = rest.split_first_chunk()?;
        let event = Fingerprint(rest.try_into().ok()?);
        let cursor = Self {
            agency: AgencyId(Uuid::from_bytes(*of)),
            position: Position {
                place: i64::from_be_bytes(*place),
                object: Uuid::from_bytes(*object),
            },
            event,
        };
        (cursor.agency == agency).then_some(cursor)
    }
}
