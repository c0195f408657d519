//! Keys that are to be destroyed once what they open is denied: deny first, destroy second.
//!
//! What a crash leaves in between, or a keyring that does not answer, the sweeps finish: they find denied what has a key.

use std::collections::BTreeMap;
use std::fmt;

use concord_entities::ids::{ConsentId, ReferralId};
use concord_entities::{document_key, package_key, record_key};

use uuid::Uuid;

use super::record::RecordKind;
use super::vault::PackageVersion;
use crate::error::{Refusal, Result};
use crate::store::Connections;

/// How many are destroyed by one statement.
const TOGETHER: usize = 500;

/// Keys whose end was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DoomedKeys {
    /// Of packages, up to the version that they had when they ended. A later version belongs to a package that was sealed
    /// anew.
    Packages(Vec<PackageVersion>),
    /// Of these consents' papers. For erasure alone.
    Documents(Vec<ConsentId>),
    /// Every key of these owners' records.
    Records(RecordKind, Vec<Uuid>),
    /// Of one owner's record before this version: it took their place. A newer one may have taken its own meanwhile, and
    /// stays.
    Older {
        /// Of which kind the record is.
        kind: RecordKind,
        /// Whose it is.
        owner: Uuid,
        /// The version that stays.
        version: i32,
    },
}

impl fmt::Display for DoomedKeys {
    /// Says what they are of, and nothing of whom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Packages(_) => "package",
            Self::Documents(_) => "document",
            Self::Records(kind, _) | Self::Older { kind, .. } => kind.name(),
        })
    }
}

impl DoomedKeys {
    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Packages(packages) => packages.is_empty(),
            Self::Documents(consents) => consents.is_empty(),
            Self::Records(_, owners) => owners.is_empty(),
            Self::Older { version, .. } => *version <= 1,
        }
    }

    /// Returns how many they are, as far as that is known: of an owner's older versions, one.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Packages(packages) => packages.len(),
            Self::Documents(consents) => consents.len(),
            Self::Records(_, owners) => owners.len(),
            Self::Older { version, .. } => usize::from(*version > 1),
        }
    }

    /// Destroys them: no copy of the data store can be read by them any more.
    ///
    /// # Errors
    /// `UNAVAILABLE`; the next sweep tries again.
    pub async fn destroy(&self, keyring: &Connections) -> Result<()> {
        match self {
            Self::Packages(packages) => destroy_packages(keyring, packages).await,
            Self::Documents(consents) => destroy_documents(keyring, consents).await,
            Self::Records(kind, owners) => destroy_records(keyring, *kind, owners).await,
            Self::Older {
                kind,
                owner,
                version,
            } => destroy_older(keyring, *kind, *owner, *version).await,
        }
    }
}

async fn destroy_packages(keyring: &Connections, packages: &[PackageVersion]) -> Result<()> {
    let mut by_version: BTreeMap<i32, Vec<ReferralId>> = BTreeMap::new();
    for package in packages {
        let referrals = by_version.entry(package.version).or_default();
        referrals.push(package.referral);
    }
    for (version, referrals) in by_version {
        for some in referrals.chunks(TOGETHER) {
            // First: what a crash leaves, the sweep finds by the package's key.
            let inputs = some.iter().map(|referral| referral.0);
            record_key::Entity::destroy_inputs(inputs)
                .exec(keyring)
                .await
                .map_err(Refusal::unavailable)?;
            package_key::Entity::destroy_up_to(version, some.iter().copied())
                .exec(keyring)
                .await
                .map_err(Refusal::unavailable)?;
        }
    }
    Ok(())
}

async fn destroy_documents(keyring: &Connections, consents: &[ConsentId]) -> Result<()> {
    for some in consents.chunks(TOGETHER) {
        document_key::Entity::destroy(some.iter().copied())
            .exec(keyring)
            .await
            .map_err(Refusal::unavailable)?;
    }
    Ok(())
}

async fn destroy_records(keyring: &Connections, kind: RecordKind, owners: &[Uuid]) -> Result<()> {
    for some in owners.chunks(TOGETHER) {
        record_key::Entity::destroy(kind.name(), some.iter().copied())
            .exec(keyring)
            .await
            .map_err(Refusal::unavailable)?;
    }
    Ok(())
}

async fn destroy_older(
    keyring: &Connections,
    kind: RecordKind,
    owner: Uuid,
    version: i32,
) -> Result<()> {
    record_key::Entity::destroy_older(kind.name(), owner, version)
        .exec(keyring)
        .await
        .map_err(Refusal::unavailable)?;
    Ok(())
}
