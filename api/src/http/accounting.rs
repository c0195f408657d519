//! `GET /survivors/{id}/accounting`: who was told what of a person, as a page that the person's own agency hands over.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use concord_entities::instant::Day;
use serde::Deserialize;

use super::cors;
use super::plain::{self, HttpRefusal, Operation};
use super::printed::{AskedPage, answer};
use super::routes::read_only;
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::origins::AllowedOrigins;
use crate::error::{Error, Refusal};
use crate::request::{Request, Worker};
use crate::review::accounting::printed::printed;
use crate::review::accounting::statement::AskedAccounting;

const READ: Operation = Operation {
    name: "readAccounting",
    cost: 3_000,
};

/// Registers the route of the page.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service.service(
        read_only("/survivors/{id}/accounting", accounting)
            .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
            .wrap(from_fn(cors::knowing_origins)),
    );
}

/// What is asked of the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountingQuery {
    lang: Option<String>,
    paper: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

async fn accounting(
    http: HttpRequest,
    id: web::Path<String>,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ, async |request| {
        request.caller.may(Resource::Survivor.read())?;
        page(request, &id, http.query_string()).await
    })
    .await
}

async fn page(request: &Request, id: &str, query: &str) -> Result<HttpResponse, HttpRefusal> {
    let survivor = plain::id(id)?;
    let wrong = || {
        Error::input(
            "query",
            "takes `lang`, `paper`, `since` and `until`, each once",
        )
    };
    let query = web::Query::<AccountingQuery>::from_query(query)
        .map_err(|_| Refusal::from(wrong()))?
        .into_inner();
    let asked = AskedPage::of(query.lang.as_deref(), query.paper.as_deref())?;
    let found = printed(
        request,
        AskedAccounting {
            survivor,
            since: day("since", query.since.as_deref())?,
            until: day("until", query.until.as_deref())?,
        },
    )
    .await?;
    let found = found.ok_or_else(HttpRefusal::not_found)?;
    let language = asked.language.or(found.language);
    let page = found
        .accounting
        .page(language.as_deref().unwrap_or("en"), asked.paper)
        .map_err(Refusal::internal)?;
    Ok(answer(request, page))
}

fn day(field: &str, text: Option<&str>) -> Result<Option<Day>, Refusal> {
    let day = text.map(str::parse).transpose();
    day.map_err(|fault| Error::input(field, fault).into())
}
