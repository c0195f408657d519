//! The ids of many records, packed: 22 letters an id instead of 36, so that the event of a page of fifty fits into a row.
//!
//! They are written by kind, `{"referral":"<22 letters an id>"}`: each id's 16 bytes in URL-safe base64 without padding,
//! one after another. An id is found in a leaf by its 22 letters. What is no `TypeID` stands whole, in a list of its own.
//! The first version of a leaf had the whole texts in one list, which is still read.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use concord_entities::ids::AnyId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// The letters of one packed id.
const LETTERS: usize = 22;
/// The key of what is no `TypeID`.
const OTHER: &str = "other";

/// How ids are written in a leaf.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Whole(Vec<String>),
    ByKind(BTreeMap<String, OfOneKind>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OfOneKind {
    Packed(String),
    Whole(Vec<String>),
}

/// Returns the letters by which an id is found in a leaf.
#[must_use]
pub fn packed(id: Uuid) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(id)
}

pub(super) fn serialize<S: Serializer>(ids: &[String], to: S) -> Result<S::Ok, S::Error> {
    let mut by_kind: BTreeMap<String, OfOneKind> = BTreeMap::new();
    let mut other = Vec::new();
    for id in ids {
        match id.parse::<AnyId>() {
            Ok(id) if id.prefix != OTHER => {
                let kind = by_kind
                    .entry(id.prefix)
                    .or_insert_with(|| OfOneKind::Packed(String::new()));
                if let OfOneKind::Packed(letters) = kind {
                    BASE64_URL_SAFE_NO_PAD.encode_string(id.uuid, letters);
                }
            }
            Ok(_) | Err(_) => other.push(id.clone()),
        }
    }
    if !other.is_empty() {
        by_kind.insert(OTHER.to_owned(), OfOneKind::Whole(other));
    }
    by_kind.serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let by_kind = match Written::deserialize(from)? {
        Written::Whole(ids) => return Ok(ids),
        Written::ByKind(by_kind) => by_kind,
    };
    let mut ids = Vec::new();
    for (prefix, of_one_kind) in by_kind {
        match of_one_kind {
            OfOneKind::Whole(whole) => ids.extend(whole),
            OfOneKind::Packed(letters) => unpack(&prefix, &letters, &mut ids)?,
        }
    }
    Ok(ids)
}

fn unpack<E: de::Error>(prefix: &str, letters: &str, ids: &mut Vec<String>) -> Result<(), E> {
    let malformed = || E::custom("packed ids that are none");
    for one in letters.as_bytes().chunks(LETTERS) {
        let mut bytes = [0; 16];
        let length = BASE64_URL_SAFE_NO_PAD
            .decode_slice(one, &mut bytes)
            .map_err(|_| malformed())?;
        if length != bytes.len() {
            return Err(malformed());
        }
        let uuid = Uuid::from_bytes(bytes);
        ids.push(
            AnyId {
                prefix: prefix.to_owned(),
                uuid,
            }
            .to_string(),
        );
    }
    Ok(())
}
