//! Notes on referrals and the files attached to them, sealed under the key of the referral's package: they end with it.

use concord_entities::ids::ReferralNoteId;
use concord_entities::package_key;
use zeroize::Zeroizing;

use super::Vault;
use super::envelope::{KeyOwner, PackageKey};
use super::vault::{self, PackageVersion};
use crate::error::{Refusal, Result};

/// What of a note is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotePart {
    /// Its text.
    Text,
    /// The file that is attached to it.
    Attachment,
}

impl NotePart {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "note",
            Self::Attachment => "note-attachment",
        }
    }
}

impl Vault {
    /// Seals a part of a note under the key that its referral's package has. Returns `None` if that key is destroyed.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be read.
    pub async fn seal_note(
        &self,
        package: PackageVersion,
        (note, part): (ReferralNoteId, NotePart),
        plain: &[u8],
    ) -> Result<Option<Vec<u8>>> {
        let Some(key) = self.package_key(package).await? else {
            return Ok(None);
        };
        let sealed = key.seal_record(bound_to(package, note, part)?, plain);
        Ok(Some(sealed.map_err(Refusal::unavailable)?))
    }

    /// Opens a part of a note whose release is on record. Returns `None` if its key is destroyed.
    ///
    /// # Errors
    /// `UNAVAILABLE`: the keyring cannot be read. `INTERNAL`: the seal is broken.
    pub async fn open_note(
        &self,
        package: PackageVersion,
        (note, part): (ReferralNoteId, NotePart),
        sealed: &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(key) = self.package_key(package).await? else {
            return Ok(None);
        };
        let plain = key.open_record(bound_to(package, note, part)?, sealed);
        Ok(Some(plain.map_err(Refusal::internal)?))
    }

    /// Returns this version of a package's key, where it is not destroyed.
    async fn package_key(&self, package: PackageVersion) -> Result<Option<PackageKey>> {
        let keys = package_key::Entity::of([package.referral])
            .all(&self.keyring)
            .await
            .map_err(Refusal::unavailable)?;
        let Some(row) = keys.iter().find(|key| key.version == package.version) else {
            return Ok(None);
        };
        let holder = vault::holder(package)?;
        let key = self
            .keks
            .unwrap(holder, &row.wrapped, row.kek_id.as_deref());
        Ok(Some(key.map_err(Refusal::internal)?))
    }
}

/// Returns what the seal is bound to: it opens as this part of this note alone.
fn bound_to(
    package: PackageVersion,
    note: ReferralNoteId,
    part: NotePart,
) -> Result<KeyOwner<'static>> {
    Ok(KeyOwner {
        purpose: part.name(),
        owner: note.0,
        version: u32::try_from(package.version).map_err(Refusal::internal)?,
    })
}
