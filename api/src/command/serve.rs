//! `concord serve`: answer requests until a SIGTERM.

use std::path::{Path, PathBuf};

use clap::Args;
use concord::http::explorer::Personas;
use concord::http::metrics::MetricsDoor;
use concord::http::server::Door;
use concord::service::{Doors, Service};
use concord::settings::{RawSettings, Settings};
use concord::{clock, demo};
use miette::{IntoDiagnostic, Result, miette};
use tracing::warn;
use tracing_subscriber::EnvFilter;

use super::options::Options;

/// Answer requests until a SIGTERM.
#[derive(Clone, Debug, Args)]
pub(crate) struct Serve {
    /// Fill an empty data folder with an invented task force, write tokens for its personas, serve the explorer page.
    #[arg(long)]
    demo: bool,
    /// The address to listen on [default: 127.0.0.1:4000].
    #[arg(long)]
    listen: Option<String>,
    /// Serve the explorer page.
    #[arg(long)]
    explorer: bool,
    #[command(flatten)]
    options: Options,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<()> {
        log();
        let settings = self.options.settings(RawSettings {
            listen: self.listen.clone(),
            data: self.demo.then(|| PathBuf::from("demo")),
            explorer: (self.demo || self.explorer).then_some(true),
            ..RawSettings::default()
        })?;
        let metrics = settings.metrics_listen.map(MetricsDoor::open);
        let metrics = metrics.transpose().into_diagnostic()?;
        let door = Door::at(settings.listen).into_diagnostic()?;
        let settings = settings.answering_at(door.address);
        let doors = Doors {
            requests: door,
            metrics,
        };
        for advice in settings.advice() {
            warn!("{advice}");
        }
        let service = Service::open(settings.clone()).await.into_diagnostic()?;
        let _serving = service
            .store
            .begin_serving(&settings)
            .await
            .into_diagnostic()?;
        let tokens = if self.demo {
            Some(prepare_demo(&service).await?)
        } else {
            None
        };
        service
            .start()
            .await
            .into_diagnostic()?
            .serve(doors, Personas(tokens.clone()), |address| match &tokens {
                Some(tokens) => welcome(address, &settings, tokens),
                None => println!("Concord answers at http://{address}/graphql"),
            })
            .await
            .into_diagnostic()
    }
}

/// Logs one JSON line an event on standard error; never a value of a request.
pub(super) fn log() {
    let level = EnvFilter::try_from_env("CONCORD_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,concord=info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(level)
        .with_writer(std::io::stderr)
        .with_current_span(false)
        .init();
}

async fn prepare_demo(service: &Service) -> Result<PathBuf> {
    let refused = |refusal: concord::error::Refusal| match refusal.cause() {
        Some(cause) => miette!("the demo cannot be prepared: {cause}"),
        None => miette!("the demo cannot be prepared: {}", refusal.error),
    };
    let now = clock::now();
    demo::fill(&service.store, &service.vault, now)
        .await
        .map_err(refused)?;
    let file = service.settings.data.join("demo-tokens.json");
    demo::tokens(
        &service.store,
        &service.key_cache.signer(),
        &service.settings,
        &file,
        now,
    )
    .await
    .into_diagnostic()?;
    Ok(file)
}

fn welcome(address: &str, settings: &Settings, tokens: &Path) {
    let token = std::fs::read(tokens)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .and_then(|personas| {
            personas
                .pointer("/housing/token")?
                .as_str()
                .map(str::to_owned)
        })
        .unwrap_or_default();
    println!("Concord's demo: an invented task force. Every person in it is invented.\n");
    println!("  explorer   http://{address}/");
    println!("  GraphQL    http://{address}/graphql");
    println!("  data       {}", settings.data.display());
    println!(
        "  tokens     {}   (good for 12 hours, written anew at each start)\n",
        tokens.display()
    );
    println!("Three queries to paste into the explorer:\n");
    for query in QUERIES {
        println!("  {query}\n");
    }
    println!("The same from a shell, as the housing partner:\n");
    println!(
        "  curl -s http://{address}/graphql -H 'content-type: application/json' -H 'authorization: Bearer {token}' \\\n    \
         -d '{{\"query\":\"{{ referrals(box: INBOX, first: 3) {{ edges {{ node {{ id status urgency needs sender {{ name }} }} }} }} }}\"}}'\n"
    );
}

/// What to try first: as the housing partner, as the same, and as the coordinator.
const QUERIES: [&str; 3] = [
    "{ viewer { agency { name kind } scopes purposes } }",
    "{ referrals(box: INBOX, first: 5) { edges { node { id status urgency needs respondBy sender { name } \
     package { needs { request } safety { plan } withheld { category reason } receipt { event } } } } } }",
    "{ mous(first: 20) { edges { node { title status daysLeft parties { agency { name } signedAt } } } } }",
];
