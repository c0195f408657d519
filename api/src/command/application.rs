//! `concord application`: the programs of an agency's, registered and suspended by the operator.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use concord::application::operator;
use concord::application::rules::ApplicationRequest;
use concord::error::Refusal;
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::application::{self, Column};
use concord_entities::ids::ApplicationId;
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use sea_orm::QueryOrder;

use super::agency::named;
use super::application_documents::DocumentsCommand;
use super::options::{Options, given};

/// What to do about applications.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ApplicationCommand {
    /// Register a program of an agency's, and print its `client_id` and, once, its secret.
    Register(Register),
    /// List an agency's applications.
    List {
        /// The agency: its id, or its name as the directory has it.
        #[arg(long)]
        agency: String,
        #[command(flatten)]
        options: Options,
    },
    /// Replace the origins of the pages that may call with an application's tokens.
    Origins {
        /// The application's id.
        id: ApplicationId,
        /// The origins from now on, each as a browser sends it: `https://desk.example`. None: no page may any more.
        origins: Vec<String>,
        #[command(flatten)]
        options: Options,
    },
    /// Bind an application to some documents: it executes no others.
    #[command(subcommand)]
    Documents(DocumentsCommand),
    /// Suspend an application for good: its tokens are over.
    Suspend {
        /// The application's id.
        id: ApplicationId,
        #[command(flatten)]
        options: Options,
    },
}

/// Register a program of an agency's.
#[derive(Clone, Debug, Args)]
pub(crate) struct Register {
    /// The agency: its id, or its name as the directory has it.
    #[arg(long)]
    agency: String,
    /// The program's name.
    #[arg(long)]
    name: String,
    /// The widest scope that its tokens may carry, such as `referral.rs consent.r`.
    #[arg(long)]
    scope: String,
    /// A file with a public key of its own, a JWK; may be repeated, up to four times.
    #[arg(long, required_unless_present = "secret", conflicts_with = "secret")]
    key: Vec<PathBuf>,
    /// Give it a secret instead of a key.
    #[arg(long)]
    secret: bool,
    /// All its tokens must be bound to a key of its own (DPoP).
    #[arg(long)]
    dpop_bound: bool,
    /// The origin of pages that may call with its tokens, such as `https://desk.example`; may be repeated.
    #[arg(long)]
    allowed_origin: Vec<String>,
    #[command(flatten)]
    options: Options,
}

impl ApplicationCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Register(register) => register.run().await,
            Self::List { agency, options } => list(&agency, &options).await,
            Self::Origins {
                id,
                origins,
                options,
            } => replace_origins(id, &origins, &options).await,
            Self::Documents(command) => command.run().await,
            Self::Suspend { id, options } => suspend(id, &options).await,
        }
    }
}

impl Register {
    async fn run(self) -> Result<()> {
        let keys = self
            .key
            .iter()
            .map(|file| {
                std::fs::read_to_string(file)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("--key: {} cannot be read", file.display()))
            })
            .collect::<Result<_>>()?;
        let service = open(&self.options).await?;
        let agency = named(&service.store, &self.agency).await?;
        let wanted = ApplicationRequest {
            name: self.name,
            scope: self.scope,
            keys,
            secret: self.secret,
            dpop_bound: self.dpop_bound,
            allowed_origins: self.allowed_origin,
        };
        let (application, secret) = operator::register(&service.store, agency.id, &wanted)
            .await
            .map_err(|refusal| told(&refusal))?;
        println!("client_id      {}", application.id);
        if let Some(secret) = secret {
            println!("client_secret  {}", *secret);
            println!("Keep the secret now: it is not shown again.");
        }
        Ok(())
    }
}

async fn list(name: &str, options: &Options) -> Result<()> {
    let service = open(options).await?;
    let agency = named(&service.store, name).await?;
    given(&service.store).await?;
    let all = application::Entity::of(agency.id)
        .order_by_desc(Column::Id)
        .all(&service.store.read)
        .await
        .into_diagnostic()?;
    for one in all {
        println!(
            "{}  {}  {}  {}  {}",
            one.id, one.status, one.authentication, one.name, one.scope
        );
    }
    Ok(())
}

async fn replace_origins(id: ApplicationId, origins: &[String], options: &Options) -> Result<()> {
    let service = open(options).await?;
    let changed = operator::replace_origins(&service.store, id, origins)
        .await
        .map_err(|refusal| told(&refusal))?;
    match changed.allowed_origins.as_str() {
        "" => println!("{} is called from no pages of its own", changed.id),
        origins => println!("{} is called from pages of {origins}", changed.id),
    }
    Ok(())
}

async fn suspend(id: ApplicationId, options: &Options) -> Result<()> {
    let service = open(options).await?;
    let suspended = operator::suspend(&service.store, id)
        .await
        .map_err(|refusal| told(&refusal))?;
    println!("{} is suspended", suspended.id);
    Ok(())
}

async fn open(options: &Options) -> Result<Service> {
    let settings = options.settings_of(SessionKind::Command("application"))?;
    Service::open(settings).await.into_diagnostic()
}

fn told(refusal: &Refusal) -> miette::Report {
    miette!("{}", refusal.error)
}
