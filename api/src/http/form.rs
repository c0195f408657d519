//! `GET /consents/{id}/form`: a consent as a page to be printed, read and signed.

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
use crate::consent::form::read::subject;
use crate::error::Refusal;
use crate::request::{Request, Worker};

const READ: Operation = Operation {
    name: "readConsentForm",
    cost: 20,
};

/// Registers the route of the form.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service.service(
        read_only("/consents/{id}/form", form)
            .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
            .wrap(from_fn(cors::knowing_origins)),
    );
}

async fn form(
    http: HttpRequest,
    id: web::Path<String>,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ, async |request| {
        request.caller.may(Resource::Consent.read())?;
        page(request, &id, http.query_string()).await
    })
    .await
}

async fn page(request: &Request, id: &str, query: &str) -> Result<HttpResponse, HttpRefusal> {
    let id = plain::id(id)?;
    let asked = AskedPage::read(query)?;
    let subject = subject(request, id).await?;
    let subject = subject.ok_or_else(HttpRefusal::not_found)?;
    let own = || subject.consent.language.clone();
    let language = asked.language.unwrap_or_else(own);
    let page = subject
        .page(&language, asked.paper)
        .map_err(Refusal::internal)?;
    Ok(answer(request, page))
}
