//! `concord application documents`: what an application may execute, where it may execute nothing else.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use clap::Subcommand;
use concord::application::{documents, operator};
use concord::error::Refusal;
use concord::graphql::contract::Contract;
use concord::graphql::{document_check, schema};
use concord::service::Service;
use concord::settings::SessionKind;
use concord_entities::ids::ApplicationId;
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use serde_json::{Map, Value};

use super::options::{Options, given};

/// What to do about an application's trusted documents.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DocumentsCommand {
    /// Add documents to those that it may execute: from the first on it executes nothing else.
    Add {
        /// The application's id.
        id: ApplicationId,
        /// Files, each a document or, where its name ends in `.json`, the list that a build makes: Relay's (texts by their
        /// SHA-256) or Apollo's manifest.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        options: Options,
    },
    /// Take documents from those that it may execute. With none left it executes nothing.
    Remove {
        /// The application's id.
        id: ApplicationId,
        /// The SHA-256 of each document's text.
        #[arg(required = true)]
        hashes: Vec<String>,
        #[command(flatten)]
        options: Options,
    },
    /// List the SHA-256 of each of its documents.
    List {
        /// The application's id.
        id: ApplicationId,
        #[command(flatten)]
        options: Options,
    },
    /// Let it execute any document again, and forget those that it was bound to.
    Lift {
        /// The application's id.
        id: ApplicationId,
        #[command(flatten)]
        options: Options,
    },
}

impl DocumentsCommand {
    pub(crate) async fn run(self) -> Result<()> {
        match self {
            Self::Add { id, files, options } => add(id, &files, &options).await,
            Self::Remove {
                id,
                hashes,
                options,
            } => {
                let service = open(&options).await?;
                let removed = operator::remove_documents(&service.store, id, &hashes).await;
                removed.map_err(|refusal| told(&refusal))
            }
            Self::List { id, options } => list(id, &options).await,
            Self::Lift { id, options } => {
                let service = open(&options).await?;
                let lifted = operator::lift_documents(&service.store, id).await;
                lifted.map_err(|refusal| told(&refusal))?;
                println!("{id} executes any document");
                Ok(())
            }
        }
    }
}

async fn add(id: ApplicationId, files: &[PathBuf], options: &Options) -> Result<()> {
    let mut texts = Vec::new();
    for file in files {
        texts.extend(read(file)?);
    }
    let contract = Contract::from_sdl(&schema::sdl()).into_diagnostic()?;
    let check = document_check::against(contract);
    documents::check_all(&check, &texts).map_err(|refusal| told(&refusal))?;
    let service = open(options).await?;
    let added = operator::add_documents(&service.store, id, &texts).await;
    added.map_err(|refusal| told(&refusal))?;
    println!("{id} executes trusted documents alone");
    Ok(())
}

async fn list(id: ApplicationId, options: &Options) -> Result<()> {
    let service = open(options).await?;
    given(&service.store).await?;
    let hashes = documents::hashes(&service.store.read, id).await;
    for hash in hashes.map_err(|refusal| told(&refusal))? {
        println!("{hash}");
    }
    Ok(())
}

async fn open(options: &Options) -> Result<Service> {
    let settings = options.settings_of(SessionKind::Command("application"))?;
    Service::open(settings).await.into_diagnostic()
}

fn told(refusal: &Refusal) -> miette::Report {
    miette!("{}", refusal.error)
}

/// Returns the texts of the documents in a file.
fn read(file: &Path) -> Result<Vec<String>> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .into_diagnostic()
        .wrap_err_with(|| format!("{name} cannot be read"))?;
    if file.extension().is_none_or(|ending| ending != "json") {
        return Ok(vec![text]);
    }
    let list: Map<String, Value> = serde_json::from_str(&text)
        .into_diagnostic()
        .wrap_err_with(|| format!("{name} is no list of documents"))?;
    entries(&list)
        .map(|entry| match entry {
            Some((hash, text)) if hash == hex::encode(digest(&SHA256, text.as_bytes())) => {
                Ok(text.to_owned())
            }
            Some((hash, _)) => Err(miette!(
                "{name}: name documents by SHA-256, which `{hash}` is not of its text"
            )),
            None => Err(miette!(
                "{name} is neither Relay's list of texts by their SHA-256 nor Apollo's manifest"
            )),
        })
        .collect()
}

/// Returns each entry of a list that a build makes: the hash, and the text. None where it is no such entry.
fn entries(list: &Map<String, Value>) -> Box<dyn Iterator<Item = Option<(&str, &str)>> + '_> {
    if let Some(Value::Array(operations)) = list.get("operations") {
        return Box::new(operations.iter().map(|operation| {
            let part = |name| operation.get(name)?.as_str();
            Some((part("id")?, part("body")?))
        }));
    }
    let texts = list.iter();
    Box::new(texts.map(|(hash, text)| Some((hash.as_str(), text.as_str()?))))
}
