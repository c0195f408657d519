//! What a caller without a good token is told to bring (RFC 9110, 11.6.1; RFC 6750, 3; RFC 9449, 7.1; RFC 9728, 5.1).

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};

use crate::access::token::TokenError;
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
    /// A token whose claims are right: its issuer, an agency's own, signed this one, so that no forger learns anything.
    GoodClaim(TokenError),
    /// A token that reaches further.
    Scope {
        /// As far as this.
        scope: &'s str,
        /// The claim that was to say how far, where it gives nothing.
        empty_claim: Option<&'s str>,
    },
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
            Lack::Scope { scope, empty_claim } => {
                let said = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
                let why = empty_claim.filter(|claim| is_plain(claim)).map_or_else(
                    String::new,
                    |claim| described(&format!("the token's {claim}: it gives none of the scopes that its issuer is registered for")),
                );
                (format!("{said}{why}"), format!("{said}{why}"))
            }
            Lack::GoodClaim(fault) => {
                let member = fault.member().unwrap_or("claims");
                let said = format!(
                    "{INVALID_TOKEN}{}",
                    described(&format!("the token's {member}: {fault}"))
                );
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

fn described(text: &str) -> String {
    format!(", error_description=\"{text}\"")
}

/// Returns whether a text may stand in a challenge as it is (RFC 6750, 3).
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

const INVALID_TOKEN: &str = ", error=\"invalid_token\"";
