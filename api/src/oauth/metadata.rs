//! What the service says of itself, so that any OAuth library finds its way: as an authorization server (RFC 8414) and
//! as a protected resource (RFC 9728).

use concord_entities::vocabulary::Code;
use serde_json::{Value, json};
use url::Url;

use crate::access::grant::{Permission, Resource};
use crate::settings::Settings;

/// The algorithms with which a program signs its assertions and its DPoP proofs.
pub const CLIENT_ALGORITHMS: [&str; 3] = ["ES256", "EdDSA", "Ed25519"];
/// The ways in which a program authenticates.
const CLIENT_AUTHENTICATIONS: [&str; 2] = ["private_key_jwt", "client_secret_basic"];

/// The grant of RFC 6749, 4.4.
pub const CLIENT_CREDENTIALS: &str = "client_credentials";
/// The grant of RFC 8693, 2.1.
pub const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// Returns the metadata of the authorization server (RFC 8414, 2).
#[must_use]
pub fn authorization_server(settings: &Settings) -> Value {
    let issuer = &settings.issuer;
    json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth/token"),
        "revocation_endpoint": format!("{issuer}/oauth/revoke"),
        "introspection_endpoint": format!("{issuer}/oauth/introspect"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": [],
        "grant_types_supported": [CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
        "scopes_supported": scopes(),
        "token_endpoint_auth_methods_supported": CLIENT_AUTHENTICATIONS,
        "token_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": CLIENT_AUTHENTICATIONS,
        "revocation_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": CLIENT_AUTHENTICATIONS,
        "introspection_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "dpop_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "protected_resources": [settings.audience],
    })
}

/// Returns the metadata of the protected resource, `/graphql` (RFC 9728, 2).
#[must_use]
pub fn protected_resource(settings: &Settings) -> Value {
    json!({
        "resource": settings.audience,
        "resource_name": "Concord",
        "authorization_servers": [settings.issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": scopes(),
        "dpop_signing_alg_values_supported": CLIENT_ALGORITHMS,
    })
}

/// Returns where the metadata of the protected resource is: the well-known part stands before the resource's own path
/// (RFC 9728, 3.1).
#[must_use]
pub fn protected_resource_url(settings: &Settings) -> String {
    let path = path(&settings.audience);
    let host = settings
        .audience
        .strip_suffix(path.as_str())
        .unwrap_or(&settings.audience);
    format!("{host}/.well-known/oauth-protected-resource{path}")
}

/// Returns the path of an identifier; empty where it has none.
#[must_use]
pub fn path(identifier: &str) -> String {
    Url::parse(identifier).map_or_else(
        |_| String::new(),
        |url| url.path().trim_end_matches('/').to_owned(),
    )
}

/// Returns every single permission. What may be granted is finer: any letters of a resource, within categories and
/// purposes.
fn scopes() -> Vec<String> {
    Resource::ALL
        .iter()
        .flat_map(|resource| {
            Permission::ALL
                .iter()
                .map(|permission| resource.to(*permission).to_string())
        })
        .collect()
}
