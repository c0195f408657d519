//! What a caller without a good token is told to bring (RFC 9110, 11.6.1; RFC 6750, 3; RFC 9449, 7.1; RFC 9728, 5.1).

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};

use crate::oauth::metadata;
use crate::settings::Settings;

/// What a request lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack<'s> {
    /// Any token: it made no error yet.
    Token,
    /// A token that is in force; which of its faults it was is not told.
    GoodToken,
    /// A good proof that it holds the key that its token is bound to.
    GoodProof,
    /// A token that reaches as far as this scope.
    Scope(&'s str),
}

/// The challenges of one service.
#[derive(Clone, Debug)]
pub struct Challenges {
    /// Where its metadata is, as a parameter.
    metadata: String,
}

impl Challenges {
    /// Returns the challenges of the service that these settings describe.
    #[must_use]
    pub fn from_settings(settings: &Settings) -> Self {
        Self {
            metadata: format!(
                "resource_metadata=\"{}\"",
                metadata::protected_resource_url(settings)
            ),
        }
    }

    /// Adds to an answer what its request lacks: one challenge for each scheme that would do.
    pub fn add(&self, answer: &mut HttpResponse, lack: Lack<'_>) {
        let (bearer, dpop) = match lack {
            Lack::Token => (String::new(), String::new()),
            Lack::GoodToken => (INVALID_TOKEN.to_owned(), INVALID_TOKEN.to_owned()),
            Lack::GoodProof => (
                INVALID_TOKEN.to_owned(),
                ", error=\"invalid_dpop_proof\"".to_owned(),
            ),
            // Scopes of ours are made of letters that need no escape (RFC 6750, 3).
            Lack::Scope(scope) => {
                let said = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
                (said.clone(), said)
            }
        };
        for challenge in [
            format!("Bearer {}{bearer}", self.metadata),
            format!(
                "DPoP {}{dpop}, algs=\"{}\"",
                self.metadata,
                metadata::CLIENT_ALGORITHMS.join(" ")
            ),
        ] {
            if let Ok(challenge) = HeaderValue::from_str(&challenge) {
                answer.headers_mut().append(WWW_AUTHENTICATE, challenge);
            }
        }
    }
}

const INVALID_TOKEN: &str = ", error=\"invalid_token\"";
