//! Concord's tables, one file each: its columns, and *who may select from it*.
//!
//! Every query starts from a scoped finder of these entities; none starts from "everything".
#![expect(
    clippy::disallowed_methods,
    reason = "the scoped finders are made here"
)]

pub mod area;
pub mod code;
pub mod ending_allowance;
pub mod grants;
pub mod ids;
pub mod instant;
mod locked;
pub mod month;
pub mod name_key;
pub mod promise;
pub mod vocabulary;
pub mod zone;

pub use locked::SelectLocked;

pub mod address_sweep;
pub mod agency;
pub mod agency_name;
pub mod agency_vetting;
pub mod application;
pub mod application_registrar;
pub mod application_secret;
pub mod ended_subject;
pub mod membership;
pub mod spent_proof;
pub mod staff_training;
pub mod task_force;
pub mod token_key;
pub mod token_state;
pub mod trusted_document;
pub mod trusted_issuer;

pub mod agency_past;
pub mod consent_past;
pub mod membership_past;
pub mod mou_party_past;
pub mod mou_past;
pub mod past_facts;
pub mod referral_past;

pub mod agency_change;
pub mod consent;
pub mod consent_document;
pub mod consent_objection;
pub mod consent_signature;
pub mod legal_hold;
pub mod mandated_disclosure;
pub mod mou;
pub mod mou_calendar;
pub mod mou_document;
pub mod mou_import;
pub mod mou_party;
pub mod note_attachment;
pub mod notice;
pub mod partnership;
pub mod partnership_answers;
pub mod partnership_place;
pub mod referral;
pub mod referral_note;
pub mod referral_statistics;
pub mod rule_pack;
pub mod safe_contact;
pub mod sealed_part;
pub mod survivor;

pub mod audit_checkpoint;
pub mod audit_cosignature;
pub mod audit_event;
pub mod audit_flag;
pub mod audit_place;
pub mod audit_review;
pub mod audit_tile;
pub mod audit_tree;
pub mod audit_waiting;
pub mod idempotency;
pub mod sharing_epoch;
pub mod store_identity;

pub mod document_key;
pub mod kek_wrapped;
pub mod keyring_identity;
pub mod ledger_reopening;
pub mod ledger_witness;
pub mod package_key;
pub mod record_key;
pub mod signing_key;
