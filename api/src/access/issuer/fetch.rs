//! The keys of an identity provider, fetched from where its registration says.
//!
//! The address was written by somebody else, so nothing about it is trusted: only `https`, only addresses within
//! reach, no redirect to where nobody looked, no proxy from the environment, three seconds and 64 KiB in all.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, StatusCode};
use url::{Host, Url};

use super::address::Reach;
use crate::error::causes;
use crate::jose::jwk::{Accepted, ExternalKeys, JwkError, MAX_JSON};
use crate::settings::Settings;

/// How long all of a fetch may take, from the name to the last byte.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Whoever fetches keys.
#[derive(Clone, Debug)]
pub struct Fetcher {
    certificates: Vec<Certificate>,
    reach: Reach,
}

/// The keys that were fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The JWK set as it was sent, to be kept.
    pub jwks: String,
    /// What can be used of it; at least one key.
    pub keys: ExternalKeys,
}

/// Why nobody can fetch keys here.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// The file of certificates cannot be read.
    #[error("issuer_ca_file: {file} cannot be read: {fault}", file = .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        fault: io::Error,
    },
    /// It holds no certificate, or something that is none.
    #[error("issuer_ca_file: {} is not PEM of one certificate or more", .0.display())]
    NotPem(PathBuf),
}

/// Why no keys were had. Safe to show to an operator.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL is not `https` with a host.
    #[error("keys are fetched over https alone")]
    NotHttps,
    /// The host is an address that is out of reach.
    #[error("{0} is not a public address; see the setting issuer_private_addresses")]
    OutOfReach(IpAddr),
    /// There was no answer, or not in time.
    #[error("no answer: {}", causes(.0))]
    NoAnswer(#[from] reqwest::Error),
    /// The answer was another than 200, such as a redirect.
    #[error("the answer was {0}, not 200 with the keys")]
    Status(StatusCode),
    /// The answer was too long.
    #[error("the answer was longer than 64 KiB")]
    TooLong,
    /// The answer was no set of keys.
    #[error("the answer was no JWK set to be believed: {0}")]
    NotKeys(#[from] JwkError),
    /// None of the keys can be used.
    #[error("none of the keys can be used: P-256, Ed25519 or RSA of 2048 to 4096 bits is needed")]
    NoneUsable,
}

impl FetchError {
    /// Returns the stable code of this fault, as the log carries it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHttps => "not_https",
            Self::OutOfReach(_) => "out_of_reach",
            Self::NoAnswer(_) => "no_answer",
            Self::Status(_) => "wrong_status",
            Self::TooLong => "too_long",
            Self::NotKeys(fault) => fault.code(),
            Self::NoneUsable => "none_usable",
        }
    }
}

impl Fetcher {
    /// Makes a fetcher that stays within this reach. Certificates that the machine trusts count, and those in
    /// `ca_file`.
    ///
    /// # Errors
    /// [`FetcherError`].
    pub fn new(reach: Reach, ca_file: Option<&Path>) -> Result<Self, FetcherError> {
        let certificates = ca_file.map(read_certificates).transpose()?;
        Ok(Self {
            certificates: certificates.unwrap_or_default(),
            reach,
        })
    }

    /// Makes a fetcher as the settings allow.
    ///
    /// # Errors
    /// [`FetcherError`].
    pub fn from_settings(settings: &Settings) -> Result<Self, FetcherError> {
        let reach = Reach::of(settings.issuer_private_addresses);
        Self::new(reach, settings.issuer_ca_file.as_deref())
    }

    /// Returns a client for one fetch: a set is fetched once an hour, and a machine that trusts no certificate, where
    /// none can be made, need not fetch any.
    fn client(&self) -> reqwest::Result<Client> {
        Client::builder()
            .tls_backend_rustls()
            .tls_certs_merge(self.certificates.iter().cloned())
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .dns_resolver(Resolver { reach: self.reach })
            .pool_max_idle_per_host(0)
            .user_agent(concat!("concord/", env!("CARGO_PKG_VERSION")))
            .build()
    }

    /// Returns the keys at this address.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch(&self, jwks_uri: &str) -> Result<Fetched, FetchError> {
        let url = self.within_reach(jwks_uri)?;
        let mut response = self.client()?.get(url).send().await?;
        // A status of success without the keys, such as 204 or 206, is no answer to this question either.
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_JSON {
                return Err(FetchError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        read_keys(body)
    }

    /// Returns the URL, where no more is needed than to look at it. An address that is written in the URL itself is not
    /// resolved, so the resolver never sees it.
    fn within_reach(&self, jwks_uri: &str) -> Result<Url, FetchError> {
        let url = Url::parse(jwks_uri).map_err(|_| FetchError::NotHttps)?;
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::NotHttps),
        };
        if url.scheme() != "https" {
            return Err(FetchError::NotHttps);
        }
        match address {
            Some(address) if !self.reach.has(address) => Err(FetchError::OutOfReach(address)),
            Some(_) | None => Ok(url),
        }
    }
}

fn read_certificates(file: &Path) -> Result<Vec<Certificate>, FetcherError> {
    let pem = std::fs::read(file).map_err(|fault| FetcherError::Unreadable {
        file: file.to_owned(),
        fault,
    })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(FetcherError::NotPem(file.to_owned())),
    }
}

fn read_keys(body: Vec<u8>) -> Result<Fetched, FetchError> {
    let keys = read_set(&body)?;
    if keys.is_empty() {
        return Err(FetchError::NoneUsable);
    }
    let jwks = String::from_utf8(body).map_err(|_| JwkError::NotAnObject)?;
    Ok(Fetched { jwks, keys })
}

/// Returns the keys of a set, as an identity provider may have them.
///
/// # Errors
/// When it is no set of public keys.
pub fn read_set(jwks: &[u8]) -> Result<ExternalKeys, JwkError> {
    ExternalKeys::parse(jwks, Accepted::CurvesAndRsa)
}

/// The machine's resolver, without the addresses that are out of reach. What it lets through is what is connected to:
/// nobody resolves the name a second time.
struct Resolver {
    reach: Reach,
}

/// A name that leads nowhere within reach.
#[derive(Debug, thiserror::Error)]
#[error("no public address has this name; see the setting issuer_private_addresses")]
struct UnreachableHostError;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let within: Vec<SocketAddr> = found.filter(|address| reach.has(address.ip())).collect();
            if within.is_empty() {
                return Err(UnreachableHostError.into());
            }
            Ok::<Addrs, _>(Box::new(within.into_iter()))
        })
    }
}
