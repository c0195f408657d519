//! Signing a consent; the last signature that it needs puts it in force, in place of the version before it.

use std::collections::{HashMap, HashSet};

use concord_entities::consent;
use concord_entities::ids::{ConsentId, SignatureId};
use concord_entities::vocabulary::SignerRole;
use concord_entities::{consent_objection, consent_signature, survivor};
use sea_orm::{ActiveModelTrait, IntoActiveModel, QuerySelect, Set};

use super::checks::ConsentCheck;
use super::document::store;
use super::grounds::Grounds;
use super::input::SignatureInput;
use super::lint::{self, ConsentDraft};
use super::signers::{Offered, Situation};
use super::{life, rules, signatures, signers};
use crate::audit::change::Change;
use crate::audit::event::{ConsentEvent, Event};
use crate::error::{Error, Finding, Refusal, Result};

/// What became of a signature that was offered.
#[derive(Debug)]
pub(crate) enum Signing {
    /// It was taken.
    Taken(Box<Signed>),
    /// The very same is on record already.
    Repeated,
    /// The consent or the signature lacks something that blocks.
    Blocked(Defects),
}

/// What keeps a consent from being signed.
#[derive(Debug)]
pub(crate) struct Defects {
    /// What is lacking, with a remedy each.
    pub(super) findings: Vec<Finding>,
    /// Whether an abuser was to sign, which goes on record.
    pub(super) by_abuser: bool,
}

/// What a signature did.
#[derive(Debug)]
pub(crate) struct Signed {
    /// The consent, as it stands now.
    pub(super) consent: consent::Model,
    /// The version whose place it takes, where the signature was the last that it needs. That one has to be ended with
    /// it.
    pub(super) replaces: Option<consent::Model>,
}

impl Signed {
    /// Returns what goes on record of the signature.
    pub(super) fn event(&self, role: SignerRole, survivor: &survivor::Model) -> Event {
        let role = Some(role.to_string());
        Event::ConsentSigned(ConsentEvent::of(&self.consent, survivor.audit_id, role))
    }
}

/// Takes a signature, where nothing keeps the consent from being signed.
pub(super) async fn sign(
    change: &Change<'_>,
    consent: consent::Model,
    survivor: &survivor::Model,
    input: SignatureInput,
) -> Result<Signing> {
    still_stands(&consent)?;
    let offered = Offered::from(&input);
    let new = written(change, consent.id, input);
    let beside = consent_signature::Entity::under([consent.id])
        .all(change)
        .await?;
    if !offered.is_abuser
        && beside
            .iter()
            .any(|known| signatures::is_repeat(&new, known))
    {
        return Ok(Signing::Repeated);
    }
    takes_signatures(&consent)?;
    let earlier = match consent.supersedes {
        Some(earlier) => Some(still_there(change, earlier).await?),
        None => None,
    };
    let roles: Vec<SignerRole> = beside.iter().chain([&new]).map(|one| one.role).collect();
    let situation = match judge(change, &consent, survivor, &offered, &beside, &new).await? {
        Ok(situation) => situation,
        Err(defects) => return Ok(Signing::Blocked(defects)),
    };
    let before = before(change, &consent).await?;
    signatures::fit(&new, &beside, &before, change.now())
        .map_err(|misfit| Error::input(misfit.field(), misfit))?;
    store::refuse_another_than_stored(change, consent.id, new.document_sha256.as_deref()).await?;

    new.into_active_model().insert(change).await?;
    if !situation.complete(&roles) {
        return Ok(Signing::Taken(Box::new(Signed {
            consent,
            replaces: None,
        })));
    }
    let mut consent = consent.into_active_model();
    consent.signed_at = Set(Some(change.now()));
    let consent = consent.update(change).await?;
    Ok(Signing::Taken(Box::new(Signed {
        consent,
        replaces: earlier,
    })))
}

