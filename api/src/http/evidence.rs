//! `/consents/{id}/document`: the signed paper behind a consent, in (`PUT`) and out (`GET`) as it is.

use actix_web::{HttpRequest, HttpResponse, web};
use concord_entities::ids::ConsentId;

use super::files::{self, ReceivedFile, file, held};
use super::plain::{self, HttpRefusal, Operation};
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::origins::AllowedOrigins;
use crate::consent::document::store::{self, Scan};
use crate::request::{Request, Worker};

const STORE: Operation = Operation {
    name: "storeConsentDocument",
    cost: 5_000,
};
const READ: Operation = Operation {
    name: "readConsentDocument",
    cost: 5_000,
};

/// Registers the routes of signed papers.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    files::register(service, "/consents/{id}/document", origins, (put, get));
}

async fn put(
    http: HttpRequest,
    id: web::Path<String>,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, STORE, async |request| {
        request.caller.may(Resource::Evidence.create())?;
        let id = plain::id(&id)?;
        let received = ReceivedFile::receive(&http, request, payload).await?;
        let scan = Scan {
            kind: received.kind,
            bytes: &received.bytes,
        };
        let receipt = store::store(request, id, &scan).await?;
        Ok(received.stored(request, &receipt.sha256, receipt.fresh))
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
        request.caller.may(Resource::Evidence.read())?;
        released(request, &id).await
    })
    .await
}

async fn released(request: &Request, id: &str) -> Result<HttpResponse, HttpRefusal> {
    let id: ConsentId = plain::id(id)?;
    let held = held(request)?;
    let paper = store::read(request, id).await?;
    let mut paper = paper.ok_or_else(HttpRefusal::not_found)?;
    let bytes = std::mem::take(&mut *paper.bytes).into();
    Ok(file(
        request,
        &id.to_string(),
        &paper.receipt.content_type,
        bytes,
        held,
    ))
}
