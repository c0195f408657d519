//! The demo: a believable task force, invented from its first agency to its last package, for an empty store.
//!
//! It is a story, told from now back and played from its beginning. The plans are fixed tables: [`profiles`] (agencies),
//! [`mou_plans`] and the [`promises`] in them, [`survivors`], [`routes`] (referrals, with the consents that they stand on), [`services`] and
//! [`packages`], [`personas`] (tokens). From them comes a [`script`] of what was done, by whom and when; [`agencies`],
//! [`partnerships`], [`mous`], [`consents`] and [`journeys`] do it, each through the operation that everybody has, and the [`stage`] keeps
//! what came of it.

mod agencies;
mod consents;
mod documents;
mod journeys;
mod mou_plans;
mod mous;
mod packages;
mod partnerships;
mod past;
mod personas;
mod profiles;
mod promises;
mod routes;
mod script;
mod services;
mod stage;
mod survivors;
mod who;

use std::path::Path;

use concord_entities::agency;
use concord_entities::instant::Instant;

use self::past::Past;
use self::script::{Deed, Hand, Happening, Script};
use self::stage::Stage;
use crate::audit::change::Ending;
use crate::audit::change::invented_past::InventedPast;
use crate::audit::event::Event;
use crate::error::Result;
use crate::jose::key::SigningKey;
use crate::seal::Vault;
use crate::settings::Settings;
use crate::store::Store;

pub use self::personas::{PERSONAS, Persona, PersonaError};

/// Fills an empty store with the demo's task force; says whether it did. A store that has agencies is left as it is.
///
/// It is all one transaction, so that a start that was cut off leaves a store that the next one still finds empty.
///
/// # Errors
/// `UNAVAILABLE`: the store or the keyring cannot be written; nothing was.
pub async fn fill(store: &Store, vault: &Vault, now: Instant) -> Result<bool> {
    let past = Past { now };
    let (moment, founding) = agencies::founding(past);
    let founded = founding.drawn_up(moment);
    let (task_force, office) = founded.ids();
    let operator = stage::operator_for(office);
    let mut invented = InventedPast::open(store, moment, operator).await?;
    if agency::Entity::everywhere().one(&invented).await?.is_some() {
        return Ok(false);
    }
    let mut last = founded.save(&invented).await?;
    let mut stage = Stage::new(vault, past, task_force, office);
    for happening in tell(past) {
        invented.record(last).await?;
        let author = stage.author(happening.by)?;
        let ending = invented.at(happening.at, author);
        last = Box::pin(play(&mut stage, ending, &happening)).await?;
    }
    invented.commit(last).await?;
    Ok(true)
}

/// Writes a token for every persona into `file`, readable by its owner alone; each is on record before it is written.
///
/// # Errors
/// [`PersonaError`].
pub async fn tokens(
    store: &Store,
    signing: &SigningKey,
    settings: &Settings,
    file: &Path,
    now: Instant,
) -> Result<(), PersonaError> {
    personas::write(store, signing, settings, file, now).await
}

/// The whole story but for its founding, in the order of time.
fn tell(past: Past) -> Vec<Happening> {
    let mut script = Script::new(past);
    agencies::tell(&mut script);
    partnerships::tell(&mut script);
    mous::tell(&mut script);
    journeys::tell(&mut script);
    consents::tell_others(&mut script);
    consents::tell_registrations(&mut script);
    script.in_order()
}

/// Does what happened; says what of it goes on record last.
async fn play(
    stage: &mut Stage<'_>,
    ending: &mut Ending<'_>,
    happening: &Happening,
) -> Result<Event> {
    let (Hand::OperatorFor(by) | Hand::Agency(by)) = happening.by;
    match happening.deed {
        Deed::RegisterAgency(who) => agencies::register(stage, ending, who).await,
        Deed::RegisterProgram(who) => agencies::register_program(stage, ending, who).await,
        Deed::Vet(vetted) => agencies::vet(stage, ending, &vetted).await,
        Deed::SuspendAgency(who, reason) => agencies::suspend(stage, ending, who, reason).await,
        Deed::RegisterSurvivor(person) => consents::register(stage, ending, person).await,
        Deed::Step(partner, step) => partnerships::step(stage, ending, partner, step).await,
        Deed::Train(topic, attended) => partnerships::train(ending, topic, attended).await,
        Deed::Mou(plan, deed) => mous::play(stage, ending, by, plan, deed).await,
        Deed::Consent(plan, deed) => consents::play(stage, ending, &plan, deed).await,
        Deed::Referral(plan, deed) => journeys::play(stage, ending, &plan, deed).await,
    }
}
