//! The explorer page, in demo and development only.

use std::path::PathBuf;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;

/// The page's files.
#[derive(RustEmbed)]
#[folder = "src/http/explorer"]
struct Files;

/// Where the demo's tokens are, in a demo.
#[derive(Clone, Debug)]
pub struct Personas(pub Option<PathBuf>);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Puts the page's routes on an application.
pub fn routes(service: &mut web::ServiceConfig) {
    service
        .route(
            "/",
            web::get().to(|| async { file("index.html", "text/html; charset=utf-8") }),
        )
        .route(
            "/explorer.css",
            web::get().to(|| async { file("explorer.css", "text/css; charset=utf-8") }),
        )
        .route(
            "/explorer.js",
            web::get().to(|| async { file("explorer.js", "text/javascript; charset=utf-8") }),
        )
        .route(
            "/examples.js",
            web::get().to(|| async { file("examples.js", "text/javascript; charset=utf-8") }),
        )
        .route("/demo/personas", web::get().to(personas));
}

fn file(name: &str, kind: &str) -> HttpResponse {
    match Files::get(name) {
        Some(file) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, kind))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(file.data.into_owned()),
        None => HttpResponse::NotFound().finish(),
    }
}

async fn personas(personas: web::Data<Personas>) -> HttpResponse {
    let Some(path) = &personas.0 else {
        return HttpResponse::NotFound().finish();
    };
    match tokio::fs::read(path).await {
        Ok(tokens) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(tokens),
        Err(_) => HttpResponse::NotFound().finish(),
    }
}
