//! What changes of agencies and of their places.

use super::{Row, row};
use crate::authority::objects::{Given, Party};

pub(super) const ROWS: &[Row] = &[
    row(
        "vetAgency",
        Given::Member,
        Party::Coordinator,
        "mutation($id: ID!, $in: ID!) { vetAgency(vetting: { agency: $id, taskForce: $in, attribute: CREDIBLE, \
         evidence: \"two references\", checkedOn: \"2026-01-05\" }) { id } }",
    ),
    row(
        "renameAgency",
        Given::NewName,
        Party::Sender,
        "mutation($name: String!) { renameAgency(name: $name) { id } }",
    ),
    row(
        "leaveTaskForce",
        Given::FurtherTaskForce,
        Party::Recipient,
        "mutation($in: ID!) { leaveTaskForce(taskForce: $in) { id } }",
    ),
    row(
        "handOverCoordination",
        Given::FurtherTaskForce,
        Party::Sender,
        "mutation($in: ID!, $to: ID!) { handOverCoordination(taskForce: $in, to: $to) { id } }",
    ),
    row(
        "recordStaffTraining",
        Given::NewTraining,
        Party::Sender,
        "mutation($new: StaffTrainingInput!) { recordStaffTraining(training: $new) { id } }",
    ),
];
