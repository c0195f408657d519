//! `GET /metrics` on a listener of its own: what Prometheus reads. No token opens it, so that it tells of no agency and nobody.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::header;
use actix_web::{App, HttpResponse, HttpServer, web};
use metrics_exporter_prometheus::{BuildError, PrometheusHandle};
use tokio::task::JoinHandle;
use tracing::{error, info};

use super::routes::read_only;
use super::server::{ListenError, listen};
use crate::telemetry;

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// How often what was measured is summed up, whether or not anybody reads it.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why metrics cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Their address cannot be listened on.
    #[error("metrics_listen: {0}")]
    Listen(#[from] ListenError),
    /// They cannot be counted.
    #[error("the metrics cannot be counted: {0}")]
    Counting(#[from] BuildError),
}

/// The listener of the metrics, which are counted from now on.
#[derive(Debug)]
pub struct MetricsDoor {
    listener: TcpListener,
    shown: PrometheusHandle,
}

impl MetricsDoor {
    /// Opens it: before anything else, so that a service that cannot be watched does not start.
    ///
    /// # Errors
    /// [`MetricsError`].
    pub fn open(address: SocketAddr) -> Result<Self, MetricsError> {
        Ok(Self {
            listener: listen(address)?,
            shown: telemetry::begin()?,
        })
    }

    /// Shows the metrics until what is returned is ended.
    ///
    /// # Errors
    /// [`ListenError`].
    pub(crate) fn show(self) -> Result<ShownMetrics, ListenError> {
        let address = self
            .listener
            .local_addr()
            .map(|address| address.to_string());
        let address = address.unwrap_or_default();
        let shown = self.shown.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(shown.clone()))
                .service(read_only("/metrics", metrics))
        })
        .workers(1)
        .disable_signals()
        .listen(self.listener)
        .map_err(|fault| ListenError {
            address: address.clone(),
            fault,
        })?
        .run();
        info!(address, "metrics");
        let upkeep = self.shown;
        Ok(ShownMetrics {
            handle: server.handle(),
            tasks: [tokio::spawn(serve(server)), tokio::spawn(sum_up(upkeep))],
        })
    }
}

/// The metrics while they are shown.
#[derive(Debug)]
pub(crate) struct ShownMetrics {
    handle: ServerHandle,
    tasks: [JoinHandle<()>; 2],
}

impl ShownMetrics {
    /// Shows them no more.
    pub(crate) async fn end(self) {
        self.handle.stop(false).await;
        for task in self.tasks {
            task.abort();
        }
    }
}

async fn serve(server: Server) {
    if let Err(fault) = server.await {
        error!(%fault, "the metrics are not shown any more");
    }
}

async fn sum_up(shown: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        shown.run_upkeep();
    }
}

async fn metrics(shown: web::Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, TEXT))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(shown.render())
}
