//! `GET /mous/{id}/page`: an MOU as a page to be printed, discussed and signed.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};

use super::cors;
use super::plain::{self, HttpRefusal, Operation};
use super::printed::{AskedPage, answer};
use super::routes::read_only;
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::origins::AllowedOrigins;
use crate::error::Refusal;
use crate::mou::page::read::printed;
use crate::request::{Request, Worker};

const READ: Operation = Operation {
    name: "readMouPage",
    cost: 20,
};

/// Registers the route of the page.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service.service(
        read_only("/mous/{id}/page", page)
            .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
            .wrap(from_fn(cors::knowing_origins)),
    );
}

async fn page(
    http: HttpRequest,
    id: web::Path<String>,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ, async |request| {
        request.caller.may(Resource::Mou.read())?;
        found(request, &id, http.query_string()).await
    })
    .await
}

async fn found(request: &Request, id: &str, query: &str) -> Result<HttpResponse, HttpRefusal> {
    let id = plain::id(id)?;
    let asked = AskedPage::read(query)?;
    let printed = printed(request, id).await?;
    let printed = printed.ok_or_else(HttpRefusal::not_found)?;
    let language = asked.language.as_deref().unwrap_or("en");
    let page = printed
        .page(language, asked.paper)
        .map_err(Refusal::internal)?;
    Ok(answer(request, page))
}
