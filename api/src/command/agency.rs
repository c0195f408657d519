//! An agency, as an operator names it.

use concord::store::Store;
use concord_entities::agency;
use miette::{IntoDiagnostic, Result, miette};

/// Returns the one agency with this id, or this name as the directory has it.
pub(crate) async fn named(store: &Store, text: &str) -> Result<agency::Model> {
    let all = agency::Entity::everywhere()
        .all(&store.read)
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
