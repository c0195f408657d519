//! Signing a consent; the last signature that it needs puts it in force, in place of the version before it.

use concord_entities::consent;
use concord_entities::ids::{ConsentId, SignatureId};
use concord_entities::vocabulary::SignerRole;
use concord_entities::{consent_signature, survivor};
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use super::evidence;
use super::grounds::Grounds;
use super::input::SignatureInput;
use super::life;
use super::lint;
use super::rules;
use super::signers::{self, Offered};
use crate::error::{Answer, Error};
use crate::graphql::scalars::Sha256;
use crate::seal::vault::Package;
use crate::store::Act;

/// What a signature did.
#[derive(Debug)]
pub(super) struct Signed {
    /// The consent, as it stands now.
    pub(super) consent: consent::Model,
    /// The version whose place it took.
    pub(super) superseded: Option<consent::Model>,
    /// The referrals that the earlier version allowed and this one does not: they are suspended, and their keys go.
    pub(super) left_behind: Vec<Package>,
}

/// Takes a signature, where nothing that keeps the consent from being signed stands.
pub(super) async fn sign(
    act: &Act<'_>,
    consent: consent::Model,
    survivor: &survivor::Model,
    input: SignatureInput,
) -> Answer<Signed> {
    takes_signatures(&consent)?;
    let earlier = match consent.supersedes {
        Some(earlier) => Some(still_there(act, earlier).await?),
        None => None,
    };
    if !signers::can_be_signed_on(input.signed_on.0, act.now()) {
        return Err(Error::input(
            "signature.signedOn",
            "a signature is not from a day to come",
        )
        .into());
    }
    let grounds = Grounds::of(&**act, act.agency(), act.now()).await?;
    let draft = grounds.draft(&consent, survivor);
    let situation = draft.situation();
    let bound = grounds.packs.bound(act.now().day());
    let faults = situation.faults(&Offered::from(&input));
    let mut findings = grounds.lint(&draft);
    findings.extend(faults.into_iter().map(|check| check.finding(&bound)));
    let findings = lint::blocking(findings);
    if !findings.is_empty() {
        return Err(Error::ConsentDefective { findings }.into());
    }

    let document = input.document_sha256.as_ref().map(Sha256::as_str);
    evidence::refuse_another_than_stored(act, consent.id, document).await?;
    written(act, consent.id, input).await?;
    let roles: Vec<SignerRole> = consent_signature::Entity::under([consent.id])
        .all(&**act)
        .await?
        .into_iter()
        .map(|signature| signature.role)
        .collect();
    if !situation.complete(&roles) {
        return Ok(Signed {
            consent,
            superseded: None,
            left_behind: Vec::new(),
        });
    }
    let mut consent = consent.into_active_model();
    consent.signed_at = Set(Some(act.now()));
    let consent = consent.update(&**act).await?;
    let (superseded, left_behind) = match earlier {
        Some(earlier) => {
            let (superseded, left) = life::supersede(act, earlier, &consent).await?;
            (Some(superseded), left)
        }
        None => (None, Vec::new()),
    };
    Ok(Signed {
        consent,
        superseded,
        left_behind,
    })
}

fn takes_signatures(consent: &consent::Model) -> Answer<()> {
    let over = consent.revoked_at.is_some()
        || consent.superseded_at.is_some()
        || consent.entered_in_error_at.is_some()
        || consent.signed_at.is_some();
    if over {
        return Err(
            Error::NotNow("this consent takes no more signatures: draft a new one".into()).into(),
        );
    }
    Ok(())
}

/// The version before, which must not have been taken back meanwhile: whoever takes a consent back takes its renewal back.
async fn still_there(act: &Act<'_>, earlier: ConsentId) -> Answer<consent::Model> {
    let earlier = life::held(act, earlier).await?;
    if rules::may_be_superseded(&earlier) {
        return Ok(earlier);
    }
    let text =
        "the version before this one was taken back or replaced meanwhile: draft a new consent";
    Err(Error::NotNow(text.into()).into())
}

async fn written(act: &Act<'_>, consent: ConsentId, input: SignatureInput) -> Answer<()> {
    let signature = consent_signature::Model {
        id: SignatureId::new(),
        consent_id: consent,
        role: input.role,
        method: input.method,
        signed_on: input.signed_on.0,
        document_sha256: input.document_sha256.map(|hash| hash.as_str().to_owned()),
        recorded_at: act.now(),
        relation: input.relation,
        language: input.language.map(|tag| tag.as_str().to_owned()),
        interpreter: input.interpreter.map(consent::Interpreter::from),
        witness: input.witness,
    };
    signature.into_active_model().insert(&**act).await?;
    Ok(())
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
            interpreter: input.interpreter.clone().map(consent::Interpreter::from),
        }
    }
}
