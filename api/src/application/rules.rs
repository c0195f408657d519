//! What may be registered, and by whom: a program never reaches further than whoever registers it. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use concord_entities::application::{self, NO_KEYS};
use concord_entities::application_secret;
use concord_entities::ids::{ApplicationId, SecretId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{AgencyStatus, ClientAuthentication};
use serde_json::{Map, Value, json};

use crate::access::scope::{Scopes, narrower};
use crate::access::token::MAX_NAME as MAX_SUBJECT;
use crate::error::{Error, Faults};
use crate::jose::claim::is_name;
use crate::jose::jwk::{Accepted, ExternalKey};
use crate::request::repeated::unless_repeated;
use crate::settings::origin::{EXPECTED, is_origin};
use crate::text;

/// How many keys an application may have at a time: enough to change them without a gap.
pub const MAX_KEYS: usize = 4;
/// How long the text of one key may be, in bytes.
pub const MAX_KEY_TEXT: usize = 2048;
/// How many applications that may call an agency has at a time.
pub const MAX_APPLICATIONS: u64 = 100;
/// How many trusted documents an application may have.
pub const MAX_DOCUMENTS: usize = 500;
/// From pages of how many origins an application may be called.
pub const MAX_ORIGINS: usize = 20;
/// For how long an application's former secret is good after it was given a new one.
pub const OVERLAP: Duration = Duration::from_hours(24);

/// What is kept of a key; whatever else its text says is not.
const KEPT: [&str; 7] = ["kty", "crv", "x", "y", "use", "alg", "kid"];

/// Who registers or changes an application.
#[derive(Clone, Copy, Debug)]
pub enum Registrar<'a> {
    /// Whoever carries a token.
    Token {
        /// Its scopes.
        scopes: &'a Scopes,
        /// Whether it is bound to a key.
        bound: bool,
    },
    /// The service's operator, whom no token limits.
    Operator,
}

impl Registrar<'_> {
    fn is_bound(self) -> bool {
        match self {
            Self::Token { bound, .. } => bound,
            Self::Operator => false,
        }
    }
}

/// An application as somebody asks for it to be registered.
#[derive(Clone, Debug, Default)]
pub struct ApplicationRequest {
    /// Its name.
    pub name: String,
    /// The widest scope that its tokens may carry, as text.
    pub scope: String,
    /// Its public keys, each a JWK as JSON.
    pub keys: Vec<String>,
    /// Whether it is to be given a secret instead.
    pub secret: bool,
    /// Whether all its tokens must be bound to a key of its own (RFC 9449, 5.2).
    pub dpop_bound: bool,
    /// The origins of the pages that may call with its tokens.
    pub allowed_origins: Vec<String>,
}

/// An application that may be registered.
#[derive(Clone, Debug)]
pub struct ApplicationRegistration {
    /// Its name.
    pub name: String,
    /// The widest scope that its tokens may carry.
    pub scopes: Scopes,
    /// How it proves that it is the one that was registered.
    pub authentication: ClientAuthentication,
    /// Its public keys, a JWK set as JSON.
    pub keys: String,
    /// Whether all its tokens must be bound to a key of its own.
    pub dpop_bound: bool,
    /// The origins of the pages that may call with its tokens, set apart by spaces.
    pub allowed_origins: String,
}

/// Returns what somebody asks for, where `registrar` may register it.
///
/// # Errors
/// `BAD_USER_INPUT`: the first thing that is wrong with it. `FORBIDDEN_SCOPE`: it would reach further than its registrar.
pub fn check(
    wanted: &ApplicationRequest,
    registrar: Registrar<'_>,
) -> Result<ApplicationRegistration, Error> {
    let name = text::line(&wanted.name, text::LINE);
    let name = name.map_err(|fault| Error::input("application.name", fault))?;
    let scopes =
        Scopes::parse(&wanted.scope).map_err(|fault| Error::input("application.scopes", fault))?;
    if scopes.is_empty() {
        return Err(Error::input(
            "application.scopes",
            "at least one, or its tokens could do nothing",
        ));
    }
    within(&scopes, registrar)?;
    if !wanted.dpop_bound && registrar.is_bound() {
        return Err(Error::input(
            "application.dpopBound",
            "your token is bound to a key, so the tokens of what it registers must be too: say true",
        ));
    }
    let (authentication, keys) = match (wanted.secret, wanted.keys.is_empty()) {
        (true, true) => (ClientAuthentication::ClientSecretBasic, NO_KEYS.to_owned()),
        (false, false) => (
            ClientAuthentication::PrivateKeyJwt,
            key_set("application.keys", &wanted.keys)?,
        ),
        (true, false) | (false, true) => {
            return Err(Error::input(
                "application.keys",
                "give public keys, or else ask for a `secret`: one of the two",
            ));
        }
    };
    Ok(ApplicationRegistration {
        name,
        scopes,
        authentication,
        keys,
        dpop_bound: wanted.dpop_bound,
        allowed_origins: origin_list("application.allowedOrigins", &wanted.allowed_origins)?,
    })
}

