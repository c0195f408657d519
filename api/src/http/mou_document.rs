//! `/mous/{id}/document`: the text that the parties of an MOU sign, in (`PUT`) and out (`GET`) as it is.

use actix_web::{HttpRequest, HttpResponse, web};
use concord_entities::ids::MouId;

use super::files::{self, ReceivedFile, file, held};
use super::plain::{self, HttpRefusal, Operation};
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::origins::AllowedOrigins;
use crate::consent::document::store::Scan;
use crate::mou::document::store;
use crate::request::{Request, Worker};

const STORE: Operation = Operation {
    name: "storeMouDocument",
    cost: 5_000,
};
const READ: Operation = Operation {
    name: "readMouDocument",
    cost: 5_000,
};

/// Registers the routes of MOUs' texts.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    files::register(service, "/mous/{id}/document", origins, (put, get));
}

async fn put(
    http: HttpRequest,
    id: web::Path<String>,
    payload: web::Payload,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, STORE, async |request| {
        request.caller.may(Resource::Mou.update())?;
        let id: MouId = plain::id(&id)?;
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
        request.caller.may(Resource::Mou.read())?;
        released(request, &id).await
    })
    .await
}

async fn released(request: &Request, id: &str) -> Result<HttpResponse, HttpRefusal> {
    let id: MouId = plain::id(id)?;
    let held = held(request)?;
    let text = store::read(request, id).await?;
    let mut text = text.ok_or_else(HttpRefusal::not_found)?;
    let bytes = std::mem::take(&mut *text.bytes).into();
    let media_type = &text.receipt.content_type;
    Ok(file(request, &id.to_string(), media_type, bytes, held))
}
