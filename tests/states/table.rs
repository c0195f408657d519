//! The table is the one of the closed loop, and the rules permit exactly what it says.

use std::collections::BTreeSet;
use std::fmt::Write;

use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord::referral::rules::steps::{Step, take};
use concord::referral::rules::transitions::{TRANSITIONS, allowed, side_of};
use concord_entities::ids::{AgencyId, ConsentId, ReferralId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::referral;
use concord_entities::vocabulary::{
    CancelReason, Categories, Code, FailReason, HoldReason, Needs, ReferralAction, ReferralSide,
    ReferralStatus, RejectReason, StatusReason, Urgency,
};

/// HL7 Gravity's closed loop as our domain has it; a star marks what time or a consent's end brings about.
const CLOSED_LOOP: &str = "
    DRAFT -> REQUESTED CANCELLED
    REQUESTED -> ACCEPTED REJECTED CANCELLED EXPIRED* SUSPENDED*
    ACCEPTED -> IN_PROGRESS ON_HOLD CANCELLED COMPLETED FAILED SUSPENDED*
    IN_PROGRESS -> ON_HOLD CANCELLED COMPLETED FAILED SUSPENDED*
    ON_HOLD -> IN_PROGRESS CANCELLED COMPLETED FAILED SUSPENDED*
    SUSPENDED -> CANCELLED
";
const NOW: Instant = Instant(1_790_000_000_000_000);

#[test]
fn the_table_is_the_closed_loop() {
    let mut expected = BTreeSet::new();
    for line in CLOSED_LOOP.lines().filter(|line| !line.trim().is_empty()) {
        let (from, to) = line.split_once("->").unwrap();
        let by_people = to.split_whitespace().filter(|to| !to.ends_with('*'));
        expected.extend(by_people.map(|to| (from.trim().to_owned(), to.to_owned())));
    }
    // Whatever it is, its sender may find that it should never have been.
    let all = ReferralStatus::ALL.iter().map(|one| one.code());
    let others = all.filter(|code| *code != "ENTERED_IN_ERROR");
    expected.extend(others.map(|from| (from.to_owned(), "ENTERED_IN_ERROR".to_owned())));
    let moves = TRANSITIONS
        .iter()
        .filter_map(|row| Some((row.from, row.to?)));
    let table: BTreeSet<_> = moves
        .filter(|(from, to)| from != to)
        .map(|(from, to)| (from.to_string(), to.to_string()))
        .collect();
    assert_eq!(table, expected);
}

#[test]
fn no_row_is_there_twice_and_a_reason_is_asked_where_one_is_owed() {
    let keys: BTreeSet<_> = TRANSITIONS
        .iter()
        .map(|row| (row.from, row.side, row.action))
        .collect();
    assert_eq!(keys.len(), TRANSITIONS.len());
    for step in steps() {
        let lead_to = TRANSITIONS.iter().filter(|row| row.action == step.action());
        for row in lead_to {
            let owes = [
                ReferralStatus::Rejected,
                ReferralStatus::OnHold,
                ReferralStatus::Cancelled,
                ReferralStatus::Failed,
            ];
            let owes = owes.contains(&row.to.unwrap());
            assert_eq!(step.reason().is_some(), owes, "{step:?}");
        }
    }
}

/// A line for each status and side, as people read it.
#[test]
fn what_each_side_may_do_is_as_written_down() {
    let mut told = String::new();
    for status in ReferralStatus::ALL {
        for side in ReferralSide::ALL {
            let may: Vec<_> = allowed(*status, *side).map(Code::code).collect();
            let may = if may.is_empty() {
                "nothing".to_owned()
            } else {
                may.join(" ")
            };
            writeln!(told, "{:<17} {:<10} {may}", status.code(), side.code()).unwrap();
        }
    }
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("table", told);
    });
}

/// Every step, with each of its reasons.
fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step::Accept,
        Step::Start,
        Step::Resume,
        Step::MarkEnteredInError,
    ];
    steps.extend(RejectReason::ALL.iter().copied().map(Step::Reject));
    steps.extend(HoldReason::ALL.iter().copied().map(Step::Hold));
    steps.extend(FailReason::ALL.iter().copied().map(Step::Fail));
    steps.extend(CancelReason::ALL.iter().copied().map(Step::Cancel));
    steps
}

