//! What the survivors consented to. All of them are invented.

use std::time::Duration;

use async_graphql::ID;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    AgeGroup, DataCategory, Explanations, RevocationChannel, SignatureMethod, SignerRelation,
    SignerRole,
};

use super::documents;
use super::script::{ConsentDeed, ConsentPlan, Deed, Script};
use super::services::OfferedService;
use super::stage::Stage;
use super::survivors::{Person, SURVIVORS};
use super::who::Who;
use crate::audit::change::{Change, Ending};
use crate::audit::event::Event;
use crate::consent;
use crate::consent::input::{ConsentInput, SignatureInput};
use crate::error::{Error, Refusal, Result};
use crate::survivor;
use crate::survivor::graphql::SurvivorInput;
use crate::wire::grants::Grant;
use crate::wire::scalars::LanguageTag;

/// What a person is asked to consent to.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConsentRequest {
    /// Who is asked.
    pub(super) person: &'static Person,
    /// Whom it names.
    pub(super) recipient: Who,
    /// What is wanted of them.
    pub(super) service: OfferedService,
    /// Which of the variants.
    pub(super) nth: usize,
    /// When it is drafted.
    pub(super) drafted: Instant,
    /// For how many days it runs.
    pub(super) days: u64,
    /// Whether it is signed.
    pub(super) signed: bool,
    /// The number of the consent that it renews.
    pub(super) renews: Option<usize>,
}

/// Scripts that a person is asked, and signs where they do; says which consent it is.
pub(super) fn ask(script: &mut Script, asked: &ConsentRequest) -> ConsentPlan {
    let holder = asked.person.agency;
    let plan = ConsentPlan {
        number: script.number_consent(),
        person: asked.person,
        recipient: asked.recipient,
        service: asked.service,
        nth: asked.nth,
        expires: asked.drafted.plus(Duration::from_hours(24 * asked.days)),
    };
    let draft = asked.renews.map_or(ConsentDeed::Draft, ConsentDeed::Renew);
    script.add(asked.drafted, holder, Deed::Consent(plan, draft));
    if asked.signed {
        for (role, hours) in signers(asked.person) {
            let at = asked.drafted.plus(Duration::from_hours(*hours));
            script.add(at, holder, Deed::Consent(plan, ConsentDeed::Sign(*role)));
        }
    }
    plan
}

/// Returns who signs, and how many hours after the draft.
fn signers(person: &Person) -> &'static [(SignerRole, u64)] {
    if person.minor {
        &[(SignerRole::Survivor, 1), (SignerRole::ParentOrGuardian, 2)]
    } else {
        &[(SignerRole::Survivor, 2)]
    }
}

/// Scripts consents that no referral stands on: unsigned, signed, renewed, run out or taken back.
pub(super) fn tell_others(script: &mut Script) {
    let past = script.past;
    for (person, nth) in SURVIVORS.iter().step_by(4).zip(0_usize..) {
        let even = nth.is_multiple_of(2);
        let plain = |days: u64| ConsentRequest {
            person,
            recipient: if even { Who::Workforce } else { Who::Consulate },
            service: if even {
                OfferedService::Work
            } else {
                OfferedService::Papers
            },
            nth,
            drafted: past.about(24 * days, nth),
            days: 60,
            signed: true,
            renews: None,
        };
        match nth % 5 {
            0 => {
                let unsigned = ConsentRequest {
                    signed: false,
                    ..plain(2)
                };
                ask(script, &unsigned);
            }
            1 => {
                ask(script, &plain(11));
            }
            2 => {
                ask(script, &plain(75));
            }
            3 => {
                let taken_back = ask(script, &plain(20));
                let revoke = ConsentDeed::Revoke(RevocationChannel::Telephone);
                let deed = Deed::Consent(taken_back, revoke);
                script.add(past.about(50, nth), person.agency, deed);
            }
            _ => {
                let earlier = ask(script, &plain(40));
                let again = ConsentRequest {
                    days: 90,
                    drafted: past.about(72, nth),
                    renews: Some(earlier.number),
                    ..plain(40)
                };
                ask(script, &again);
            }
        }
    }
}

/// Scripts that each agency came to know its survivors, before it asked them anything.
pub(super) fn tell_registrations(script: &mut Script) {
    for (person, nth) in SURVIVORS.iter().zip(0..) {
        let known = script.past.about(24 * (4 + nth * 3), SURVIVORS.len());
        let before = script
            .first_asked(person)
            .map(|asked| asked.minus(Duration::from_hours(5)));
        let at = before.map_or(known, |before| before.min(known));
        script.add(at, person.agency, Deed::RegisterSurvivor(person));
    }
}

