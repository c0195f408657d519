//! What an operator watches: metrics in the form of Prometheus. Where nobody asked for them, nothing is counted.
//!
//! A label is a code of ours, never a word of a caller's: no agency, no person, no name of an operation.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// A metric, as it is documented.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind, as Prometheus calls it.
    pub kind: &'static str,
    /// Its labels, each with its values.
    pub labels: &'static str,
    /// What it says.
    pub help: &'static str,
}

/// Makes [`METRICS`] and a constant with the name of each.
macro_rules! metrics {
    ($($constant:ident = $name:literal $kind:ident $labels:literal: $help:literal;)*) => {
        $(const $constant: &str = $name;)*

        /// Every metric.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            kind: stringify!($kind),
            labels: $labels,
            help: $help,
        },)*];
    };
}

metrics! {
    REQUESTS = "concord_requests_total" counter "outcome: answered, refused, failed":
        "Requests that were answered, refused (4xx) or failed (5xx)";
    REFUSALS = "concord_refusals_total" counter "code":
        "Refusals that clients were told, by their code";
    RELEASES = "concord_releases_total" counter "":
        "Reads whose content left, their events durable before";
    RECORDED = "concord_events_recorded_total" counter "":
        "Audit events that this server recorded for reads and refusals";
    BATCH = "concord_ledger_batch_events" histogram "":
        "Events that were recorded together";
    QUEUE = "concord_ledger_queue_requests" gauge "":
        "Requests in memory whose events wait to be recorded";
    LOCK_WAIT = "concord_sharing_lock_wait_seconds" histogram "lock: shared, exclusive":
        "How long a change, or a read that was overtaken, waited for the sharing lock";
    WAITING = "concord_integration_waiting_events" gauge "":
        "Recorded events that wait for their place in the log, counted as far as 100,000";
    DELAY = "concord_integration_delay_seconds" gauge "":
        "For how long the oldest of them has waited; over 5 is told in the program's log";
    CHECKPOINT_SIZE = "concord_checkpoint_events" gauge "":
        "Events that the newest checkpoint covers";
    CHECKPOINT_AGE = "concord_checkpoint_age_seconds" gauge "":
        "For how long the newest checkpoint has been behind the log; 0 where it covers all of it";
    KEYS_DUE = "concord_keys_due" gauge "":
        "Keys whose destruction this server decided and does not know to be done";
}

/// The handles of what is counted often, and what makes the others.
struct Telemetry {
    requests: [Counter; 3],
    releases: Counter,
    recorded: Counter,
    batch: Histogram,
    shared_wait: Histogram,
    exclusive_wait: Histogram,
    queue: Gauge,
    waiting: Gauge,
    delay: Gauge,
    checkpoint_size: Gauge,
    checkpoint_age: Gauge,
    keys_due: Gauge,
    recorder: PrometheusRecorder,
}

static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();

/// Where a [`Metric`] says that it comes from.
const HERE: Metadata<'static> = Metadata::new("concord", Level::INFO, None);

/// Upper bounds of how many events are recorded together.
const BATCHES: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0];
/// Upper bounds of waits, in seconds.
const WAITS: [f64; 9] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0];

/// Begins to count; what is returned shows it. Once in the life of a program.
///
/// # Errors
/// [`BuildError`], which a test would have noticed.
pub fn begin() -> Result<PrometheusHandle, BuildError> {
    let full = |name: &str| Matcher::Full(name.to_owned());
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(full(BATCH), &BATCHES)?
        .set_buckets_for_metric(full(LOCK_WAIT), &WAITS)?
        .build_recorder();
    for metric in METRICS {
        let help = metric.help.into();
        match metric.kind {
            "counter" => recorder.describe_counter(metric.name.into(), None, help),
            "gauge" => recorder.describe_gauge(metric.name.into(), None, help),
            _ => recorder.describe_histogram(metric.name.into(), None, help),
        }
    }
    let shown = recorder.handle();
    // Whoever asks twice gets what counts, and the first one's handles count.
    let _ = TELEMETRY.set(Telemetry::over(recorder));
    Ok(shown)
}

fn labelled(name: &'static str, label: &'static str, value: &str) -> Key {
    Key::from_parts(name, vec![Label::new(label, value.to_owned())])
}

impl Telemetry {
    fn over(recorder: PrometheusRecorder) -> Self {
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &HERE);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &HERE);
        let histogram = |key: &Key| recorder.register_histogram(key, &HERE);
        let requests = ["answered", "refused", "failed"].map(|outcome| {
            recorder.register_counter(&labelled(REQUESTS, "outcome", outcome), &HERE)
        });
        Self {
            requests,
            releases: counter(RELEASES),
            recorded: counter(RECORDED),
            batch: histogram(&Key::from_static_name(BATCH)),
            shared_wait: histogram(&labelled(LOCK_WAIT, "lock", "shared")),
            exclusive_wait: histogram(&labelled(LOCK_WAIT, "lock", "exclusive")),
            queue: gauge(QUEUE),
            waiting: gauge(WAITING),
            delay: gauge(DELAY),
            checkpoint_size: gauge(CHECKPOINT_SIZE),
            checkpoint_age: gauge(CHECKPOINT_AGE),
            keys_due: gauge(KEYS_DUE),
            recorder,
        }
    }
}

/// Counts a request that was answered with this status.
pub fn answered(status: u16) {
    let Some(telemetry) = TELEMETRY.get() else {
        return;
    };
    let [answered, refused, failed] = &telemetry.requests;
    let outcome = match status {
        ..400 => answered,
        400..500 => refused,
        _ => failed,
    };
    outcome.increment(1);
}

/// Counts a refusal that a client was told. The code is one of ours.
pub fn refused(code: &str) {
    if let Some(telemetry) = TELEMETRY.get() {
        let key = labelled(REFUSALS, "code", code);
        telemetry
            .recorder
            .register_counter(&key, &HERE)
            .increment(1);
    }
}

/// Counts a read whose content leaves.
pub fn released() {
    if let Some(telemetry) = TELEMETRY.get() {
        telemetry.releases.increment(1);
    }
}

/// Counts events that were recorded together.
pub fn recorded(events: usize) {
    if let Some(telemetry) = TELEMETRY.get() {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        telemetry.recorded.increment(events.into());
        telemetry.batch.record(events);
    }
}

/// Counts a wait for the sharing lock.
pub fn waited_for_lock(alone: bool, waited: Duration) {
    if let Some(telemetry) = TELEMETRY.get() {
        let waits = if alone {
            &telemetry.exclusive_wait
        } else {
            &telemetry.shared_wait
        };
        waits.record(waited);
    }
}

/// How far the log is, as somebody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogProgress {
    /// Requests in memory whose events wait to be recorded.
    pub queue: u32,
    /// Recorded events without a place.
    pub waiting: u32,
    /// For how long the oldest of them has waited.
    pub delay: Duration,
    /// How many events the newest checkpoint covers; none before the first.
    pub checkpoint_size: u32,
    /// For how long it has been behind the log.
    pub checkpoint_age: Duration,
    /// Keys whose destruction is due.
    pub keys_due: u32,
}

/// Shows how far the log is.
pub fn progressed(progress: &LogProgress) {
    let Some(telemetry) = TELEMETRY.get() else {
        return;
    };
    telemetry.queue.set(progress.queue);
    telemetry.waiting.set(progress.waiting);
    telemetry.delay.set(progress.delay);
    telemetry.checkpoint_size.set(progress.checkpoint_size);
    telemetry.checkpoint_age.set(progress.checkpoint_age);
    telemetry.keys_due.set(progress.keys_due);
}
