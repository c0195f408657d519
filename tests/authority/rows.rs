//! The rows: one or more for each operation, with what it is asked of and who may ask it.

mod agencies;
mod mous;
mod referrals;
mod reviews;

use super::objects::{Given, Party};

/// An operation asked of some object.
pub struct Row {
    /// Its name, and in brackets what sets it apart from other rows of the operation.
    pub label: &'static str,
    /// What it is asked of.
    pub given: Given,
    /// A party that may ask it.
    pub may: Party,
    /// The document; its variables come from the object.
    pub document: &'static str,
}

impl Row {
    /// The field of the schema that it asks.
    pub fn operation(&self) -> &'static str {
        self.label.split('(').next().unwrap()
    }

    /// Whether it changes what it is asked of.
    pub fn changes(&self) -> bool {
        self.document.starts_with("mutation")
    }
}

const fn row(label: &'static str, given: Given, may: Party, document: &'static str) -> Row {
    Row {
        label,
        given,
        may,
        document,
    }
}

const NODE: &str = "query($id: ID!) { node(id: $id) { id } }";

/// What changed behind a cursor that the sender was given.
const CHANGES: &str = "query($after: String!) { changes(after: $after, first: 100) { edges { node { id: object } } } }";

/// Every row, in the order of the tables.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    REST.iter()
        .chain(referrals::ROWS)
        .chain(agencies::ROWS)
        .chain(mous::ROWS)
        .chain(reviews::ROWS)
}