/// Registers a survivor.
pub(super) async fn register(
    stage: &mut Stage<'_>,
    change: &Change<'_>,
    person: &'static Person,
) -> Result<Event> {
    let input = SurvivorInput {
        pseudonym: person.pseudonym.to_owned(),
        age_group: if person.minor {
            AgeGroup::Minor
        } else {
            AgeGroup::Adult
        },
        minor_until: None,
        language: LanguageTag::new(person.language),
        idempotency_key: None,
    };
    let created = survivor::graphql::register(change, input).await?;
    stage.survivors.keep(person.pseudonym, created.made.id);
    Ok(created.event)
}

/// Does one thing with a consent.
pub(super) async fn play(
    stage: &mut Stage<'_>,
    ending: &mut Ending<'_>,
    plan: &ConsentPlan,
    deed: ConsentDeed,
) -> Result<Event> {
    match deed {
        ConsentDeed::Draft => {
            let created = consent::change::draft(ending, &input(stage, plan)?).await?;
            stage.consents.keep(plan.number, created.made.id);
            Ok(created.event)
        }
        ConsentDeed::Renew(earlier) => {
            let earlier = stage.consents.get(earlier)?;
            let (renewed, event) = consent::change::renew(ending, earlier, plan.expires).await?;
            stage.consents.keep(plan.number, renewed.id);
            Ok(event)
        }
        ConsentDeed::Sign(role) => {
            let id = stage.consents.get(plan.number)?;
            let signature = SignatureInput {
                signer: 1,
                role,
                relation: Some(relation(role)),
                is_abuser: false,
                method: if plan.nth.is_multiple_of(3) {
                    SignatureMethod::Electronic
                } else {
                    SignatureMethod::Paper
                },
                signed_on: ending.now().day().into(),
                document_sha256: Some(documents::hash(&id.to_string())),
                language: None,
                interpreter: None,
                witness: None,
            };
            let (signing, event) = consent::change::sign_within(ending, id, signature).await?;
            event.ok_or_else(|| Refusal::internal(NotSignedError(format!("{signing:?}"))))
        }
        ConsentDeed::Revoke(channel) => {
            let id = stage.consents.get(plan.number)?;
            let mut ended = consent::change::revoke(ending, id, channel).await?;
            let last = ended.events.pop().ok_or(Error::NotFound)?;
            for event in ended.events {
                ending.record(event).await?;
            }
            Ok(last)
        }
        ConsentDeed::MarkEnteredInError => {
            let id = stage.consents.get(plan.number)?;
            let (_, event) = consent::change::mark_entered_in_error(ending, id).await?;
            Ok(event)
        }
    }
}

/// A consent of the plan cannot be signed as it stands.
#[derive(Debug, thiserror::Error)]
#[error("a consent of the demo takes no signature: {0}")]
struct NotSignedError(String);

fn relation(role: SignerRole) -> SignerRelation {
    match role {
        SignerRole::ParentOrGuardian => SignerRelation::Parent,
        SignerRole::Survivor | SignerRole::Conservator | SignerRole::Witness => {
            SignerRelation::Oneself
        }
    }
}

fn input(stage: &Stage<'_>, plan: &ConsentPlan) -> Result<ConsentInput> {
    let categories = plan.service.consented(plan.nth);
    let language = LanguageTag::new(plan.person.language)
        .ok_or_else(|| Error::input("consent.language", "no language"))?;
    Ok(ConsentInput {
        sole_guardian: false,
        survivor: ID(stage.survivors.get(plan.person.pseudonym)?.to_string()),
        recipient: ID(stage.agencies.get(plan.recipient)?.to_string()),
        grants: vec![Grant {
            purpose: plan.service.purpose(),
            categories: categories.iter().collect(),
        }],
        language,
        effective_at: None,
        expires_at: Some(plan.expires.into()),
        explained: Explanations::all().iter().collect(),
        voluntary: true,
        revocable: true,
        interpreter: None,
        through_intermediary: false,
        intermediary: None,
        names_substance_use: categories.has(DataCategory::SubstanceUse),
        minor_alone: None,
        incapacitated: false,
        supersedes: None,
        idempotency_key: None,
    })
}
