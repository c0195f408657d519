//! From which pages an application is called: the wire.

use async_graphql::{Context, ID, Object};

use super::change::{held, load, registrar};
use super::graphql::Application;
use super::register;
use super::rules;
use crate::access::grant::Resource;
use crate::audit::event::Event;
use crate::error::Result;
use crate::request::InRequest;
use crate::store::page;

/// Changing from where applications are called.
#[derive(Default)]
pub struct ApplicationPageMutation;

/// Changing from where applications are called.
#[Object]
impl ApplicationPageMutation {
    /// Replaces the origins of the pages that may call with an application's tokens. Your token must reach as far as the
    /// application. Other servers follow within 5 seconds.
    async fn replace_application_origins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The application's id.")] id: ID,
        #[graphql(
            desc = "The origins from now on, none or at most 20, each of at most 300 characters and as a browser sends it: \
                    `https://desk.example`."
        )]
        allowed_origins: Vec<String>,
    ) -> Result<Application> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.update())?;
        let id = page::id("id", &id)?;
        let origins = rules::origin_list("allowedOrigins", &allowed_origins)?;
        let change = request.change(Resource::Agency.update()).await?;
        let model = held(&change, id).await?;
        rules::changeable(&model, registrar(caller))?;
        let Some(model) = register::replace_origins(&change, model, origins).await? else {
            change.give_up().await?;
            return load(request, id).await;
        };
        change
            .commit(Event::ApplicationOriginsReplaced(model.id))
            .await?;
        request.worker.origins.forget();
        Ok(model.into())
    }
}
