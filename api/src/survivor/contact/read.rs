//! A survivor's plan for safe contact, unsealed for the agency that holds it.

use concord_entities::ids::SurvivorId;
use concord_entities::vocabulary::{Code, ContactBar, ContactChannel};
use concord_entities::{safe_contact, survivor};

use super::advice::ContactAdvice;
use super::outbound::Permit;
use super::plan::SafeContactPlan;
use super::rules::ContactBarredError;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::audit::ledger::Decided;
use crate::error::{Error, Refusal, Result};
use crate::request::Request;
use crate::seal::record::{RecordKind, SealedRecord};

/// A survivor of the caller's agency, with the sealed plan where one was set.
type Held = Option<(survivor::Model, Option<safe_contact::Model>)>;

/// Returns the plan of a survivor of the caller's agency; none where none was set, or its key is destroyed.
///
/// # Errors
/// `UNAVAILABLE`; `INTERNAL` where a seal is broken.
pub(crate) async fn plan(request: &Request, id: SurvivorId) -> Result<Option<SafeContactPlan>> {
    let released = request
        .disclose(|| async {
            let mut held = held(request, id).await?;
            if let Some((survivor, _)) = &held.content {
                held.events = vec![Event::SafeContactRead(survivor.audit_id)];
            }
            Ok(held.map(|held| held.and_then(|(_, plan)| plan)))
        })
        .await?;
    open(request, released.content()).await
}

/// Returns what a survivor's plan says to contacting the person by `channel` now; none where the caller's agency has no
/// such survivor.
///
/// # Errors
/// `UNAVAILABLE`; `INTERNAL` where a seal is broken.
pub(crate) async fn advice(
    request: &Request,
    id: SurvivorId,
    channel: ContactChannel,
) -> Result<Option<ContactAdvice>> {
    let released = request
        .disclose(|| async {
            let Decided {
                epoch,
                now,
                content,
                events,
            } = held(request, id).await?;
            let Some((survivor, sealed)) = content else {
                return Ok(Decided {
                    epoch,
                    now,
                    content: None,
                    events,
                });
            };
            // The answer goes on record, so the plan is opened before; it leaves only after.
            let plan = open(request, sealed).await?;
            let plan = plan.as_ref().map(SafeContactPlan::followed).transpose();
            let plan = plan.map_err(|mut defects| match defects.pop() {
                Some(defect) => Refusal::internal(defect),
                None => Error::Internal.into(),
            })?;
            let permit = plan
                .as_ref()
                .ok_or(ContactBarredError {
                    bar: ContactBar::NoPlan,
                    opens: None,
                })
                .and_then(|plan| Permit::ask(plan, channel, now));
            let event = Event::ContactAdvised {
                survivor: survivor.audit_id,
                answer: permit
                    .as_ref()
                    .map_or_else(|not| not.bar.code(), |_| "ALLOWED"),
            };
            Ok(Decided {
                epoch,
                now,
                content: Some(ContactAdvice::from_permit(channel, permit)),
                events: vec![event],
            })
        })
        .await?;
    Ok(released.content())
}

async fn held(request: &Request, id: SurvivorId) -> Result<Decided<Held>> {
    let store = &request.worker.store;
    let among = survivor::Entity::one_of(request.caller.agency(), id);
    let found = disclose::one(store, among, &SurvivorId::PREFIX, |row| {
        row.audit_id.to_string()
    })
    .await?;
    let plan = match &found.content {
        Some(survivor) => {
            let plan = safe_contact::Entity::of(survivor.id);
            plan.one(&store.read).await?
        }
        None => None,
    };
    Ok(found.map(|survivor| survivor.map(|survivor| (survivor, plan))))
}

async fn open(
    request: &Request,
    mut sealed: Option<safe_contact::Model>,
) -> Result<Option<SafeContactPlan>> {
    while let Some(row) = sealed {
        let opened = opened(request, &row).await?;
        if opened.is_some() {
            return Ok(opened);
        }
        // Without its key it may be one that a new setting has just taken the place of.
        let again = safe_contact::Entity::of(row.survivor_id);
        let again = again.one(&request.worker.store.read).await?;
        sealed = again.filter(|again| again.key_version != row.key_version);
    }
    Ok(None)
}

/// Opens a plan; returns none where its key is destroyed.
pub(super) async fn opened(
    request: &Request,
    row: &safe_contact::Model,
) -> Result<Option<SafeContactPlan>> {
    let sealed = SealedRecord {
        owner: row.survivor_id.0,
        version: row.key_version,
        bytes: &row.sealed,
    };
    let vault = &request.worker.vault;
    let opened = vault
        .open_records(RecordKind::SafeContact, &[sealed])
        .await?;
    let Some(written) = opened.get(&row.survivor_id.0) else {
        return Ok(None);
    };
    // What the parser says of a plan may repeat it.
    let plan = serde_json::from_slice(written).map_err(|_| Refusal::from(Error::Internal))?;
    Ok(Some(plan))
}
