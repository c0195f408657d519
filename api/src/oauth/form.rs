//! What a program sends to the authorization server: `application/x-www-form-urlencoded` parameters, each once.

use std::collections::BTreeMap;

use url::form_urlencoded;

use super::fault::OauthError;

/// The parameters of a request. One without a value is as good as absent, and one that nobody knows is ignored
/// (RFC 6749, 3.2).
#[derive(Clone, Debug, Default)]
pub struct FormParameters(BTreeMap<String, String>);

impl FormParameters {
    /// How long a body may be, in bytes: two tokens and an assertion, with room to spare.
    pub const MAX_BODY: usize = 32 * 1024;

    /// Reads a body.
    ///
    /// # Errors
    /// `invalid_request`: it is not UTF-8, or says something twice (RFC 6749, 3.2).
    pub fn parse(body: &[u8]) -> Result<Self, OauthError> {
        let text = str::from_utf8(body)
            .map_err(|_| OauthError::request("write the body in UTF-8, percent-encoded"))?;
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let repeated = parameters.insert(name.into_owned(), value.into_owned());
            if repeated.is_some() {
                return Err(OauthError::request("send each parameter once"));
            }
        }
        parameters.retain(|_, value| !value.is_empty());
        Ok(Self(parameters))
    }

    /// Returns the value of a parameter, where it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the value of a parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request`, with `otherwise` for its developer.
    pub fn need(&self, name: &str, otherwise: &'static str) -> Result<&str, OauthError> {
        self.get(name).ok_or(OauthError::request(otherwise))
    }
}
