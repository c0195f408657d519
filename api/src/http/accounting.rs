//! `GET /survivors/{id}/accounting`: who was told what of a person, as a page that the person's own agency hands over.

use actix_web::web;
use concord_entities::instant::Day;
use serde::Deserialize;

use super::plain::{self, HttpRefusal, Operation};
use super::printed::{AskedPage, PrintedPage};
use crate::access::grant::{RequiredScope, Resource};
use crate::consent::form::page::FormPage;
use crate::error::{Error, Refusal};
use crate::request::Request;
use crate::review::accounting::printed::printed;
use crate::review::accounting::statement::AskedAccounting;

/// The accounting of what was told of a person.
pub(super) struct AccountingPage;

/// What is asked of the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountingQuery {
    lang: Option<String>,
    paper: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

impl PrintedPage for AccountingPage {
    const PATH: &'static str = "/survivors/{id}/accounting";
    const READ: Operation = Operation {
        name: "readAccounting",
        cost: 3_000,
    };
    const TAKES: RequiredScope = Resource::Survivor.read();

    async fn page(request: &Request, id: &str, query: &str) -> Result<FormPage, HttpRefusal> {
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
        let language = language.as_deref().unwrap_or("en");
        let page = found.accounting.page(language, asked.paper);
        Ok(page.map_err(Refusal::internal)?)
    }
}

fn day(field: &str, text: Option<&str>) -> Result<Option<Day>, Refusal> {
    let day = text.map(str::parse).transpose();
    day.map_err(|fault| Error::input(field, fault).into())
}
