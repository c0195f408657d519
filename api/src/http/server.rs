//! The server on its socket: one worker a core, each with its own stores, and one ledger for all.

use std::net::TcpListener;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tracing::info;

use super::explorer::{self, Personas};
use super::graphql::graphql;
use super::health::Readiness;
use super::shared::Shared;
use super::{cors, evidence, form, health, oauth, well_known};
use crate::request::WorkerFactory;

/// How long requests under way may take to end after a SIGTERM, in seconds.
const GRACE: u64 = 10;

/// The address cannot be listened on, or the server broke.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {fault}")]
pub struct ListenError {
    address: String,
    fault: std::io::Error,
}

/// Listens and answers until a SIGTERM or an interrupt, then lets requests under way end. `ready` is told the address.
///
/// # Errors
/// [`ListenError`].
pub async fn serve(
    shared: Shared,
    workers: WorkerFactory,
    personas: Personas,
    ready: impl FnOnce(&str),
) -> Result<(), ListenError> {
    let settings = shared.settings.clone();
    let shared = web::Data::new(shared);
    let failed = |fault| ListenError {
        address: settings.listen.to_string(),
        fault,
    };
    let listener = TcpListener::bind(settings.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?.to_string();
    let explorer = settings.explorer;
    let readiness = web::Data::new(Readiness::default());
    let server = HttpServer::new(move || {
        let workers = workers.clone();
        let origins = workers.origins.clone();
        App::new()
            .app_data(shared.clone())
            .app_data(readiness.clone())
            .app_data(web::Data::new(personas.clone()))
            .data_factory(move || workers.clone().worker())
            .service(
                web::resource("/graphql")
                    .wrap(cors::with_tokens(&origins, &[Method::POST]))
                    .wrap(from_fn(cors::knowing_origins))
                    .route(web::route().to(graphql)),
            )
            .configure(well_known::routes)
            .configure(oauth::routes)
            .configure(|service| evidence::routes(service, &origins))
            .configure(|service| form::routes(service, &origins))
            .route("/healthz", web::get().to(health::healthz))
            .route("/readyz", web::get().to(health::readyz))
            .configure(|service| {
                if explorer {
                    explorer::routes(service);
                }
            })
    })
    .workers(settings.workers)
    .shutdown_timeout(GRACE)
    .client_request_timeout(Duration::from_secs(10))
    .listen(listener)
    .map_err(failed)?;
    info!(address, "listening");
    ready(&address);
    server.run().await.map_err(failed)
}
