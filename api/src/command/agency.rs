//! The agency that a command line names.

use concord::http::server::Service;
use concord_entities::agency;
use miette::{IntoDiagnostic, Result, miette};

/// The agency of this id, or of this name as the directory has it.
pub(super) async fn agency(service: &Service, text: &str) -> Result<agency::Model> {
    let all = agency::Entity::everywhere()
        .all(&service.store.read)
        .await
        .into_diagnostic()?;
    let mut fitting = all
        .into_iter()
        .filter(|agency| agency.id.to_string() == text || agency.name == text);
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(miette!(
            "--agency: more than one has this name: give the id"
        )),
        (None, _) => Err(miette!("--agency: none has this id or name")),
    }
}
