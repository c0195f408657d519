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
pub(crate) mod m0014_bounded_endings;
