//! How the agencies came to know each other before their MOUs, and what their staff learnt.

use std::collections::BTreeSet;
use std::time::Duration;

use concord_entities::instant::Instant;
use concord_entities::vocabulary::PartnershipStep;

use super::mou_plans::MOU_PLANS;
use super::script::{Deed, Script};
use super::stage::Stage;
use super::who::Who;
use crate::agency::record;
use crate::agency::training::StaffTrainingInput;
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::partnership::change::{Taking, take};
use crate::partnership::rules::{GivenAnswers, RECORDED};

/// Who has not come to an MOU, and how many steps they have taken, the last of them so many days ago.
const ON_THE_WAY: &[(Who, Who, usize, u64)] = &[
    (Who::Harrow, Who::Workforce, 1, 12),
    (Who::Riverbend, Who::Consulate, 2, 9),
    (Who::Shelter, Who::Federal, 3, 5),
];

/// Who had their staff trained, so many days ago, on what, and how many.
const TRAININGS: &[(Who, u64, &str, i32)] = &[
    (
        Who::Lantern,
        75,
        "Trafficking: first contact and safety",
        14,
    ),
    (Who::Harbor, 40, "Trauma-informed housing", 9),
    (Who::Liaison, 33, "Interviews beside an advocate", 6),
];

/// Scripts the steps of every two agencies that have an MOU, and of some that are on their way to one.
pub(super) fn tell(script: &mut Script) {
    let mut told = BTreeSet::new();
    for plan in MOU_PLANS {
        let [(one, _), (other, _), ..] = plan.parties else {
            continue;
        };
        let known = one.profile().days.min(other.profile().days);
        let pair = (*one.min(other), *one.max(other));
        if known <= plan.drafted + 4 || !told.insert(pair) {
            continue;
        }
        let days = [known - 1, known.midpoint(plan.drafted), plan.drafted + 1];
        for (step, days) in RECORDED.into_iter().zip(days) {
            script.add(at(script, days), *one, Deed::Step(*other, step));
        }
    }
    for (one, other, steps, days) in ON_THE_WAY {
        for (nth, step) in (0..).zip(RECORDED.into_iter().take(*steps)) {
            let ago = days + 8 * (u64::try_from(*steps).unwrap_or(0) - nth);
            script.add(at(script, ago), *one, Deed::Step(*other, step));
        }
    }
    for (who, days, topic, attended) in TRAININGS {
        script.add(at(script, *days), *who, Deed::Train(topic, *attended));
    }
}

fn at(script: &Script, days: u64) -> Instant {
    script.past.days_ago(days).plus(Duration::from_hours(3))
}

/// Records a step; who meets also answers the questions of a meeting.
pub(super) async fn step(
    stage: &Stage<'_>,
    change: &Change<'_>,
    partner: Who,
    step: PartnershipStep,
) -> Result<Event> {
    let taking = Taking {
        partner: stage.agencies.get(partner)?,
        step,
        on: None,
        answers: (step == PartnershipStep::Met).then(answers),
    };
    let (_, event) = take(change, taking).await?;
    event.ok_or_else(|| Error::NotFound.into())
}

fn answers() -> GivenAnswers {
    let said = |text: &str| Some(text.to_owned());
    GivenAnswers {
        answered_on: None,
        contacts: said("The intake desk by day; the supervisor on call by night and on holidays."),
        procedures: said(
            "Nothing is asked twice: the advocate brings the referral, and stays for the first talk if the person wishes.",
        ),
        trust: said(
            "Yes, since the first case that we did together; say so again after changes of staff.",
        ),
        avenues: said(
            "Seasonal work along the river, short lets near the motorway, recruitment by acquaintances.",
        ),
    }
}

/// Notes a training of the acting agency's staff.
pub(super) async fn train(change: &Change<'_>, topic: &str, attended: i32) -> Result<Event> {
    let training = StaffTrainingInput {
        held_on: change.now().day().plus_days(-1).into(),
        topic: topic.to_owned(),
        attended,
    };
    let event = record::record_training(change, &training).await?;
    event.ok_or_else(|| Error::NotFound.into())
}
