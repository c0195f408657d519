//! `POST /add-checkpoint`: a witness on its socket, as a partner runs it (C2SP tlog-witness). It knows nothing else of Concord.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::Payload;
use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::time::timeout;
use tracing::{error, info, warn};

use super::routes::path;
use super::server::ListenError;
use crate::audit::cosign::cosigner::{Cosigner, CosigningError};
use crate::clock;

/// The most bytes of what a log sends: 63 hashes, and a note with its signatures.
const MAX_BODY: usize = 64 * 1024;
/// How long it may take to send it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many connections are served at once.
const CONNECTIONS: usize = 128;
/// How long requests under way may take to end after a SIGTERM, in seconds.
const GRACE: u64 = 5;

/// Listens and answers until a SIGTERM or an interrupt. `ready` is told the address.
///
/// # Errors
/// [`ListenError`]: the address cannot be listened on, or the server broke.
pub async fn serve(
    address: SocketAddr,
    cosigner: Cosigner,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ListenError> {
    let failed = |fault| ListenError::new(address, fault);
    let listener = TcpListener::bind(address).map_err(failed)?;
    let taken = listener.local_addr().map_err(failed)?;
    let cosigner = web::Data::from(Arc::new(cosigner));
    let server = HttpServer::new(move || {
        let adding = path("/add-checkpoint", "POST").route(web::post().to(add));
        App::new().app_data(cosigner.clone()).service(adding)
    })
    .workers(2)
    .max_connections(CONNECTIONS)
    .shutdown_timeout(GRACE)
    .client_request_timeout(PATIENCE)
    .listen(listener)
    .map_err(failed)?;
    ready(taken);
    server.run().await.map_err(failed)
}

async fn add(body: Payload, cosigner: web::Data<Cosigner>) -> HttpResponse {
    let body = match timeout(PATIENCE, body.to_bytes_limited(MAX_BODY)).await {
        Ok(Ok(Ok(body))) => body,
        Ok(Ok(Err(_))) => return said(StatusCode::BAD_REQUEST, "the body was not read"),
        Ok(Err(_)) => return said(StatusCode::PAYLOAD_TOO_LARGE, "more than 64 KiB"),
        Err(_) => return said(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
    };
    let Ok(body) = String::from_utf8(body.into()) else {
        return said(StatusCode::BAD_REQUEST, "the body is not UTF-8");
    };
    // It waits for the disk.
    match web::block(move || cosigner.add(&body, clock::now())).await {
        Ok(Ok(line)) => {
            info!("cosigned");
            said(StatusCode::OK, line)
        }
        Ok(Err(refused)) => refuse(&refused),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// Says why a checkpoint is not cosigned. A log that is forked is told of in the witness's own log.
fn refuse(refused: &CosigningError) -> HttpResponse {
    let status = match refused {
        CosigningError::Malformed(_) | CosigningError::BadCheckpoint => StatusCode::BAD_REQUEST,
        CosigningError::UnknownLog => StatusCode::NOT_FOUND,
        CosigningError::NotSigned(_) => StatusCode::FORBIDDEN,
        CosigningError::OtherSize(size) => return conflict(*size),
        CosigningError::Forked(size) => {
            error!(%refused, "a log is forked: the checkpoint that proves it is kept in the state folder");
            return conflict(*size);
        }
        CosigningError::BadProof => {
            error!(%refused, "a log may be forked: the checkpoint is kept in the state folder");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        CosigningError::State(_) => {
            error!(%refused, "nothing is cosigned");
            return HttpResponse::InternalServerError().finish();
        }
    };
    warn!(%refused, "not cosigned");
    said(status, format!("{refused}\n"))
}

fn conflict(size: u64) -> HttpResponse {
    HttpResponse::Conflict()
        .insert_header((header::CONTENT_TYPE, "text/x.tlog.size"))
        .body(format!("{size}\n"))
}

fn said(status: StatusCode, text: impl Into<String>) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(text.into())
}
