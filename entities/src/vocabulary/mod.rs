//! The service's coded vocabulary: each list of codes once, with its meaning, a file a concept.
//!
//! A code is the same word in the database, in a token's scope, in the audit log and on the wire, so that
//! one definition serves all four; only the wire's spelling (`SCREAMING_SNAKE_CASE`) exists.
//! Sources of the lists: the collaborators and needs of the field guide for victim advocates (needs after the
//! UN High Commissioner's guidelines), data categories after the field's minimum-necessary practice, referral
//! states after the HL7 Gravity closed loop, audit codes after FHIR `AuditEvent`.

mod agency;
mod application;
mod audit;
mod category;
mod consent;
mod contact;
mod feed;
mod legal_hold;
mod mandated_disclosure;
mod mou;
mod need;
mod note;
mod notice;
mod partnership;
mod purpose;
mod referral;
mod referral_reason;
mod rule_pack;
mod survivor;

pub use crate::code::{Code, Set};
pub use agency::{AgencyKind, AgencyStatus, Jurisdiction, MemberRole, VettingAttribute};
pub use application::ClientAuthentication;
pub use audit::{
    AuditAction, AuditOutcome, AuditReviewStatus, AuditSignalKind, AuditType, FlagNote,
    ReviewConclusion,
};
pub use category::{Categories, DataCategory};
pub use consent::{
    ConsentStatus, Explanation, Explanations, MinorAlone, RevocationChannel, SignatureMethod,
    SignerRelation, SignerRole, Witness,
};
pub use contact::{ContactBar, ContactChannel, MessageForm, Weekday};
pub use feed::ChangedKind;
pub use legal_hold::LegalHoldGround;
pub use mandated_disclosure::{
    MandateInstrument, NoNoticeReason, NoProtectionReason, NoticeResult, OutsideRecipient,
    ProtectiveStep,
};
pub use mou::{MouAction, MouKind, MouStatus};
pub use need::{Need, Needs};
pub use note::NoteAudience;
pub use notice::NoticeKind;
pub use partnership::PartnershipStep;
pub use purpose::{Purpose, Purposes};
pub use referral::{
    ActionBlock, OutcomeCode, ReferralAction, ReferralSide, ReferralStatus, Urgency,
};
pub use referral_reason::{CancelReason, FailReason, HoldReason, RejectReason, StatusReason};
pub use rule_pack::{Pack, Severity};
pub use survivor::AgeGroup;
