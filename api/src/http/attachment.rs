//! `/notes/{id}/attachment`: the file that is attached to a note, in (`PUT`) and out (`GET`, for a stated purpose) as it is.

use actix_web::{HttpRequest, HttpResponse, web};
use concord_entities::ids::ReferralNoteId;
use concord_entities::vocabulary::Purpose;
use serde::Deserialize;

use super::files::{self, ReceivedFile, file, held};
use super::plain::{self, HttpRefusal, Operation};
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::origins::AllowedOrigins;
use crate::error::{Error, Refusal};
use crate::referral::notes::change::{AttachedFile, attach};
use crate::referral::notes::read;
use crate::request::{Request, Worker};
use crate::seal::note::NotePart;

const STORE: Operation = Operation {
    name: "storeNoteAttachment",
    cost: 5_000,
};
const READ: Operation = Operation {
    name: "readNoteAttachment",
    cost: 5_000,
};

/// What a reader states in the address.
#[derive(Debug, Deserialize)]
struct Stated {
    purpose: Option<String>,
}

/// Registers the routes of notes' files.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    files::register(service, "/notes/{id}/attachment", origins, (put, get));
}

async fn put(
    http: HttpRequest,
    id: web::Path<String>,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, STORE, async |request| {
        request.caller.may(Resource::Referral.update())?;
        let id: ReferralNoteId = plain::id(&id)?;
        let received = ReceivedFile::receive(&http, request, payload).await?;
        let attached = AttachedFile {
            kind: received.kind,
            bytes: &received.bytes,
        };
        let stored = attach(request, id, &attached).await?;
        Ok(received.stored(request, &stored.sha256, stored.fresh))
    })
    .await
}

async fn get(
    http: HttpRequest,
    id: web::Path<String>,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ, async |request| {
        request.caller.may(Resource::Referral.read())?;
        let stated = web::Query::<Stated>::from_query(http.query_string());
        let unread = |_| Refusal::from(Error::input("purpose", "name it once"));
        let stated = stated.map_err(unread)?.into_inner();
        released(request, &id, stated.purpose.as_deref()).await
    })
    .await
}

async fn released(
    request: &Request,
    id: &str,
    purpose: Option<&str>,
) -> Result<HttpResponse, HttpRefusal> {
    let id: ReferralNoteId = plain::id(id)?;
    let stated = purpose.map(str::parse::<Purpose>).transpose();
    let stated = stated.map_err(|_| Refusal::from(Error::input("purpose", "not a purpose")))?;
    let purpose = request.caller.purpose(stated)?;
    let held = held(request)?;
    let read = read::release(request, id, purpose, NotePart::Attachment).await?;
    let read = read.ok_or_else(HttpRefusal::not_found)?;
    // Why it is withheld, the note's content says.
    let bytes = read.content.map_err(|_| HttpRefusal::not_found())?;
    let media_type = read.note.attachment_type.unwrap_or_default();
    let bytes = web::Bytes::copy_from_slice(&bytes);
    Ok(file(request, &id.to_string(), &media_type, bytes, held))
}
