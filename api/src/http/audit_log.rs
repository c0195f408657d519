//! `/audit/log/`: the audit log for who verifies it elsewhere, after C2SP tlog-tiles: its newest signed checkpoint, and the tiles
//! of hashes under it. The events themselves are not served here: their leaves name the acts of every agency.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};

use super::cors;
use super::negotiate;
use super::plain::{self, HttpRefusal, Operation, kept_by_nobody};
use super::routes::{compressed, read_only};
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::origins::AllowedOrigins;
use crate::audit::tile_path::TilePath;
use crate::audit::tree;
use crate::request::Worker;
use crate::review::log;

const READ_CHECKPOINT: Operation = Operation {
    name: "readAuditCheckpoint",
    cost: 300,
};
const READ_TILE: Operation = Operation {
    name: "readAuditTile",
    cost: 300,
};
/// A checkpoint is signed every few seconds at most.
const FRESH: &str = "private, max-age=2";
/// What a tile holds never changes. Whoever has no token is to find it in no cache.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

/// Registers the routes of the log.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service
        .service(hashes(
            read_only("/audit/log/checkpoint", checkpoint),
            origins,
        ))
        .service(hashes(
            read_only("/audit/log/tile/{path:.*}", tile),
            origins,
        ));
}

/// Returns a route to what is the same for everybody who may read it, and may be compressed.
fn hashes(route: actix_web::Resource, origins: &AllowedOrigins) -> impl HttpServiceFactory + use<> {
    route
        .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
        .wrap(from_fn(cors::knowing_origins))
        // The last, as the others keep one line of `Vary` alone.
        .wrap(from_fn(compressed))
}

async fn checkpoint(
    http: HttpRequest,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ_CHECKPOINT, async |request| {
        request.caller.may(Resource::Audit.read())?;
        let note = log::newest_note(request).await?;
        let tag = tree::leaf_hash(note.as_bytes()).to_string();
        let known = negotiate::has(http.headers(), &tag);
        let status = if known {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        };
        let mut answer = kept_by_nobody(status, request);
        answer
            .insert_header((header::CACHE_CONTROL, FRESH))
            .insert_header((header::ETAG, format!("\"{tag}\"")));
        if known {
            return Ok(answer.finish());
        }
        Ok(answer.content_type("text/plain; charset=utf-8").body(note))
    })
    .await
}

async fn tile(
    http: HttpRequest,
    path: web::Path<String>,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ_TILE, async |request| {
        request.caller.may(Resource::Audit.read())?;
        let path: Result<TilePath, _> = path.parse();
        // A hash that is not there is no attempt at anybody's record.
        let path = path.map_err(|_| HttpRefusal::not_found())?;
        let hashes = log::tile(request, path).await?;
        let hashes = hashes.ok_or_else(HttpRefusal::not_found)?;
        Ok(kept_by_nobody(StatusCode::OK, request)
            .insert_header((header::CACHE_CONTROL, FOR_EVER))
            .content_type("application/octet-stream")
            .body(hashes))
    })
    .await
}
