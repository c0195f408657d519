//! The URL of a PostgreSQL store: read strictly, since what is misread of it may be a password, and encrypted on a network
//! unless it says otherwise.

use std::env;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::Url;

/// What is wrong with a URL; repeats nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    /// It is of another kind.
    #[error("only a postgres:// URL; leave it out for the embedded store")]
    Scheme,
    /// It cannot be taken apart.
    #[error(
        "not a URL such as postgres://user:password@host/database: {0}. Of a password, write each letter that is neither a \
         letter of ASCII nor a digit as `%` and two hex digits"
    )]
    Malformed(&'static str),
    /// It has a parameter that looks like a password and that nobody reads.
    #[error("has a parameter after its `?` that is no `password` and looks like one")]
    Parameter,
}

/// Reads a URL. On a network its certificate is verified, and that it is the host's (`sslmode=verify-full`), unless the
/// URL or the variable `PGSSLMODE` says otherwise; not on this machine, nor through a socket.
///
/// # Errors
/// [`PostgresUrlError`].
pub fn read(written: &str) -> Result<String, PostgresUrlError> {
    if !written.starts_with("postgres://") && !written.starts_with("postgresql://") {
        return Err(PostgresUrlError::Scheme);
    }
    let mut url = Url::parse(written).map_err(|_| malformed("host or port cannot be read"))?;
    if url.fragment().is_some() {
        return Err(malformed("a `#` stands in it"));
    }
    if url.path().contains('@') || url.query().is_some_and(|query| query.contains('@')) {
        return Err(malformed("an `@` stands behind its host"));
    }
    // The driver logs a parameter that it does not know, with its value.
    let misspelt = |name: &str| {
        let known = ["password", "passfile", "sslpassword"];
        let secret = ["pass", "pwd", "secret"];
        !known.contains(&name) && secret.iter().any(|part| name.contains(part))
    };
    if url.query_pairs().any(|(name, _)| misspelt(&name)) {
        return Err(PostgresUrlError::Parameter);
    }
    let told = url
        .query_pairs()
        .any(|(name, _)| matches!(&*name, "sslmode" | "ssl-mode"));
    if told || env::var_os("PGSSLMODE").is_some() || !is_on_network(&url) {
        return Ok(written.to_owned());
    }
    url.query_pairs_mut().append_pair("sslmode", "verify-full");
    Ok(url.into())
}

fn malformed(why: &'static str) -> PostgresUrlError {
    PostgresUrlError::Malformed(why)
}

/// Returns whether the host that is connected to is another machine.
fn is_on_network(url: &Url) -> bool {
    let named = url
        .query_pairs()
        .filter(|(name, _)| matches!(&**name, "host" | "hostaddr"))
        .last()
        .map(|(_, host)| host.into_owned());
    let in_url = || {
        let host = url.host_str().filter(|host| !host.is_empty())?;
        Some(percent_decode_str(host).decode_utf8_lossy().into_owned())
    };
    let in_environment = || env::var("PGHOSTADDR").or_else(|_| env::var("PGHOST")).ok();
    let host = named.or_else(in_url).or_else(in_environment);
    host.is_some_and(|host| {
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let here = address.is_some_and(|address| address.to_canonical().is_loopback());
        !here && host != "localhost" && !host.starts_with('/')
    })
}
