//! Who asks. Only a verified token makes a caller.

use std::sync::Arc;

use concord_entities::ids::{AgencyId, ApplicationId, IssuerId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Categories, Code, Purpose, Purposes};

use super::grant::{Permission, RequiredScope, Resource};
use super::issuer::token::{ExternalClaims, TokenOrigin, known_as};
use super::scope::Scopes;
use super::token::{Actor, Claims, Span, TokenError};
use crate::audit::change::ByAgency;
use crate::audit::event::Agent;
use crate::error::{Error, Result};

/// Somebody whose token verified. What the token allows is a ceiling: standing and consent are read with the facts.
#[derive(Clone, Debug)]
pub struct Caller {
    agency: AgencyId,
    subject: String,
    client: String,
    token: String,
    authority: Authority,
    scopes: Arc<Scopes>,
    span: Span,
    holder: Option<String>,
    actor: Option<Actor>,
    origin: Option<Arc<TokenOrigin>>,
}

/// On whose word a caller is believed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Authority {
    /// Our own: the agency's token epoch under which the token was issued, and the key that signed it.
    Own { epoch: i32, kid: String },
    /// The agency's own issuer's, at this moment.
    Issuer { id: IssuerId, issued_at: Instant },
}

/// What a caller's standing depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CallerKey {
    agency: AgencyId,
    client: String,
    token: String,
    authority: Authority,
}

impl Caller {
    /// Returns the caller that claims name which the key `kid` has proven. A scope that cannot be read grants nothing.
    #[must_use]
    pub(super) fn of_ours(claims: Claims, kid: String) -> Self {
        Self {
            agency: claims.agency,
            span: claims.span(),
            subject: claims.subject,
            client: claims.client,
            token: claims.id,
            authority: Authority::Own {
                epoch: i32::try_from(claims.epoch).unwrap_or(-1),
                kid,
            },
            scopes: Arc::new(Scopes::parse(&claims.scope).unwrap_or_default()),
            holder: claims.holder,
            actor: claims.actor,
            origin: None,
        }
    }

    /// Returns the caller that an agency's own issuer names. Its registration stands for the program, and its tokens'
    /// names are set apart from ours and from other issuers'.
    #[must_use]
    pub(super) fn of_issuer(foreign: ExternalClaims) -> Self {
        Self {
            agency: foreign.agency,
            span: foreign.span(),
            client: foreign.issuer.to_string(),
            token: known_as(foreign.issuer, &foreign.id),
            authority: Authority::Issuer {
                id: foreign.issuer,
                issued_at: foreign.issued_at,
            },
            subject: foreign.subject,
            scopes: Arc::new(foreign.scopes),
            holder: foreign.holder,
            actor: None,
            origin: Some(Arc::new(foreign.origin)),
        }
    }

    /// Returns the agency that the caller acts for.
    #[must_use]
    pub fn agency(&self) -> AgencyId {
        self.agency
    }

    /// Returns the person or program, as its agency calls it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Returns the program's registration.
    #[must_use]
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Returns the registered program that carries the token, where its `client_id` is one of ours.
    #[must_use]
    pub fn application(&self) -> Option<ApplicationId> {
        self.client.parse().ok()
    }

    /// Returns the `jti` of the token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns when the token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Instant {
        self.span.issued_at
    }

    /// Returns from when the token is good.
    #[must_use]
    pub fn not_before(&self) -> Instant {
        self.span.not_before
    }

    /// Returns when the token dies of itself.
    #[must_use]
    pub fn expires_at(&self) -> Instant {
        self.span.expires_at
    }

    /// Returns the thumbprint of the key that the token is bound to, where it is.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        self.holder.as_deref()
    }

    /// Returns who acts for the subject, where the token was exchanged.
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.actor.as_ref()
    }

    /// Returns the agency's own issuer on whose word the caller is believed, where it is not ours.
    #[must_use]
    pub fn issuer(&self) -> Option<IssuerId> {
        match self.authority {
            Authority::Own { .. } => None,
            Authority::Issuer { id, .. } => Some(id),
        }
    }

    /// Returns what the token says of itself, where the agency's own issuer issued it.
    #[must_use]
    pub fn origin(&self) -> Option<&TokenOrigin> {
        self.origin.as_deref()
    }

    /// Returns the program that carries the token, as the agency's own issuer calls it.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        self.origin()?.program.as_deref()
    }

    /// Returns on whose word the caller is believed.
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Checks that the token is good at `now`.
    pub(super) fn in_time(&self, now: Instant) -> Result<(), TokenError> {
        self.span.holds(now)
    }

    /// Returns the scopes, each as it is written.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        self.scopes.iter().map(ToString::to_string).collect()
    }

    /// Returns all that the token allows.
    #[must_use]
    pub fn granted(&self) -> &Scopes {
        &self.scopes
    }

    /// Returns the purposes for which the token may read packages.
    #[must_use]
    pub fn purposes(&self) -> Purposes {
        self.scopes.purposes(Resource::Referral, Permission::Read)
    }

    /// Checks that the token reaches this far.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`, naming the scope needed.
    pub fn may(&self, grant: RequiredScope) -> Result<&Self> {
        if self.scopes.reaches(grant) {
            Ok(self)
        } else {
            Err(Error::forbidden_scope(grant.to_string()).into())
        }
    }

    /// Returns how far the token reaches into packages for one purpose.
    #[must_use]
    pub fn ceiling(&self, purpose: Purpose) -> Categories {
        self.scopes
            .categories_for(Resource::Referral, Permission::Read, purpose)
    }

    /// Returns the purpose that is stated, or else the token's only one.
    ///
    /// # Errors
    /// `PURPOSE_REQUIRED`: none was stated, and the token has none or several.
    pub fn purpose(&self, stated: Option<Purpose>) -> Result<Purpose> {
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

    /// Returns the parts that go on record.
    #[must_use]
    pub fn agent(&self) -> Agent {
        self.author().into()
    }

    /// Returns the author of what the caller changes.
    #[must_use]
    pub fn author(&self) -> ByAgency {
        ByAgency {
            agency: self.agency,
            subject: self.subject.clone(),
            client: self.client.clone(),
            token: Some(self.token.clone()),
            program: self.program().map(str::to_owned),
        }
    }

    /// Returns what a caller's standing depends on.
    #[must_use]
    pub(super) fn standing_key(&self) -> CallerKey {
        CallerKey {
            agency: self.agency,
            client: self.client.clone(),
            token: self.token.clone(),
            authority: self.authority.clone(),
        }
    }
}

/// Returns the name by which a token is known here that somebody names by this: for an issuer's after its id.
#[must_use]
pub fn token_name(named: &str) -> String {
    match (issuer_of(named), named.split_once('/')) {
        (Some(issuer), Some((_, id))) => known_as(issuer, id),
        (_, _) => named.to_owned(),
    }
}

/// Returns the issuer whose token has this name among all others; none for one of ours.
#[must_use]
pub fn issuer_of(token: &str) -> Option<IssuerId> {
    let (issuer, _) = token.split_once('/')?;
    issuer.parse().ok()
}
