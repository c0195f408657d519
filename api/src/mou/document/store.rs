//! Storing the text of an MOU, and reading it: who, what, rule, save, record.

use aws_lc_rs::digest::{SHA256, digest};
use concord_entities::SelectLocked;
use concord_entities::ids::MouId;
use concord_entities::mou::{self, SignedText};
use concord_entities::{mou_document, mou_party};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use zeroize::Zeroizing;

use crate::access::grant::Resource;
use crate::audit::change::Change;
use crate::audit::disclose;
use crate::audit::event::{Event, MouEvent};
use crate::audit::ledger::Decided;
use crate::consent::document::store::{DocumentReceipt, Scan, StoredDocument};
use crate::error::{Error, Refusal, Result};
use crate::mou::change::save;
use crate::mou::rules::document::check_text;
use crate::mou::rules::transitions::SeenMou;
use crate::request::Request;
use crate::seal::record::{MOU_DOCUMENT_VERSION, RecordKind, SealedRecord};

/// Stores the text of an MOU of which the caller's agency is a party. The same text again is answered like the first time.
///
/// # Errors
/// `NOT_FOUND`; `INVALID_TRANSITION` where the agency is no party, or the MOU came to nothing; `CONFLICT` where there is another
/// text, or a party signed another; `UNAUTHENTICATED`; `UNAVAILABLE`.
pub async fn store(request: &Request, id: MouId, scan: &Scan<'_>) -> Result<DocumentReceipt> {
    let sha256 = hex::encode(digest(&SHA256, scan.bytes));
    let change = request.change(Resource::Mou.update()).await?;
    let mou = mou::Entity::known_to(change.agency(), id)
        .one_locked(&change)
        .await?
        .ok_or(Error::NotFound)?;
    let parties = mou_party::Entity::of([id]).all(&change).await?;
    let seen = SeenMou {
        mou: &mou,
        parties: &parties,
        agency: change.agency(),
        now: change.now(),
    };
    if let Some(known) = mou.document.as_ref().filter(|_| seen.own().is_some()) {
        if known.sha256 != sha256 || known.content_type != scan.kind.media_type() {
            let text =
                "this version of the MOU has another document: a new version can have a new one";
            return Err(Error::Conflict(text.into()).into());
        }
        let receipt = receipt(known, false);
        let read = Event::RecordsListed(vec![id.to_string()]);
        change.commit(read).await?;
        return Ok(receipt);
    }
    check_text(&seen, &sha256)?;
    keep_sealed(request, &change, id, scan).await?;
    let told = SignedText {
        sha256,
        content_type: scan.kind.media_type().to_owned(),
        bytes: i64::try_from(scan.bytes.len()).map_err(Refusal::internal)?,
        stored_at: change.now(),
        stored_by: change.agency(),
    };
    let receipt = receipt(&told, true);
    let stored = mou::Model {
        document: Some(told),
        ..mou
    };
    let stored = save(&change, stored).await?;
    let event = Event::MouDocumentStored(MouEvent::from(&stored));
    change.commit(event).await?;
    Ok(receipt)
}

async fn keep_sealed(
    request: &Request,
    change: &Change<'_>,
    id: MouId,
    scan: &Scan<'_>,
) -> Result<()> {
    let (kind, version) = (RecordKind::MouDocument, MOU_DOCUMENT_VERSION);
    let vault = &request.worker.vault;
    let sealed = vault
        .seal_record(kind, id.0, version, scan.bytes, change.now())
        .await?;
    let row = mou_document::Model {
        mou_id: id,
        sealed,
        created_at: change.now(),
        created_by: change.client().to_owned(),
    };
    row.into_active_model().insert(change).await?;
    Ok(())
}

fn receipt(told: &SignedText, fresh: bool) -> DocumentReceipt {
    DocumentReceipt {
        sha256: told.sha256.clone(),
        bytes: told.bytes,
        content_type: told.content_type.clone(),
        fresh,
    }
}

/// Reads the text of an MOU that the caller's agency may follow; none where there is none.
///
/// # Errors
/// `UNAUTHENTICATED`; `UNAVAILABLE`; `INTERNAL` where it is no longer what was stored.
pub async fn read(request: &Request, id: MouId) -> Result<Option<StoredDocument>> {
    let released = request.disclose(|| find_receipt(request, id)).await?;
    let Some(receipt) = released.content() else {
        return Ok(None);
    };
    let row = mou_document::Entity::of(id)
        .one(&request.worker.store.read)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed = SealedRecord {
        owner: id.0,
        version: MOU_DOCUMENT_VERSION,
        bytes: &row.sealed,
    };
    let vault = &request.worker.vault;
    let mut opened = vault
        .open_records(RecordKind::MouDocument, &[sealed])
        .await?;
    let Some(bytes) = opened.remove(&id.0) else {
        return Ok(None);
    };
    is_unaltered(&bytes, &receipt)?;
    Ok(Some(StoredDocument { receipt, bytes }))
}

async fn find_receipt(request: &Request, id: MouId) -> Result<Decided<Option<DocumentReceipt>>> {
    let among = mou::Entity::known_to(request.caller.agency(), id);
    let found = disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await?;
    let Some(mou) = found.content.clone() else {
        return Ok(found.map(|_| None));
    };
    let nothing = Decided {
        epoch: found.epoch,
        now: found.now,
        content: None,
        events: Vec::new(),
    };
    let Some(told) = &mou.document else {
        return Ok(nothing.or_denied(&id));
    };
    Ok(Decided {
        content: Some(receipt(told, false)),
        events: vec![Event::MouDocumentRead(MouEvent::from(&mou))],
        ..nothing
    })
}

fn is_unaltered(bytes: &Zeroizing<Vec<u8>>, receipt: &DocumentReceipt) -> Result<()> {
    if hex::encode(digest(&SHA256, bytes)) == receipt.sha256 {
        return Ok(());
    }
    Err(Refusal::internal(AlteredTextError))
}

#[derive(Debug, thiserror::Error)]
#[error("the stored text of an MOU has another digest than the one on record")]
struct AlteredTextError;
