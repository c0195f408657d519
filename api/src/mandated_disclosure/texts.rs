//! The texts of a mandated disclosure, sealed under the record's own key.

use std::collections::HashMap;

use concord_entities::ids::MandateId;
use concord_entities::mandated_disclosure::Model;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Refusal, Result};
use crate::request::Request;
use crate::seal::record::{RecordKind, SealedRecord};

/// The version of the key that seals a record's texts: they never change.
pub(super) const KEY_VERSION: i32 = 1;

/// The texts of a record: a docket number is identity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DisclosureTexts {
    /// Who issued the instrument.
    pub(crate) authority: String,
    /// The statute's citation or the order's docket number.
    pub(crate) citation: String,
    /// Who was told, where it is outside the task force.
    pub(crate) outside: Option<String>,
}

/// The texts of some records, by id; of those that are not erased.
pub(crate) type TextsById = HashMap<MandateId, DisclosureTexts>;

/// Returns the texts of records whose reading is on record.
///
/// # Errors
/// `UNAVAILABLE`; `INTERNAL` where a seal is broken.
pub(crate) async fn opened(request: &Request, records: &[Model]) -> Result<TextsById> {
    let sealed: Vec<SealedRecord<'_>> = records
        .iter()
        .map(|one| SealedRecord {
            owner: one.id.0,
            version: KEY_VERSION,
            bytes: &one.sealed,
        })
        .collect();
    let vault = &request.worker.vault;
    let opened = vault.open_records(RecordKind::Mandate, &sealed).await?;
    opened
        .into_iter()
        .map(|(id, plain)| {
            // What the parser says of a text may repeat it.
            let texts = serde_json::from_slice(&plain);
            let texts = texts.map_err(|_| Refusal::from(Error::Internal))?;
            Ok((MandateId(id), texts))
        })
        .collect()
}