/// Checks that an application may have as many trusted documents.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn as_many_documents(count: usize) -> Result<(), Error> {
    if count > MAX_DOCUMENTS {
        let remedy =
            "an application has at most 500: remove those that no version of it sends any more";
        return Err(Error::input("documents", remedy));
    }
    Ok(())
}

/// Checks that somebody else than an application changes what it may execute: bound to some documents, it could unbind itself.
///
/// # Errors
/// `INVALID_TRANSITION`.
pub fn by_another(application: ApplicationId, caller: Option<ApplicationId>) -> Result<(), Error> {
    if caller == Some(application) {
        let text = "an application's own token cannot change what it may execute: use one of another application of your agency's";
        return Err(Error::NotNow(text.into()));
    }
    Ok(())
}

/// Returns the origins of pages as they are kept: each once, set apart by spaces.
///
/// # Errors
/// `BAD_USER_INPUT` at `argument`.
pub fn origin_list(argument: &str, origins: &[String]) -> Result<String, Error> {
    let mut faults = Faults::default();
    for (index, text) in origins.iter().enumerate() {
        if !is_origin(text) {
            faults.add(format!("{argument}.{index}"), EXPECTED);
        }
    }
    let once: BTreeSet<&str> = origins.iter().map(String::as_str).collect();
    if once.len() > MAX_ORIGINS {
        faults.add(argument, "at most 20 origins");
    }
    faults.none()?;
    Ok(once.into_iter().collect::<Vec<_>>().join(" "))
}

/// Checks that whoever registers or takes over a program with these scopes reaches as far itself.
///
/// # Errors
/// `FORBIDDEN_SCOPE`.
pub fn within(scopes: &Scopes, registrar: Registrar<'_>) -> Result<(), Error> {
    match registrar {
        Registrar::Token { scopes: own, .. } if !narrower(scopes, own) => {
            Err(Error::forbidden_scope(scopes.to_string()))
        }
        Registrar::Token { .. } | Registrar::Operator => Ok(()),
    }
}

/// Returns who is meant by the name of a person in tokens.
///
/// # Errors
/// `BAD_USER_INPUT` at `argument`: it is no such name, or a program's.
pub fn person<'s>(argument: &str, subject: &'s str) -> Result<&'s str, Error> {
    if !is_name(subject, MAX_SUBJECT) {
        return Err(Error::input(
            argument,
            "the `sub` of the person's tokens: 1 to 128 characters, none of them a control character",
        ));
    }
    if subject.parse::<ApplicationId>().is_ok() {
        return Err(Error::input(
            argument,
            "this is a program, and no person: see `suspendApplication`",
        ));
    }
    Ok(subject)
}

/// Checks that an agency with this many live applications may have another one.
///
/// # Errors
/// `INVALID_TRANSITION`.
pub fn room_for_another(live: u64) -> Result<(), Error> {
    if live < MAX_APPLICATIONS {
        return Ok(());
    }
    Err(Error::NotNow(
        "your agency has 100 applications, as many as it may: suspend one that is not used any more".into(),
    ))
}

/// Checks that an application may be given other means to prove itself: whoever hands them over can be it from then on,
/// so it must not reach further than they do.
///
/// # Errors
/// `INVALID_TRANSITION`: it is suspended, or proves itself otherwise. `FORBIDDEN_SCOPE`.
pub fn renewable(
    application: &application::Model,
    by: ClientAuthentication,
    registrar: Registrar<'_>,
) -> Result<(), Error> {
    changeable(application, registrar)?;
    if application.authentication != by {
        return Err(Error::NotNow(match application.authentication {
            ClientAuthentication::PrivateKeyJwt => {
                "this application proves itself by its keys: replace them instead".into()
            }
            ClientAuthentication::ClientSecretBasic => {
                "this application proves itself by a secret: rotate it instead".into()
            }
        }));
    }
    if !application.dpop_bound && registrar.is_bound() {
        return Err(Error::NotNow(
            "your token is bound to a key, and this application's need not be: renew it by a token that is not, or register \
             one that is `dpopBound`"
                .into(),
        ));
    }
    Ok(())
}