/// A referral that stands at each status.
fn standing() -> Vec<referral::Model> {
    let like = referral::Model {
        id: ReferralId::new(),
        sender_id: AgencyId::new(),
        recipient_id: AgencyId::new(),
        survivor_id: SurvivorId::new(),
        consent_id: ConsentId::new(),
        mou_id: None,
        status: ReferralStatus::Draft,
        status_reason: None,
        needs: Needs::EMPTY,
        urgency: Urgency::Routine,
        contains: Categories::EMPTY,
        key_version: 1,
        created_at: NOW,
        sent_at: Some(NOW),
        expires_at: None,
        tell_at: None,
        settled_at: NOW,
        respond_by: None,
        updated_at: NOW,
        consent_until: None,
        mou_until: None,
        halted: false,
        outcome: None,
        provided: Needs::EMPTY,
        outcome_at: None,
        completed_at: None,
        earlier_outcomes: None,
        last_action: None,
        last_action_side: None,
        reopens: None,
    };
    let mut standing = Vec::new();
    for status in ReferralStatus::ALL.iter().copied() {
        let stored = |status| referral::Model {
            status,
            ..like.clone()
        };
        match status {
            ReferralStatus::Suspended => {
                for beneath in ReferralStatus::OPEN {
                    standing.push(referral::Model {
                        halted: true,
                        ..stored(beneath)
                    });
                    standing.push(referral::Model {
                        mou_until: Some(NOW),
                        ..stored(beneath)
                    });
                }
            }
            ReferralStatus::Expired => standing.push(referral::Model {
                expires_at: Some(NOW),
                ..stored(ReferralStatus::Requested)
            }),
            other => standing.push(stored(other)),
        }
    }
    standing
}

fn status(row: &referral::Model) -> CurrentStatus {
    CurrentStatus::of(&StoredStatus::from(row), NOW)
}

#[test]
fn a_step_is_taken_where_the_table_has_it_and_refused_with_what_it_has_instead() {
    let (mut taken, mut met) = (0, BTreeSet::new());
    for row in standing() {
        let from = status(&row).status;
        met.insert(from);
        for side in ReferralSide::ALL.iter().copied() {
            for step in steps() {
                let may: Vec<_> = allowed(from, side).collect();
                let after = take(row.clone(), side, step, NOW);
                if may.contains(&step.action()) {
                    let after = after.unwrap().unwrap();
                    let by_table = TRANSITIONS.iter().find(|one| {
                        (one.from, one.side, one.action) == (from, side, step.action())
                    });
                    let now = CurrentStatus {
                        status: by_table.unwrap().to.unwrap(),
                        reason: step.reason(),
                    };
                    assert_eq!(status(&after), now, "{step:?} of {from}");
                    // Once more by the same side it is what it is, and nobody else's.
                    assert_eq!(take(after.clone(), side, step, NOW), Ok(None));
                    let other = match side {
                        ReferralSide::Sender => ReferralSide::Recipient,
                        ReferralSide::Recipient => ReferralSide::Sender,
                    };
                    assert!(take(after, other, step, NOW).is_err(), "{step:?}");
                    taken += 1;
                } else {
                    let refused = after.unwrap_err();
                    let expected = concord::error::Error::InvalidTransition {
                        tried: step.action(),
                        from,
                        allowed: may,
                    };
                    assert_eq!(refused, expected);
                }
            }
        }
    }
    assert_eq!(met.len(), ReferralStatus::ALL.len());
    assert!(taken > 100, "{taken}");
}

#[test]
fn both_sides_cancel_and_all_else_is_one_sides_alone() {
    for action in ReferralAction::ALL {
        let by_both = *action == ReferralAction::Cancel;
        assert_eq!(side_of(*action).is_none(), by_both, "{action}");
    }
}

#[test]
fn a_verbs_reason_is_the_one_that_is_shown_and_none_judges_the_person() {
    let reasons = steps().into_iter().filter_map(Step::reason);
    let shown: BTreeSet<StatusReason> = reasons.collect();
    // The others are no person's to give.
    let given_by_nobody = [
        StatusReason::MouNotInForce,
        StatusReason::NotAnswered,
        StatusReason::Discarded,
    ];
    for reason in StatusReason::ALL {
        let given = shown.contains(reason);
        assert_eq!(given, !given_by_nobody.contains(reason), "{reason}");
    }
    let same = |one: &str, shown: StatusReason| assert_eq!(one, shown.code());
    RejectReason::ALL
        .iter()
        .for_each(|one| same(one.code(), (*one).into()));
    HoldReason::ALL
        .iter()
        .for_each(|one| same(one.code(), (*one).into()));
    FailReason::ALL
        .iter()
        .for_each(|one| same(one.code(), (*one).into()));
    CancelReason::ALL
        .iter()
        .for_each(|one| same(one.code(), (*one).into()));
    let schema = include_str!("../../schema.graphql").to_lowercase();
    for word in [
        "cooperat",
        "complian",
        "credib",
        "no_show",
        "refused_service",
    ] {
        let reasons = schema.split("\nenum ").filter(|one| {
            let name = one.split_whitespace().next().unwrap();
            name.ends_with("reason")
        });
        let judging: Vec<_> = reasons
            .filter(|one| {
                let end = one.find("\n}").unwrap();
                one[..end].contains(word)
            })
            .collect();
        assert!(judging.is_empty(), "{word}: {judging:?}");
    }
}
