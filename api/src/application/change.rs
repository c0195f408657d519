//! Changing applications and taking tokens back: who, what, rule, save, record.

use async_graphql::{Context, ID, Object};
use concord_entities::SelectLocked;
use concord_entities::application;
use concord_entities::ids::{AgencyId, ApplicationId};
use concord_entities::vocabulary::ClientAuthentication;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, Select, Set, Unchanged};

use super::graphql::{Application, RegisteredApplication, find_application};
use super::input::ApplicationInput;
use super::register::{self, Fresh};
use super::registrars::Registrars;
use super::rules::{self, ApplicationRegistration, Registrar};
use crate::access::Caller;
use crate::access::caller::token_name;
use crate::access::grant::Resource;
use crate::access::revoked::{self, Revocable};
use crate::audit::change::Change;
use crate::audit::event::Event;
use crate::error::{Error, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::{InRequest, Request};
use crate::store::page;
use crate::text;

/// Characters in the longest id of a token.
const MAX_TOKEN_ID: usize = 300;

/// Changing applications.
#[derive(Default)]
pub struct ApplicationMutation;

/// Changing applications.
#[Object]
impl ApplicationMutation {
    /// Registers a program of your agency's, which has at most 100 at a time. Its tokens reach no further than yours, and
    /// must be bound to a key (`dpopBound`) where yours is. They are over where the program or identity provider that your
    /// token is of is suspended.
    async fn register_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program, what its tokens may do, and how it proves itself.")]
        application: ApplicationInput,
    ) -> Result<RegisteredApplication> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.create())?;
        let registrar = registrar(caller);
        let registration = rules::check(&application.wanted(), registrar)?;
        // Before the change is opened: nobody waits for a lock while a secret is hashed.
        let fresh = Fresh::for_a(registration.authentication)?;
        register(request, &application, registration, fresh).await
    }

    /// Gives an application a new secret, good at once. Its former one is good for 24 hours more; where it had two, the
    /// older one ends now. Your token must reach as far as the application; one that is bound to a key renews only what is
    /// `dpopBound`.
    async fn rotate_application_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The application's id.")] id: ID,
    ) -> Result<RegisteredApplication> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.update())?;
        let id = page::id("id", &id)?;
        let fresh = Fresh::issue()?;
        let change = request.change(Resource::Agency.update()).await?;
        let model = held(&change, id).await?;
        let by = ClientAuthentication::ClientSecretBasic;
        rules::renewable(&model, by, registrar(caller))?;
        register::rotate(&change, &model, &fresh).await?;
        change
            .commit(Event::ApplicationSecretRotated(model.id))
            .await?;
        Ok(RegisteredApplication {
            application: model.into(),
            secret: Some(fresh.secret.to_string()),
        })
    }

    /// Replaces an application's public keys: it cannot authenticate by the former ones any more. Name those that it is
    /// to keep as well. Your token must reach as far as the application.
    async fn replace_application_keys(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The application's id.")] id: ID,
        #[graphql(
            desc = "Its public keys from now on, 1 to 4, each the JSON of a JWK: EC on P-256 or OKP on Ed25519."
        )]
        keys: Vec<String>,
    ) -> Result<Application> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.update())?;
        let id = page::id("id", &id)?;
        let keys = rules::key_set("keys", &keys)?;
        let change = request.change(Resource::Agency.update()).await?;
        let model = held(&change, id).await?;
        let by = ClientAuthentication::PrivateKeyJwt;
        rules::renewable(&model, by, registrar(caller))?;
        let Some(model) = rules::with_keys(model, keys) else {
            change.give_up().await?;
            return load(request, id).await;
        };
        let replaced = application::ActiveModel {
            id: Unchanged(model.id),
            keys: Set(model.keys),
            ..Default::default()
        };
        let model = replaced.update(&change).await?;
        change
            .commit(Event::ApplicationKeysReplaced(model.id))
            .await?;
        Ok(model.into())
    }

    /// Suspends an application for good: its tokens are over, and it is given no more. In force on the very next request.
    async fn suspend_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The application's id.")] id: ID,
    ) -> Result<Application> {
        let request = ctx.request()?;
        let needed = Resource::Agency.update();
        request.looks(needed).await?;
        let id = page::id("id", &id)?;
        let seen = owned(request.caller.agency(), id)
            .one(&request.worker.store.read)
            .await?;
        if rules::suspended(seen.ok_or(Error::NotFound)?).is_none() {
            return load(request, id).await;
        }
        let ending = request.counted_ending(needed).await?;
        let model = held(&ending, id).await?;
        if let Some(model) = register::suspend(&ending, model).await? {
            ending.commit(Event::ApplicationSuspended(model.id)).await?;
            return Ok(model.into());
        }
        ending.ends_nothing().give_up().await?;
        load(request, id).await
    }

    /// Takes back an access token of your agency's, and everything that was exchanged for it. In force on the very next
    /// request; taking it back again changes nothing.
    async fn revoke_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The token's id, its `jti`, of 1 to 300 characters; of your identity provider's, after the provider's id and a slash. Never the token."
        )]
        token_id: ID,
    ) -> Result<bool> {
        let request = ctx.request()?;
        if text::line(&token_id, MAX_TOKEN_ID).is_err() {
            return Err(Error::NotFound.into());
        }
        let needed = Resource::Agency.delete();
        let now = request.looks(needed).await?;
        let store = &request.worker.store;
        let agency = request.caller.agency();
        let token = token_name(&token_id);
        let mut outlook = revoked::outlook(&store.read, agency, &token, now).await?;
        if outlook == Revocable::Living {
            let ending = request.counted_ending(needed).await?;
            outlook = revoked::revoke(&ending, agency, &token).await?;
            if outlook == Revocable::Living {
                ending.commit(Event::TokenRevoked(token)).await?;
            }
        }
        match outlook {
            Revocable::Unknown => Err(Error::NotFound.into()),
            Revocable::Over | Revocable::Living => Ok(true),
        }
    }
}

