//! The agencies of the Three Rivers task force, as each comes to take part. Every name is invented.

use std::time::Duration;

use async_graphql::ID;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::VettingAttribute;
use concord_entities::zone::Zone;

use super::past::Past;
use super::personas;
use super::script::{Deed, Script, VettedAttribute};
use super::stage::Stage;
use super::who::Who;
use crate::agency;
use crate::agency::founding::Founding;
use crate::agency::graphql::AgencyInput;
use crate::agency::vetting::VettingInput;
use crate::application::operator;
use crate::application::rules::ApplicationRequest;
use crate::audit::change::{Change, Ending};
use crate::audit::event::Event;
use crate::error::{Error, Refusal, Result};
use crate::jose::key::SigningKey;
use crate::wire::scalars::LanguageTag;

/// Where all of them work.
const ZONE: &str = "America/New_York";

/// Why nothing is shared with the lodging program any more.
const CLOSED: &str =
    "The building inspection closed both houses; to be looked at again once the stairs are mended.";

/// What the office found, so many days ago: one check has lapsed, and one is about to.
const VETTED: &[(u64, VettedAttribute)] = &[
    (
        200,
        VettedAttribute {
            who: Who::Harbor,
            attribute: VettingAttribute::TraumaInformed,
            evidence: "Certificates of nine of its eleven staff, seen on a visit to the houses.",
            days: 730,
        },
    ),
    (
        198,
        VettedAttribute {
            who: Who::Harbor,
            attribute: VettingAttribute::RespectsConfidentiality,
            evidence: "Its house rules and intake forms, read with its director.",
            days: 220,
        },
    ),
    (
        196,
        VettedAttribute {
            who: Who::LegalAid,
            attribute: VettingAttribute::KnowsImmigrationLaw,
            evidence: "Two attorneys with ten years of T and U visas between them; three partners asked.",
            days: 730,
        },
    ),
    (
        194,
        VettedAttribute {
            who: Who::Clinic,
            attribute: VettingAttribute::Credible,
            evidence: "License and last inspection, from the state's register.",
            days: 180,
        },
    ),
];

/// Returns the founding of the task force, and when it was.
pub(super) fn founding(past: Past) -> (Instant, Founding) {
    let office = Who::Office.profile();
    let founding = Founding {
        task_force: "Three Rivers Anti-Trafficking Task Force".to_owned(),
        region: "Three Rivers Region".to_owned(),
        coordinator: office.name.to_owned(),
        kind: office.kind,
        time_zone: ZONE.parse().unwrap_or(Zone::UTC),
    };
    (past.days_ago(office.days), founding)
}

/// Scripts that everybody is registered, that some are vetted, and that one is suspended.
pub(super) fn tell(script: &mut Script) {
    let past = script.past;
    let program_of = |script: &mut Script, who: Who| {
        let at = past
            .days_ago(who.profile().days)
            .plus(Duration::from_hours(2));
        script.add_by_operator(at, who, Deed::RegisterProgram(who));
    };
    program_of(script, Who::Office);
    for who in Who::MEMBERS {
        let at = past.days_ago(who.profile().days);
        script.add(at, Who::Office, Deed::RegisterAgency(*who));
        program_of(script, *who);
    }
    for (days, vetted) in VETTED {
        let at = past.days_ago(*days).plus(Duration::from_hours(5));
        script.add(at, Who::Office, Deed::Vet(*vetted));
    }
    let suspended = Deed::SuspendAgency(Who::Lodging, CLOSED);
    script.add(past.days_ago(61), Who::Office, suspended);
}

/// Registers an agency.
pub(super) async fn register(
    stage: &mut Stage<'_>,
    change: &Change<'_>,
    who: Who,
) -> Result<Event> {
    let profile = who.profile();
    let input = AgencyInput {
        task_force: ID(stage.task_force.to_string()),
        name: profile.name.to_owned(),
        kind: profile.kind,
        jurisdiction: profile.jurisdiction,
        confidential_provider: profile.confidential,
        languages: profile
            .languages
            .iter()
            .copied()
            .filter_map(LanguageTag::new)
            .collect(),
        service_areas: profile
            .areas
            .iter()
            .map(|area| (*area).to_owned())
            .collect(),
        time_zone: None,
        idempotency_key: None,
    };
    let created = agency::change::register(change, input, stage.task_force).await?;
    stage.agencies.keep(who, created.made.id);
    Ok(created.event)
}

/// Registers an agency's program, whose key nobody has: the demo's tokens are issued by its server.
pub(super) async fn register_program(
    stage: &mut Stage<'_>,
    change: &Change<'_>,
    who: Who,
) -> Result<Event> {
    let key = SigningKey::generate().map_err(Refusal::internal)?;
    let wanted = ApplicationRequest {
        name: "Case desk (demo)".to_owned(),
        scope: personas::widest(who).to_owned(),
        keys: vec![key.public_jwk().to_string()],
        ..ApplicationRequest::default()
    };
    let (program, event) =
        operator::register_with_keys(change, stage.agencies.get(who)?, &wanted).await?;
    stage.programs.keep(who, program.id);
    Ok(event)
}

/// Records a check of an agency, made on the day before.
pub(super) async fn vet(
    stage: &Stage<'_>,
    change: &Change<'_>,
    vetted: &VettedAttribute,
) -> Result<Event> {
    let checked_on = change.now().day().plus_days(-1);
    let vetting = VettingInput {
        agency: ID(stage.agencies.get(vetted.who)?.to_string()),
        task_force: ID(stage.task_force.to_string()),
        attribute: vetted.attribute,
        evidence: vetted.evidence.to_owned(),
        checked_on: checked_on.into(),
        lapses_on: Some(checked_on.plus_days(vetted.days).into()),
    };
    let (_, event) = agency::record::vet(change, &vetting).await?;
    event.ok_or_else(|| Error::NotFound.into())
}

/// Suspends an agency.
pub(super) async fn suspend(
    stage: &Stage<'_>,
    ending: &Ending<'_>,
    who: Who,
    reason: &str,
) -> Result<Event> {
    let place = agency::change::MembershipKey {
        agency: stage.agencies.get(who)?,
        task_force: stage.task_force,
    };
    let suspended = agency::change::suspend(ending, place, reason).await?;
    Ok(suspended.ok_or(Error::NotFound)?.1)
}
