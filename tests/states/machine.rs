//! Every verb in every state, by either side, through the service itself: it does what the table says, or is refused with
//! where the referral stands and what may be done instead.

use std::collections::BTreeSet;

use concord::referral::rules::transitions::{TRANSITIONS, allowed};
use concord_entities::vocabulary::{Code, ReferralAction, ReferralSide, ReferralStatus};
use serde_json::{Value, json};

use super::pair::Pair;
use crate::world::{World, on_both};

/// What answers as it stands, since it was done last.
fn is_repeated(from: ReferralStatus, action: ReferralAction) -> bool {
    matches!(
        (from, action),
        (ReferralStatus::Requested, ReferralAction::Send)
            | (ReferralStatus::Accepted, ReferralAction::Accept)
            | (ReferralStatus::InProgress, ReferralAction::Start)
            | (
                ReferralStatus::EnteredInError,
                ReferralAction::MarkEnteredInError
            )
    )
}

on_both!(every_verb_in_every_state_by_either_side_does_what_the_table_says);
async fn every_verb_in_every_state_by_either_side_does_what_the_table_says(world: World) {
    let pair = Pair::of(&world, "north", "south").await;
    let mut done = BTreeSet::new();
    for from in ReferralStatus::ALL.iter().copied() {
        let mut told = pair.at(from).await;
        for side in ReferralSide::ALL.iter().copied() {
            let unseen = from == ReferralStatus::Draft && side == ReferralSide::Recipient;
            let may: Vec<_> = allowed(from, side).map(Code::code).collect();
            let standing = json!({ "status": from.code(), "allowedActions": may });
            for action in ReferralAction::ALL.iter().copied() {
                let place = format!("{side} {action} from {from}");
                let shown = pair.shown(side, &told, "status allowedActions").await;
                assert_eq!(
                    shown,
                    if unseen {
                        Value::Null
                    } else {
                        standing.clone()
                    },
                    "{place}"
                );
                let answer = pair.does(side, action, &told, false).await;
                let key = |row: &&concord::referral::rules::transitions::Transition| {
                    (row.from, row.side, row.action) == (from, side, action)
                };
                if unseen {
                    assert_eq!(answer.codes(), "NOT_FOUND", "{place}");
                } else if let Some(row) = TRANSITIONS.iter().find(key) {
                    let to = row.to.unwrap_or(ReferralStatus::Requested);
                    let after = &answer.data()["done"];
                    let may: Vec<_> = allowed(to, side).map(Code::code).collect();
                    assert_eq!(
                        *after,
                        json!({ "status": to.code(), "allowedActions": may }),
                        "{place}"
                    );
                    done.insert((from, side, action));
                    told = pair.at(from).await;
                } else if is_repeated(from, action) && pair.side(side).id == by(&pair, action) {
                    assert_eq!(answer.data()["done"], standing, "{place}");
                } else {
                    assert_eq!(
                        answer.codes(),
                        "INVALID_TRANSITION",
                        "{place}: {}",
                        answer.text
                    );
                    let extensions = &answer.body["errors"][0]["extensions"];
                    assert_eq!(extensions["from"], from.code(), "{place}");
                    assert_eq!(extensions["allowed"], json!(may), "{place}");
                }
            }
        }
    }
    assert_eq!(done.len(), TRANSITIONS.len());
}

/// Who does this.
fn by(pair: &Pair<'_>, action: ReferralAction) -> concord_entities::ids::AgencyId {
    match concord::referral::rules::transitions::side_of(action) {
        Some(side) => pair.side(side).id,
        None => pair.north.id,
    }
}
