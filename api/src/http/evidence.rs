//! `/consents/{id}/document`: the signed paper behind a consent, in (`PUT`) and out (`GET`) as it is.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord_entities::ids::ConsentId;
use serde_json::json;

use super::cors;
use super::plain::{self, HttpRefusal, Operation, kept_by_nobody};
use super::routes;
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::in_flight::PaperInFlight;
use crate::access::origins::AllowedOrigins;
use crate::consent::document::fault::DocumentError;
use crate::consent::document::formats::{self, DocumentType, LARGEST};
use crate::consent::document::store::{self, Scan};
use crate::error::{Error, Refusal};
use crate::request::{Request, Worker};

/// How long a paper may take to come in.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of a paper is handed on at a time, in bytes.
const PIECE: usize = 64 * 1024;
const STORE: Operation = Operation {
    name: "storeConsentDocument",
    cost: 5_000,
};
const READ: Operation = Operation {
    name: "readConsentDocument",
    cost: 5_000,
};
/// The headers that may state a digest of the body (RFC 9530, 2 and 3): without a coding they mean the same bytes.
const DIGESTS: [&str; 2] = ["content-digest", "repr-digest"];

/// Registers the routes of signed papers.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service.service(
        routes::path("/consents/{id}/document", "GET, HEAD, PUT")
            .wrap(cors::with_tokens(
                origins,
                &[Method::PUT, Method::GET, Method::HEAD],
            ))
            .wrap(from_fn(cors::knowing_origins))
            .route(web::put().to(put))
            .route(routes::reading().to(get)),
    );
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
        is_whole(&http)?;
        let _held = held(request)?;
        let bytes = received(&http, payload).await?;
        let kind = looked_at(bytes.clone()).await?;
        agrees(&http, &bytes)?;
        let scan = Scan {
            kind,
            bytes: &bytes,
        };
        let receipt = store::store(request, id, &scan).await?;
        let status = if receipt.fresh {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok(kept_by_nobody(status, request).json(json!({
            "sha256": receipt.sha256,
            "bytes": receipt.bytes,
            "contentType": receipt.content_type,
        })))
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

/// Counts the paper that is about to come into memory.
pub(super) fn held(request: &Request) -> Result<PaperInFlight, HttpRefusal> {
    let begun = request.worker.limits.papers.begin(request.caller.agency());
    begun.map_err(|wait| {
        let seconds = wait.seconds();
        Refusal::from(Error::RateLimited { seconds }).into()
    })
}

/// A paper on its way out, counted until the last of it is sent or its reader has gone.
struct PaperBody {
    left: web::Bytes,
    _held: PaperInFlight,
}

impl MessageBody for PaperBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(u64::try_from(self.left.len()).unwrap_or(u64::MAX))
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut task::Context<'_>,
    ) -> Poll<Option<Result<web::Bytes, Infallible>>> {
        let size = self.left.len().min(PIECE);
        Poll::Ready((size > 0).then(|| Ok(self.left.split_to(size))))
    }
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

/// Answers with a file that is to be saved, never opened as a page.
pub(super) fn file(
    request: &Request,
    name: &str,
    media_type: &str,
    bytes: web::Bytes,
    held: PaperInFlight,
) -> HttpResponse {
    let extension = DocumentType::named(media_type).map_or("bin", DocumentType::extension);
    let sum = STANDARD.encode(digest(&SHA256, &bytes));
    kept_by_nobody(StatusCode::OK, request)
        .insert_header((header::CONTENT_TYPE, media_type.to_owned()))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}.{extension}\""),
        ))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ))
        .insert_header(("content-digest", format!("sha-256=:{sum}:")))
        .body(PaperBody {
            left: bytes,
            _held: held,
        })
}

/// Checks that the headers do not speak of a part, or of another form.
pub(super) fn is_whole(http: &HttpRequest) -> Result<(), HttpRefusal> {
    let headers = http.headers();
    if headers.contains_key(header::CONTENT_ENCODING) || headers.contains_key(header::CONTENT_RANGE)
    {
        return Err(HttpRefusal::input(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the whole file as it is, without `content-encoding` and `content-range`",
        ));
    }
    Ok(())
}

/// Returns the kind of file that this is by its content. Looking through it takes a while, and holds nobody else up.
pub(super) async fn looked_at(bytes: web::Bytes) -> Result<DocumentType, HttpRefusal> {
    let looked_at = web::block(move || DocumentType::of(&bytes)).await;
    looked_at.map_err(Refusal::internal)?.map_err(|fault| {
        let text = fault.to_string().into();
        let reason = fault.code();
        let mut refusal = HttpRefusal::from(Refusal::from(Error::FileRefused { reason, text }));
        if fault == DocumentError::OtherType {
            refusal.status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        }
        refusal
    })
}

pub(super) async fn received(
    http: &HttpRequest,
    payload: web::Payload,
) -> Result<web::Bytes, HttpRefusal> {
    let too_large = || {
        HttpRefusal::input(
            StatusCode::PAYLOAD_TOO_LARGE,
            "a document has at most 10 MiB",
        )
    };
    let stated = http.headers().get(header::CONTENT_LENGTH);
    let stated = stated.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if stated.is_some_and(|length| length > LARGEST) {
        return Err(too_large());
    }
    match tokio::time::timeout(PATIENCE, payload.to_bytes_limited(LARGEST)).await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_))) => Err(bad("the body broke off before its end")),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => Err(HttpRefusal::input(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not come within a minute",
        )),
    }
}

/// Refuses a body with another digest than its sender states.
pub(super) fn agrees(http: &HttpRequest, bytes: &[u8]) -> Result<(), HttpRefusal> {
    for name in DIGESTS {
        let lines = http.headers().get_all(name);
        let stated = formats::stated_sha256(lines.map(|line| line.to_str().unwrap_or("")));
        match stated {
            Ok(None) => {}
            Ok(Some(stated)) if digest(&SHA256, bytes).as_ref() == stated => {}
            Ok(Some(_)) => return Err(bad(&format!("`{name}` is not the digest of the body"))),
            Err(fault) => return Err(bad(&format!("`{name}` {fault}"))),
        }
    }
    Ok(())
}

fn bad(text: &str) -> HttpRefusal {
    Refusal::from(Error::bad_request(text.to_owned())).into()
}
