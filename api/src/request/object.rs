//! How an id that was asked for goes on record where the request is refused.

use concord_entities::ids::{
    AgencyId, AnyId, ApplicationId, AuditEventId, AuditReviewId, ConsentId, LegalHoldId, MandateId,
    MouCalendarId, MouId, NoticeId, PartnershipId, ReferralId, ReferralNoteId, RulePackId,
    SurvivorId, TokenId,
};

/// The kinds of record that somebody may be refused. No other prefix is kept: it would be a stranger's own words.
const KINDS: [&str; 15] = [
    AgencyId::PREFIX,
    ApplicationId::PREFIX,
    AuditEventId::PREFIX,
    AuditReviewId::PREFIX,
    ConsentId::PREFIX,
    LegalHoldId::PREFIX,
    MandateId::PREFIX,
    MouCalendarId::PREFIX,
    MouId::PREFIX,
    NoticeId::PREFIX,
    PartnershipId::PREFIX,
    ReferralId::PREFIX,
    ReferralNoteId::PREFIX,
    RulePackId::PREFIX,
    TokenId::PREFIX,
];

/// Returns what the audit log keeps of an id that a caller sent; `None` for what is no id of ours.
///
/// Never a survivor's, which an erasure must be able to forget: only that it was one.
#[must_use]
pub fn on_record(text: &str) -> Option<String> {
    let id: AnyId = text.parse().ok()?;
    if id.prefix == SurvivorId::PREFIX {
        return Some(id.prefix);
    }
    KINDS.contains(&id.prefix.as_str()).then(|| text.to_owned())
}
