//! From which pages the service is called (CORS): who says so, what a browser is told, and what is refused all the same.

mod registered;
mod settings;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::world::{Agency, World, on_both};

const DESK: &str = "https://desk.example";
const INTAKE: &str = "https://intake.example:8443";
const STRANGER: &str = "https://stranger.example";
const VIEWER: &str = "{ viewer { subject } }";

/// A request as a page of this origin sends it.
fn from(origin: &str, request: RequestBuilder) -> RequestBuilder {
    request.header("origin", origin)
}

fn posts(agency: &Agency) -> RequestBuilder {
    let url = format!("http://{}/graphql", agency.address);
    let request = reqwest::Client::new().post(url).bearer_auth(&agency.token);
    let accept = ("accept", "application/graphql-response+json");
    request
        .header(accept.0, accept.1)
        .json(&json!({ "query": VIEWER }))
}

/// Asks whether a page of this origin may send such a request.
async fn preflight(
    address: &str,
    path: &str,
    origin: &str,
    method: &str,
    headers: &str,
) -> Response {
    let asked = reqwest::Client::new()
        .request(Method::OPTIONS, format!("http://{address}{path}"))
        .header("access-control-request-method", method);
    let asked = if headers.is_empty() {
        asked
    } else {
        asked.header("access-control-request-headers", headers)
    };
    from(origin, asked).send().await.unwrap()
}

/// Whether a page of this origin may call with some token.
async fn may_call(address: &str, origin: &str) -> bool {
    let headers = "authorization,content-type";
    let answer = preflight(address, "/graphql", origin, "POST", headers).await;
    let allowed = header(answer.headers(), "access-control-allow-origin");
    assert_eq!(answer.status().is_success(), allowed == origin);
    allowed == origin
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name);
    value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

/// What a page of this origin is answered: the status, the codes, and whether the browser lets the page read it.
async fn answered(origin: &str, agency: &Agency) -> (u16, String, bool) {
    let response = from(origin, posts(agency)).send().await.unwrap();
    told(origin, response).await
}

async fn told(origin: &str, response: Response) -> (u16, String, bool) {
    let readable = header(response.headers(), "access-control-allow-origin") == origin;
    let exposed = header(response.headers(), "access-control-expose-headers");
    for name in ["x-request-id", "retry-after", "www-authenticate"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    assert!(header(response.headers(), "vary").contains("Origin"));
    assert_eq!(
        header(response.headers(), "access-control-allow-credentials"),
        ""
    );
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    let codes = errors
        .iter()
        .map(|error| error["extensions"]["code"].as_str().unwrap().to_owned());
    (status, codes.collect::<Vec<_>>().join(" "), readable)
}

fn ok() -> (u16, String, bool) {
    (200, String::new(), true)
}

fn refused(status: u16, codes: &str, readable: bool) -> (u16, String, bool) {
    (status, codes.to_owned(), readable)
}
