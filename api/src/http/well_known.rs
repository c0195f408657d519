//! `/.well-known/*`: what others must know of us before they ask (RFC 8615).

use actix_web::http::header;
use actix_web::{HttpResponse, Resource, web};

use super::server::Shared;

/// The media type of a JWK set (RFC 7517, 8.5.2).
const JWK_SET: &str = "application/jwk-set+json";
/// A key is published a day before it signs, so five minutes are soon enough for anybody; and a retired one is soon
/// gone from everywhere.
const FRESH: &str = "public, max-age=300";

/// Where the public keys are read.
#[must_use]
pub fn jwks_resource() -> Resource {
    web::resource("/.well-known/jwks.json").route(web::get().to(jwks))
}

/// The public keys that prove our tokens (RFC 7517, 5): those that sign next, sign now, or signed tokens that may live.
async fn jwks(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JWK_SET)
        .insert_header((header::CACHE_CONTROL, FRESH))
        .body(shared.ring.accepted().jwks().to_string())
}