/// Returns who must sign, where neither the consent nor the signature that is offered lacks anything.
async fn judge(
    change: &Change<'_>,
    consent: &consent::Model,
    survivor: &survivor::Model,
    offered: &Offered,
    beside: &[consent_signature::Model],
    new: &consent_signature::Model,
) -> Result<Result<Situation, Defects>> {
    let grounds = Grounds::gather(change, change.agency(), change.now()).await?;
    let objections = consent_objection::Entity::to([consent.id])
        .all(change)
        .await?;
    // Whoever signs objects no longer.
    let others = objections
        .iter()
        .filter(|one| new.role != SignerRole::ParentOrGuardian || one.signer != new.signer);
    let draft = ConsentDraft {
        objected: others.into_iter().any(|one| signers::stands(one, beside)),
        first_signed: beside.iter().chain([new]).map(|one| one.signed_on).min(),
        ..grounds.draft(consent, survivor)
    };
    let situation = draft.situation();
    let bound = grounds.bound();
    let mut findings = grounds.lint(&draft);
    let faults = situation.faults(offered, draft.understood.as_deref());
    let by_abuser = faults.contains(&ConsentCheck::SignerIsAbuser);
    for fault in faults {
        // The consent may lack the same.
        if findings.iter().all(|known| known.code != fault.code()) {
            findings.push(fault.finding(&bound));
        }
    }
    let findings = lint::blocking(findings);
    Ok(if findings.is_empty() {
        Ok(situation)
    } else {
        Err(Defects {
            findings,
            by_abuser,
        })
    })
}

fn still_stands(consent: &consent::Model) -> Result<()> {
    let over = consent.revoked_at.is_some()
        || consent.superseded_at.is_some()
        || consent.entered_in_error_at.is_some();
    if over { Err(no_more()) } else { Ok(()) }
}

fn takes_signatures(consent: &consent::Model) -> Result<()> {
    if consent.signed_at.is_some() {
        Err(no_more())
    } else {
        Ok(())
    }
}

fn no_more() -> Refusal {
    Error::NotNow("this consent takes no more signatures: draft a new one".into()).into()
}

/// Returns the signatures under every version before this one.
async fn before(
    change: &Change<'_>,
    consent: &consent::Model,
) -> Result<Vec<consent_signature::Model>> {
    let Some(mut earlier) = consent.supersedes else {
        return Ok(Vec::new());
    };
    let survivors = consent::Entity::of_survivor(change.agency(), consent.survivor_id);
    let precedes: HashMap<ConsentId, Option<ConsentId>> = survivors
        .select_only()
        .columns([consent::Column::Id, consent::Column::Supersedes])
        .into_tuple()
        .all(change)
        .await?
        .into_iter()
        .collect();
    let mut versions = HashSet::from([earlier]);
    while let Some(Some(before)) = precedes.get(&earlier) {
        if !versions.insert(*before) {
            break;
        }
        earlier = *before;
    }
    Ok(consent_signature::Entity::under(versions)
        .all(change)
        .await?)
}

/// Returns the version before, which must not have been taken back meanwhile: whoever takes a consent back takes its
/// renewal back.
async fn still_there(change: &Change<'_>, earlier: ConsentId) -> Result<consent::Model> {
    let earlier = life::held(change, earlier).await?;
    if rules::may_be_superseded(&earlier) {
        return Ok(earlier);
    }
    let text =
        "the version before this one was taken back or replaced meanwhile: draft a new consent";
    Err(Error::NotNow(text.into()).into())
}

fn written(
    change: &Change<'_>,
    consent: ConsentId,
    input: SignatureInput,
) -> consent_signature::Model {
    consent_signature::Model {
        id: SignatureId::new(),
        consent_id: consent,
        role: input.role,
        signer: input.signer,
        method: input.method,
        signed_on: input.signed_on.0,
        document_sha256: input.document_sha256.map(|hash| hash.as_str().to_owned()),
        recorded_at: change.now(),
        relation: input.relation,
        language: input.language.map(|tag| tag.as_str().to_owned()),
        interpreter: input.interpreter.map(consent::StoredInterpreter::from),
        witness: input.witness,
    }
}

impl From<&SignatureInput> for Offered {
    fn from(input: &SignatureInput) -> Self {
        Self {
            role: input.role,
            relation: input.relation,
            is_abuser: input.is_abuser,
            method: input.method,
            has_document: input.document_sha256.is_some(),
            witnessed: input.witness.is_some(),
            language: input.language.as_ref().map(|tag| tag.as_str().to_owned()),
            interpreter: input
                .interpreter
                .clone()
                .map(consent::StoredInterpreter::from),
        }
    }
}
