//! Whether a program is the application that it says it is (RFC 6749, 2.3; RFC 7523, 2.2).
//!
//! Every reason for a no is told in the same words; the audit log has the finer one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use concord_entities::ids::{AgencyId, ApplicationId};
use concord_entities::vocabulary::{AgencyStatus, ClientAuthentication};
use concord_entities::{application, application_secret};
use tokio::sync::Semaphore;
use url::form_urlencoded;

use super::assertion;
use super::fault::OauthError;
use super::form::FormParameters;
use super::server::{AuthorizationServer, OauthRequest};
use crate::access::replay_guard;
use crate::access::scope::{Scopes, narrower};
use crate::access::wait::Wait;
use crate::application::secret::{self, KeptHash};
use crate::audit::event::Agent;
use crate::clock;
use crate::jose::jwk::{Accepted, ExternalKeys};

/// The `client_assertion_type` of a JWT (RFC 7523, 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How many hashes of before 0.2 are made at a time: each takes 19 MiB and a core of its own.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A program that proved to be a registered application.
#[derive(Clone, Debug)]
pub struct Client {
    /// The application's id.
    pub id: ApplicationId,
    /// The agency that it belongs to.
    pub agency: AgencyId,
    /// The widest scope that its tokens may carry.
    pub scopes: Scopes,
    /// Whether all its tokens must be bound to a key of its own.
    pub dpop_bound: bool,
}

/// What a program brings to prove who it is.
enum Credentials {
    /// A secret, as HTTP Basic.
    Secret { client: String, secret: String },
    /// A signed assertion.
    Assertion { client: String, compact: String },
}

/// Returns the application that a request proves to come from; `who` is told as soon as it is known whom it names.
///
/// # Errors
/// `invalid_client`, `invalid_request`, `temporarily_unavailable`.
pub async fn authenticate(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    who: &mut Agent,
) -> Result<Client, OauthError> {
    let credentials = credentials(asked)?;
    let id: ApplicationId = credentials
        .client()
        .parse()
        .map_err(|_| OauthError::client("unknown_client"))?;
    if let Some(named) = asked.form.get("client_id")
        && named != credentials.client()
    {
        return Err(OauthError::client("other_client_id"));
    }
    who.client = id.to_string();
    let registered = application::Entity::claimed(id)
        .one(&server.store.read)
        .await?;
    who.agency = registered.as_ref().map(|application| application.agency_id);
    match credentials {
        Credentials::Secret { secret, .. } => {
            by_secret(server, asked, registered, id, secret).await
        }
        Credentials::Assertion { compact, .. } => by_assertion(server, registered, &compact).await,
    }
}

impl Credentials {
    fn client(&self) -> &str {
        match self {
            Self::Secret { client, .. } | Self::Assertion { client, .. } => client,
        }
    }
}

/// Returns what the request brings: exactly one kind (RFC 6749, 2.3). A secret in the body is none: it would stand in
/// logs.
fn credentials(asked: &OauthRequest) -> Result<Credentials, OauthError> {
    let form = &asked.form;
    if form.get("client_secret").is_some() {
        return Err(OauthError::client("secret_in_body"));
    }
    match (asked.authorization.as_deref(), form.get("client_assertion")) {
        (Some(basic), None) => basic_credentials(basic),
        (None, Some(compact)) => {
            if form.get("client_assertion_type") != Some(JWT_BEARER) {
                return Err(OauthError::client("unknown_assertion_type"));
            }
            let client = assertion::claimed_client(compact);
            Ok(Credentials::Assertion {
                client: client.map_err(|fault| OauthError::client(fault.code()))?,
                compact: compact.to_owned(),
            })
        }
        (Some(_), Some(_)) => Err(OauthError::request(
            "authenticate in one way: by an assertion or by HTTP Basic",
        )),
        (None, None) => Err(OauthError::client("no_credentials")),
    }
}

/// Returns name and secret of a `Basic` header, each form-urlencoded before they were joined (RFC 6749, 2.3.1).
fn basic_credentials(header: &str) -> Result<Credentials, OauthError> {
    let malformed = || OauthError::client("malformed_basic");
    let encoded = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .map(|(_, encoded)| encoded.trim())
        .ok_or_else(malformed)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (client, secret) = text.split_once(':').ok_or_else(malformed)?;
    Ok(Credentials::Secret {
        client: decoded(client).ok_or_else(malformed)?,
        secret: decoded(secret).ok_or_else(malformed)?,
    })
}

fn decoded(text: &str) -> Option<String> {
    // An `=` or `&` would be its own syntax; both are written as escapes.
    let mut pairs = form_urlencoded::parse(text.as_bytes());
    let (name, value) = pairs.next()?;
    (value.is_empty() && pairs.next().is_none()).then(|| name.into_owned())
}

