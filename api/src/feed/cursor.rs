//! A place in an agency's feed, sealed: no other agency goes on from it, and nobody makes one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use concord_entities::ids::AgencyId;
use uuid::Uuid;

use super::rules::{Cursor, Fingerprint, Position};
use crate::audit::checkpoint::LedgerKey;

/// What the code in a cursor is for.
const USAGE: &str = "concord feed cursor v1";
/// The bytes before the code: agency, place, record, fingerprint.
const BYTES: usize = 16 + 8 + 16 + 8;

/// Returns a cursor as its reader is given it.
#[must_use]
pub fn seal(cursor: &Cursor, key: &LedgerKey) -> String {
    let mut bytes = Vec::with_capacity(BYTES + 32);
    bytes.extend_from_slice(cursor.agency.0.as_bytes());
    bytes.extend_from_slice(&cursor.position.place.to_be_bytes());
    bytes.extend_from_slice(cursor.position.object.as_bytes());
    bytes.extend_from_slice(&cursor.event.0);
    let code = key.authenticate(USAGE, &bytes);
    bytes.extend_from_slice(&code);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor that `agency` was given. Returns none for what is none of ours, or another agency's.
#[must_use]
pub fn open(key: &LedgerKey, agency: AgencyId, text: &str) -> Option<Cursor> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (told, code) = bytes.split_at_checked(BYTES)?;
    if !key.has_authenticated(USAGE, told, code) {
        return None;
    }
    let (of, rest) = told.split_first_chunk()?;
    let (place, rest) = rest.split_first_chunk()?;
    let (object, rest) = rest.split_first_chunk()?;
    let event = Fingerprint(rest.try_into().ok()?);
    let cursor = Cursor {
        agency: AgencyId(Uuid::from_bytes(*of)),
        position: Position {
            place: i64::from_be_bytes(*place),
            object: Uuid::from_bytes(*object),
        },
        event,
    };
    (cursor.agency == agency).then_some(cursor)
}
