//! What is done with referrals.

use super::{NODE, Row, row};
use crate::authority::objects::{Given, Party};

pub(super) const ROWS: &[Row] = &[
    row(
        "continueReferral",
        Given::ReferralSuspended,
        Party::Sender,
        "mutation($id: ID!, $consent: ID!, $package: PackageInput) { continueReferral(id: $id, consent: $consent, package: $package) { id } }",
    ),
    row(
        "addReferralNote",
        Given::NewNote,
        Party::Sender,
        "mutation($id: ID!, $note: NoteInput!) { addReferralNote(id: $id, note: $note) { event } }",
    ),
    row("node(a note)", Given::Note, Party::Recipient, NODE),
    row(
        "node(a note that is kept)",
        Given::NoteKept,
        Party::Sender,
        NODE,
    ),
    row(
        "node(what happened to a referral)",
        Given::Referral,
        Party::Recipient,
        "query($id: ID!) { node(id: $id) { ... on Referral { timeline { edges { node { type } } } } } }",
    ),
    row(
        "draftReferral",
        Given::NewReferral,
        Party::Sender,
        "mutation($new: ReferralInput!) { draftReferral(referral: $new) { id } }",
    ),
    row(
        "editReferralDraft",
        Given::ReferralToEdit,
        Party::Sender,
        "mutation($id: ID!, $new: ReferralDraftInput!) { editReferralDraft(id: $id, referral: $new) { id } }",
    ),
    row(
        "discardReferralDraft",
        Given::ReferralDraft,
        Party::Sender,
        "mutation($id: ID!) { discardReferralDraft(id: $id) { id } }",
    ),
    row(
        "sendReferral",
        Given::ReferralDraft,
        Party::Sender,
        "mutation($id: ID!) { sendReferral(id: $id) { id } }",
    ),
    row(
        "setAnswerDays",
        Given::Nothing,
        Party::Recipient,
        "mutation { setAnswerDays(days: 14) { id } }",
    ),
    row(
        "acceptReferral",
        Given::Referral,
        Party::Recipient,
        "mutation($id: ID!) { acceptReferral(id: $id) { id } }",
    ),
    row(
        "rejectReferral",
        Given::Referral,
        Party::Recipient,
        "mutation($id: ID!) { rejectReferral(id: $id, reason: NO_CAPACITY) { id } }",
    ),
    row(
        "completeReferral",
        Given::ReferralAccepted,
        Party::Recipient,
        "mutation($id: ID!) { completeReferral(id: $id, outcome: { code: NEEDS_MET, provided: [HOUSING] }) { id } }",
    ),
    row(
        "correctReferralOutcome",
        Given::ReferralCompleted,
        Party::Recipient,
        "mutation($id: ID!) { correctReferralOutcome(id: $id, outcome: { code: NEEDS_MET, provided: [HOUSING] }) { id } }",
    ),
    row(
        "assignReferral",
        Given::ReferralAccepted,
        Party::Recipient,
        "mutation($id: ID!) { assignReferral(id: $id, subject: \"case worker\") { id } }",
    ),
    row(
        "startReferral",
        Given::ReferralAccepted,
        Party::Recipient,
        "mutation($id: ID!) { startReferral(id: $id) { id } }",
    ),
    row(
        "holdReferral",
        Given::ReferralAccepted,
        Party::Recipient,
        "mutation($id: ID!) { holdReferral(id: $id, reason: NO_CAPACITY) { id } }",
    ),
    row(
        "resumeReferral",
        Given::ReferralOnHold,
        Party::Recipient,
        "mutation($id: ID!) { resumeReferral(id: $id) { id } }",
    ),
    row(
        "failReferral",
        Given::ReferralAccepted,
        Party::Recipient,
        "mutation($id: ID!) { failReferral(id: $id, reason: NO_CONTACT) { id } }",
    ),
    row(
        "cancelReferral",
        Given::Referral,
        Party::Sender,
        "mutation($id: ID!) { cancelReferral(id: $id, reason: DUPLICATE) { id } }",
    ),
    row(
        "cancelReferral(accepted)",
        Given::ReferralAccepted,
        Party::Recipient,
        "mutation($id: ID!) { cancelReferral(id: $id, reason: SERVICE_ENDED) { id } }",
    ),
    row(
        "markReferralEnteredInError",
        Given::Referral,
        Party::Sender,
        "mutation($id: ID!) { markReferralEnteredInError(id: $id) { id } }",
    ),
];
