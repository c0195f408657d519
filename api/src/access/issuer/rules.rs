//! Which identity provider may be trusted, and what its tokens may do.
//!
//! The registration is the ceiling and the only place that names an agency: a token of the provider's may narrow what
//! the registration gives, and can neither widen it nor speak for another agency.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use concord_entities::trusted_issuer::{self, Mapping};
use serde_json::Value;
use url::Url;

use crate::access::grammar::ScopeListError;
use crate::access::scope::{Scopes, narrower};
use crate::access::token::MAX_LIFE;

/// The algorithms that an identity provider may sign with (RFC 7518, RFC 8037).
pub const ALGORITHMS: [&str; 4] = ["ES256", "EdDSA", "RS256", "PS256"];
/// The type of an access token after RFC 9068.
pub const AT_JWT: &str = "at+jwt";
/// The type of any JWT, for providers that give their access tokens no better one, or none at all.
pub const JWT: &str = "JWT";
/// Bytes of the longest `iss`.
pub const MAX_ISSUER: usize = 512;

/// Bytes of the longest URL of a key set.
const MAX_URI: usize = 2048;
/// Bytes of the longest name of a claim, and of the longest value that is mapped.
const MAX_NAME: usize = 128;
/// Values of the longest table.
const MAX_VALUES: usize = 256;

/// An identity provider as its operator describes it, and as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRegistration {
    /// The `iss` of its tokens, letter for letter.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// The `typ` of its access tokens: [`AT_JWT`] or [`JWT`].
    pub token_type: String,
    /// The algorithms that it may sign with, some of [`ALGORITHMS`].
    pub algorithms: Vec<String>,
    /// The widest scope that its tokens may carry.
    pub scope: String,
    /// How a claim narrows that.
    pub mapping: Option<Mapping>,
    /// The `aud` of its tokens that stands for this service; the service's own audience where none is said.
    pub audience: Option<String>,
    /// How long its tokens may be good for; as long as any token where none is said.
    pub max_life: Option<Duration>,
}

/// What a registration that was found fit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerTerms {
    token_type: String,
    algorithms: Vec<String>,
    ceiling: Scopes,
    narrowing: Option<Narrowing>,
    audience: Option<String>,
    max_life: Duration,
}

/// How a claim narrows the ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Narrowing {
    claim: String,
    /// What each value gives; without a table the claim itself says scopes.
    table: Option<BTreeMap<String, Scopes>>,
}

