//! Files that come in whole (`PUT`) and go out as they are (`GET`): consents' signed papers, the texts of
//! MOUs, and what is attached to notes.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{self, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, web};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::cors;
use super::plain::{HttpRefusal, kept_by_nobody};
use super::routes;
use crate::access::in_flight::PaperInFlight;
use crate::access::origins::AllowedOrigins;
use crate::consent::document::fault::DocumentError;
use crate::consent::document::formats::{self, DocumentType, LARGEST};
use crate::error::{Error, Refusal};
use crate::request::Request;

/// How long a file may take to come in.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of a file is handed on at a time, in bytes.
const PIECE: usize = 64 * 1024;
/// The headers that may state a digest of the body (RFC 9530, 2 and 3): without a coding they mean the same bytes.
const DIGESTS: [&str; 2] = ["content-digest", "repr-digest"];

/// Registers a path at which a file is put and read.
pub(super) fn register<P, PutArgs, G, GetArgs>(
    service: &mut web::ServiceConfig,
    path: &str,
    origins: &AllowedOrigins,
    (put, get): (P, G),
) where
    P: Handler<PutArgs>,
    PutArgs: FromRequest + 'static,
    P::Output: Responder + 'static,
    G: Handler<GetArgs>,
    GetArgs: FromRequest + 'static,
    G::Output: Responder + 'static,
{
    let methods = [Method::PUT, Method::GET, Method::HEAD];
    service.service(
        routes::path(path, "GET, HEAD, PUT")
            .wrap(cors::with_tokens(origins, &methods))
            .wrap(from_fn(cors::knowing_origins))
            .route(web::put().to(put))
            .route(routes::reading().to(get)),
    );
}

/// A file that came in whole, its content looked through; counted until it is dropped.
pub(super) struct ReceivedFile {
    /// What kind of file it is.
    pub(super) kind: DocumentType,
    /// All of it.
    pub(super) bytes: web::Bytes,
    _held: PaperInFlight,
}

impl ReceivedFile {
    /// Takes a file in.
    pub(super) async fn receive(
        http: &HttpRequest,
        request: &Request,
        payload: web::Payload,
    ) -> Result<Self, HttpRefusal> {
        is_whole(http)?;
        let held = held(request)?;
        let bytes = received(http, payload).await?;
        let kind = looked_at(bytes.clone()).await?;
        agrees(http, &bytes)?;
        Ok(Self {
            kind,
            bytes,
            _held: held,
        })
    }

    /// Answers that it is stored: now, where this is `fresh`, or that it was before.
    pub(super) fn stored(&self, request: &Request, sha256: &str, fresh: bool) -> HttpResponse {
        let status = if fresh {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        kept_by_nobody(status, request).json(json!({
            "sha256": sha256,
            "bytes": self.bytes.len(),
            "contentType": self.kind.media_type(),
        }))
    }
}

/// Counts the file that is about to come into memory.
pub(super) fn held(request: &Request) -> Result<PaperInFlight, HttpRefusal> {
    let begun = request.worker.limits.papers.begin(request.caller.agency());
    begun.map_err(|wait| {
        let seconds = wait.seconds();
        Refusal::from(Error::RateLimited { seconds }).into()
    })
}

/// A file on its way out, counted until the last of it is sent or its reader has gone.
struct FileBody {
    left: web::Bytes,
    _held: PaperInFlight,
}

impl MessageBody for FileBody {
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
        .body(FileBody {
            left: bytes,
            _held: held,
        })
}

/// Checks that the headers do not speak of a part, or of another form.
fn is_whole(http: &HttpRequest) -> Result<(), HttpRefusal> {
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
async fn looked_at(bytes: web::Bytes) -> Result<DocumentType, HttpRefusal> {
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

async fn received(http: &HttpRequest, payload: web::Payload) -> Result<web::Bytes, HttpRefusal> {
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
fn agrees(http: &HttpRequest, bytes: &[u8]) -> Result<(), HttpRefusal> {
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
