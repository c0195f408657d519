//! Which text the parties of an MOU sign. Pure.

use concord_entities::vocabulary::MouStatus;

use super::transitions::SeenMou;
use crate::error::Error;

/// Checks that an agency may store the text of an MOU now: it is a party, and the MOU is signed or can still be. All that is
/// signed already must be this text.
///
/// # Errors
/// `INVALID_TRANSITION`: the agency is no party, or the MOU came to nothing. `CONFLICT`: a party signed another text.
pub fn check_text(seen: &SeenMou<'_>, sha256: &str) -> Result<(), Error> {
    let can_be_signed = matches!(
        seen.status(),
        MouStatus::Draft | MouStatus::Offered | MouStatus::PartiallySigned
    );
    if seen.own().is_none() || !(can_be_signed || seen.mou.signed_at.is_some()) {
        return Err(seen.refusal());
    }
    let mut signed = seen
        .parties
        .iter()
        .filter_map(|one| one.document_sha256.as_ref());
    if signed.any(|signed| signed != sha256) {
        let text = "a party signed the SHA-256 of another document: store the one that was signed";
        return Err(Error::Conflict(text.into()));
    }
    Ok(())
}
