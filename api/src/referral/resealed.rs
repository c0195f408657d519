//! Whether a package that is to be sealed anew says what the one says that is sealed.

use std::collections::HashMap;

use concord_entities::referral;

use super::package::Contents;
use crate::error::{Refusal, Result};
use crate::request::{Request, Worker};
use crate::seal::vault::PackageVersion;

/// Returns whether this is what is sealed in the referral's package, where that can be opened.
pub(super) async fn is_sealed_in(
    request: &Request,
    referral: &referral::Model,
    contents: &Contents,
) -> Result<bool> {
    if contents.categories() != referral.contains {
        return Ok(false);
    }
    let sealed = HashMap::from([(PackageVersion::from(referral), referral.contains)]);
    let Worker { store, vault, .. } = &request.worker;
    let mut opened = vault.open(store, &sealed).await?;
    let opened = opened.remove(&referral.id).unwrap_or_default();
    let told = contents.parts().map_err(Refusal::internal)?;
    Ok(opened.len() == told.len()
        && told.iter().all(|(category, text)| {
            opened
                .iter()
                .any(|(one, is)| one == category && **is == *text)
        }))
}
