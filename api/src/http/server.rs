//! The server on its socket: one worker a core, each with its own stores, and one ledger for all.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use tracing::info;

use super::accounting::AccountingPage;
use super::explorer::{self, Personas};
use super::form::ConsentForm;
use super::graphql::graphql;
use super::health::Readiness;
use super::mou_page::MouPage;
use super::routes::read_only;
use super::shared::Shared;
use super::{
    attachment, audit_export, audit_log, calendar, cors, evidence, health, mou_document, oauth,
    printed, register, well_known,
};
use crate::request::WorkerFactory;

/// How long requests under way may take to end after a SIGTERM, in seconds.
const GRACE: u64 = 10;

/// The address cannot be listened on, or the server broke.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {fault}")]
pub struct ListenError {
    pub(super) address: String,
    pub(super) fault: std::io::Error,
}

impl ListenError {
    pub(super) fn new(address: SocketAddr, fault: std::io::Error) -> Self {
        let address = address.to_string();
        Self { address, fault }
    }
}

/// Where the service will listen: who it is that answers there is known before anything is opened.
#[derive(Debug)]
pub struct Door {
    /// Taken already, where the system was to choose the port.
    taken: Option<TcpListener>,
    /// The address.
    pub address: SocketAddr,
}

impl Door {
    /// Returns the door at this address; where it names no port, at one that the system chose.
    ///
    /// # Errors
    /// [`ListenError`]: it is none of this machine's.
    pub fn at(address: SocketAddr) -> Result<Self, ListenError> {
        if address.port() != 0 {
            let taken = None;
            return Ok(Self { taken, address });
        }
        let listener = listen(address)?;
        let address = listener.local_addr().map_err(|fault| ListenError {
            address: address.to_string(),
            fault,
        })?;
        Ok(Self {
            taken: Some(listener),
            address,
        })
    }

    fn open(self) -> Result<TcpListener, ListenError> {
        self.taken.map_or_else(|| listen(self.address), Ok)
    }
}

pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).map_err(|fault| ListenError {
        address: address.to_string(),
        fault,
    })
}

/// Listens and answers until a SIGTERM or an interrupt, then lets requests under way end. `ready` is told the address.
///
/// # Errors
/// [`ListenError`].
pub async fn serve(
    door: Door,
    shared: Shared,
    workers: WorkerFactory,
    personas: Personas,
    ready: impl FnOnce(&str),
) -> Result<(), ListenError> {
    let settings = shared.settings.clone();
    let shared = web::Data::new(shared);
    let address = door.address.to_string();
    let failed = |fault| ListenError {
        address: address.clone(),
        fault,
    };
    let listener = door.open()?;
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
            .configure(|service| attachment::routes(service, &origins))
            .configure(|service| printed::routes::<ConsentForm>(service, &origins))
            .configure(|service| printed::routes::<AccountingPage>(service, &origins))
            .configure(|service| audit_export::routes(service, &origins))
            .configure(|service| mou_document::routes(service, &origins))
            .configure(|service| printed::routes::<MouPage>(service, &origins))
            .configure(|service| register::routes(service, &origins))
            .configure(|service| audit_log::routes(service, &origins))
            .configure(calendar::routes)
            .service(read_only("/healthz", health::healthz))
            .service(read_only("/readyz", health::readyz))
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
