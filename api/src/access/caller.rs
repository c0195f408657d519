//! Who asks. Only a verified token makes a caller.

use std::sync::Arc;

use concord_entities::ids::{AgencyId, ApplicationId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, Purpose, Purposes};

use super::grant::{Grant, Permission, Resource};
use super::scope::Scopes;
use super::token::Claims;
use crate::audit::event::Agent;
use crate::error::{Answer, Error};
use crate::sharing;

/// Somebody whose token verified. What the token allows is a ceiling: standing and consent are read with the facts.
#[derive(Clone, Debug)]
pub struct Caller {
    agency: AgencyId,
    subject: String,
    client: String,
    token: String,
    token_epoch: i32,
    scopes: Arc<Scopes>,
    expires_at: Instant,
}

/// What a caller's standing depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    agency: AgencyId,
    client: String,
    token: String,
    token_epoch: i32,
}

impl Caller {
    /// The caller that verified claims name. A scope that cannot be read grants nothing.
    #[must_use]
    pub(super) fn new(claims: Claims) -> Self {
        Self {
            agency: claims.agency,
            subject: claims.subject,
            client: claims.client,
            token: claims.id,
            token_epoch: i32::try_from(claims.epoch).unwrap_or(-1),
            scopes: Arc::new(Scopes::parse(&claims.scope).unwrap_or_default()),
            expires_at: claims.expires_at,
        }
    }

    /// The agency that the caller acts for.
    #[must_use]
    pub fn agency(&self) -> AgencyId {
        self.agency
    }

    /// The person or program, as its agency calls it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The program's registration.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The registered program that carries the token, where its `client_id` is one of ours.
    #[must_use]
    pub fn application(&self) -> Option<ApplicationId> {
        self.client.parse().ok()
    }

    /// The `jti` of the token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The agency's token epoch under which the token was issued.
    #[must_use]
    pub fn token_epoch(&self) -> i32 {
        self.token_epoch
    }

    /// When the token dies of itself.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        self.expires_at
    }

    /// The scopes, each as it is written.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        self.scopes.iter().map(ToString::to_string).collect()
    }

    /// The purposes for which the token may read packages.
    #[must_use]
    pub fn purposes(&self) -> Purposes {
        self.scopes.purposes(Resource::Referral, Permission::Read)
    }

    /// Nothing, where the token reaches this far.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`, naming the scope needed.
    pub fn may(&self, grant: Grant) -> Answer<&Self> {
        if self.scopes.reaches(grant) {
            Ok(self)
        } else {
            Err(Error::ForbiddenScope {
                needed: grant.to_string(),
            }
            .into())
        }
    }

    /// How far the token reaches into packages for one purpose.
    #[must_use]
    pub fn ceiling(&self, purpose: Purpose) -> sharing::Ceiling {
        sharing::Ceiling {
            categories: self
                .scopes
                .categories_for(Resource::Referral, Permission::Read, purpose),
        }
    }

    /// The purpose that is stated, or else the token's only one.
    ///
    /// # Errors
    /// `PURPOSE_REQUIRED`: none was stated, and the token has none or several.
    pub fn purpose(&self, stated: Option<Purpose>) -> Answer<Purpose> {
        let mut own = Purpose::ALL
            .iter()
            .copied()
            .filter(|purpose| self.purposes().has(*purpose));
        match (stated, own.next(), own.next()) {
            (Some(stated), _, _) => Ok(stated),
            (None, Some(only), None) => Ok(only),
            (None, _, _) => Err(Error::PurposeRequired.into()),
        }
    }

    /// The parts that go on record.
    #[must_use]
    pub fn agent(&self) -> Agent {
        Agent {
            agency: Some(self.agency),
            subject: self.subject.clone(),
            client: self.client.clone(),
            token: Some(self.token.clone()),
        }
    }

    /// What a caller's standing depends on.
    #[must_use]
    pub(super) fn standing_key(&self) -> Key {
        Key {
            agency: self.agency,
            client: self.client.clone(),
            token: self.token.clone(),
            token_epoch: self.token_epoch,
        }
    }
}
