//! `concord issuer`: whose identity providers are trusted, and how far.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::{Args, Subcommand};
use concord::access::issuer::fetch::{Fetched, Fetcher};
use concord::access::issuer::register::{self, IssuerChangeError};
use concord::access::issuer::rules::{AT_JWT, IssuerRegistration};
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::ids::IssuerId;
use concord_entities::trusted_issuer::{self, Mapping};
use concord_entities::{agency, instant};
use miette::{IntoDiagnostic, Result, miette};

use super::options::{Options, given};

/// What to do about the identity providers that agencies bring.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum IssuerCommand {
    /// Trust an agency's identity provider, once its keys could be fetched.
    Add(Box<Add>),
    /// List the identity providers.
    List(Options),
    /// Fetch an identity provider's keys now.
    Refresh(One),
    /// Trust an identity provider no longer: its tokens are over at once, and so are those of programs registered by them.
    Suspend(One),
    /// Trust a suspended identity provider again, in what it issues from now on.
    Reinstate(One),
}

/// Trust an agency's identity provider.
#[derive(Clone, Debug, Args)]
pub(crate) struct Add {
    /// The agency that its tokens act for: its id, or its name as the directory has it.
    #[arg(long)]
    agency: String,
    /// The `iss` of its tokens, letter for letter.
    #[arg(long)]
    issuer: String,
    /// Where it publishes its keys.
    #[arg(long)]
    jwks_uri: String,
    /// The widest scope that its tokens may carry, such as `referral.rs consent.r`.
    #[arg(long)]
    scope: String,
    /// The claim that narrows this; without `--map-value`, the claim says scopes itself.
    #[arg(long, value_name = "CLAIM")]
    map: Option<String>,
    /// What a value of the claim gives, such as `caseworker=referral.rs`; may be repeated.
    #[arg(long, value_name = "VALUE=SCOPE", requires = "map", value_parser = mapped)]
    map_value: Vec<(String, String)>,
    /// The `typ` of its access tokens: `at+jwt`, or `JWT` where it can do no better, which stands for none as well.
    #[arg(long, default_value = AT_JWT)]
    token_type: String,
    /// An algorithm that it may sign with, such as `RS256`; may be repeated.
    #[arg(long, default_value = "ES256")]
    algorithm: Vec<String>,
    /// The `aud` of its access tokens that stands for this service, where it is not the service's own.
    #[arg(long)]
    audience: Option<String>,
    /// How many minutes its access tokens may be good for, at most 1440.
    #[arg(long, value_name = "MINUTES")]
    max_life: Option<u32>,
    #[command(flatten)]
    options: Options,
}

/// One identity provider.
#[derive(Clone, Debug, Args)]
pub(crate) struct One {
    /// Its id, as `concord issuer list` has it.
    id: IssuerId,
    #[command(flatten)]
    options: Options,
}

fn mapped(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(value, scope)| (value.to_owned(), scope.to_owned()))
        .ok_or_else(|| "write VALUE=SCOPE, such as caseworker=referral.rs".to_owned())
}

impl IssuerCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Add(add) => add.run().await,
            Self::List(options) => list(&open(&options).await?).await,
            Self::Refresh(one) => {
                let service = open(&one.options).await?;
                let fetcher = Fetcher::from_settings(&service.settings).into_diagnostic()?;
                let copy = register::refresh(&service.store, &fetcher, one.id).await;
                println!("{}", told(&copy.map_err(|fault| refused(&fault))?));
                Ok(())
            }
            Self::Suspend(one) => {
                let service = open(&one.options).await?;
                let suspended = register::suspend(&service.store, one.id).await;
                suspended.map_err(|fault| refused(&fault))?;
                println!("suspended: its tokens are over");
                Ok(())
            }
            Self::Reinstate(one) => {
                let service = open(&one.options).await?;
                let reinstated = register::reinstate(&service.store, one.id).await;
                reinstated.map_err(|fault| refused(&fault))?;
                println!("reinstated: what it issues from now on is believed");
                Ok(())
            }
        }
    }
}

