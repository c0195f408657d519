//! Where SQL needs a list of what a method decides, both say the same.

use concord_entities::vocabulary::{Code, ReferralStatus};

#[test]
fn the_open_statuses_are_those_that_are_open() {
    let open: Vec<_> = ReferralStatus::ALL
        .iter()
        .copied()
        .filter(|status| status.is_open())
        .collect();
    assert_eq!(ReferralStatus::OPEN.as_slice(), open);
}
