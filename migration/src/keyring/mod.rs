//! The steps of the keyring.

pub(crate) mod m0001_keys;
pub(crate) mod m0002_document_keys;
pub(crate) mod m0003_record_keys;
pub(crate) mod m0004_witness;
pub(crate) mod m0005_versions;
pub(crate) mod m0006_witnessed_time;
pub(crate) mod m0007_keyring_identity;
pub(crate) mod m0008_witnessed_history;
pub(crate) mod m0009_kek_ids;
