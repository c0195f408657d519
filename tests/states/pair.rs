//! Two agencies that bring referrals wherever they may stand, and do with them whatever there is to do.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::{ReferralAction, ReferralSide, ReferralStatus};
use serde_json::{Value, json};

use crate::world::agency::Told;
use crate::world::{Agency, Answer, World};

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
        ReferralAction::Assign => (
            "assignReferral",
            "id: $id, subject: \"case worker\"".to_owned(),
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
pub struct Pair<'w> {
    pub world: &'w World,
    pub north: Agency,
    pub south: Agency,
    made: Cell<usize>,
    /// Of what was suspended, the consents to continue under.
    next: RefCell<HashMap<String, String>>,
}

impl<'w> Pair<'w> {
    pub async fn of(world: &'w World, north: &str, south: &str) -> Self {
        let (north, south) = world.agencies(north, south).await;
        Self {
            world,
            north,
            south,
            made: Cell::new(0),
            next: RefCell::default(),
        }
    }

    pub fn side(&self, side: ReferralSide) -> &Agency {
        match side {
            ReferralSide::Sender => &self.north,
            ReferralSide::Recipient => &self.south,
        }
    }

    /// Does something, by the arguments of before or by others.
    pub async fn does(
        &self,
        side: ReferralSide,
        action: ReferralAction,
        told: &Told,
        early: bool,
    ) -> Answer {
        let variables = match action {
            ReferralAction::Edit => {
                let package = json!({ "identity": { "givenName": "Bea" } });
                let consent = self.other_consent(told);
                json!({ "r": { "consent": consent, "needs": ["HOUSING"], "urgency": "ROUTINE", "package": package, "again": true } })
            }
            ReferralAction::Continue => {
                let consent = self.other_consent(told);
                json!({ "c": consent, "p": { "identity": { "givenName": "Bea" } } })
            }
            _ => json!({}),
        };
        let mut variables = variables;
        variables["id"] = json!(told.referral);
        self.side(side).asks(&verb(action, early), variables).await
    }

    /// The consent that it is edited or continued under: its own, where there is no other.
    fn other_consent(&self, told: &Told) -> String {
        let next = self.next.borrow();
        next.get(&told.referral).unwrap_or(&told.consent).clone()
    }

    /// Drafts another consent of the same survivor's, to edit or continue under.
    pub async fn drafts_another(&self, told: &Told) -> String {
        let survivor = self.north.survivor_of(&told.consent).await;
        let drafting = self.north.consents(&survivor, &self.south, &[Identity]);
        let consent = drafting.await;
        let mut next = self.next.borrow_mut();
        next.insert(told.referral.clone(), consent.clone());
        consent
    }

    /// Has the survivor sign another consent.
    pub async fn signs_another(&self, told: &Told) {
        let consent = self.drafts_another(told).await;
        self.north.signs(&consent).await.data();
    }

    /// Makes a referral that stands there.
    pub async fn at(&self, status: ReferralStatus) -> Told {
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
            self.signs_another(&told).await;
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
    pub async fn shown(&self, side: ReferralSide, told: &Told, fields: &str) -> Value {
        let shown = self.side(side).finds("Referral", &told.referral, fields);
        shown.await
    }
}
