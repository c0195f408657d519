//! The steps of the data store.

pub(crate) mod m0001_agencies;
pub(crate) mod m0002_consents_and_mous;
pub(crate) mod m0003_referrals;
pub(crate) mod m0004_audit;
pub(crate) mod m0005_access;
pub(crate) mod m0006_token_keys;
pub(crate) mod m0007_trusted_issuers;
pub(crate) mod m0008_lawful_consents;
pub(crate) mod m0009_consent_documents;
pub(crate) mod m0010_endings;
pub(crate) mod m0011_contacts_and_mandates;
pub(crate) mod m0012_key_versions;
pub(crate) mod m0013_audit_places;
pub(crate) mod m0014_bounded_endings;
pub(crate) mod m0015_store_identity;
pub(crate) mod m0016_legal_holds;
pub(crate) mod m0017_journaled_endings;
pub(crate) mod m0018_grants;
pub(crate) mod m0019_idempotency;
pub(crate) mod m0020_last_verbs;
pub(crate) mod m0021_time_zones;
pub(crate) mod m0022_suspended_consents;
pub(crate) mod m0023_age_groups;
pub(crate) mod m0024_several_signers;
pub(crate) mod m0025_memberships;
pub(crate) mod m0026_mou_days;
pub(crate) mod m0027_outcomes;
pub(crate) mod m0028_names;
pub(crate) mod m0030_browsers;
pub(crate) mod m0031_registrars;
pub(crate) mod m0032_issuer_terms;
pub(crate) mod m0033_ending_allowance;
pub(crate) mod m0034_staff;
pub(crate) mod m0035_steps;
pub(crate) mod m0036_listing;
pub(crate) mod m0037_feed;
pub(crate) mod m0038_links;
pub(crate) mod m0039_answer_days;
pub(crate) mod m0040_assignees;
pub(crate) mod m0041_timelines;
pub(crate) mod m0042_past_facts;
pub(crate) mod m0043_statistics;
pub(crate) mod m0044_notes;
pub(crate) mod m0045_mou_life;
pub(crate) mod m0047_register;
pub(crate) mod m0048_mou_imports;
pub(crate) mod m0049_partnerships;
pub(crate) mod m0050_agencies_change;
pub(crate) mod m0051_mou_reminders;
pub(crate) mod m0052_mou_endings;
pub(crate) mod m0053_promises;
pub(crate) mod m0055_mou_documents;
pub(crate) mod m0056_left_places;
pub(crate) mod m0057_mou_calendars;
pub(crate) mod m0058_complete_mous;
pub(crate) mod m0059_cosignatures;
pub(crate) mod m0060_ledger_reopenings;
pub(crate) mod m0061_audit_reviews;

use sea_orm_migration::sea_orm::prelude::Uuid;

/// Returns the UUID in a `TypeID`'s second part, which is written in Crockford's base 32.
fn type_id(letters: &str) -> Option<Uuid> {
    let mut bits: u128 = 0;
    for letter in letters.bytes() {
        let place = b"0123456789abcdefghjkmnpqrstvwxyz"
            .iter()
            .position(|one| *one == letter)?;
        bits = (bits << 5) | u128::try_from(place).ok()?;
    }
    Some(Uuid::from_u128(bits))
}

/// Returns a UUID as a `TypeID`: the prefix, and the UUID in Crockford's base 32.
fn type_id_text(prefix: &str, uuid: Uuid) -> String {
    let letters = (0..26).rev().filter_map(|place| {
        let five = usize::try_from((uuid.as_u128() >> (place * 5)) & 31).ok()?;
        "0123456789abcdefghjkmnpqrstvwxyz".chars().nth(five)
    });
    format!("{prefix}_{}", letters.collect::<String>())
}
