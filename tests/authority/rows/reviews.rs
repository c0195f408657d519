//! The rows of the audit log's reviews.

use super::super::objects::{Given, Party};
use super::{Row, row};

pub const ROWS: &[Row] = &[
    row(
        "auditReviews",
        Given::Review,
        Party::Sender,
        "{ auditReviews(first: 100) { edges { node { id } } } }",
    ),
    row(
        "openAuditReview",
        Given::NewReview,
        Party::Sender,
        "mutation($new: AuditReviewInput!) { openAuditReview(review: $new) { id } }",
    ),
    row(
        "flagAuditEvent",
        Given::ReviewOfEvent,
        Party::Sender,
        "mutation($id: ID!, $event: ID!) { flagAuditEvent(review: $id, event: $event, note: MISUSE) { id } }",
    ),
    row(
        "concludeAuditReview",
        Given::Review,
        Party::Sender,
        "mutation($id: ID!) { concludeAuditReview(id: $id, conclusion: NOTHING_FOUND) { id } }",
    ),
];
