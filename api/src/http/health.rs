//! `/healthz`: the process lives. `/readyz`: it can keep its promises, which it shows by doing what a read does.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::shared::Shared;
use crate::clock;
use crate::error::{Refusal, Result};
use crate::request::Worker;

/// How long each part may take. A little more than a stalled replica can hold the sharing lock: its neighbours stay ready.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// For how long an answer is given again, so that probes cost nothing however often they come.
const FRESH: Duration = Duration::from_secs(1);

/// What was found out last. One for all workers; who asks meanwhile waits for the same answer.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<Option<(Instant, Parts)>>);

/// What each part that a release needs is good for: nothing where it is, or a word for why not.
#[derive(Clone, Copy, Debug)]
struct Parts {
    data: Option<&'static str>,
    keyring: Option<&'static str>,
    clock: Option<&'static str>,
    ledger: Option<&'static str>,
    /// What is to be said of the state folder, which no release needs.
    state: Option<&'static str>,
    /// What is to be said of the log's witnesses, whom nothing waits for.
    witnesses: Option<&'static str>,
}

/// Says that the process lives.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// Says whether every part that a release needs is there: the data store, whose sharing lock can be had and which can be
/// written to; the keyring; a clock that agrees and did not go back; and a ledger that is no fork. Names no cause.
pub async fn readyz(
    worker: web::Data<Worker>,
    shared: web::Data<Shared>,
    known: web::Data<Readiness>,
) -> HttpResponse {
    let mut known = known.0.lock().await;
    let fresh = known.filter(|(since, _)| since.elapsed() < FRESH);
    let parts = if let Some((_, parts)) = fresh {
        parts
    } else {
        let parts = Parts::look(&worker, &shared).await;
        *known = Some((Instant::now(), parts));
        parts
    };
    drop(known);
    parts.answer()
}

impl Parts {
    async fn look(worker: &Worker, shared: &Shared) -> Self {
        let (store, fork) = (&worker.store, worker.ledger.fork());
        let written = timeout(PATIENCE, async { Ok(store.try_writing().await?) });
        let keyring = timeout(PATIENCE, async { Ok(store.ping_keyring().await?) });
        let time = timeout(PATIENCE, async { Ok(store.ping().await?) });
        let (written, keyring, time) = futures_util::join!(written, keyring, time);
        let time = time.unwrap_or_else(|late| Err(Refusal::unavailable(late)));
        let clock = match time {
            Ok(now) if clock::trust(now).is_err() => Some("differs from this machine's"),
            Ok(now) if fork.meets_time(now).is_err() => Some("went back"),
            Ok(_) => None,
            Err(_) => Some("unavailable"),
        };
        Self {
            data: fault(&written),
            keyring: fault(&keyring),
            clock,
            ledger: fork.is_found().then_some("fork"),
            state: fork.state_word(),
            witnesses: shared.cosigners.word(),
        }
    }

    fn answer(self) -> HttpResponse {
        let word = |fault: Option<&'static str>| fault.unwrap_or("ok");
        let parts: Value = json!({
            "data": word(self.data),
            "keyring": word(self.keyring),
            "clock": word(self.clock),
            "ledger": word(self.ledger),
            "state": word(self.state),
            "witnesses": word(self.witnesses),
        });
        let faults = [self.data, self.keyring, self.clock, self.ledger];
        if faults.iter().all(Option::is_none) {
            HttpResponse::Ok().json(json!({ "status": "ready", "parts": parts }))
        } else {
            HttpResponse::ServiceUnavailable()
                .json(json!({ "status": "not ready", "parts": parts }))
        }
    }
}

/// Returns the word for what a part came to.
fn fault<T>(came_to: &Result<Result<()>, T>) -> Option<&'static str> {
    match came_to {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some("unavailable"),
        Err(_) => Some("late"),
    }
}
