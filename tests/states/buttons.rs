//! What is shown as a button can be pressed, and what is not is refused: over every state of a generated set. What keeps
//! somebody from something is named, all of it.

use concord_entities::vocabulary::DataCategory::{Identity, Safety};
use concord_entities::vocabulary::{Code, ReferralAction, ReferralSide, ReferralStatus};
use serde_json::{Value, json};

use super::pair::Pair;
use crate::world::agency::{Told, good_consent, text};
use crate::world::{Agency, World, on_both};

const SHOWN: &str = "status allowedActions actions { action blockedBy }";

/// What becomes of a referral's consent before it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consent {
    InForce,
    Unsigned,
    NotBegun,
    Suspended,
    Expired,
    Revoked,
    EnteredInError,
    /// It names less than the package holds.
    Narrowed,
    /// A guardian signed it, and the person became an adult.
    Outgrown,
}

impl Consent {
    const ALL: [Self; 9] = [
        Self::InForce,
        Self::Unsigned,
        Self::NotBegun,
        Self::Suspended,
        Self::Expired,
        Self::Revoked,
        Self::EnteredInError,
        Self::Narrowed,
        Self::Outgrown,
    ];

    fn block(self) -> Option<&'static str> {
        match self {
            Self::InForce => None,
            Self::Unsigned => Some("CONSENT_UNSIGNED"),
            Self::NotBegun => Some("CONSENT_NOT_BEGUN"),
            Self::Suspended => Some("CONSENT_SUSPENDED"),
            Self::Expired => Some("CONSENT_EXPIRED"),
            Self::Revoked => Some("CONSENT_REVOKED"),
            Self::EnteredInError => Some("CONSENT_ENDED"),
            Self::Narrowed => Some("CATEGORY_NOT_CONSENTED"),
            Self::Outgrown => Some("CONSENT_DEFECTIVE"),
        }
    }

    /// A draft whose consent it comes to.
    async fn draft(self, pair: &Pair<'_>, number: usize) -> Told {
        let (north, south) = (&pair.north, &pair.south);
        let survivor = north.registers(&format!("draft {number}")).await;
        let consent = north.consents(&survivor, south, &[Identity, Safety]).await;
        let told = north.drafts_referral(&consent, "Ada", &[Identity]).await;
        if self == Self::Narrowed {
            let edit = "mutation($id: ID!, $c: ConsentInput!) { editConsentDraft(id: $id, consent: $c) { id } }";
            let narrowed = good_consent(&survivor, south, &[Safety]);
            let variables = json!({ "id": consent, "c": narrowed });
            north.asks(edit, variables).await.data();
        }
        if self != Self::Unsigned {
            north.signs(&consent).await.data();
        }
        let sql = pair.world.sql_id(&consent);
        let person = pair.world.sql_id(&survivor);
        let (hour, day) = ("3600000000", "86400000000");
        let tampering = match self {
            Self::NotBegun => {
                format!("UPDATE consent SET effective_at = effective_at + {day} WHERE id = {sql}")
            }
            Self::Suspended => {
                format!("UPDATE consent SET suspends_at = created_at WHERE id = {sql}")
            }
            Self::Expired => {
                format!("UPDATE consent SET expires_at = created_at - {hour} WHERE id = {sql}")
            }
            Self::Outgrown => format!(
                "UPDATE consent_signature SET role = 'PARENT_OR_GUARDIAN', signed_on = 18262 WHERE consent_id = {sql}; \
                 UPDATE survivor SET age_group = 'MINOR', minor_until = 18628 WHERE id = {person}"
            ),
            Self::Revoked => {
                north.revokes(&consent).await.data();
                return told;
            }
            Self::EnteredInError => {
                north
                    .changes("markConsentEnteredInError", &consent, "id")
                    .await
                    .data();
                return told;
            }
            Self::InForce | Self::Unsigned | Self::Narrowed => return told,
        };
        pair.world.tampers(&tampering);
        told
    }
}

/// What becomes of the two agencies before a referral is looked at.
#[derive(Clone, Copy, Debug)]
struct Agencies {
    mou_lapsed: bool,
    recipient_suspended: bool,
}

impl Agencies {
    const ALL: [Self; 4] = [
        Self {
            mou_lapsed: false,
            recipient_suspended: false,
        },
        Self {
            mou_lapsed: true,
            recipient_suspended: false,
        },
        Self {
            mou_lapsed: false,
            recipient_suspended: true,
        },
        Self {
            mou_lapsed: true,
            recipient_suspended: true,
        },
    ];

