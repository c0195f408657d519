//! Applications on the wire.

use std::collections::HashMap;

use async_graphql::{Context, ID, Object, SimpleObject};
use concord_entities::application::{self, Column};
use concord_entities::ids::ApplicationId;
use concord_entities::vocabulary::{AgencyStatus, ClientAuthentication};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use super::documents;
use crate::access::grant::Resource;
use crate::access::scope::Scopes;
use crate::audit::disclose;
use crate::error::{Refusal, Result};
use crate::jose::jwk::{Accepted, ExternalKey, ExternalKeys};
use crate::request::{InRequest, Request};
use crate::store::page::PageRequest;
use crate::wire::connection::Connection;
use crate::wire::scalars::{DateTime, Sha256};

/// A program of your agency's that calls the service.
#[derive(Clone, Debug)]
pub struct Application {
    model: application::Model,
}

/// A program of your agency's that calls the service.
#[Object]
impl Application {
    /// The application's id: the `client_id` of its tokens.
    pub async fn id(&self) -> ID {
        ID(self.model.id.to_string())
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.model.name
    }

    /// Whether it may call.
    async fn status(&self) -> AgencyStatus {
        self.model.status
    }

    /// The widest scopes that its tokens may carry.
    async fn scopes(&self) -> Vec<String> {
        let scopes = Scopes::parse(&self.model.scope).unwrap_or_default();
        scopes.iter().map(ToString::to_string).collect()
    }

    /// How it proves that it is the one that was registered.
    async fn authentication(&self) -> ClientAuthentication {
        self.model.authentication
    }

    /// The thumbprints of its public keys (RFC 7638, SHA-256); none where it has a secret.
    #[expect(clippy::unused_async, reason = "a resolver is asynchronous")]
    async fn keys(&self) -> Result<Vec<String>> {
        let keys = ExternalKeys::parse(self.model.keys.as_bytes(), Accepted::CurvesOnly);
        let keys = keys.map_err(Refusal::internal)?;
        Ok(keys
            .iter()
            .map(ExternalKey::thumbprint)
            .map(str::to_owned)
            .collect())
    }

    /// Whether all its tokens must be bound to a key of its own (DPoP, RFC 9449).
    async fn dpop_bound(&self) -> bool {
        self.model.dpop_bound
    }

    /// The origins of the pages that may call with its tokens, besides those that the operator allowed for all applications.
    async fn allowed_origins(&self) -> Vec<&str> {
        self.model.allowed_origins.split_whitespace().collect()
    }

    /// Whether it executes its trusted documents alone.
    async fn trusted_documents_only(&self) -> bool {
        self.model.trusted_documents_only
    }

    /// The SHA-256 of each of its trusted documents, at most 500, in order.
    async fn trusted_documents(&self, ctx: &Context<'_>) -> Result<Vec<Sha256>> {
        let store = &ctx.request()?.worker.store;
        let hashes = documents::hashes(&store.read, self.model.id).await?;
        Ok(hashes.into_iter().map(Sha256::from).collect())
    }

    /// When it was registered.
    async fn created_at(&self) -> DateTime {
        self.model.created_at.into()
    }

    /// By whose token it was registered; null where the operator registered it, or an earlier release.
    async fn registered_by(&self) -> Option<RegisteredBy> {
        let client = self.model.registered_by_client.clone()?;
        Some(RegisteredBy {
            subject: self.model.registered_by_subject.clone().unwrap_or_default(),
            client,
        })
    }
}

/// By whose token an application was registered. Where that program or identity provider is suspended, or one that it came
/// from itself, the application's tokens are over, and it is given none.
#[derive(Clone, Debug, SimpleObject)]
pub struct RegisteredBy {
    /// The person or program, as your agency calls it.
    pub subject: String,
    /// The `client_id` of the token: an application's id, or your identity provider's where it issued the token.
    pub client: String,
}

impl From<application::Model> for Application {
    fn from(model: application::Model) -> Self {
        Self { model }
    }
}

/// An application, and the secret that it was given.
#[derive(Clone, SimpleObject)]
pub struct RegisteredApplication {
    /// The application.
    pub application: Application,
    /// Its secret. Shown this once: null for an application that has keys, and when the call is repeated.
    pub secret: Option<String>,
}

/// Reading applications.
#[derive(Default)]
pub struct ApplicationQuery;

/// Reading applications.
#[Object]
impl ApplicationQuery {
    /// Your own agency's applications, newest first.
    async fn applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Application>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let released = request
            .disclose(|| async {
                let among = application::Entity::of(caller.agency()).order_by_desc(Column::Id);
                disclose::page(&request.worker.store, among, Column::Id, wanted, |row| {
                    row.id.to_string()
                })
                .await
            })
            .await?;
        Ok(Connection::from_page(
            released.content().map(Application::from),
            |one| one.model.id.0,
        ))
    }
}

/// Returns one application of the caller's own agency.
pub(crate) async fn application_by_id(
    request: &Request,
    id: ApplicationId,
) -> Result<Option<Application>> {
    request.caller.may(Resource::Agency.read())?;
    find_application(request, id).await
}

/// Reads the application for a caller that is this application, or whose change named it, and records the reading like
/// any other.
pub(crate) async fn find_application(
    request: &Request,
    id: ApplicationId,
) -> Result<Option<Application>> {
    let caller = &request.caller;
    let released = request
        .disclose(|| async {
            let among = application::Entity::of(caller.agency()).filter(Column::Id.eq(id));
            disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await
        })
        .await?;
    Ok(released.content().map(Application::from))
}

/// Returns those of the caller's own agency among these, to be shown with what is read and recorded beside them.
pub(crate) async fn own(
    request: &Request,
    ids: impl IntoIterator<Item = ApplicationId>,
) -> Result<HashMap<ApplicationId, Application>> {
    let found = application::Entity::of(request.caller.agency())
        .filter(Column::Id.is_in(ids))
        .all(&request.worker.store.read)
        .await?;
    Ok(found
        .into_iter()
        .map(|model| (model.id, Application::from(model)))
        .collect())
}