/// Checks that what an application may do can be changed: by whoever reaches as far as it does.
///
/// # Errors
/// `INVALID_TRANSITION`: it is suspended. `FORBIDDEN_SCOPE`.
pub fn changeable(application: &application::Model, registrar: Registrar<'_>) -> Result<(), Error> {
    if application.status != AgencyStatus::Active {
        return Err(Error::NotNow(
            "this application is suspended: register another one".into(),
        ));
    }
    // A stored scope that cannot be read lets its tokens do nothing.
    let scopes = Scopes::parse(&application.scope).unwrap_or_default();
    within(&scopes, registrar)
}

/// Returns the application, suspended for good; none where that was done before: whoever of its agency did it, or the operator
/// for it, nothing followed.
#[must_use]
pub fn suspended(application: application::Model) -> Option<application::Model> {
    let suspended = AgencyStatus::Suspended;
    unless_repeated(Some(application.status), &suspended, || {
        application::Model {
            status: suspended,
            ..application
        }
    })
}

/// Returns the application with these public keys; none where it has them.
#[must_use]
pub fn with_keys(application: application::Model, keys: String) -> Option<application::Model> {
    unless_repeated(Some(application.keys.clone()), &keys.clone(), || {
        application::Model {
            keys,
            ..application
        }
    })
}

/// Returns the application, called from pages of these origins; none where it is.
#[must_use]
pub fn with_origins(
    application: application::Model,
    allowed_origins: String,
) -> Option<application::Model> {
    let before = Some(application.allowed_origins.clone());
    unless_repeated(before, &allowed_origins.clone(), || application::Model {
        allowed_origins,
        ..application
    })
}

/// Returns the JWK set of these public keys, each a JWK as JSON: P-256 or Ed25519, told apart by key and by name. A key
/// without a `kid` is named by its thumbprint.
///
/// # Errors
/// `BAD_USER_INPUT` at `argument`. Nothing of a key is repeated.
pub fn key_set(argument: &str, keys: &[String]) -> Result<String, Error> {
    if !(1..=MAX_KEYS).contains(&keys.len()) {
        return Err(Error::input(argument, "1 to 4 public keys"));
    }
    let (mut seen, mut names) = (BTreeMap::new(), BTreeSet::new());
    let mut set = Vec::new();
    for (index, text) in keys.iter().enumerate() {
        let place = format!("{argument}.{index}");
        let (thumbprint, name, key) = read(text).map_err(|why| Error::input(&*place, why))?;
        if seen.get(&thumbprint) == Some(&name) {
            continue;
        }
        if seen.insert(thumbprint, name.clone()).is_some() {
            return Err(Error::input(place, "the same key twice, by two names"));
        }
        if !names.insert(name) {
            return Err(Error::input(
                place,
                "two keys with the same `kid`: nobody could tell which of them signed",
            ));
        }
        set.push(Value::Object(key));
    }
    Ok(json!({ "keys": set }).to_string())
}

/// Returns a key's thumbprint, its name, and what is kept of it.
fn read(text: &str) -> Result<(String, String, Map<String, Value>), String> {
    if text.len() > MAX_KEY_TEXT {
        return Err("a key is at most 2048 bytes of JSON".to_owned());
    }
    let key = ExternalKey::parse(text.as_bytes(), Accepted::CurvesOnly).map_err(|fault| {
        format!("{fault}: each must be the JSON of a public JWK, EC on P-256 or OKP on Ed25519")
    })?;
    let mut members: Map<String, Value> =
        serde_json::from_str(text).map_err(|_| "not a JSON object".to_owned())?;
    members.retain(|name, _| KEPT.contains(&name.as_str()));
    let thumbprint = key.thumbprint().to_owned();
    let name = key.kid().unwrap_or(&thumbprint).to_owned();
    members.insert("kid".to_owned(), Value::String(name.clone()));
    Ok((thumbprint, name, members))
}

/// Returns when the secrets that are in force now end, once a new one is made at `now`: the newest of them after an
/// overlap, every older one at once. So there are never more than two, and rotating twice ends a secret that leaked. No
/// end is moved to a later time; a secret that keeps its end is not named.
#[must_use]
pub fn endings(in_force: &[application_secret::Model], now: Instant) -> Vec<(SecretId, Instant)> {
    let newest = in_force
        .iter()
        .max_by_key(|secret| (secret.created_at, secret.id))
        .map(|secret| secret.id);
    let ends = |secret: &application_secret::Model| {
        if Some(secret.id) == newest {
            now.plus(OVERLAP)
        } else {
            now
        }
    };
    in_force
        .iter()
        .map(|secret| (secret, ends(secret)))
        .filter(|(secret, ends)| secret.ends_at.is_none_or(|before| before > *ends))
        .map(|(secret, ends)| (secret.id, ends))
        .collect()
}