impl Add {
    async fn run(self) -> Result<()> {
        let service = open(&self.options).await?;
        let agency = super::agency::named(&service.store, &self.agency).await?;
        let fetcher = Fetcher::from_settings(&service.settings).into_diagnostic()?;
        let ours = service.settings.issuer.clone();
        let registration = self.registration()?;
        let added = register::add(&service.store, &fetcher, &ours, agency.id, registration).await;
        let (id, copy) = added.map_err(|fault| refused(&fault))?;
        println!("issuer  {id}");
        println!("agency  {} {}", agency.id, agency.name);
        println!("{}", told(&copy));
        Ok(())
    }

    fn registration(self) -> Result<IssuerRegistration> {
        let given = self.map_value.len();
        let values: BTreeMap<String, String> = self.map_value.into_iter().collect();
        if values.len() < given {
            return Err(miette!("--map-value: the same value twice"));
        }
        Ok(IssuerRegistration {
            issuer: self.issuer,
            jwks_uri: self.jwks_uri,
            token_type: self.token_type,
            algorithms: self.algorithm,
            scope: self.scope,
            mapping: self.map.map(|claim| Mapping {
                claim,
                values: (!values.is_empty()).then_some(values),
            }),
            audience: self.audience,
            max_life: self
                .max_life
                .map(|minutes| Duration::from_mins(minutes.into())),
        })
    }
}

async fn open(options: &Options) -> Result<Service> {
    let settings = options.settings_of(SessionKind::Command("issuer"))?;
    Service::open(settings).await.into_diagnostic()
}

fn refused(fault: &IssuerChangeError) -> miette::Report {
    if let IssuerChangeError::Refused(refusal) = fault
        && let Some(cause) = refusal.cause()
    {
        return miette!("{fault}: {cause}");
    }
    miette!("{fault}")
}

fn told(copy: &Fetched) -> String {
    let (usable, skipped) = (copy.keys.iter().count(), copy.keys.skipped().len());
    match skipped {
        0 => format!("keys    {usable}"),
        _ => format!("keys    {usable} (and {skipped} that cannot be used here)"),
    }
}

async fn list(service: &Service) -> Result<()> {
    given(&service.store).await?;
    let issuers = trusted_issuer::Entity::everywhere()
        .all(&service.store.read)
        .await
        .into_diagnostic()?;
    let agencies = agency::Entity::among(issuers.iter().map(|issuer| issuer.agency_id))
        .all(&service.store.read)
        .await
        .into_diagnostic()?;
    let names: BTreeMap<_, _> = agencies
        .into_iter()
        .map(|agency| (agency.id, agency.name))
        .collect();
    for issuer in &issuers {
        let agency = names.get(&issuer.agency_id).map_or("", String::as_str);
        show(issuer, agency);
    }
    if issuers.is_empty() {
        println!("no issuer is registered");
    }
    Ok(())
}

fn show(issuer: &trusted_issuer::Model, agency: &str) {
    let at = |moment: Option<instant::Instant>| {
        moment.map_or_else(|| "never".to_owned(), |moment| moment.to_string())
    };
    println!("{}  {}  {}", issuer.id, issuer.status, issuer.issuer);
    println!("  agency      {} {agency}", issuer.agency_id);
    println!("  scope       {}", issuer.scope);
    if let Some(mapping) = &issuer.mapping {
        println!("  claim       {}", mapping.claim);
        for (value, scope) in mapping.values.iter().flatten() {
            println!("    {value} = {scope}");
        }
    }
    let algorithms = issuer.algorithms.0.join(" ");
    println!("  tokens      {} by {algorithms}", issuer.token_type);
    if let Some(audience) = &issuer.audience {
        println!("  audience    {audience}");
    }
    if let Some(life) = issuer.max_life {
        println!("  longest     {} minutes", life / 60);
    }
    println!("  keys        {}", issuer.jwks_uri);
    println!("  fetched     {}", at(issuer.fetched_at));
    println!("  asked       {}", at(issuer.attempted_at));
}
