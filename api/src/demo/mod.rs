//! The demo: a believable task force, invented from its first agency to its last package, for an empty store.
//!
//! The plans are fixed tables: [`profiles`] and [`cast`] (agencies), [`pacts`] and [`agreements`] (MOUs), [`roll`] and
//! [`people`] (survivors and consents), [`routes`], [`packages`] and [`journeys`] (referrals), [`personas`] (tokens).
//! Times run back from the moment of filling, and [`chronicle`] keeps the audit events of that history.

mod agreements;
mod cast;
mod chronicle;
mod journeys;
mod packages;
mod pacts;
mod past;
mod people;
mod personas;
mod profiles;
mod roll;
mod routes;
mod services;

use std::path::Path;

use concord_entities::agency;
use concord_entities::instant::Instant;
use concord_entities::sealed_part;
use concord_entities::vocabulary::RevocationChannel;
use sea_orm::{DbErr, EntityTrait, IntoActiveModel};

use self::agreements::Agreements;
use self::cast::{Agencies, Registered, Who};
use self::chronicle::AuditHistory;
use self::journeys::{Journey, World};
use self::past::Past;
use self::people::{ConsentRequest, Consents, RegisteredSurvivor};
use self::services::OfferedService;
use crate::audit::change::InventedPast;
use crate::error::Result;
use crate::jose::key::SigningKey;
use crate::seal::Vault;
use crate::seal::doomed::DoomedKeys;
use crate::seal::vault::PackageVersion;
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
    // Alone, so that of two replicas that start together only one finds the store empty.
    let told = tell(Past { now })?;
    let mut events = told.chronicle.in_order().into_iter();
    let Some((moment, by, first)) = events.next() else {
        return Ok(false);
    };
    let mut past = InventedPast::open(store, moment, by).await?;
    if agency::Entity::everywhere().one(&past).await?.is_some() {
        return Ok(false);
    }
    let (sealed, ended) = seal(vault, &told.journeys, now).await?;
    keep_parties(&past, told.registered, told.agreements).await?;
    keep_people(&past, told.survivors, told.consents).await?;
    keep_journeys(&past, told.journeys, sealed).await?;
    past.destroys(DoomedKeys::Packages(ended));
    let mut last = first;
    for (moment, by, event) in events {
        past.record(last).await?;
        past.at(moment, by);
        last = event;
    }
    past.commit(last).await?;
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

/// The whole story, before anything is written.
struct Told {
    registered: Registered,
    agreements: Agreements,
    survivors: Vec<RegisteredSurvivor>,
    consents: Consents,
    journeys: Vec<Journey>,
    chronicle: AuditHistory,
}

fn tell(past: Past) -> Result<Told> {
    let cast = Agencies::assemble(past);
    let mut chronicle = AuditHistory::default();
    let registered = cast.register(past, &mut chronicle);
    let agreements = Agreements::draw_up(&cast, past, &mut chronicle);
    let mut survivors: Vec<RegisteredSurvivor> = roll::ROLL
        .iter()
        .zip(0..)
        .map(|(person, nth)| {
            RegisteredSurvivor::new(
                person,
                &cast,
                past.about(24 * (4 + nth * 3), roll::ROLL.len()),
            )
        })
        .collect();
    let mut consents = Consents::default();
    let world = World {
        cast: &cast,
        agreements: &agreements,
        past,
    };
    let journeys = journeys::play(world, &mut survivors, &mut consents, &mut chronicle)?;
    besides(&cast, past, &mut survivors, &mut consents, &mut chronicle);
    people::tell_registered(&survivors, &cast, &mut chronicle);
    Ok(Told {
        registered,
        agreements,
        survivors,
        consents,
        journeys,
        chronicle,
    })
}

/// Consents that no referral stands on yet: unsigned, signed, renewed, run out or taken back.
fn besides(
    cast: &Agencies,
    past: Past,
    survivors: &mut [RegisteredSurvivor],
    consents: &mut Consents,
    chronicle: &mut AuditHistory,
) {
    for (survivor, nth) in survivors.iter_mut().step_by(4).zip(0_usize..) {
        let plain = |days: u64| ConsentRequest {
            recipient: if nth.is_multiple_of(2) {
                Who::Workforce
            } else {
                Who::Consulate
            },
            service: if nth.is_multiple_of(2) {
                OfferedService::Work
            } else {
                OfferedService::Papers
            },
            nth,
            drafted: past.about(24 * days, nth),
            days: 60,
            signed: true,
            revoked: None,
        };
        let asked = match nth % 5 {
            0 => ConsentRequest {
                signed: false,
                ..plain(2)
            },
            1 => plain(11),
            2 => plain(75),
            3 => ConsentRequest {
                revoked: Some((past.about(50, nth), RevocationChannel::Telephone)),
                ..plain(20)
            },
            _ => plain(40),
        };
        survivor.was_known_by(asked.drafted);
        let first = consents.ask(survivor, &asked, cast, chronicle);
        if nth % 5 == 4 {
            let again = ConsentRequest {
                days: 90,
                drafted: past.about(72, nth),
                ..asked
            };
            let second = consents.ask(survivor, &again, cast, chronicle);
            consents.renew(&first, &second);
        }
    }
}

async fn seal(
    vault: &Vault,
    journeys: &[Journey],
    now: Instant,
) -> Result<(Vec<sealed_part::Model>, Vec<PackageVersion>)> {
    let mut sealed = Vec::new();
    for journey in journeys {
        // The keys are of now: a sweep takes an old key without a package for a left-over.
        sealed.extend(
            vault
                .seal(PackageVersion::from(&journey.row), &journey.parts, now)
                .await?,
        );
    }
    let ended: Vec<PackageVersion> = journeys
        .iter()
        .filter(|journey| journey.ended)
        .map(|journey| PackageVersion::from(&journey.row))
        .collect();
    Ok((sealed, ended))
}

async fn keep_parties(
    to: &InventedPast<'_>,
    registered: Registered,
    agreements: Agreements,
) -> Result<(), DbErr> {
    insert(to, vec![registered.task_force]).await?;
    insert(to, registered.agencies).await?;
    insert(to, registered.memberships).await?;
    insert(to, registered.applications).await?;
    insert(to, agreements.mous).await?;
    insert(to, agreements.parties).await
}

async fn keep_people(
    to: &InventedPast<'_>,
    survivors: Vec<RegisteredSurvivor>,
    consents: Consents,
) -> Result<(), DbErr> {
    insert(
        to,
        survivors.into_iter().map(|survivor| survivor.row).collect(),
    )
    .await?;
    insert(to, consents.rows).await?;
    insert(to, consents.signatures).await
}

async fn keep_journeys(
    to: &InventedPast<'_>,
    journeys: Vec<Journey>,
    sealed: Vec<sealed_part::Model>,
) -> Result<(), DbErr> {
    insert(
        to,
        journeys.into_iter().map(|journey| journey.row).collect(),
    )
    .await?;
    insert(to, sealed).await
}

/// Writes the rows of one table.
async fn insert<M>(to: &InventedPast<'_>, rows: Vec<M>) -> Result<(), DbErr>
where
    M: sea_orm::ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
{
    let rows = rows.into_iter().map(IntoActiveModel::into_active_model);
    <M::Entity as EntityTrait>::insert_many(rows)
        .exec_without_returning(to)
        .await
        .map(|_| ())
}
