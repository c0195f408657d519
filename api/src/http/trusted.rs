//! Which document a request is to execute: any, named by its text, or one of those that its application is bound to, named by
//! its text or its hash.

use std::borrow::Cow;

use actix_web::HttpResponse;
use aws_lc_rs::digest::{SHA256, digest};

use super::answer;
use super::authenticator::{self, Authenticator};
use super::negotiate::RequestOutcome;
use super::params::NamedDocument;
use crate::access::Caller;
use crate::audit::event::{Event, RequestMeta};
use crate::error::{Error, Result};
use crate::request::Worker;

/// Returns the text of the document that a request names, where its application may execute it.
///
/// # Errors
/// What the request is answered with instead: `DOCUMENT_NOT_TRUSTED`, with the attempt on record;
/// `PERSISTED_QUERY_NOT_SUPPORTED`.
pub async fn document<'p>(
    gate: &Authenticator<'_>,
    caller: &Caller,
    named: &'p NamedDocument,
) -> Result<Cow<'p, str>, HttpResponse> {
    match judge(gate.worker, caller, named).await {
        Ok(Judged::Text(text)) => Ok(text),
        Ok(Judged::NotTrusted) => Err(not_trusted(gate, caller, &hash(named)).await),
        Ok(Judged::NoText) => Err(declined(gate, &Error::PersistedQueryNotSupported)),
        Err(refusal) => Err(gate.unjudged(&refusal)),
    }
}

enum Judged<'p> {
    Text(Cow<'p, str>),
    NotTrusted,
    /// There is only a hash, and the application has no documents here.
    NoText,
}

async fn judge<'p>(
    worker: &Worker,
    caller: &Caller,
    named: &'p NamedDocument,
) -> Result<Judged<'p>> {
    let (store, documents) = (&worker.store, &worker.trusted_documents);
    if let Some(application) = caller.application()
        && documents.are_all_for(store, application).await?
    {
        let text = documents.text(store, application, &hash(named)).await?;
        let text = text.map(|text| Judged::Text(Cow::Owned(text.to_string())));
        return Ok(text.unwrap_or(Judged::NotTrusted));
    }
    Ok(match named {
        NamedDocument::Text(text) => Judged::Text(Cow::Borrowed(text)),
        NamedDocument::Hash(_) => Judged::NoText,
    })
}

/// Returns the SHA-256 that a document has, or is named by.
fn hash(named: &NamedDocument) -> Cow<'_, str> {
    match named {
        NamedDocument::Text(text) => Cow::Owned(hex::encode(digest(&SHA256, text.as_bytes()))),
        NamedDocument::Hash(hash) => Cow::Borrowed(hash),
    }
}

async fn not_trusted(gate: &Authenticator<'_>, caller: &Caller, hash: &str) -> HttpResponse {
    let is_hash = hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    let meta = RequestMeta {
        document: is_hash.then(|| hash.to_owned()),
        ..authenticator::meta(gate.http, &gate.shared.settings, gate.request_id)
    };
    let error = Error::DocumentNotTrusted;
    let denied = Event::AccessDenied {
        code: error.code(),
        object: None,
    };
    let Worker { store, ledger, .. } = gate.worker;
    ledger
        .deny(store, &caller.agent(), &meta, vec![denied])
        .await;
    declined(gate, &error)
}

fn declined(gate: &Authenticator<'_>, error: &Error) -> HttpResponse {
    let status = gate.media.status(RequestOutcome::RequestError);
    answer::errors(
        status,
        gate.media,
        gate.request_id,
        std::slice::from_ref(error),
    )
}
