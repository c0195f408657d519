//! The memoranda of understanding: drafted, offered and signed as [`super::mou_plans`] says.

use std::time::Duration;

use async_graphql::ID;
use concord_entities::instant::Instant;

use super::documents;
use super::mou_plans::{End, MOU_PLANS, MouPlan};
use super::promises::promised;
use super::script::{Deed, MouDeed, Script};
use super::stage::Stage;
use super::who::Who;
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::mou;
use crate::mou::input::{MouInput, MouSignatureInput, PartyInput};

/// Scripts every MOU as far as it came.
pub(super) fn tell(script: &mut Script) {
    for plan in MOU_PLANS {
        let drafted = script.past.days_ago(plan.drafted);
        script.add(drafted, plan.drafter(), Deed::Mou(plan, MouDeed::Draft));
        let offered = drafted.plus(Duration::from_hours(30));
        if plan.is_offered() {
            script.add(offered, plan.drafter(), Deed::Mou(plan, MouDeed::Offer));
        }
        let signing = plan.parties.iter().take(plan.signatures());
        for ((who, _), nth) in signing.zip(1..) {
            script.add(signed(offered, nth), *who, Deed::Mou(plan, MouDeed::Sign));
        }
        if let End::Renewed { ago, until } = plan.end {
            renew(script, plan, (script.past.days_ago(ago), until));
        }
        if let (Some(_), Some((who, _))) = (plan.word(), plan.parties.get(1)) {
            let said = signed(offered, 5);
            script.add(said, *who, Deed::Mou(plan, MouDeed::Say));
        }
    }
}

/// Scripts the renewal of an MOU.
fn renew(script: &mut Script, plan: &'static MouPlan, (at, until): (Instant, i32)) {
    let drafter = plan.drafter();
    script.add(at, drafter, Deed::Mou(plan, MouDeed::Renew(until)));
    let offered = at.plus(Duration::from_hours(3));
    script.add(offered, drafter, Deed::Mou(plan, MouDeed::Offer));
    for ((who, _), nth) in plan.parties.iter().zip(1..) {
        script.add(signed(offered, nth), *who, Deed::Mou(plan, MouDeed::Sign));
    }
}

/// By what authority everybody signs.
const AUTHORITY: &str = "Resolution of the board of directors";

/// Returns when the `nth` party signed, from 1.
fn signed(offered: Instant, nth: u64) -> Instant {
    offered.plus(Duration::from_hours(41 * nth))
}

/// Does one thing with an MOU.
pub(super) async fn play(
    stage: &mut Stage<'_>,
    change: &Change<'_>,
    by: Who,
    plan: &'static MouPlan,
    deed: MouDeed,
) -> Result<Event> {
    match deed {
        MouDeed::Draft => {
            let (made, event) = mou::change::draft(change, input(stage, plan)?).await?;
            stage.mous.keep(plan.title, made.id);
            Ok(event)
        }
        MouDeed::Offer => {
            let offered = mou::change::offer(change, stage.mous.get(plan.title)?).await?;
            Ok(offered.ok_or(Error::NotFound)?.1)
        }
        MouDeed::Sign => {
            let profile = by.profile();
            let signature = MouSignatureInput {
                signatory: profile.signatory.to_owned(),
                title: profile.title.to_owned(),
                authority: AUTHORITY.to_owned(),
                document_sha256: documents::hash(plan.title),
            };
            let id = stage.mous.get(plan.title)?;
            let signed = mou::change::sign(change, id, signature).await?;
            let (signed, event) = signed.ok_or(Error::NotFound)?;
            if let Some(before) = mou::versions::take_place(change, &signed).await? {
                change.record(before).await?;
            }
            Ok(event)
        }
        MouDeed::Renew(until) => {
            let id = stage.mous.get(plan.title)?;
            let expires_on = stage.past.in_days(until).into();
            let (made, event) = mou::versions::renew(change, id, expires_on, None).await?;
            stage.mous.keep(plan.title, made.id);
            Ok(event)
        }
        MouDeed::Say => {
            let word = plan.word().ok_or(Error::NotFound)?;
            let said = mou::life::said(change, stage.mous.get(plan.title)?, &word).await?;
            Ok(said.ok_or(Error::NotFound)?.1)
        }
    }
}

fn input(stage: &Stage<'_>, plan: &MouPlan) -> Result<MouInput> {
    let parties = plan.parties.iter().map(|(who, responsibilities)| {
        Ok(PartyInput {
            agency: ID(stage.agencies.get(*who)?.to_string()),
            responsibilities: (*responsibilities).to_owned(),
            promises: Some(promised(plan.title, *who)),
        })
    });
    Ok(MouInput {
        kind: plan.kind,
        title: plan.title.to_owned(),
        task_force: Some(ID(stage.task_force.to_string())),
        parties: parties.collect::<Result<_>>()?,
        terms: plan.terms(),
        effective_on: stage.past.in_days(plan.effective).into(),
        review_on: plan.review.map(|days| stage.past.in_days(days).into()),
        expires_on: Some(stage.past.in_days(plan.expires).into()),
        idempotency_key: None,
    })
}