/// Why a provider cannot be registered like this. Safe to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerError {
    /// The issuer is no URL that tokens can be compared with.
    #[error("the issuer: {0}")]
    Issuer(IssuerUrlError),
    /// The keys' address is no URL that keys can be fetched from.
    #[error("the JWKS URI: {0}")]
    JwksUri(IssuerUrlError),
    /// The type is unknown.
    #[error("the token type: `at+jwt`, or `JWT` where the provider can do no better")]
    TokenType,
    /// No algorithm, an unknown one, or one twice.
    #[error("the algorithms: some of {}, each once", ALGORITHMS.join(", "))]
    Algorithms,
    /// The audience is no name that tokens can be compared with.
    #[error(
        "the audience: 1 to 512 visible characters of ASCII, as the provider writes them into `aud`"
    )]
    Audience,
    /// The longest life is none, or longer than any token's.
    #[error("the longest life: from a minute to 24 hours")]
    MaxLife,
    /// The ceiling is not a list of scopes.
    #[error("the scope: {0}")]
    Scope(#[from] ScopeListError),
    /// The ceiling allows nothing.
    #[error("the scope allows nothing")]
    Nothing,
    /// The claim's name is none.
    #[error("the mapped claim: a name of 1 to 128 bytes without control characters")]
    Claim,
    /// The table has no value, or too many.
    #[error("the mapped values: from 1 to 256 of them")]
    Values,
    /// A value of the table is none.
    #[error("a mapped value: 1 to 128 bytes without control characters")]
    Value,
    /// The scope of a value is not a list of scopes.
    #[error("the scope of the mapped value `{value}`: {fault}")]
    MappedScope {
        /// The value.
        value: String,
        /// What is wrong with its scope.
        fault: ScopeListError,
    },
    /// The scope of a value reaches beyond the ceiling.
    #[error("the scope of the mapped value `{0}` reaches beyond the issuer's own scope")]
    Wider(String),
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerUrlError {
    /// Not a URL of this scheme, or not written plainly.
    #[error("an https:// URL in plain ASCII, without spaces")]
    NotHttps,
    /// It is too long.
    #[error("too long")]
    TooLong,
    /// It carries a name or a password.
    #[error("no user name or password in it")]
    UserInfo,
    /// It has a query.
    #[error("no query in it")]
    Query,
    /// It has a fragment.
    #[error("no fragment in it")]
    Fragment,
}

impl IssuerRegistration {
    /// Returns what a row says.
    #[must_use]
    pub fn from_row(row: &trusted_issuer::Model) -> Self {
        Self {
            issuer: row.issuer.clone(),
            jwks_uri: row.jwks_uri.clone(),
            token_type: row.token_type.clone(),
            algorithms: row.algorithms.0.clone(),
            scope: row.scope.clone(),
            mapping: row.mapping.clone(),
            audience: row.audience.clone(),
            max_life: row
                .max_life
                .map(|seconds| Duration::from_secs(seconds.unsigned_abs().into())),
        }
    }

    /// Returns the longest life as a row keeps it.
    #[must_use]
    pub fn max_life_in_seconds(&self) -> Option<i32> {
        self.max_life
            .and_then(|life| i32::try_from(life.as_secs()).ok())
    }

    /// Returns what this registration says, where it is fit.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn terms(&self) -> Result<IssuerTerms, IssuerError> {
        let issuer = plain_https(&self.issuer, MAX_ISSUER).map_err(IssuerError::Issuer)?;
        // RFC 8414, 2: an issuer's identifier has neither query nor fragment.
        if issuer.query().is_some() {
            return Err(IssuerError::Issuer(IssuerUrlError::Query));
        }
        plain_https(&self.jwks_uri, MAX_URI).map_err(IssuerError::JwksUri)?;
        if ![AT_JWT, JWT].contains(&self.token_type.as_str()) {
            return Err(IssuerError::TokenType);
        }
        let is_name = |text: &String| {
            (1..=MAX_ISSUER).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if !self.audience.as_ref().is_none_or(is_name) {
            return Err(IssuerError::Audience);
        }
        let max_life = self.max_life.unwrap_or(MAX_LIFE);
        if !(Duration::from_mins(1)..=MAX_LIFE).contains(&max_life) {
            return Err(IssuerError::MaxLife);
        }
        let known = |name: &&String| ALGORITHMS.contains(&name.as_str());
        let distinct: BTreeSet<_> = self.algorithms.iter().filter(known).collect();
        if distinct.is_empty() || distinct.len() != self.algorithms.len() {
            return Err(IssuerError::Algorithms);
        }
        let ceiling = Scopes::parse(&self.scope)?;
        if ceiling.is_empty() {
            return Err(IssuerError::Nothing);
        }
        let narrowing = self
            .mapping
            .as_ref()
            .map(|mapping| Narrowing::within(&ceiling, mapping))
            .transpose()?;
        Ok(IssuerTerms {
            token_type: self.token_type.clone(),
            algorithms: self.algorithms.clone(),
            ceiling,
            narrowing,
            audience: self.audience.clone(),
            max_life,
        })
    }
}

/// Returns a URL that says `https` and nothing in two ways: a parser forgives spaces, backslashes and missing slashes,
/// and what it makes of them is not what others read.
fn plain_https(text: &str, longest: usize) -> Result<Url, IssuerUrlError> {
    if text.len() > longest {
        return Err(IssuerUrlError::TooLong);
    }
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let rest = text.strip_prefix("https://").filter(|_| plain);
    let rest = rest.ok_or(IssuerUrlError::NotHttps)?;
    let url = Url::parse(text).map_err(|_| IssuerUrlError::NotHttps)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(IssuerUrlError::NotHttps);
    }
    if authority.contains('@') {
        return Err(IssuerUrlError::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(IssuerUrlError::Fragment);
    }
    Ok(url)
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && !text.chars().any(char::is_control)
}

impl Narrowing {
    fn within(ceiling: &Scopes, mapping: &Mapping) -> Result<Self, IssuerError> {
        if !is_name(&mapping.claim) {
            return Err(IssuerError::Claim);
        }
        let table = mapping
            .values
            .as_ref()
            .map(|values| table_within(ceiling, values))
            .transpose()?;
        Ok(Self {
            claim: mapping.claim.clone(),
            table,
        })
    }

    /// Returns what a claim gives. Only texts, and lists of nothing but texts, say anything.
    fn gives(&self, claim: &Value) -> Scopes {
        let said: Option<Vec<&str>> = match claim {
            Value::String(text) => Some(vec![text]),
            Value::Array(list) => list.iter().map(Value::as_str).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        };
        let said = said.unwrap_or_default();
        match &self.table {
            Some(table) => said
                .iter()
                // One text may be one value or several with spaces between; a text of a list is one value.
                .flat_map(|text| parts(text, claim.is_string()))
                .filter_map(|value| table.get(value))
                .flat_map(|scopes| scopes.iter().cloned())
                .collect(),
            None => Scopes::parse(&said.join(" ")).unwrap_or_default(),
        }
    }
}

fn parts(text: &str, split: bool) -> impl Iterator<Item = &str> {
    let several = split.then(|| text.split(' ')).into_iter().flatten();
    std::iter::once(text).chain(several)
}

fn table_within(
    ceiling: &Scopes,
    values: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Scopes>, IssuerError> {
    if !(1..=MAX_VALUES).contains(&values.len()) {
        return Err(IssuerError::Values);
    }
    let mapped = |(value, scope): (&String, &String)| {
        if !is_name(value) {
            return Err(IssuerError::Value);
        }
        let scopes = Scopes::parse(scope).map_err(|fault| IssuerError::MappedScope {
            value: value.clone(),
            fault,
        })?;
        if narrower(&scopes, ceiling) {
            Ok((value.clone(), scopes))
        } else {
            Err(IssuerError::Wider(value.clone()))
        }
    };
    values.iter().map(mapped).collect()
}

impl IssuerTerms {
    /// Returns the `typ` that the tokens must have.
    #[must_use]
    pub fn token_type(&self) -> &str {
        &self.token_type
    }

    /// Returns the audience that the tokens must name, where it is not the service's own.
    #[must_use]
    pub fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// Returns how long the tokens may be good for.
    #[must_use]
    pub fn max_life(&self) -> Duration {
        self.max_life
    }

    /// Returns whether the tokens may be signed like this.
    #[must_use]
    pub fn allows(&self, algorithm: &str) -> bool {
        self.algorithms.iter().any(|allowed| allowed == algorithm)
    }

    /// Returns the widest scope that the tokens may carry.
    #[must_use]
    pub fn ceiling(&self) -> &Scopes {
        &self.ceiling
    }

    /// Returns the claim that narrows it, where one does.
    #[must_use]
    pub fn claim(&self) -> Option<&str> {
        self.narrowing
            .as_ref()
            .map(|narrowing| narrowing.claim.as_str())
    }

    /// Returns what a token may do whose mapped claim is this; never more than the ceiling. A mapped claim that is
    /// absent, or that cannot be understood, gives nothing.
    #[must_use]
    pub fn grants(&self, claim: Option<&Value>) -> Scopes {
        let Some(narrowing) = &self.narrowing else {
            return self.ceiling.clone();
        };
        let given = claim.map(|claim| narrowing.gives(claim));
        given
            .filter(|given| narrower(given, &self.ceiling))
            .unwrap_or_default()
    }
}
