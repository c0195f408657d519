//! Binding an application to some documents: the wire.

use async_graphql::{Context, ID, Object};

use super::change::{held, load, registrar};
use super::documents;
use super::graphql::Application;
use super::rules;
use crate::access::grant::Resource;
use crate::error::{Error, Result};
use crate::request::InRequest;
use crate::store::page;
use crate::wire::scalars::Sha256;

/// Binding applications to documents.
#[derive(Default)]
pub struct TrustedDocumentMutation;

/// Binding applications to documents.
#[Object]
impl TrustedDocumentMutation {
    /// Adds documents to those that an application may execute: from the first on it executes nothing else, introspection
    /// included, and may name each by the SHA-256 of its text alone. Your token must reach as far as the application, and must
    /// not be its own. Other servers follow within 2 seconds.
    async fn add_trusted_documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The application's id.")] id: ID,
        #[graphql(
            desc = "The documents' texts, at least one, each of at most 16384 characters and letter for letter as the program \
                    sends or hashes it. No values of a person's: they are kept."
        )]
        documents: Vec<String>,
    ) -> Result<Application> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.update())?;
        let id = page::id("id", &id)?;
        rules::by_another(id, caller.application())?;
        documents::check_all(&request.worker.document_check, &documents)?;
        let change = request.change(Resource::Agency.update()).await?;
        let model = held(&change, id).await?;
        rules::changeable(&model, registrar(caller))?;
        let Some((model, event)) = documents::add(&change, model, &documents).await? else {
            change.give_up().await?;
            return load(request, id).await;
        };
        change.commit(event).await?;
        request.worker.trusted_documents.forget(id);
        Ok(model.into())
    }

    /// Takes documents from those that an application may execute. With none left it executes nothing: that it may execute any
    /// again is for the service's operator to say. Your token must reach as far as the application, and must not be its own.
    async fn remove_trusted_documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The application's id.")] id: ID,
        #[graphql(desc = "The SHA-256 of each document's text, at least one.")] hashes: Vec<Sha256>,
    ) -> Result<Application> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.update())?;
        let id = page::id("id", &id)?;
        rules::by_another(id, caller.application())?;
        if hashes.is_empty() {
            return Err(Error::input("hashes", "name at least one").into());
        }
        let hashes: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        let change = request.change(Resource::Agency.update()).await?;
        let model = held(&change, id).await?;
        rules::changeable(&model, registrar(caller))?;
        let Some(event) = documents::remove(&change, id, &hashes).await? else {
            change.give_up().await?;
            return load(request, id).await;
        };
        change.commit(event).await?;
        request.worker.trusted_documents.forget(id);
        Ok(model.into())
    }
}
