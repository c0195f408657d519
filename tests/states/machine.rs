//! Every verb in every state, by either side, through the service itself: it does what the table says, or is refused with
//! where the referral stands and what may be done instead.

use std::collections::BTreeSet;

use concord::referral::rules::transitions::{TRANSITIONS, allowed};
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::{Code, ReferralAction, ReferralSide, ReferralStatus};
use serde_json::{Value, json};

use crate::world::agency::Told;
use crate::world::{Agency, Answer, World, on_both};

/// The verb of an action, with the arguments that it is asked with here, and those that brought a referral where it stands.
fn verb(action: ReferralAction, before: bool) -> String {
    let reason = |early: &str, late: &str| {
        let reason = if before { early } else { late };
        format!("id: $id, reason: {reason}")
    };
    let (verb, arguments) = match action {
        ReferralAction::Send => ("sendReferral", "id: $id".to_owned()),
        ReferralAction::Edit => ("editReferralDraft", "id: $id, referral: $r".to_owned()),
        ReferralAction::Discard => ("discardReferralDraft", "id: $id".to_owned()),
        ReferralAction::Accept => ("acceptReferral", "id: $id".to_owned()),
        ReferralAction::Reject => ("rejectReferral", reason("NO_CAPACITY", "NOT_ELIGIBLE")),
        ReferralAction::Start => ("startReferral", "id: $id".to_owned()),
        ReferralAction::Hold => ("holdReferral", reason("NO_CONTACT", "SAFETY_CONCERN")),
        ReferralAction::Resume => ("resumeReferral", "id: $id".to_owned()),
        ReferralAction::Fail => ("failReferral", reason("NO_CONTACT", "SERVICE_ENDED")),
        ReferralAction::Cancel => ("cancelReferral", reason("DUPLICATE", "SURVIVOR_DECISION")),
        ReferralAction::Complete | ReferralAction::Correct => {
            let outcome = if before {
                "id: $id, outcome: { code: SURVIVOR_ENDED }"
            } else {
                "id: $id, outcome: { code: NEEDS_MET, provided: [HOUSING] }"
            };
            let verb = if action == ReferralAction::Complete {
                "completeReferral"
            } else {
                "correctReferralOutcome"
            };
            (verb, outcome.to_owned())
        }
        ReferralAction::Continue => (
            "continueReferral",
            "id: $id, consent: $c, package: $p".to_owned(),
        ),
        ReferralAction::MarkEnteredInError => ("markReferralEnteredInError", "id: $id".to_owned()),
    };
    let types = match action {
        ReferralAction::Edit => ", $r: ReferralDraftInput!",
        ReferralAction::Continue => ", $c: ID!, $p: PackageInput",
        _ => "",
    };
    format!("mutation($id: ID!{types}) {{ done: {verb}({arguments}) {{ status allowedActions }} }}")
}

/// Two agencies, between which referrals are made.
struct Pair {
    world: World,
    north: Agency,
    south: Agency,
    made: std::cell::Cell<usize>,
}

impl Pair {
    fn side(&self, side: ReferralSide) -> &Agency {
        match side {
            ReferralSide::Sender => &self.north,
            ReferralSide::Recipient => &self.south,
        }
    }

    async fn does(
        &self,
        side: ReferralSide,
        action: ReferralAction,
        told: &Told,
        early: bool,
    ) -> Answer {
        let variables = match action {
            ReferralAction::Edit => {
                let package = json!({ "identity": { "givenName": "Bea" } });
                json!({ "r": { "consent": told.consent, "needs": ["HOUSING"], "urgency": "ROUTINE", "package": package, "again": true } })
            }
            ReferralAction::Continue => {
                let consent = self.new_consent(told).await;
                json!({ "c": consent, "p": { "identity": { "givenName": "Bea" } } })
            }
            _ => json!({}),
        };
        let mut variables = variables;
        variables["id"] = json!(told.referral);
        self.side(side).asks(&verb(action, early), variables).await
    }

    async fn new_consent(&self, told: &Told) -> String {
        let survivor = self.north.survivor_of(&told.consent).await;
        let consent = self
            .north
            .consents(&survivor, &self.south, &[Identity])
            .await;
        self.north.signs(&consent).await.data();
        consent
    }

    /// Makes a referral that stands there.
    async fn at(&self, status: ReferralStatus) -> Told {
        use ReferralAction as A;
        use ReferralSide::{Recipient, Sender};
        self.made.set(self.made.get() + 1);
        let person = format!("person {}", self.made.get());
        let told = self
            .north
            .refers(&person)
            .to(&self.south)
            .drafted([Identity])
            .await;
        let (send, accept) = ((Sender, A::Send), (Recipient, A::Accept));
        let way = match status {
            ReferralStatus::Draft => vec![],
            ReferralStatus::Requested | ReferralStatus::Expired | ReferralStatus::Suspended => {
                vec![send]
            }
            ReferralStatus::Accepted => vec![send, accept],
            ReferralStatus::InProgress => vec![send, accept, (Recipient, A::Start)],
            ReferralStatus::OnHold => vec![send, accept, (Recipient, A::Hold)],
            ReferralStatus::Rejected => vec![send, (Recipient, A::Reject)],
            ReferralStatus::Cancelled => vec![send, (Sender, A::Cancel)],
            ReferralStatus::Completed => vec![send, accept, (Recipient, A::Complete)],
            ReferralStatus::Failed => vec![send, accept, (Recipient, A::Fail)],
            ReferralStatus::EnteredInError => vec![send, (Sender, A::MarkEnteredInError)],
        };
        for (side, action) in way {
            self.does(side, action, &told, true).await.data();
        }
        if status == ReferralStatus::Suspended {
            self.north.revokes_consent(&told).await.data();
        }
        if status == ReferralStatus::Expired {
            let id = self.world.sql_id(&told.referral);
            let month = "2592000000000";
            self.world.tampers(&format!(
                "UPDATE referral SET expires_at = expires_at - {month} WHERE id = {id}"
            ));
        }
        told
    }

    /// Where it stands for a side, and what that may do.
    async fn shown(&self, side: ReferralSide, told: &Told) -> Value {
        let shown = self
            .side(side)
            .finds("Referral", &told.referral, "status allowedActions");
        shown.await
    }
}

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
    let (north, south) = world.agencies("north", "south").await;
    let pair = Pair {
        world,
        north,
        south,
        made: std::cell::Cell::new(0),
    };
    let mut done = BTreeSet::new();
    for from in ReferralStatus::ALL.iter().copied() {
        let mut told = pair.at(from).await;
        for side in ReferralSide::ALL.iter().copied() {
            let unseen = from == ReferralStatus::Draft && side == ReferralSide::Recipient;
            let may: Vec<_> = allowed(from, side).map(Code::code).collect();
            let standing = json!({ "status": from.code(), "allowedActions": may });
            for action in ReferralAction::ALL.iter().copied() {
                let place = format!("{side} {action} from {from}");
                let shown = pair.shown(side, &told).await;
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
fn by(pair: &Pair, action: ReferralAction) -> concord_entities::ids::AgencyId {
    match concord::referral::rules::transitions::side_of(action) {
        Some(side) => pair.side(side).id,
        None => pair.north.id,
    }
}
