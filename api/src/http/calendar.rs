//! `GET /mous/calendar/{secret}.ics`: MOUs' days for a calendar program, which sends no token: the path itself opens it. So the
//! path stands in no log of ours, and what opens nothing is answered always alike.

use std::net::IpAddr;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use tracing::{error, info};
use uuid::Uuid;

use super::answer::{self, REQUEST_ID};
use super::authenticator::{self, Authenticator};
use super::client_address;
use super::correlation;
use super::graphql::DEADLINE;
use super::negotiate::{self, MediaType};
use super::plain::Operation;
use super::routes::read_only;
use super::shared::Shared;
use crate::access::limit::{self, Failure};
use crate::audit::event::{Agent, RequestMeta};
use crate::audit::refusals::{Refused, RefusedAttempt};
use crate::error::{Error, Refusal};
use crate::mou::calendar::feed::{self, CalendarFeed};
use crate::request::Worker;
use crate::telemetry;

const READ: Operation = Operation {
    name: "readMouCalendar",
    cost: 5_000,
};
/// As whom failures are counted of those who try secrets.
const DOOR: &str = "mou-calendar";

/// Registers the route of calendars.
pub fn routes(service: &mut web::ServiceConfig) {
    service.service(read_only("/mous/calendar/{secret}.ics", calendar));
}

async fn calendar(
    http: HttpRequest,
    secret: web::Path<String>,
    shared: web::Data<Shared>,
    worker: web::Data<Worker>,
) -> HttpResponse {
    let request_id = Uuid::now_v7().to_string();
    let started = std::time::Instant::now();
    let reading = CalendarReading {
        gate: Authenticator {
            http: &http,
            shared: &shared,
            worker: &worker,
            media: MediaType::Json,
            request_id: &request_id,
        },
        address: client_address::of(&http, &shared.settings.proxies),
        meta: RequestMeta {
            operation: Some(READ.name.to_owned()),
            ..authenticator::meta(&http, &shared.settings, &request_id)
        },
    };
    let answered = tokio::time::timeout(DEADLINE, Box::pin(reading.answer(&secret))).await;
    let answer = answered.unwrap_or_else(|late| reading.gate.unjudged(&Refusal::unavailable(late)));
    telemetry::answered(answer.status().as_u16());
    info!(
        request = request_id,
        trace = correlation::trace(http.headers()),
        client_request = correlation::client_request(http.headers()),
        operation = READ.name,
        status = answer.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    answer
}

/// One reading of a calendar.
struct CalendarReading<'r> {
    gate: Authenticator<'r>,
    address: Option<IpAddr>,
    meta: RequestMeta,
}

impl CalendarReading<'_> {
    async fn answer(&self, secret: &str) -> HttpResponse {
        match self.found(secret).await {
            Ok(answer) => answer,
            Err(refusal) => {
                if let Some(cause) = refusal.cause() {
                    error!(request = self.gate.request_id, cause = %cause, "a calendar could not be read");
                }
                self.gate.unjudged(&refusal)
            }
        }
    }

    async fn found(&self, secret: &str) -> Result<HttpResponse, Refusal> {
        let (worker, limits) = (self.gate.worker, &self.gate.shared.limits);
        let may_try = self
            .address
            .map_or(Ok(()), |address| limits.may_try_secret(address, DOOR));
        if let Err(wait) = may_try {
            return Ok(answer::too_much(
                self.gate.media,
                self.gate.request_id,
                wait,
            ));
        }
        let Some(calendar) = feed::opened(&worker.store, secret).await? else {
            return Ok(self.opens_nothing().await);
        };
        let client = calendar.id.to_string();
        if let Err(wait) = limits.charge(calendar.agency_id, &client, READ.cost) {
            return Ok(answer::too_much(
                self.gate.media,
                self.gate.request_id,
                wait,
            ));
        }
        let has = |tag: &str| negotiate::has(self.gate.http.headers(), tag);
        match feed::read(worker, &calendar, &self.meta, has).await? {
            Some(feed) => Ok(self.shown(feed)),
            None => Ok(self.opens_nothing().await),
        }
    }

    fn shown(&self, feed: CalendarFeed) -> HttpResponse {
        let known = negotiate::has(self.gate.http.headers(), &feed.tag);
        let status = if known {
            StatusCode::NOT_MODIFIED
        } else {
            StatusCode::OK
        };
        let mut answer = HttpResponse::build(status);
        answer
            .insert_header((header::ETAG, format!("\"{}\"", feed.tag)))
            .insert_header((header::CACHE_CONTROL, "private, no-cache"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header(("x-robots-tag", "noindex"))
            .insert_header((REQUEST_ID, self.gate.request_id.to_owned()));
        if known {
            return answer.finish();
        }
        answer
            .insert_header((header::CONTENT_TYPE, "text/calendar; charset=utf-8"))
            .insert_header((
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"mous.ics\"",
            ))
            .body(feed.text)
    }

    /// Answers what opens nothing, or nothing any more, with the attempt on record.
    async fn opens_nothing(&self) -> HttpResponse {
        let failure = self.gate.shared.limits.failure(self.address, Some(DOOR));
        let network = self.address.map(limit::network_name);
        let attempt = RefusedAttempt {
            what: Refused::Token,
            why: "calendar",
            agent: &Agent::stranger(),
            meta: &self.meta,
            network: network.as_deref(),
        };
        let Worker {
            store,
            ledger,
            refusals,
            ..
        } = self.gate.worker;
        match failure {
            Failure::Recorded => refusals.record(store, ledger, attempt).await,
            Failure::Counted(_) => refusals.count(attempt),
        }
        let mut answer = answer::errors(
            StatusCode::NOT_FOUND,
            self.gate.media,
            self.gate.request_id,
            &[Error::NotFound],
        );
        let nobody = header::HeaderValue::from_static("no-referrer");
        answer.headers_mut().insert(header::REFERRER_POLICY, nobody);
        answer
    }
}