/// Returns the caller as somebody who registers or changes an application.
pub(super) fn registrar(caller: &Caller) -> Registrar<'_> {
    Registrar::Token {
        scopes: caller.granted(),
        bound: caller.holder().is_some(),
    }
}

async fn register(
    request: &Request,
    input: &ApplicationInput,
    registration: ApplicationRegistration,
    fresh: Option<Fresh>,
) -> Result<RegisteredApplication> {
    let change = request.change(Resource::Agency.create()).await?;
    let call = CreatingCall::new(
        "registerApplication",
        "application.idempotencyKey",
        input.idempotency_key.as_ref(),
        input,
    )?;
    let vault = &request.worker.vault;
    let created = idempotency::creates_once(change, vault, call, async |change| {
        let agency = change.agency();
        let registrars = Registrars::of(change, &request.caller).await?;
        let (fresh, registrars) = (fresh.as_ref(), Some(&registrars));
        let made = register::register(change, agency, registration, fresh, registrars).await?;
        Ok(Creation {
            id: made.id.0,
            event: Event::ApplicationRegistered(made.id),
            made,
        })
    })
    .await?;
    match created {
        Created::Now(made) => {
            request.worker.origins.forget();
            Ok(RegisteredApplication {
                application: made.into(),
                secret: fresh.map(|fresh| fresh.secret.to_string()),
            })
        }
        Created::Before(id) => Ok(RegisteredApplication {
            application: load(request, ApplicationId(id)).await?,
            secret: None,
        }),
    }
}

/// Returns the application as an earlier call left it.
pub(super) async fn load(request: &Request, id: ApplicationId) -> Result<Application> {
    let application = find_application(request, id).await?;
    application.ok_or_else(|| Error::NotFound.into())
}

/// Returns the application, locked, where it is the acting agency's.
pub(super) async fn held(change: &Change<'_>, id: ApplicationId) -> Result<application::Model> {
    let application = owned(change.agency(), id).one_locked(change).await?;
    application.ok_or_else(|| Error::NotFound.into())
}

fn owned(agency: AgencyId, id: ApplicationId) -> Select<application::Entity> {
    application::Entity::of(agency).filter(application::Column::Id.eq(id))
}