async fn by_secret(
    server: &AuthorizationServer<'_>,
    asked: &OauthRequest,
    registered: Option<application::Model>,
    id: ApplicationId,
    secret: String,
) -> Result<Client, OauthError> {
    let registered = registered.filter(|application| {
        application.authentication == ClientAuthentication::ClientSecretBasic
    });
    let Some(application) = registered else {
        return Err(OauthError::client("unknown_client"));
    };
    let kept = application_secret::Entity::in_force(application.id, clock::now())
        .all(&server.store.read)
        .await?;
    let may_hash = || match asked.address {
        Some(address) => server.limits.may_try_secret(address, &id.to_string()),
        None => Ok(()),
    };
    if is_kept(server, secret, kept, may_hash).await? {
        Client::taking_part(&application)
    } else {
        Err(OauthError::client("wrong_secret"))
    }
}

/// Returns whether a secret is one of those that are kept. Where its hash is of before 0.2, another takes its place.
///
/// A right secret is looked for first and always let in: it cannot be guessed, and looking is cheap, so that nobody who
/// fails in a program's name keeps the program itself out. An old hash is dear, and asks whether it may be made.
async fn is_kept(
    server: &AuthorizationServer<'_>,
    secret: String,
    kept: Vec<application_secret::Model>,
    may_hash: impl FnOnce() -> Result<(), Wait>,
) -> Result<bool, OauthError> {
    let mut slow = Vec::new();
    for one in kept {
        match KeptHash::parse(&one.hash) {
            Some(hash @ KeptHash::Sha256(_)) if hash.is_of(&secret) => return Ok(true),
            Some(hash @ KeptHash::Argon2(_)) => slow.push((one, hash)),
            Some(KeptHash::Sha256(_)) | None => {}
        }
    }
    if slow.is_empty() {
        return Ok(false);
    }
    may_hash().map_err(|wait| OauthError::slow_down(wait.seconds()))?;
    let hashing = HASHING.acquire().await;
    let new = secret::hash(&secret);
    let right = tokio::task::spawn_blocking(move || {
        let mut slow = slow.into_iter();
        slow.find_map(|(one, hash)| hash.is_of(&secret).then_some(one))
    })
    .await
    .unwrap_or(None);
    drop(hashing);
    let Some(right) = right else {
        return Ok(false);
    };
    application_secret::Entity::rehash(&right, &new)
        .exec(&server.store.write)
        .await?;
    Ok(true)
}

async fn by_assertion(
    server: &AuthorizationServer<'_>,
    registered: Option<application::Model>,
    compact: &str,
) -> Result<Client, OauthError> {
    let application = registered
        .filter(|application| application.authentication == ClientAuthentication::PrivateKeyJwt)
        .ok_or(OauthError::client("unknown_client"))?;
    let keys = ExternalKeys::parse(application.keys.as_bytes(), Accepted::CurvesOnly)
        .map_err(|fault| OauthError::client(fault.code()))?;
    let name = application.id.to_string();
    let issuer = &server.settings.issuer;
    let assertion = assertion::verify(compact, &keys, &name, issuer, clock::now())
        .map_err(|fault| OauthError::client(fault.code()))?;
    let fresh =
        replay_guard::record_use(server.store, assertion.digest(&name), assertion.expires_at)
            .await?;
    if !fresh {
        return Err(OauthError::client("replayed_assertion"));
    }
    Client::taking_part(&application)
}

impl Client {
    /// Returns the program of an application that takes part. Whether its agency does is read where the token is made.
    fn taking_part(application: &application::Model) -> Result<Self, OauthError> {
        if application.status != AgencyStatus::Active {
            return Err(OauthError::client("suspended"));
        }
        Ok(Self {
            id: application.id,
            agency: application.agency_id,
            scopes: Scopes::parse(&application.scope).unwrap_or_default(),
            dpop_bound: application.dpop_bound,
        })
    }

    /// Returns the scopes that are asked for; all that may be granted, where none is asked for (RFC 6749, 3.3).
    ///
    /// # Errors
    /// `invalid_scope`: malformed, empty, or wider than `ceiling`. It suggests some of `open`, which the client could get.
    pub fn wanted(
        form: &FormParameters,
        ceiling: &Scopes,
        open: &Scopes,
    ) -> Result<Scopes, OauthError> {
        let wanted = match form.get("scope") {
            Some(text) => Scopes::parse(text).map_err(|_| OauthError::scope(open))?,
            None => ceiling.clone(),
        };
        if wanted.is_empty() || !narrower(&wanted, ceiling) {
            return Err(OauthError::scope(open));
        }
        Ok(wanted)
    }
}
