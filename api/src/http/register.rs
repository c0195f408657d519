//! `GET /mous.csv`: the register of MOUs that an agency follows, as a table for a spreadsheet. It is read page by page while it
//! goes out, each page on record before it does.

use std::future::ready;

use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use concord_entities::ids::TaskForceId;
use futures_util::StreamExt;
use futures_util::stream::{once, try_unfold};
use serde::Deserialize;
use tracing::error;

use super::cors;
use super::files::held;
use super::plain::{self, HttpRefusal, Operation, kept_by_nobody};
use super::routes::read_only;
use super::shared::Shared;
use crate::access::grant::Resource;
use crate::access::in_flight::PaperInFlight;
use crate::access::origins::AllowedOrigins;
use crate::error::{Error, Refusal};
use crate::mou::export::part;
use crate::mou::register::{MouOrder, MouPlace, MouRegister, WantedMous};
use crate::request::{Request, Worker};
use crate::store::page;

const READ: Operation = Operation {
    name: "exportMous",
    cost: 5_000,
};

/// Registers the route of the register.
pub fn routes(service: &mut web::ServiceConfig, origins: &AllowedOrigins) {
    service.service(
        read_only("/mous.csv", export)
            .wrap(cors::with_tokens(origins, &[Method::GET, Method::HEAD]))
            .wrap(from_fn(cors::knowing_origins)),
    );
}

/// What is asked of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExportQuery {
    task_force: Option<String>,
}

async fn export(
    http: HttpRequest,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    plain::answer(&http, &shared, &worker, READ, async |request| {
        request.caller.may(Resource::Mou.search())?;
        table(request, http.query_string()).await
    })
    .await
}

/// What is left of a table on its way out; counted among its agency's files until the last of it is sent.
struct RestOfTable {
    request: Request,
    register: MouRegister,
    after: Option<MouPlace>,
    _held: PaperInFlight,
}

async fn table(request: &Request, query: &str) -> Result<HttpResponse, HttpRefusal> {
    let wrong = |field: &str, remedy: &str| Refusal::from(Error::input(field, remedy));
    let asked = web::Query::<ExportQuery>::from_query(query)
        .map_err(|_| wrong("query", "takes `taskForce`, once"))?
        .into_inner();
    let task_force: Option<TaskForceId> = match &asked.task_force {
        Some(id) => Some(page::id("taskForce", id).map_err(Refusal::from)?),
        None => None,
    };
    let register = MouRegister {
        order: MouOrder::Ending,
        wanted: WantedMous {
            task_force,
            ..WantedMous::default()
        },
    };
    let held = held(request)?;
    let first = part(request, &register, None).await?;
    let rest = RestOfTable {
        request: request.clone(),
        register,
        after: first.next,
        _held: held,
    };
    let rest = try_unfold(rest, |mut rest| async move {
        if rest.after.is_none() {
            return Ok::<_, BrokenOffError>(None);
        }
        let part = part(&rest.request, &rest.register, rest.after).await;
        let part = part.map_err(|refusal| broken_off(&rest.request, &refusal))?;
        rest.after = part.next;
        Ok(Some((web::Bytes::from(part.csv), rest)))
    });
    let body = once(ready(Ok(web::Bytes::from(first.csv)))).chain(rest);
    Ok(kept_by_nobody(StatusCode::OK, request)
        .insert_header((
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        ))
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"mous.csv\"",
        ))
        .streaming(body))
}

/// A table ends before its end: its reader sees that the answer is not whole.
#[derive(Debug, thiserror::Error)]
#[error("the table was broken off")]
pub(super) struct BrokenOffError;

pub(super) fn broken_off(request: &Request, refusal: &Refusal) -> BrokenOffError {
    let (code, cause) = (refusal.error.code(), refusal.cause());
    let cause = cause.map(tracing::field::display);
    error!(request = request.meta.request, code, cause, "broken off");
    BrokenOffError
}
