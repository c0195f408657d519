//! Through whom an application is registered: its access falls with theirs, however far back.

use std::collections::BTreeSet;

use concord_entities::ids::ApplicationId;
use concord_entities::{application, application_registrar, token_state};
use sea_orm::{EntityTrait, IntoActiveModel};
use uuid::Uuid;

use crate::access::Caller;
use crate::access::caller::issuer_of;
use crate::audit::change::{Author, Change};
use crate::error::{Error, Result};

/// How many applications and issuers one application can have been registered through.
pub const MAX_REGISTRARS: usize = 16;
/// How many tokens are looked at, from the one that is brought back to the one that it was first exchanged for: more than
/// the authorization server exchanges.
const MAX_TOKENS: usize = 16;

/// Whose token registers an application, and through whom it was come by.
#[derive(Clone, Debug)]
pub struct Registrars {
    subject: String,
    client: String,
    ids: BTreeSet<Uuid>,
}

impl Registrars {
    /// Returns the application or issuer of the caller's token, those of the tokens that it was exchanged for, and those
    /// through whom these were registered.
    ///
    /// # Errors
    /// `INVALID_TRANSITION`: there are too many. `UNAVAILABLE`.
    pub async fn of(change: &Change<'_>, caller: &Caller) -> Result<Self> {
        let mut applications: BTreeSet<ApplicationId> = caller.application().into_iter().collect();
        let mut registrars: BTreeSet<Uuid> = caller.issuer().map(|id| id.0).into_iter().collect();
        let mut token = Some(caller.token().to_owned());
        let mut looked_at = 0;
        while let Some(jti) = token.take() {
            looked_at += 1;
            if looked_at > MAX_TOKENS {
                return Err(too_many().into());
            }
            if let Some(issuer) = issuer_of(&jti) {
                registrars.insert(issuer.0);
                break;
            }
            let known = token_state::Entity::of(caller.agency(), &jti);
            if let Some(known) = known.one(change).await? {
                applications.extend(known.application_id);
                token = known.parent;
            }
        }
        let before = application_registrar::Entity::of(applications.iter().copied());
        for one in before.all(change).await? {
            registrars.insert(one.registrar_id);
        }
        registrars.extend(applications.iter().map(|id| id.0));
        if registrars.len() > MAX_REGISTRARS {
            return Err(too_many().into());
        }
        Ok(Self {
            subject: caller.subject().to_owned(),
            client: caller.client().to_owned(),
            ids: registrars,
        })
    }

    /// Writes on an application who registers it.
    #[must_use]
    pub fn sign(&self, application: application::Model) -> application::Model {
        application::Model {
            registered_by_subject: Some(self.subject.clone()),
            registered_by_client: Some(self.client.clone()),
            ..application
        }
    }

    /// Keeps through whom the application is registered.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn keep<By: Author>(
        &self,
        change: &Change<'_, By>,
        application: ApplicationId,
    ) -> Result<()> {
        let rows = self.ids.iter().map(|registrar_id| {
            let row = application_registrar::Model {
                application_id: application,
                registrar_id: *registrar_id,
            };
            row.into_active_model()
        });
        application_registrar::Entity::insert_many(rows)
            .exec_without_returning(change)
            .await?;
        Ok(())
    }
}

fn too_many() -> Error {
    Error::NotNow(
        "this program was itself registered by programs, too many times over: register by a token of one that your \
         agency's operator registered, or of your identity provider"
            .into(),
    )
}
