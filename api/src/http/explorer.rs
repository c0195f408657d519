//! The explorer page, in demo and development only.

use std::path::PathBuf;

use actix_web::http::header;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::RustEmbed;
use url::{Host, Url};

use super::routes::{compressed, read_only};
use super::shared::Shared;
use crate::settings::Settings;

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
    for (path, name, kind) in FILES {
        let page = move || async move { file(name, kind) };
        service.service(read_only(path, page).wrap(from_fn(compressed)));
    }
    service.service(read_only("/demo/personas", personas));
}

/// Each file's path, name and media type.
const FILES: [(&str, &str, &str); 4] = [
    ("/", "index.html", "text/html; charset=utf-8"),
    ("/explorer.css", "explorer.css", "text/css; charset=utf-8"),
    (
        "/explorer.js",
        "explorer.js",
        "text/javascript; charset=utf-8",
    ),
    (
        "/examples.js",
        "examples.js",
        "text/javascript; charset=utf-8",
    ),
];

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

/// Answers the demo's tokens, under a name of this very service alone: a page of a stranger's whose name was made to lead
/// here has that name as its `Host`.
async fn personas(
    http: HttpRequest,
    personas: web::Data<Personas>,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let mut hosts = http.headers().get_all(header::HOST);
    let own = match (
        hosts.next().and_then(|host| host.to_str().ok()),
        hosts.next(),
    ) {
        (Some(host), None) => is_own(host, &shared.settings),
        (_, _) => false,
    };
    if !own {
        return HttpResponse::MisdirectedRequest().finish();
    }
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

/// Returns whether a `Host` is this machine itself, the address that the service listens on, or its issuer's.
fn is_own(host: &str, settings: &Settings) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else {
        return false;
    };
    if host.contains(['@', '/', '?', '#', '\\']) {
        return false;
    }
    let issuer = Url::parse(&settings.issuer).ok();
    let issuer = issuer.as_ref().and_then(Url::host);
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || settings.listen.ip() == address,
        Some(Host::Ipv6(address)) => address.is_loopback() || settings.listen.ip() == address,
        None => false,
    };
    here || (issuer.is_some() && url.host() == issuer)
}
