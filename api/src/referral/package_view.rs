//! Packages that were decided on and recorded, opened for the wire.

use std::collections::{BTreeMap, HashMap};

use async_graphql::ID;
use concord_entities::ids::ReferralId;
use concord_entities::vocabulary::{Categories, DataCategory, Purpose};

use super::disclosure::PackageDecision;
use super::package::{Contents, DisclosureReceipt, PART_2_NOTICE, Package, Withheld};
use super::read::Seen;
use crate::audit::ledger::RecordedEvent;
use crate::error::{Refusal, Result};
use crate::request::Request;
use crate::seal::vault::{OpenedPackages, PackageVersion};
use crate::wire::scalars::Sha256;

/// The package was not fetched by the field above.
#[derive(Debug, thiserror::Error)]
#[error("a package was selected that the field above did not fetch")]
pub(super) struct NotPrefetchedError;

/// A package lost its key, again and again, between its release and its opening.
#[derive(Debug, thiserror::Error)]
#[error("a package that was released has no key")]
pub(super) struct KeyGoneError;

/// Unseals every category that some decision shares. Returns `None` if a package is no longer the one that was decided
/// on: it lost its key or was sealed anew.
pub(super) async fn open(request: &Request, seen: &[Seen]) -> Result<Option<OpenedPackages>> {
    let mut released: HashMap<PackageVersion, Categories> = HashMap::new();
    for one in seen {
        let Some(beyond) = &one.beyond else {
            continue;
        };
        let package = PackageVersion {
            referral: one.header.id,
            version: beyond.key_version,
        };
        let decisions = one.packages.values().chain(one.previews.values());
        for decision in decisions.filter(|decision| !decision.shared.is_empty()) {
            let categories = released.entry(package).or_insert(Categories::EMPTY);
            *categories = decision.shared.iter().fold(*categories, Categories::with);
        }
    }
    let opened = request
        .worker
        .vault
        .open(&request.worker.store, &released)
        .await?;
    let complete = released
        .keys()
        .all(|package| opened.contains_key(&package.referral));
    Ok(complete.then_some(opened))
}

/// Builds the packages of one referral, for each purpose on which it was decided.
pub(super) fn packages(
    request: &Request,
    id: ReferralId,
    decisions: &BTreeMap<Purpose, PackageDecision>,
    opened: &OpenedPackages,
    recorded: &[RecordedEvent],
) -> Result<HashMap<Purpose, Package>> {
    let mut packages = HashMap::new();
    for (purpose, decision) in decisions {
        let parts = opened.get(&id).map_or(&[][..], Vec::as_slice);
        let event = recorded
            .get(decision.event)
            .ok_or_else(|| Refusal::internal(NotPrefetchedError))?;
        let package = package(request, *purpose, decision, parts, event)?;
        packages.insert(*purpose, package);
    }
    Ok(packages)
}

fn package(
    request: &Request,
    purpose: Purpose,
    decision: &PackageDecision,
    parts: &[(DataCategory, zeroize::Zeroizing<Vec<u8>>)],
    recorded: &RecordedEvent,
) -> Result<Package> {
    let mut contents = Contents::default();
    for (category, plain) in parts
        .iter()
        .filter(|(category, _)| decision.shared.has(*category))
    {
        contents.put(*category, plain).map_err(Refusal::internal)?;
    }
    let withheld = decision.withheld.iter();
    let withheld = withheld.map(|(category, reason)| Withheld {
        category: *category,
        reason: (*reason).into(),
    });
    let is_part_2 = decision.shared.has(DataCategory::SubstanceUse);
    Ok(Package::new(
        purpose,
        contents,
        withheld.collect(),
        is_part_2.then(|| PART_2_NOTICE.to_owned()),
        receipt(request, recorded)?,
    ))
}

/// Signs the promise that a recorded event is in the tree.
pub(super) fn receipt(request: &Request, recorded: &RecordedEvent) -> Result<DisclosureReceipt> {
    let ledger_key = &request.worker.ledger_key;
    Ok(DisclosureReceipt {
        event: ID(recorded.event.clone()),
        leaf_hash: Sha256::from(&recorded.leaf_hash.0[..]),
        signature: ledger_key
            .sign_receipt(&recorded.event, recorded.leaf_hash)
            .map_err(Refusal::internal)?,
    })
}
