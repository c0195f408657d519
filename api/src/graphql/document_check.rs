//! Whether a document would be executed, asked before anybody sends it.

use super::contract::Contract;
use super::document::admit;
use super::operation::refuse_subscription;
use crate::request::document_check::DocumentCheck;

/// Returns the check by this contract.
#[must_use]
pub fn against(contract: Contract) -> DocumentCheck {
    DocumentCheck::new(move |document| check(&contract, document))
}

fn check(contract: &Contract, document: &str) -> Result<(), String> {
    let admitted = admit(contract, document).map_err(|unfit| {
        let faults = unfit.faults.iter().map(ToString::to_string);
        faults.collect::<Vec<_>>().join("; ")
    })?;
    for (_, operation) in admitted.document().operations.iter() {
        refuse_subscription(&operation.node).map_err(|fault| fault.to_string())?;
    }
    Ok(())
}
