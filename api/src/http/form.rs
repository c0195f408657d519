//! `GET /consents/{id}/form`: a consent as a page to be printed, read and signed.

use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::cors;
use super::plain::{self, HttpRefusal, Operation, kept_by_nobody};
use super::routes::read_only;
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::origins::AllowedOrigins;
use crate::consent::form::page::PaperSize;
use crate::consent::form::read::subject;
use crate::error::{Error, Refusal};
use crate::request::{Request, Worker};
use crate::wire::scalars::LanguageTag;

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

/// What is asked of the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FormQuery {
    lang: Option<String>,
    paper: Option<String>,
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
    let asked = web::Query::<FormQuery>::from_query(query)
        .map_err(|_| wrong("query", "takes `lang` and `paper`, each once"))?
        .into_inner();
    let paper = paper(asked.paper.as_deref())?;
    let language = match asked.lang {
        Some(tag) => Some(
            LanguageTag::new(&tag)
                .ok_or_else(|| wrong("lang", "not a language tag (BCP 47), such as `es`"))?,
        ),
        None => None,
    };
    let subject = subject(request, id).await?;
    let subject = subject.ok_or_else(HttpRefusal::not_found)?;
    let language = language.map_or_else(
        || subject.consent.language.clone(),
        |tag| tag.as_str().to_owned(),
    );
    let page = subject.page(&language, paper).map_err(Refusal::internal)?;
    Ok(kept_by_nobody(StatusCode::OK, request)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_LANGUAGE, page.language.tag()))
        .insert_header((header::CONTENT_SECURITY_POLICY, page.policy))
        .body(page.html))
}

/// Returns the paper that is asked for; Letter where nothing is said.
fn paper(word: Option<&str>) -> Result<PaperSize, HttpRefusal> {
    let Some(word) = word else {
        return Ok(PaperSize::Letter);
    };
    let named = PaperSize::ALL.iter().find(|paper| paper.word() == word);
    named
        .copied()
        .ok_or_else(|| wrong("paper", "is `a4` or `letter`"))
}

fn wrong(field: &str, remedy: &str) -> HttpRefusal {
    Refusal::from(Error::input(field, remedy)).into()
}