    async fn come_about(self, pair: &Pair<'_>) {
        if self.mou_lapsed {
            let id = pair.world.sql_id(&pair.north.id.to_string());
            let of_north = format!("SELECT mou_id FROM mou_party WHERE agency_id = {id}");
            let year = "31536000000000";
            pair.world.tampers(&format!(
                "UPDATE mou SET begins_at = begins_at - 2 * {year}, ends_at = ends_at - 2 * {year} WHERE id IN ({of_north}); \
                 UPDATE referral SET mou_until = mou_until - 2 * {year} WHERE sender_id = {id}"
            ));
        }
        if self.recipient_suspended {
            let coordinator = pair.world.coordinator();
            coordinator.suspends(&pair.south, "a review").await.data();
        }
    }

    fn blocks(self) -> Vec<&'static str> {
        let recipient = self.recipient_suspended.then_some("RECIPIENT_SUSPENDED");
        let mou = if self.mou_lapsed {
            Some("NO_MOU")
        } else {
            self.recipient_suspended.then_some("AGENCY_SUSPENDED")
        };
        recipient.into_iter().chain(mou).collect()
    }
}

/// The actions that are shown as buttons, and what blocks the one that hangs on facts.
fn buttons(shown: &Value, of: ReferralAction) -> (Vec<ReferralAction>, Vec<String>) {
    let named = |value: &Value| ReferralAction::from_code(value.as_str().unwrap()).unwrap();
    let allowed: Vec<_> = shown["allowedActions"]
        .as_array()
        .unwrap()
        .iter()
        .map(named)
        .collect();
    let actions = shown["actions"].as_array().unwrap();
    let free = actions.iter().filter(|one| one["blockedBy"] == json!([]));
    assert_eq!(
        allowed,
        free.map(|one| named(&one["action"])).collect::<Vec<_>>()
    );
    let blocked = actions
        .iter()
        .find(|one| one["action"] == of.code())
        .unwrap();
    let blocks = blocked["blockedBy"]
        .as_array()
        .unwrap()
        .iter()
        .map(text)
        .collect();
    (allowed, blocks)
}

/// Presses whatever there is on a referral: first what is not shown, which changes nothing.
async fn presses(
    pair: &Pair<'_>,
    told: &Told,
    shown: &[ReferralAction],
    which: ReferralAction,
    scene: &str,
) {
    for action in ReferralAction::ALL
        .iter()
        .copied()
        .filter(|action| !shown.contains(action))
    {
        let refused = pair.does(ReferralSide::Sender, action, told, false).await;
        assert!(
            !refused.codes().is_empty(),
            "{scene}: {action} is done and not shown"
        );
    }
    let done = pair.does(ReferralSide::Sender, which, told, false).await;
    assert_eq!(
        done.codes(),
        "",
        "{scene}: {which} is shown and refused: {}",
        done.text
    );
}

on_both!(every_button_of_a_draft_that_is_shown_can_be_pressed_and_no_other);
async fn every_button_of_a_draft_that_is_shown_can_be_pressed_and_no_other(world: World) {
    for (nth, agencies) in Agencies::ALL.into_iter().enumerate() {
        let pair = Pair::of(&world, &format!("north {nth}"), &format!("south {nth}")).await;
        // As many of each as there may be buttons.
        let mut drafts = Vec::new();
        for (place, consent) in Consent::ALL.into_iter().enumerate() {
            let mut of_one = Vec::new();
            for number in 0..4 {
                let told = consent.draft(&pair, place * 4 + number).await;
                pair.drafts_another(&told).await;
                of_one.push(told);
            }
            drafts.push((consent, of_one));
        }
        agencies.come_about(&pair).await;
        for (consent, drafts) in drafts {
            let scene = format!("{consent:?} {agencies:?}");
            let of_consent = consent.block().into_iter();
            let expected: Vec<_> = of_consent.chain(agencies.blocks()).collect();
            let shown = pair.shown(ReferralSide::Sender, &drafts[0], SHOWN).await;
            let (allowed, blocks) = buttons(&shown, ReferralAction::Send);
            assert_eq!(blocks, expected, "{scene}");
            for (told, action) in drafts.iter().zip(&allowed) {
                assert_eq!(
                    pair.shown(ReferralSide::Sender, told, SHOWN).await,
                    shown,
                    "{scene}"
                );
                presses(&pair, told, &allowed, *action, &scene).await;
            }
        }
    }
}

