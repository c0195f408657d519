//! What the wire and the command line do alike, inside an open change: who may do it has been judged before.

use concord_entities::ids::{AgencyId, ApplicationId, SecretId};
use concord_entities::vocabulary::{AgencyStatus, ClientAuthentication};
use concord_entities::{SelectLocked, agency, application, application_secret};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait, Set, Unchanged};
use zeroize::Zeroizing;

use super::registrars::Registrars;
use super::rules::{self, ApplicationRegistration};
use super::secret;
use crate::access::revoked;
use crate::audit::change::{Author, Change, Ending};
use crate::error::{Refusal, Result};

/// A secret to be kept as its hash, and shown once.
pub struct Fresh {
    /// The secret.
    pub secret: Zeroizing<String>,
    hash: String,
}

impl Fresh {
    /// Returns a fresh secret.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn issue() -> Result<Self> {
        let (secret, hash) = secret::issue().map_err(Refusal::internal)?;
        Ok(Self { secret, hash })
    }

    /// Returns a fresh secret, where an application is to have one.
    ///
    /// # Errors
    /// `INTERNAL`.
    pub fn for_a(authentication: ClientAuthentication) -> Result<Option<Self>> {
        match authentication {
            ClientAuthentication::ClientSecretBasic => Self::issue().map(Some),
            ClientAuthentication::PrivateKeyJwt => Ok(None),
        }
    }
}

/// Registers an application of `agency`, with the secret that it is to have: by a token of these registrars, or by
/// the operator. Of two at a time one waits, so that there are never more than the agency may have.
///
/// # Errors
/// `INVALID_TRANSITION`: the agency has as many as it may. `UNAVAILABLE`.
pub async fn register<By: Author>(
    change: &Change<'_, By>,
    agency: AgencyId,
    registration: ApplicationRegistration,
    fresh: Option<&Fresh>,
    registrars: Option<&Registrars>,
) -> Result<application::Model> {
    agency::Entity::named(agency).one_locked(change).await?;
    rules::room_for_another(application::Entity::live(agency).count(change).await?)?;
    let model = application::Model {
        id: ApplicationId::new(),
        agency_id: agency,
        name: registration.name,
        status: AgencyStatus::Active,
        scope: registration.scopes.to_string(),
        authentication: registration.authentication,
        keys: registration.keys,
        dpop_bound: registration.dpop_bound,
        allowed_origins: registration.allowed_origins,
        trusted_documents_only: false,
        created_at: change.now(),
        registered_by_subject: None,
        registered_by_client: None,
    };
    let model = registrars.map_or(model.clone(), |registrars| registrars.sign(model));
    let model = model.into_active_model().insert(change).await?;
    if let Some(registrars) = registrars {
        registrars.keep(change, model.id).await?;
    }
    if let Some(fresh) = fresh {
        keep(change, model.id, fresh).await?;
    }
    Ok(model)
}

/// Gives an application a new secret, good at once; [`rules::endings`] says when the former ones end. The application's
/// row is locked, so that of two rotations one is the later.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn rotate<By: Author>(
    change: &Change<'_, By>,
    application: &application::Model,
    fresh: &Fresh,
) -> Result<()> {
    let in_force = application_secret::Entity::in_force(application.id, change.now())
        .all(change)
        .await?;
    let endings = rules::endings(&in_force, change.now());
    for secret in in_force {
        if let Some((_, ends_at)) = endings.iter().find(|(id, _)| *id == secret.id) {
            let mut secret = secret.into_active_model();
            secret.ends_at = Set(Some(*ends_at));
            secret.update(change).await?;
        }
    }
    keep(change, application.id, fresh).await
}

/// Has an application be called from pages of these origins. Returns none where it is.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn replace_origins<By: Author>(
    change: &Change<'_, By>,
    application: application::Model,
    origins: String,
) -> Result<Option<application::Model>> {
    let Some(changed) = rules::with_origins(application, origins) else {
        return Ok(None);
    };
    let changed = application::ActiveModel {
        id: Unchanged(changed.id),
        allowed_origins: Set(changed.allowed_origins),
        ..Default::default()
    };
    Ok(Some(changed.update(change).await?))
}

/// Suspends an application, and takes back its tokens, those of the applications that were registered through it, and what
/// other applications exchanged them for. Returns none where that was done before.
///
/// # Errors
/// `UNAVAILABLE`.
pub async fn suspend<By: Author>(
    ending: &Ending<'_, By>,
    application: application::Model,
) -> Result<Option<application::Model>> {
    let Some(suspended) = rules::suspended(application) else {
        return Ok(None);
    };
    revoked::revoke_of_application(ending, suspended.id).await?;
    let suspended = application::ActiveModel {
        id: Unchanged(suspended.id),
        status: Set(suspended.status),
        ..Default::default()
    };
    Ok(Some(suspended.update(ending).await?))
}

async fn keep<By: Author>(
    change: &Change<'_, By>,
    application: ApplicationId,
    fresh: &Fresh,
) -> Result<()> {
    let secret = application_secret::Model {
        id: SecretId::new(),
        application_id: application,
        hash: fresh.hash.clone(),
        created_at: change.now(),
        ends_at: None,
    };
    application_secret::Entity::insert(secret.into_active_model())
        .exec_without_returning(change)
        .await?;
    Ok(())
}
