//! Drafting a consent, and judging one that is not saved yet.

use concord_entities::consent;
use concord_entities::ids::{AgencyId, ConsentId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::{agency, survivor};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::checks::ConsentCheck;
use super::grounds::Grounds;
use super::input::ConsentInput;
use super::lint::ConsentDraft;
use super::rules;
use crate::audit::change::Change;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::{Error, Finding, Result};
use crate::request::Request;
use crate::store::page;
use crate::wire::grants;

/// Saves a draft. What can never be mended by saying more is refused at once, and nothing is kept.
pub(super) async fn draft(
    change: &Change<'_>,
    input: &ConsentInput,
) -> Result<(consent::Model, survivor::Model)> {
    let (model, survivor) = told(change, input).await?;
    let model = model.into_active_model().insert(change).await?;
    Ok((model, survivor))
}

/// Returns the consent that an input tells, where it can be drafted, and whose it is.
pub(super) async fn told(
    change: &Change<'_>,
    input: &ConsentInput,
) -> Result<(consent::Model, survivor::Model)> {
    let survivor: SurvivorId = page::id("consent.survivor", &input.survivor)?;
    let survivor = survivor::Entity::one_of(change.agency(), survivor)
        .one(change)
        .await?
        .ok_or_else(no_such_survivor)?;
    let Some(end) = input.expires_at else {
        let grounds = Grounds::gather(change, change.agency(), change.now()).await?;
        let findings = vec![ConsentCheck::ExpiryMissing.finding(&grounds.bound())];
        return Err(Error::ConsentDefective { findings }.into());
    };
    let mut model = said(input, change.agency(), survivor.id, end.0, change.now())?;
    if model.expires_at <= model.effective_at {
        return Err(Error::input("consent.expiresAt", "must be after the beginning").into());
    }
    if model.recipient_id == change.agency() {
        return Err(Error::input("consent.recipient", "must be another agency than yours").into());
    }
    known(change, "consent.recipient", model.recipient_id).await?;
    if let Some(third) = model.intermediary_id {
        known(change, "consent.intermediary", third).await?;
    }
    if let Some(earlier) = &input.supersedes {
        let earlier: ConsentId = page::id("consent.supersedes", earlier)?;
        replaces(change, &mut model, earlier).await?;
    }
    Ok((model, survivor))
}

/// Returns what a consent that is not saved lacks.
pub(super) async fn judge(request: &Request, input: &ConsentInput) -> Result<Vec<Finding>> {
    let agency = request.caller.agency();
    let store = &request.worker.store;
    let id: SurvivorId = page::id("consent.survivor", &input.survivor)?;
    let released = request
        .disclose(|| async {
            let among = survivor::Entity::one_of(agency, id);
            let found: Decided<Option<survivor::Model>> =
                disclose::one(store, among, &SurvivorId::PREFIX, |row| {
                    row.audit_id.to_string()
                })
                .await?;
            let grounds = Grounds::gather(&store.read, agency, found.now).await?;
            let now = found.now;
            Ok(found.map(|survivor| (survivor, grounds, now)))
        })
        .await?;
    let (survivor, grounds, now) = released.content();
    let survivor = survivor.ok_or_else(no_such_survivor)?;
    let end = input.expires_at.map(|at| at.0);
    // The row needs an end, and the draft that is judged says whether there was one.
    let model = said(input, agency, survivor.id, end.unwrap_or(now), now)?;
    Ok(grounds.lint(&ConsentDraft {
        expires_at: end,
        ..grounds.draft(&model, &survivor)
    }))
}

/// Returns the first version of what an input says.
fn said(
    input: &ConsentInput,
    discloser: AgencyId,
    survivor: SurvivorId,
    expires_at: Instant,
    now: Instant,
) -> Result<consent::Model> {
    let recipient: AgencyId = page::id("consent.recipient", &input.recipient)?;
    let intermediary: Option<AgencyId> = input
        .intermediary
        .as_deref()
        .map(|id| page::id("consent.intermediary", id))
        .transpose()?;
    Ok(consent::Model {
        id: ConsentId::new(),
        version: 1,
        supersedes: None,
        survivor_id: survivor,
        discloser_id: discloser,
        recipient_id: recipient,
        grants: grants::to_grants("consent.grants", &input.grants)?,
        language: input.language.as_str().to_owned(),
        effective_at: input.effective_at.map_or(now, |at| at.0),
        expires_at,
        signed_at: None,
        revoked_at: None,
        revocation_channel: None,
        superseded_at: None,
        entered_in_error_at: None,
        created_at: now,
        explained: Some(input.explained.iter().copied().collect()),
        voluntary: Some(input.voluntary),
        revocable: Some(input.revocable),
        interpreter: input
            .interpreter
            .clone()
            .map(consent::StoredInterpreter::from),
        through_intermediary: input.through_intermediary || intermediary.is_some(),
        intermediary_id: intermediary,
        names_substance_use: input.names_substance_use,
        minor_alone: input.minor_alone,
        incapacitated: input.incapacitated,
        sole_guardian: Some(input.sole_guardian),
        suspends_at: None,
    })
}

fn no_such_survivor() -> Error {
    Error::input(
        "consent.survivor",
        "no survivor of your agency's has this id",
    )
}

async fn known(change: &Change<'_>, field: &str, id: AgencyId) -> Result<()> {
    agency::Entity::known_to(change.agency())
        .filter(agency::Column::Id.eq(id))
        .one(change)
        .await?
        .map(|_| ())
        .ok_or_else(|| Error::input(field, "no agency of your task forces has this id").into())
}

/// Makes a draft the next version of an earlier consent.
async fn replaces(
    change: &Change<'_>,
    draft: &mut consent::Model,
    earlier: ConsentId,
) -> Result<()> {
    let refuse = |why: &str| Err(Error::input("consent.supersedes", why).into());
    let Some(earlier) = consent::Entity::held_by(change.agency(), earlier)
        .one(change)
        .await?
    else {
        return refuse("no consent of your agency's has this id");
    };
    if !rules::may_be_superseded(&earlier) {
        return refuse(
            "only a signed consent that has not been taken back or replaced has a next version",
        );
    }
    if draft.survivor_id != earlier.survivor_id || draft.recipient_id != earlier.recipient_id {
        return refuse("a next version is of the same survivor and to the same recipient");
    }
    if draft.effective_at > change.now() {
        return refuse("a next version begins when it is signed: leave out `effectiveAt`");
    }
    draft.version = earlier.version.saturating_add(1);
    draft.supersedes = Some(earlier.id);
    Ok(())
}
