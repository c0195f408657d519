//! What is done with MOUs, their calendars and partnerships.

use super::{NODE, Row, row};
use crate::authority::objects::{Given, Party};

pub(super) const ROWS: &[Row] = &[
    row(
        "recordPartnershipStep",
        Given::NewStep,
        Party::Sender,
        "mutation($partner: ID!) { recordPartnershipStep(partner: $partner, step: IDENTIFIED) { id } }",
    ),
    row(
        "partnerships",
        Given::Partnership,
        Party::Recipient,
        "{ partnerships(last: 100) { edges { node { id step } } } }",
    ),
    row(
        "partnerships(task force)",
        Given::Partnership,
        Party::Coordinator,
        "query($in: ID!) { partnerships(filter: { taskForce: $in }, last: 100) { edges { node { id steps { on } } } } }",
    ),
    row(
        "node(partnership)",
        Given::Partnership,
        Party::Recipient,
        NODE,
    ),
    row(
        "draftMou",
        Given::NewMou,
        Party::Sender,
        "mutation($new: MouInput!) { draftMou(mou: $new) { id } }",
    ),
    row(
        "offerMou",
        Given::MouDraft,
        Party::Sender,
        "mutation($id: ID!) { offerMou(id: $id) { id } }",
    ),
    row(
        "signMou",
        Given::MouToSign,
        Party::Recipient,
        "mutation($id: ID!, $signature: MouSignatureInput!) { signMou(id: $id, signature: $signature) { id } }",
    ),
    row(
        "declineMou",
        Given::MouOffered,
        Party::Recipient,
        "mutation($id: ID!) { declineMou(id: $id, reason: \"no\") { id } }",
    ),
    row(
        "suspendMou",
        Given::MouInForce,
        Party::Recipient,
        "mutation($id: ID!) { suspendMou(id: $id, reason: \"a doubt\") { id } }",
    ),
    row(
        "reinstateMou",
        Given::MouSuspended,
        Party::Recipient,
        "mutation($id: ID!) { reinstateMou(id: $id) { id } }",
    ),
    row(
        "terminateMou",
        Given::MouInForce,
        Party::Sender,
        "mutation($id: ID!) { terminateMou(id: $id, reason: \"no more\", breach: true) { id } }",
    ),
    row(
        "createMouCalendar",
        Given::Nothing,
        Party::Sender,
        "mutation { createMouCalendar(calendar: {}) { path } }",
    ),
    row(
        "mouCalendars",
        Given::MouCalendar,
        Party::Sender,
        "{ mouCalendars(last: 100) { edges { node { id subject } } } }",
    ),
    row("node(calendar)", Given::MouCalendar, Party::Sender, NODE),
    row(
        "revokeMouCalendar",
        Given::MouCalendar,
        Party::Sender,
        "mutation($id: ID!) { revokeMouCalendar(id: $id) { id } }",
    ),
    row(
        "leaveMou",
        Given::MouOfThree,
        Party::Recipient,
        "mutation($id: ID!) { leaveMou(id: $id, reason: \"no more\") { id } }",
    ),
    row(
        "confirmMouReview",
        Given::MouInForce,
        Party::Sender,
        "mutation($id: ID!, $day: Date!) { confirmMouReview(id: $id, reviewOn: $day) { id } }",
    ),
    row(
        "amendMou",
        Given::MouToAmend,
        Party::Recipient,
        "mutation($id: ID!, $new: MouInput!) { amendMou(id: $id, mou: $new) { id } }",
    ),
    row(
        "renewMou",
        Given::MouInForce,
        Party::Sender,
        "mutation($id: ID!, $day: Date!) { renewMou(id: $id, expiresOn: $day) { id } }",
    ),
];
