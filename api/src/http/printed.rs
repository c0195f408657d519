//! Pages that are to be printed: where each is, what is asked of it, in which language and on which paper, and how it is
//! answered.

use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use super::cors;
use super::plain::{self, HttpRefusal, Operation, kept_by_nobody};
use super::routes::read_only;
use super::shared::Shared;
use crate::access::grant::RequiredScope;
use crate::access::origins::AllowedOrigins;
use crate::consent::form::page::{FormPage, PaperSize};
use crate::error::{Error, Refusal};
use crate::request::{Request, Worker};
use crate::wire::scalars::LanguageTag;

/// A kind of page: of a record, whose id is in its path.
pub(super) trait PrintedPage: 'static {
    /// Its path, with `{id}` in it.
    const PATH: &'static str;
    /// What reading it is called, and costs.
    const READ: Operation;
    /// What it takes to read it.
    const TAKES: RequiredScope;

    /// Returns the page of a record.
    async fn page(request: &Request, id: &str, query: &str) -> Result<FormPage, HttpRefusal>;
}

/// Registers the route of a kind of page.
pub(super) fn routes<P: PrintedPage>(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service.service(
        read_only(P::PATH, get::<P>)
            .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
            .wrap(from_fn(cors::knowing_origins)),
    );
}

async fn get<P: PrintedPage>(
    http: HttpRequest,
    id: web::Path<String>,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, P::READ, async |request| {
        request.caller.may(P::TAKES)?;
        let page = P::page(request, &id, http.query_string()).await?;
        Ok(answer(request, page))
    })
    .await
}

/// What is asked of a page.
pub(super) struct AskedPage {
    /// The language's tag (BCP 47); none where nothing is said.
    pub(super) language: Option<String>,
    /// The paper; Letter where nothing is said.
    pub(super) paper: PaperSize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    lang: Option<String>,
    paper: Option<String>,
}

impl AskedPage {
    /// Reads it from an address.
    pub(super) fn read(query: &str) -> Result<Self, HttpRefusal> {
        let asked = web::Query::<PageQuery>::from_query(query)
            .map_err(|_| wrong("query", "takes `lang` and `paper`, each once"))?
            .into_inner();
        Self::of(asked.lang.as_deref(), asked.paper.as_deref())
    }

    /// Reads it from what an address says of the language and of the paper.
    pub(super) fn of(language: Option<&str>, paper: Option<&str>) -> Result<Self, HttpRefusal> {
        let paper = self::paper(paper)?;
        let language = match language {
            Some(tag) => Some(
                LanguageTag::new(tag)
                    .ok_or_else(|| wrong("lang", "not a language tag (BCP 47), such as `es`"))?
                    .as_str()
                    .to_owned(),
            ),
            None => None,
        };
        Ok(Self { language, paper })
    }
}

fn answer(request: &Request, page: FormPage) -> HttpResponse {
    kept_by_nobody(StatusCode::OK, request)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_LANGUAGE, page.language.tag()))
        .insert_header((header::CONTENT_SECURITY_POLICY, page.policy))
        .body(page.html)
}

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
