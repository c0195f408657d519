//! `/.well-known/*`: what others must know of us before they ask (RFC 8615).

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, web};
use serde_json::Value;

use super::cors;
use super::routes::{compressed, read_only};
use super::shared::Shared;
use crate::oauth::metadata;

/// The media type of a JWK set (RFC 7517, 8.5.2).
const JWK_SET: &str = "application/jwk-set+json";
/// A key is published a day before it signs, so five minutes are soon enough for anybody; and a retired one is soon
/// gone from everywhere.
const FRESH: &str = "public, max-age=300";

/// Registers the routes of what is well known. The metadata of an identifier with a path is read under that path (RFC
/// 8414, 3.1; RFC 9728, 3.1), and the resource's also without: there is but one.
pub fn routes(service: &mut web::ServiceConfig) {
    let below = |path| format!("{path}/{{path:.*}}");
    service
        .service(public("/.well-known/jwks.json", jwks))
        .service(public(SERVER, authorization_server))
        .service(public(&below(SERVER), authorization_server))
        .service(public(RESOURCE, protected_resource))
        .service(public(&below(RESOURCE), protected_resource));
}

/// Returns the resource at a path that any page may read.
fn public<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + use<F, Args>
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    read_only(path, handler)
        .wrap(from_fn(compressed))
        .wrap(cors::of_public())
}

const SERVER: &str = "/.well-known/oauth-authorization-server";
const RESOURCE: &str = "/.well-known/oauth-protected-resource";

async fn authorization_server(http: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    if asked_of(&http, SERVER) != metadata::path(&shared.settings.issuer) {
        return HttpResponse::NotFound().finish();
    }
    document(&metadata::authorization_server(&shared.settings))
}

async fn protected_resource(http: HttpRequest, shared: web::Data<Shared>) -> HttpResponse {
    let asked_of = asked_of(&http, RESOURCE);
    if !asked_of.is_empty() && asked_of != metadata::path(&shared.settings.audience) {
        return HttpResponse::NotFound().finish();
    }
    document(&metadata::protected_resource(&shared.settings))
}

/// Returns the path of the identifier that is asked about.
fn asked_of<'http>(http: &'http HttpRequest, well_known: &str) -> &'http str {
    let path = http.path();
    path.strip_prefix(well_known).unwrap_or(path)
}

fn document(said: &Value) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, FRESH))
        .body(said.to_string())
}

/// Returns the public keys that prove our tokens (RFC 7517, 5): those that sign next, sign now, or signed tokens that
/// may live.
async fn jwks(shared: web::Data<Shared>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(JWK_SET)
        .insert_header((header::CACHE_CONTROL, FRESH))
        .body(shared.key_cache.accepted().jwks().to_string())
}
