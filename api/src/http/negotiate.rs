//! Which media type a request is in, which its answer is in, and which status goes with it.
//!
//! Source: GraphQL over HTTP. Its older half is kept as well: a client that names no media type, or any, gets
//! `application/json`, because it may take everything but 200 for an answer that is not GraphQL.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT, Accept, CONTENT_TYPE, HeaderMap, HeaderValue, IF_NONE_MATCH, Quality, QualityItem,
};
use actix_web::mime::{self, Mime};
use async_graphql::Response;

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`: every well-formed GraphQL answer has status 200.
    Json,
    /// `application/graphql-response+json`: the status says whether the request was executed.
    GraphqlResponse,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// It was executed: there is `data`, even if null, and there may be errors of fields.
    Answered,
    /// A well-formed request that was not executed: syntax, limits, validation or variables.
    RequestError,
    /// Not a GraphQL request: no JSON, no `query`, a parameter of a wrong type.
    Malformed,
}

/// Why a request cannot be served in its media types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NegotiationError {
    /// None of the media types that the client accepts is ours.
    #[error(
        "nothing that `Accept` names is served here: accept `application/graphql-response+json` or `application/json`"
    )]
    NotAcceptable,
    /// The body is not declared to be JSON in UTF-8.
    #[error("the body must be JSON in UTF-8: send `Content-Type: application/json`")]
    UnsupportedMediaType,
}

impl NegotiationError {
    /// Returns the status to answer with.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

impl MediaType {
    /// Returns the answer's `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    /// Returns the answer's status.
    #[must_use]
    pub fn status(self, outcome: RequestOutcome) -> StatusCode {
        match (outcome, self) {
            (RequestOutcome::Answered, _) | (RequestOutcome::RequestError, Self::Json) => {
                StatusCode::OK
            }
            (RequestOutcome::RequestError, Self::GraphqlResponse)
            | (RequestOutcome::Malformed, _) => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the media type that the client likes best, of those that we serve. Answers vary by `Accept`: say so in
    /// `Vary`.
    ///
    /// The higher `q` wins; then what is named over what a wildcard allows; then, where both are named, the newer.
    ///
    /// # Errors
    /// [`NegotiationError::NotAcceptable`], also where `Accept` cannot be read.
    pub fn of_answer(headers: &HeaderMap) -> Result<Self, NegotiationError> {
        let mut stated = headers
            .get_all(ACCEPT)
            .filter(|value| !value.is_empty())
            .peekable();
        if stated.peek().is_none() {
            return Ok(Self::Json);
        }
        let accepted = actix_web::http::header::from_comma_delimited(stated)
            .map_err(|_| NegotiationError::NotAcceptable)?;
        let accepted = Accept(accepted);
        let json = Self::Json.liking(&accepted);
        let graphql = Self::GraphqlResponse.liking(&accepted);
        match (json, graphql) {
            (None, None) => Err(NegotiationError::NotAcceptable),
            (Some(_), None) => Ok(Self::Json),
            (Some(json), Some(graphql))
                if json > graphql || (json == graphql && graphql.nearness < Nearness::Named) =>
            {
                Ok(Self::Json)
            }
            (_, Some(_)) => Ok(Self::GraphqlResponse),
        }
    }

    /// Returns how much the client likes this type. The nearest range decides, even where it says "no" (`q=0`).
    fn liking(self, accepted: &Accept) -> Option<Liking> {
        let ranges = accepted.iter().filter_map(|range| {
            Some(Liking {
                nearness: self.nearness(range)?,
                quality: range.quality,
            })
        });
        let nearest = ranges.max_by_key(|liking| (liking.nearness, liking.quality))?;
        (nearest.quality > Quality::ZERO).then_some(nearest)
    }

    fn nearness(self, range: &QualityItem<Mime>) -> Option<Nearness> {
        let range = &range.item;
        if !in_utf8(range) {
            return None;
        }
        match (range.type_().as_str(), range.essence_str()) {
            ("*", _) => Some(Nearness::Anything),
            ("application", "application/*") => Some(Nearness::Application),
            (_, essence) if essence == self.essence() => Some(Nearness::Named),
            _ => None,
        }
    }

    fn essence(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::GraphqlResponse => "application/graphql-response+json",
        }
    }
}

/// How near a media range comes to a media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Anything,
    Application,
    Named,
}

// The order of the fields is the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Liking {
    quality: Quality,
    nearness: Nearness,
}

impl RequestOutcome {
    /// Returns what became of a request that the executor answered.
    ///
    /// A field's error has the path of that field, and a request's error has none; where there is no data this is what
    /// tells them apart.
    #[must_use]
    pub fn of(response: &Response) -> Self {
        let refused = response.data == async_graphql::Value::Null
            && !response.errors.is_empty()
            && response.errors.iter().all(|error| error.path.is_empty());
        if refused {
            Self::RequestError
        } else {
            Self::Answered
        }
    }
}

/// Checks that the body is declared as `application/json`, in UTF-8 where it names a charset.
///
/// # Errors
/// [`NegotiationError::UnsupportedMediaType`], also where there is no declaration.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), NegotiationError> {
    let mut stated = headers.get_all(CONTENT_TYPE);
    let (Some(only), None) = (stated.next(), stated.next()) else {
        return Err(NegotiationError::UnsupportedMediaType);
    };
    only.to_str()
        .ok()
        .and_then(|text| text.parse::<Mime>().ok())
        .filter(|media| {
            media.essence_str() == mime::APPLICATION_JSON.essence_str() && in_utf8(media)
        })
        .map(|_| ())
        .ok_or(NegotiationError::UnsupportedMediaType)
}

fn in_utf8(media: &Mime) -> bool {
    media
        .get_param(mime::CHARSET)
        .is_none_or(|charset| charset.as_str().eq_ignore_ascii_case("utf-8"))
}

/// Returns whether the client has what bears this tag already (RFC 9110, 13.1.2).
#[must_use]
pub fn has(headers: &HeaderMap, tag: &str) -> bool {
    let named = headers
        .get_all(IF_NONE_MATCH)
        .filter_map(|line| line.to_str().ok());
    let mut named = named.flat_map(|line| line.split(',')).map(str::trim);
    named.any(|one| one.trim_start_matches("W/").trim_matches('"') == tag)
}