const REST: &[Row] = &[
    row(
        "viewer",
        Given::Nothing,
        Party::Sender,
        "{ viewer { subject agency { id } } }",
    ),
    row("node(agency)", Given::Agency, Party::Recipient, NODE),
    row("node(task force)", Given::TaskForce, Party::Recipient, NODE),
    row("node(rule pack)", Given::RulePack, Party::Sender, NODE),
    row("node(notice)", Given::Notice, Party::Recipient, NODE),
    row(
        "nodes",
        Given::Referral,
        Party::Recipient,
        "query($id: ID!) { nodes(ids: [$id]) { id } }",
    ),
    row("node(application)", Given::Application, Party::Sender, NODE),
    row("node(survivor)", Given::Survivor, Party::Sender, NODE),
    row(
        "node(consent draft)",
        Given::ConsentDraft,
        Party::Sender,
        NODE,
    ),
    row("node(consent)", Given::Consent, Party::Recipient, NODE),
    row(
        "node(referral draft)",
        Given::ReferralDraft,
        Party::Sender,
        NODE,
    ),
    row("node(referral)", Given::Referral, Party::Recipient, NODE),
    row("node(mou draft)", Given::MouDraft, Party::Sender, NODE),
    row("node(mou)", Given::MouOffered, Party::Recipient, NODE),
    row("node(event)", Given::Event, Party::Sender, NODE),
    row(
        "taskForces",
        Given::TaskForce,
        Party::Sender,
        "{ taskForces(first: 100) { edges { node { id } } } }",
    ),
    row(
        "agency",
        Given::Agency,
        Party::Recipient,
        "query($id: ID!) { agency(id: $id) { id kind status } }",
    ),
    row(
        "agencies",
        Given::Agency,
        Party::Recipient,
        "{ agencies(first: 100) { edges { node { id } } } }",
    ),
    row(
        "applications",
        Given::Application,
        Party::Sender,
        "{ applications(first: 100) { edges { node { id } } } }",
    ),
    row(
        "survivors",
        Given::Survivor,
        Party::Sender,
        "{ survivors(first: 100) { edges { node { id } } } }",
    ),
    row(
        "node(safe contact)",
        Given::Survivor,
        Party::Sender,
        "query($id: ID!) { node(id: $id) { ... on Survivor { id safeContact { doNotContact } } } }",
    ),
    row(
        "contactNow",
        Given::Survivor,
        Party::Sender,
        "query($id: ID!) { contactNow(survivor: $id, channel: PHONE) { allowed } }",
    ),
    row("node(mandate)", Given::Mandate, Party::Sender, NODE),
    row(
        "mandatedDisclosures",
        Given::Mandate,
        Party::Sender,
        "{ mandatedDisclosures(first: 100) { edges { node { id } } } }",
    ),
    row("node(legal hold)", Given::LegalHold, Party::Sender, NODE),
    row(
        "node(legal holds)",
        Given::SurvivorOnHold,
        Party::Sender,
        "query($id: ID!) { node(id: $id) { ... on Survivor { id legalHolds { edges { node { id } } } } } }",
    ),
    row(
        "consents(given)",
        Given::ConsentDraft,
        Party::Sender,
        "{ consents(side: GIVEN, first: 100) { edges { node { id } } } }",
    ),
    row(
        "consents(received draft)",
        Given::ConsentDraft,
        Party::Recipient,
        "{ consents(side: RECEIVED, first: 100) { edges { node { id } } } }",
    ),
    row(
        "consents(received)",
        Given::Consent,
        Party::Recipient,
        "{ consents(side: RECEIVED, first: 100) { edges { node { id } } } }",
    ),
    row(
        "consent",
        Given::Consent,
        Party::Recipient,
        "query($id: ID!) { consent(id: $id) { id } }",
    ),
    row(
        "consentEffects",
        Given::Consent,
        Party::Sender,
        "query($id: ID!) { consentEffects(id: $id) { referralsSuspended } }",
    ),
    row(
        "lintConsent",
        Given::NewConsent,
        Party::Sender,
        "query($new: ConsentInput!) { lintConsent(consent: $new) { code } }",
    ),
    row(
        "mailbox",
        Given::Nothing,
        Party::Sender,
        "{ mailbox { inboxUnanswered } }",
    ),
    row(
        "mouTemplates",
        Given::Nothing,
        Party::Sender,
        "{ mouTemplates { kind } }",
    ),
    row(
        "coverage",
        Given::TaskForce,
        Party::Sender,
        "query($id: ID!) { coverage(taskForce: $id) { taskForce } }",
    ),
    row(
        "referralStatistics",
        Given::TaskForce,
        Party::Coordinator,
        "query($id: ID!) { referralStatistics(taskForce: $id, period: { from: \"2024-01\", to: \"2024-02\" }) { taskForce } }",
    ),
    row(
        "changes(referral)",
        Given::ReferralChanged,
        Party::Sender,
        CHANGES,
    ),
    row(
        "changes(consent)",
        Given::ConsentChanged,
        Party::Sender,
        CHANGES,
    ),
    row("changes(mou)", Given::MouChanged, Party::Sender, CHANGES),
    row(
        "rulePacks",
        Given::RulePack,
        Party::Sender,
        "{ rulePacks(first: 100) { edges { node { id } } } }",
    ),
    row(
        "referrals(outbox)",
        Given::ReferralDraft,
        Party::Sender,
        "{ referrals(box: OUTBOX, first: 100) { edges { node { id } } } }",
    ),
    row(
        "referrals(inbox)",
        Given::Referral,
        Party::Recipient,
        "{ referrals(box: INBOX, first: 100) { edges { node { id } } } }",
    ),
    row(
        "referral(draft)",
        Given::ReferralDraft,
        Party::Sender,
        "query($id: ID!) { referral(id: $id) { id } }",
    ),
    row(
        "referral",
        Given::Referral,
        Party::Recipient,
        "query($id: ID!) { referral(id: $id) { id } }",
    ),
    row(
        "referral(package)",
        Given::Referral,
        Party::Recipient,
        "query($id: ID!) { referral(id: $id) { package(purpose: SERVICE_DELIVERY) { identity { givenName } } } }",
    ),
    row(
        "mous",
        Given::MouOffered,
        Party::Recipient,
        "{ mous(first: 100) { edges { node { id } } } }",
    ),
    row(
        "mou(draft)",
        Given::MouDraft,
        Party::Sender,
        "query($id: ID!) { mou(id: $id) { id } }",
    ),
    row(
        "mou",
        Given::MouOffered,
        Party::Recipient,
        "query($id: ID!) { mou(id: $id) { id } }",
    ),
    row(
        "auditEvents",
        Given::EventOf,
        Party::Recipient,
        "query($object: ID!) { auditEvents(filter: { object: $object }, first: 100) { edges { node { id } } } }",
    ),
    row(
        "auditCheckpoint",
        Given::Nothing,
        Party::Sender,
        "{ auditCheckpoint { size } }",
    ),
    row(
        "registerAgency",
        Given::NewAgency,
        Party::Coordinator,
        "mutation($new: AgencyInput!) { registerAgency(agency: $new) { id } }",
    ),
    row(
        "suspendMembership",
        Given::Member,
        Party::Coordinator,
        "mutation($id: ID!, $in: ID!) { suspendMembership(agency: $id, taskForce: $in, reason: \"review\") { id } }",
    ),
    row(
        "reinstateMembership",
        Given::MemberSuspended,
        Party::Coordinator,
        "mutation($id: ID!, $in: ID!) { reinstateMembership(agency: $id, taskForce: $in) { id } }",
    ),
    row(
        "registerApplication",
        Given::NewApplication,
        Party::Sender,
        "mutation($new: ApplicationInput!) { registerApplication(application: $new) { application { id } } }",
    ),
    row(
        "rotateApplicationSecret",
        Given::ApplicationWithSecret,
        Party::Sender,
        "mutation($id: ID!) { rotateApplicationSecret(id: $id) { secret } }",
    ),
    row(
        "replaceApplicationKeys",
        Given::ApplicationToRekey,
        Party::Sender,
        "mutation($id: ID!, $keys: [String!]!) { replaceApplicationKeys(id: $id, keys: $keys) { id } }",
    ),
    row(
        "replaceApplicationOrigins",
        Given::Application,
        Party::Sender,
        "mutation($id: ID!) { replaceApplicationOrigins(id: $id, allowedOrigins: [\"https://desk.example\"]) { id } }",
    ),
    row(
        "addTrustedDocuments",
        Given::Application,
        Party::Sender,
        "mutation($id: ID!) { addTrustedDocuments(id: $id, documents: [\"{ __typename }\"]) { id } }",
    ),
    row(
        "removeTrustedDocuments",
        Given::Application,
        Party::Sender,
        "mutation($id: ID!) { removeTrustedDocuments(id: $id, hashes: [\"abababababababababababababababababababababababababababababababab\"]) { id } }",
    ),
    row(
        "suspendApplication",
        Given::Application,
        Party::Sender,
        "mutation($id: ID!) { suspendApplication(id: $id) { id } }",
    ),
    row(
        "revokeToken",
        Given::Token,
        Party::Sender,
        "mutation($id: ID!) { revokeToken(tokenId: $id) }",
    ),
    row(
        "endSubject",
        Given::Subject,
        Party::Sender,
        "mutation($subject: String!) { endSubject(subject: $subject) { subject } }",
    ),
    row(
        "reinstateSubject",
        Given::SubjectEnded,
        Party::Sender,
        "mutation($subject: String!) { reinstateSubject(subject: $subject) { subject } }",
    ),
    row(
        "registerSurvivor",
        Given::NewSurvivor,
        Party::Sender,
        "mutation($new: SurvivorInput!) { registerSurvivor(survivor: $new) { id } }",
    ),
    row(
        "correctSurvivor",
        Given::Survivor,
        Party::Sender,
        "mutation($id: ID!) { correctSurvivor(id: $id, ageGroup: MINOR, language: \"es\") { id } }",
    ),
    row(
        "setSafeContact",
        Given::Survivor,
        Party::Sender,
        "mutation($id: ID!) { setSafeContact(survivor: $id, plan: { doNotContact: true }) { id } }",
    ),
    row(
        "recordMandatedDisclosure",
        Given::NewMandate,
        Party::Sender,
        "mutation($new: MandatedDisclosureInput!) { recordMandatedDisclosure(disclosure: $new) { id } }",
    ),
    row(
        "recordLegalHold",
        Given::NewLegalHold,
        Party::Sender,
        "mutation($new: LegalHoldInput!) { recordLegalHold(hold: $new) { id } }",
    ),
    row(
        "releaseLegalHold",
        Given::LegalHold,
        Party::Sender,
        "mutation($id: ID!) { releaseLegalHold(id: $id) { id } }",
    ),
    row(
        "draftConsent",
        Given::NewConsent,
        Party::Sender,
        "mutation($new: ConsentInput!) { draftConsent(consent: $new) { id } }",
    ),
    row(
        "editConsentDraft",
        Given::ConsentToEdit,
        Party::Sender,
        "mutation($id: ID!, $new: ConsentInput!) { editConsentDraft(id: $id, consent: $new) { id } }",
    ),
    row(
        "discardConsentDraft",
        Given::ConsentDraft,
        Party::Sender,
        "mutation($id: ID!) { discardConsentDraft(id: $id) { id } }",
    ),
    row(
        "signConsent",
        Given::ConsentToSign,
        Party::Sender,
        "mutation($id: ID!, $signature: SignatureInput!) { signConsent(id: $id, signature: $signature) { id } }",
    ),
    row(
        "renewConsent",
        Given::ConsentToRenew,
        Party::Sender,
        "mutation($id: ID!, $end: DateTime!) { renewConsent(id: $id, expiresAt: $end) { id } }",
    ),
    row(
        "draftConsentFrom",
        Given::ConsentToReaddress,
        Party::Sender,
        "mutation($id: ID!, $to: ID!, $end: DateTime!) { draftConsentFrom(consent: { from: $id, recipient: $to, expiresAt: $end, \
         explained: [] }) { id } }",
    ),
    row(
        "objectToConsent",
        Given::ConsentOfAMinor,
        Party::Sender,
        "mutation($id: ID!, $day: Date!) { objectToConsent(id: $id, objection: { objectedOn: $day }) { id } }",
    ),
    row(
        "markConsentEnteredInError",
        Given::Consent,
        Party::Sender,
        "mutation($id: ID!) { markConsentEnteredInError(id: $id) { id } }",
    ),
    row(
        "bindRulePack",
        Given::NewRulePack,
        Party::Sender,
        "mutation($new: RulePackInput!) { bindRulePack(pack: $new) { id } }",
    ),
    row(
        "unbindRulePack",
        Given::RulePack,
        Party::Sender,
        "mutation($id: ID!) { unbindRulePack(id: $id) { id } }",
    ),
    row(
        "revokeConsent",
        Given::Consent,
        Party::Sender,
        "mutation($id: ID!) { revokeConsent(id: $id, channel: TELEPHONE) { referralsSuspended } }",
    ),
    row(
        "notices",
        Given::Notice,
        Party::Recipient,
        "{ notices(first: 100) { edges { node { id } } } }",
    ),
    row(
        "markNoticeSeen",
        Given::Notice,
        Party::Recipient,
        "mutation($id: ID!) { markNoticeSeen(id: $id) { id } }",
    ),
    row(
        "eraseSurvivor",
        Given::Survivor,
        Party::Sender,
        "mutation($id: ID!) { eraseSurvivor(id: $id) { event } }",
    ),
    row(
        "eraseSurvivor(on hold)",
        Given::SurvivorOnHold,
        Party::Sender,
        "mutation($id: ID!, $holds: [ID!]) { eraseSurvivor(id: $id, confirmLegalHolds: $holds) { event } }",
    ),
];
