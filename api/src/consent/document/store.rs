//! The signed paper behind a consent: stored once, sealed, and read again by the agency that stored it alone.

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::SelectLocked;
use concord_entities::ids::ConsentId;
use concord_entities::{consent, consent_document, consent_signature, survivor};
use sea_orm::{ActiveModelTrait, IntoActiveModel, QuerySelect};
use zeroize::Zeroizing;

use super::formats::DocumentType;
use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::disclose;
use crate::audit::event::{ConsentDocumentEvent, Event};
use crate::audit::ledger::Decided;
use crate::error::{Error, Refusal, Result};
use crate::request::Request;

/// A paper as it came, its beginning and end checked.
#[derive(Debug)]
pub struct Scan<'b> {
    /// What kind of file it is.
    pub kind: DocumentType,
    /// The whole file.
    pub bytes: &'b [u8],
}

/// What is told about a stored paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentReceipt {
    /// Its SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// How long it is, in bytes.
    pub bytes: i64,
    /// Its media type.
    pub content_type: String,
    /// Whether this request stored it; otherwise it was there before.
    pub fresh: bool,
}

/// A stored paper, opened.
#[derive(Debug)]
pub struct StoredDocument {
    /// What is told about it.
    pub receipt: DocumentReceipt,
    /// The whole file.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Stores the paper of a consent under which the caller's agency may disclose. The same paper again is answered like
/// the first time.
///
/// # Errors
/// `NOT_FOUND`; `CONFLICT` where there is another paper, or a signature names another; `UNAUTHENTICATED`;
/// `UNAVAILABLE`.
pub async fn store(request: &Request, id: ConsentId, scan: &Scan<'_>) -> Result<DocumentReceipt> {
    let sha256 = hex::encode(digest(&SHA256, scan.bytes));
    let change = request.change(Resource::Evidence.create()).await?;
    let consent = consent::Entity::held_by(change.agency(), id)
        .one_locked(&change)
        .await?
        .ok_or(Error::NotFound)?;
    let survivor = survivor::Entity::one_of(change.agency(), consent.survivor_id)
        .one(&change)
        .await?
        .ok_or(Error::NotFound)?;
    if let Some(known) = receipt_of(&change, id).await? {
        if known.sha256 != sha256 || known.content_type != scan.kind.media_type() {
            return Err(Error::Conflict(
                "this version of the consent has another document: a new version can have a new one".into(),
            )
            .into());
        }
        change
            .commit(Event::RecordsListed(vec![id.to_string()]))
            .await?;
        return Ok(known);
    }
    refuse_another_than_signed(&change, id, &sha256).await?;
    let row = sealed(request, &change, id, scan, sha256).await?;
    let receipt = DocumentReceipt {
        sha256: row.sha256.clone(),
        bytes: row.bytes,
        content_type: row.content_type.clone(),
        fresh: true,
    };
    row.into_active_model().insert(&change).await?;
    change
        .commit(Event::ConsentDocumentStored(ConsentDocumentEvent {
            id,
            version: consent.version,
            survivor: survivor.audit_id,
        }))
        .await?;
    Ok(receipt)
}

async fn sealed(
    request: &Request,
    change: &Change<'_>,
    id: ConsentId,
    scan: &Scan<'_>,
    sha256: String,
) -> Result<consent_document::Model> {
    let content_type = scan.kind.media_type();
    let vault = &request.worker.vault;
    let sealed = vault
        .seal_document(id, content_type, scan.bytes, change.now())
        .await?;
    Ok(consent_document::Model {
        consent_id: id,
        content_type: content_type.to_owned(),
        bytes: i64::try_from(scan.bytes.len()).map_err(Refusal::internal)?,
        sha256,
        key_version: sealed.key_version,
        sealed: sealed.bytes,
        created_at: change.now(),
        created_by: change.client().to_owned(),
    })
}

/// Reads the paper of a consent under which the caller's agency may disclose; none where there is none.
///
/// # Errors
/// `UNAUTHENTICATED`; `UNAVAILABLE`; `INTERNAL` where it is no longer what was stored.
pub async fn read(request: &Request, id: ConsentId) -> Result<Option<StoredDocument>> {
    let released = request.disclose(|| find_receipt(request, id)).await?;
    let Some(receipt) = released.content() else {
        return Ok(None);
    };
    let row = consent_document::Entity::under(id)
        .one(&request.worker.store.read)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let Some(bytes) = request.worker.vault.open_document(&row).await? else {
        return Ok(None);
    };
    if hex::encode(digest(&SHA256, &bytes)) != receipt.sha256 {
        return Err(Refusal::internal(AlteredDocumentError));
    }
    Ok(Some(StoredDocument { receipt, bytes }))
}

async fn find_receipt(
    request: &Request,
    id: ConsentId,
) -> Result<Decided<Option<DocumentReceipt>>> {
    let store = &request.worker.store;
    let agency = request.caller.agency();
    let among = consent::Entity::held_by(agency, id);
    let held = disclose::one(store, among, &id, |row| row.id.to_string()).await?;
    let Some(consent) = &held.content else {
        return Ok(held.map(|_| None));
    };
    let survivor = survivor::Entity::one_of(agency, consent.survivor_id)
        .one(&store.read)
        .await?;
    let receipt = receipt_of_stored(&store.read, id).await?;
    let (Some(survivor), Some(receipt)) = (survivor, receipt) else {
        let nothing = Decided {
            epoch: held.epoch,
            now: held.now,
            content: None,
            events: Vec::new(),
        };
        return Ok(nothing.or_denied(&id));
    };
    Ok(Decided {
        epoch: held.epoch,
        now: held.now,
        events: vec![Event::ConsentDocumentRead(ConsentDocumentEvent {
            id,
            version: consent.version,
            survivor: survivor.audit_id,
        })],
        content: Some(receipt),
    })
}

/// Refuses a signature that names another document than the one that is stored. One that names none is as good as ever,
/// and so is any before a document is stored.
///
/// # Errors
/// `BAD_USER_INPUT`; `UNAVAILABLE`.
pub(crate) async fn refuse_another_than_stored(
    change: &Change<'_>,
    id: ConsentId,
    signed: Option<&str>,
) -> Result<()> {
    let (Some(signed), Some(stored)) = (signed, receipt_of(change, id).await?) else {
        return Ok(());
    };
    if stored.sha256 != signed {
        return Err(Error::input(
            "signature.documentSha256",
            "not the SHA-256 of the document that is stored for this consent",
        )
        .into());
    }
    Ok(())
}

async fn refuse_another_than_signed(
    change: &Change<'_>,
    id: ConsentId,
    stored: &str,
) -> Result<()> {
    let signatures = consent_signature::Entity::under([id]).all(change).await?;
    let other = |signed: &String| signed != stored;
    if signatures
        .into_iter()
        .filter_map(|signature| signature.document_sha256)
        .any(|signed| other(&signed))
    {
        return Err(Error::Conflict(
            "a signature under this consent names the SHA-256 of another document".into(),
        )
        .into());
    }
    Ok(())
}

async fn receipt_of(change: &Change<'_>, id: ConsentId) -> Result<Option<DocumentReceipt>> {
    receipt_of_stored(change, id).await
}

/// Returns what is told about a paper, without reading it.
async fn receipt_of_stored(
    database: &impl sea_orm::ConnectionTrait,
    id: ConsentId,
) -> Result<Option<DocumentReceipt>> {
    use consent_document::Column;
    let told: Option<(String, i64, String)> = consent_document::Entity::under(id)
        .select_only()
        .columns([Column::Sha256, Column::Bytes, Column::ContentType])
        .into_tuple()
        .one(database)
        .await?;
    Ok(told.map(|(sha256, bytes, content_type)| DocumentReceipt {
        sha256,
        bytes,
        content_type,
        fresh: false,
    }))
}

#[derive(Debug, thiserror::Error)]
#[error("a stored paper has another digest than the one on record")]
struct AlteredDocumentError;