on_both!(every_button_of_a_suspended_referral_that_is_shown_can_be_pressed_and_no_other);
async fn every_button_of_a_suspended_referral_that_is_shown_can_be_pressed_and_no_other(
    world: World,
) {
    for (nth, agencies) in Agencies::ALL.into_iter().enumerate() {
        let pair = Pair::of(&world, &format!("north {nth}"), &format!("south {nth}")).await;
        let mut suspended = Vec::new();
        for (without, late) in [(false, false), (true, false), (false, true), (true, true)] {
            let mut of_one = Vec::new();
            for _ in 0..3 {
                let told = pair.at(ReferralStatus::Requested).await;
                if !without {
                    pair.signs_another(&told).await;
                }
                pair.north.revokes_consent(&told).await.data();
                if late {
                    let id = world.sql_id(&told.referral);
                    world.tampers(&format!(
                        "UPDATE referral SET expires_at = created_at WHERE id = {id}"
                    ));
                }
                of_one.push(told);
            }
            suspended.push((without, late, of_one));
        }
        agencies.come_about(&pair).await;
        for (without, late, suspended) in suspended {
            let scene = format!("without consent: {without}, too late: {late}, {agencies:?}");
            let mut expected = if without {
                vec!["NO_CONSENT"]
            } else {
                agencies.blocks()
            };
            expected.extend(late.then_some("NOT_ANSWERED"));
            let shown = pair.shown(ReferralSide::Sender, &suspended[0], SHOWN).await;
            let (allowed, blocks) = buttons(&shown, ReferralAction::Continue);
            assert_eq!(blocks, expected, "{scene}");
            for (told, action) in suspended.iter().zip(&allowed) {
                presses(&pair, told, &allowed, *action, &scene).await;
            }
        }
    }
}

on_both!(an_outbox_shows_of_each_what_it_shows_by_itself);
async fn an_outbox_shows_of_each_what_it_shows_by_itself(world: World) {
    let pair = Pair::of(&world, "north", "south").await;
    for (number, consent) in Consent::ALL.into_iter().enumerate() {
        consent.draft(&pair, number).await;
    }
    for status in ReferralStatus::ALL {
        pair.at(*status).await;
    }
    let fields = format!("id {SHOWN}");
    for (who, which) in [(&pair.north, "OUTBOX"), (&pair.south, "INBOX")] {
        let listed = who
            .lists(&format!("referrals(box: {which}, first: 100)"), &fields)
            .await;
        assert!(listed.len() >= ReferralStatus::ALL.len() - 1);
        for one in listed {
            let alone = who.finds("Referral", &text(&one["id"]), &fields).await;
            assert_eq!(alone, one);
        }
        // Written by hand it is the same.
        let by_hand = who
            .lists(
                &format!("referrals(box: {which}, first: 100)"),
                "id allowedActions",
            )
            .await;
        for one in by_hand {
            let alone = who
                .finds("Referral", &text(&one["id"]), "id allowedActions")
                .await;
            assert_eq!(alone, one);
        }
    }
}

on_both!(a_token_that_may_change_nothing_is_shown_no_button_and_told_why);
async fn a_token_that_may_change_nothing_is_shown_no_button_and_told_why(world: World) {
    let pair = Pair::of(&world, "north", "south").await;
    let reads = |who: &Agency| who.with(world.token(who.id, "referral.rs"));
    let draft = pair.at(ReferralStatus::Draft).await;
    let sent = pair.at(ReferralStatus::Requested).await;
    let shown = reads(&pair.south)
        .finds("Referral", &sent.referral, SHOWN)
        .await;
    assert_eq!(shown["allowedActions"], json!([]));
    let scope = |action: &str| json!({ "action": action, "blockedBy": ["SCOPE"] });
    assert_eq!(shown["actions"], json!([scope("ACCEPT"), scope("REJECT")]));
    let id = world.sql_id(&draft.consent);
    world.tampers(&format!(
        "UPDATE consent SET expires_at = created_at WHERE id = {id}"
    ));
    let shown = reads(&pair.north)
        .finds("Referral", &draft.referral, SHOWN)
        .await;
    assert_eq!(shown["allowedActions"], json!([]));
    assert_eq!(
        shown["actions"][0],
        json!({ "action": "SEND", "blockedBy": ["SCOPE", "CONSENT_EXPIRED"] })
    );
    let inbox = "referrals(box: INBOX)";
    let listed = reads(&pair.south).lists(inbox, "allowedActions").await;
    assert_eq!(listed, [json!({ "allowedActions": [] })]);
    let accept = "mutation($id: ID!) { acceptReferral(id: $id) { id } }";
    let refused = reads(&pair.south)
        .asks(accept, json!({ "id": sent.referral }))
        .await;
    assert_eq!(refused.codes(), "FORBIDDEN_SCOPE");
}
