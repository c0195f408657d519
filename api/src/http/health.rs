//! `/healthz`: the process lives. `/readyz`: it can keep its promises.

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::clock;
use crate::request::Worker;

/// Says that the process lives.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Says whether every part that a release needs is there: both stores, an agreeing clock, and a ledger that is no fork.
/// Names no cause.
pub async fn readyz(worker: web::Data<Worker>) -> HttpResponse {
    let data = worker.store.ping().await;
    let keyring = worker.store.ping_keyring().await;
    let clocks = data.as_ref().is_ok_and(|now| clock::trust(*now).is_ok());
    let ledger = !worker.ledger.fork().is_found();
    let word = |good: bool| if good { "ok" } else { "unavailable" };
    let parts = json!({
        "data": word(data.is_ok()),
        "keyring": word(keyring.is_ok()),
        "clock": word(clocks),
        "ledger": word(ledger),
    });
    if data.is_ok() && keyring.is_ok() && clocks && ledger {
        HttpResponse::Ok().json(json!({ "status": "ready", "parts": parts }))
    } else {
        HttpResponse::ServiceUnavailable().json(json!({ "status": "not ready", "parts": parts }))
    }
}
