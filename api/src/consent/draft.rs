//! Drafting a consent, and judging one that is not saved yet.

use async_graphql::ID;
use concord_entities::consent;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, ConsentId, SurvivorId};
use concord_entities::instant::Instant;
use concord_entities::{agency, survivor};
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter};

use super::checks::ConsentCheck;
use super::grounds::Grounds;
use super::input::{ConsentFromInput, ConsentInput};
use super::lint::ConsentDraft;
use super::{life, rules};
use crate::agency::zone;
use crate::audit::change::Change;
use crate::audit::disclose;
use crate::audit::ledger::Decided;
use crate::error::{Error, Faults, Finding, Result};
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

/// Saves a draft to another recipient that says what one of the acting agency's consents says. Returns it with its survivor.
pub(super) async fn draft_from(
    change: &Change<'_>,
    input: &ConsentFromInput,
) -> Result<(consent::Model, survivor::Model)> {
    let mut faults = Faults::default();
    let from: Option<ConsentId> = faults.keep(page::id("consent.from", &input.from))?;
    let recipient: Option<AgencyId> =
        faults.keep(page::id("consent.recipient", &input.recipient))?;
    let ends_later = input.expires_at.0 > change.now();
    faults.require(ends_later, "consent.expiresAt", "must be a moment to come");
    if let Some(recipient) = recipient {
        faults.keep(known(change, "consent.recipient", recipient).await)?;
    }
    faults.none()?;
    let (Some(from), Some(recipient)) = (from, recipient) else {
        // Each that is missing is a fault.
        return Err(Error::Internal.into());
    };
    let earlier = life::held(change, from).await?;
    let survivor = survivor::Entity::one_of(change.agency(), earlier.survivor_id)
        .one(change)
        .await?;
    let survivor = survivor.ok_or(Error::NotFound)?;
    let zone = zone::of_agency(change, change.agency()).await?;
    let is_guarded = survivor.is_guarded(zone.day(change.now()));
    let explained = input.explained.iter().copied().collect();
    let to = rules::Readdressed {
        recipient,
        expires_at: input.expires_at.0,
        explained,
        is_guarded,
    };
    let drafted = rules::readdressed(&earlier, to, change.now())?;
    Ok((drafted.into_active_model().insert(change).await?, survivor))
}

/// Returns the consent that an input tells, where it can be drafted, and whose it is.
pub(super) async fn told(
    change: &Change<'_>,
    input: &ConsentInput,
) -> Result<(consent::Model, survivor::Model)> {
    let mut faults = Faults::default();
    let survivor = faults.keep(own_survivor(change, &input.survivor).await)?;
    let to = IdsSaid::read(input, &mut faults)?;
    let own = to.recipient == Some(change.agency());
    let text = "must be another agency than yours";
    faults.require(!own, "consent.recipient", text);
    for (field, id) in [
        ("consent.recipient", to.recipient.filter(|_| !own)),
        ("consent.intermediary", to.intermediary),
    ] {
        if let Some(id) = id {
            faults.keep(known(change, field, id).await)?;
        }
    }
    let grants = grants::to_grants("consent.grants", &input.grants);
    let grants = faults.keep(grants)?;
    let begins = input.effective_at.map_or(change.now(), |at| at.0);
    let ends_after = input.expires_at.is_none_or(|end| begins < end.0);
    let text = "must be after the beginning";
    faults.require(ends_after, "consent.expiresAt", text);
    let earlier = match &input.supersedes {
        Some(earlier) => faults.keep(page::id("consent.supersedes", earlier))?,
        None => None,
    };
    faults.none()?;
    let (Some(survivor), Some(recipient), Some(grants)) = (survivor, to.recipient, grants) else {
        // Each that is missing is a fault.
        return Err(Error::Internal.into());
    };
    let Some(end) = input.expires_at else {
        let grounds = Grounds::gather(change, change.agency(), change.now()).await?;
        let findings = vec![ConsentCheck::ExpiryMissing.finding(&grounds.bound())];
        return Err(Error::ConsentDefective { findings }.into());
    };
    let parties = SaidParties {
        discloser: change.agency(),
        recipient,
        intermediary: to.intermediary,
        survivor: survivor.id,
    };
    let mut model = said(input, parties, grants, end.0, change.now());
    if let Some(earlier) = earlier {
        replaces(change, &mut model, earlier).await?;
    }
    Ok((model, survivor))
}

/// Whom an input names by id, apart from the survivor.
struct IdsSaid {
    recipient: Option<AgencyId>,
    intermediary: Option<AgencyId>,
}

impl IdsSaid {
    fn read(input: &ConsentInput, faults: &mut Faults) -> Result<Self> {
        let recipient = faults.keep(page::id("consent.recipient", &input.recipient))?;
        let intermediary = match &input.intermediary {
            Some(id) => faults.keep(page::id("consent.intermediary", id))?,
            None => None,
        };
        Ok(Self {
            recipient,
            intermediary,
        })
    }
}

/// Whose consent it is, and to whom.
#[derive(Clone, Copy)]
struct SaidParties {
    discloser: AgencyId,
    recipient: AgencyId,
    intermediary: Option<AgencyId>,
    survivor: SurvivorId,
}

async fn own_survivor(change: &Change<'_>, id: &ID) -> Result<survivor::Model> {
    let id: SurvivorId = page::id("consent.survivor", id)?;
    let survivor = survivor::Entity::one_of(change.agency(), id)
        .one(change)
        .await?;
    survivor.ok_or_else(|| no_such_survivor().into())
}

/// Returns what a consent that is not saved lacks.
pub(super) async fn judge(request: &Request, input: &ConsentInput) -> Result<Vec<Finding>> {
    let agency = request.caller.agency();
    let store = &request.worker.store;
    let mut faults = Faults::default();
    let id: Option<SurvivorId> = faults.keep(page::id("consent.survivor", &input.survivor))?;
    let to = IdsSaid::read(input, &mut faults)?;
    let grants = faults.keep(grants::to_grants("consent.grants", &input.grants))?;
    faults.none()?;
    let (Some(id), Some(recipient), Some(grants)) = (id, to.recipient, grants) else {
        // Each that is missing is a fault.
        return Err(Error::Internal.into());
    };
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
    let parties = SaidParties {
        discloser: agency,
        recipient,
        intermediary: to.intermediary,
        survivor: survivor.id,
    };
    let model = said(input, parties, grants, end.unwrap_or(now), now);
    Ok(grounds.lint(&ConsentDraft {
        expires_at: end,
        ..grounds.draft(&model, &survivor)
    }))
}

/// Returns the first version of what an input says.
fn said(
    input: &ConsentInput,
    parties: SaidParties,
    grants: Grants,
    expires_at: Instant,
    now: Instant,
) -> consent::Model {
    consent::Model {
        id: ConsentId::new(),
        version: 1,
        supersedes: None,
        survivor_id: parties.survivor,
        discloser_id: parties.discloser,
        recipient_id: parties.recipient,
        grants,
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
        through_intermediary: input.through_intermediary || parties.intermediary.is_some(),
        intermediary_id: parties.intermediary,
        names_substance_use: input.names_substance_use,
        minor_alone: input.minor_alone,
        incapacitated: input.incapacitated,
        sole_guardian: Some(input.sole_guardian),
        suspends_at: None,
    }
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
