//! `GET /audit/events.ndjson` and `GET /audit/events.csv`: the log for other programs, as far as the auditor reaches. It is read
//! part by part while it goes out, each on record before it does.

use std::str::FromStr;
use std::time::Duration;

use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::ID;
use futures_util::stream::try_unfold;
use serde::Deserialize;

use super::cors;
use super::files::held;
use super::plain::{self, HttpRefusal, Operation, kept_by_nobody};
use super::register::{BrokenOffError, broken_off};
use super::routes::read_only;
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::in_flight::PaperInFlight;
use crate::access::origins::AllowedOrigins;
use crate::error::{Error, Refusal};
use crate::request::{Request, Worker};
use crate::review::export::part::{AskedExport, ExportedEvents, part};
use crate::review::export::{self, ExportFormat};
use crate::review::filter::AuditFilter;
use crate::wire::scalars::DateTime;

const READ: Operation = Operation {
    name: "exportAuditEvents",
    cost: PART,
};
/// What each part of an export costs.
const PART: u64 = 3_000;

/// Registers the routes of the export.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service
        .service(
            read_only("/audit/events.ndjson", lines)
                .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
                .wrap(from_fn(cors::knowing_origins)),
        )
        .service(
            read_only("/audit/events.csv", table)
                .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
                .wrap(from_fn(cors::knowing_origins)),
        );
}

/// What is asked of the export: the filter of `auditEvents`, and after which event it goes on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditExportQuery {
    types: Option<String>,
    outcome: Option<String>,
    agency: Option<ID>,
    subject: Option<String>,
    application: Option<ID>,
    object: Option<ID>,
    named: Option<ID>,
    consent: Option<ID>,
    mou: Option<ID>,
    survivor: Option<ID>,
    purpose: Option<String>,
    category: Option<String>,
    since: Option<String>,
    until: Option<String>,
    after: Option<String>,
}

impl AuditExportQuery {
    fn filter(self) -> Result<AuditFilter, Refusal> {
        let types = self.types.map(|types| {
            let codes = types.split(',').map(|code| self::code("types", code));
            codes.collect::<Result<Vec<_>, _>>()
        });
        let optional = |field: &str, text: Option<String>| text.map(|text| moment(field, &text));
        Ok(AuditFilter {
            types: types.transpose()?,
            outcome: self.outcome.map(|one| code("outcome", &one)).transpose()?,
            agency: self.agency,
            subject: self.subject,
            application: self.application,
            object: self.object,
            named: self.named,
            consent: self.consent,
            mou: self.mou,
            survivor: self.survivor,
            purpose: self.purpose.map(|one| code("purpose", &one)).transpose()?,
            category: self
                .category
                .map(|one| code("category", &one))
                .transpose()?,
            since: optional("since", self.since).transpose()?,
            until: optional("until", self.until).transpose()?,
        })
    }
}

fn code<C: FromStr>(field: &str, text: &str) -> Result<C, Refusal> {
    let remedy = "a code of the schema; several types with commas between them";
    text.parse().map_err(|_| Error::input(field, remedy).into())
}

fn moment(field: &str, text: &str) -> Result<DateTime, Refusal> {
    let moment = text.parse().map(DateTime);
    moment.map_err(|fault| Error::input(field, fault).into())
}

async fn lines(
    http: HttpRequest,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ, async |request| {
        request.caller.may(Resource::Audit.search())?;
        exported(request, http.query_string(), ExportFormat::Fhir).await
    })
    .await
}

async fn table(
    http: HttpRequest,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ, async |request| {
        request.caller.may(Resource::Audit.search())?;
        exported(request, http.query_string(), ExportFormat::Csv).await
    })
    .await
}

/// What is left of an export on its way out; counted among its agency's files until the last of it is sent.
struct RestOfExport {
    request: Request,
    asked: AskedExport,
    ready: Option<ExportedEvents>,
    _held: PaperInFlight,
}

async fn exported(
    request: &Request,
    query: &str,
    format: ExportFormat,
) -> Result<HttpResponse, HttpRefusal> {
    let wrong = || {
        Error::input(
            "query",
            "takes the filter of `auditEvents` and `after`, each once",
        )
    };
    let mut query = web::Query::<AuditExportQuery>::from_query(query)
        .map_err(|_| Refusal::from(wrong()))?
        .into_inner();
    let after = match query.after.take() {
        Some(id) => Some(export::event_id(&id).ok_or_else(|| {
            Refusal::from(Error::input(
                "after",
                "the id of the last event that you have",
            ))
        })?),
        None => None,
    };
    let wanted = query.filter()?.wanted(request.caller.agency(), "filter")?;
    let held = held(request)?;
    let asked = AskedExport { wanted, format };
    let mut first = part(request, &asked, after).await?;
    let mut begun = format.head()?;
    begun.append(&mut first.bytes);
    first.bytes = begun;
    let rest = RestOfExport {
        request: request.clone(),
        asked,
        ready: Some(first),
        _held: held,
    };
    let (content_type, name) = match format {
        ExportFormat::Fhir => ("application/fhir+ndjson", "audit-events.ndjson"),
        ExportFormat::Csv => (
            "text/csv; charset=utf-8; header=present",
            "audit-events.csv",
        ),
    };
    let name = format!("attachment; filename=\"{name}\"");
    Ok(kept_by_nobody(StatusCode::OK, request)
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .streaming(try_unfold(rest, |mut rest| async move {
            let found = rest.next().await;
            let found = found.map_err(|refusal| broken_off(&rest.request, &refusal))?;
            Ok::<_, BrokenOffError>(found.map(|bytes| (bytes, rest)))
        })))
}

impl RestOfExport {
    /// Returns what goes out next; none at the end. Nothing of no length, which would end the answer.
    async fn next(&mut self) -> Result<Option<web::Bytes>, Refusal> {
        while let Some(ready) = self.ready.take() {
            if let Some(next) = ready.next {
                if !ready.bytes.is_empty() {
                    // Read when its turn comes: what nobody takes is not read.
                    self.ready = Some(ExportedEvents {
                        bytes: Vec::new(),
                        next: Some(next),
                    });
                    return Ok(Some(ready.bytes.into()));
                }
                self.pays().await;
                self.ready = Some(part(&self.request, &self.asked, Some(next)).await?);
            } else if !ready.bytes.is_empty() {
                return Ok(Some(ready.bytes.into()));
            }
        }
        Ok(None)
    }

    /// Takes what a part costs from its program's allowance, and waits until there is as much.
    async fn pays(&self) {
        let caller = &self.request.caller;
        let limits = &self.request.worker.limits;
        while let Err(wait) = limits.charge(caller.agency(), caller.client(), PART) {
            tokio::time::sleep(Duration::from_secs(wait.seconds())).await;
        }
    }
}
