//! The parameters of a GraphQL request over POST.

use serde_json::{Map, Value};

use crate::error::Error;

/// The document that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedDocument {
    /// By its text.
    Text(String),
    /// By the SHA-256 of its text, as it was sent.
    Hash(String),
}

/// What a request's body asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// The document.
    pub document: NamedDocument,
    /// Which of its operations is meant.
    pub operation_name: Option<String>,
    /// The variables as they were sent.
    pub variables: Option<Map<String, Value>>,
}

impl Params {
    /// Reads a body. Keys that we do not know are passed over; null is the same as absent.
    ///
    /// # Errors
    /// [`Error::BadUserInput`] where the body is not JSON, is a batch, names no document, or has a parameter of a wrong type.
    /// Nothing of the body is repeated.
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Err(bad("the body is empty: send a JSON object with a `query`"));
        }
        let json: Value = serde_json::from_slice(body).map_err(|fault| not_json(&fault))?;
        let mut params = match json {
            Value::Object(params) => params,
            Value::Array(_) => {
                return Err(bad(
                    "batches are not served: send each operation in a request of its own",
                ));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                return Err(bad("the body must be a JSON object with a `query`"));
            }
        };
        let extensions = object(&mut params, "extensions")?;
        let id = text(&mut params, "documentId")?;
        let hash = || {
            id.as_deref()
                .map(of_document_id)
                .or(of_extensions(extensions.as_ref()))
        };
        let document = match text(&mut params, "query")? {
            Some(text) => NamedDocument::Text(text),
            None => NamedDocument::Hash(hash().ok_or_else(|| {
                let remedy = "is missing: send the GraphQL document as a string";
                Error::input("query", remedy)
            })?),
        };
        Ok(Self {
            document,
            operation_name: text(&mut params, "operationName")?,
            variables: object(&mut params, "variables")?,
        })
    }
}

/// Returns the hash in a document's identifier (GraphQL over HTTP, appendix on persisted documents): `sha256:` may stand before
/// it.
fn of_document_id(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).to_owned()
}

/// Returns the hash in the place where Apollo sends it; empty where that place holds none.
fn of_extensions(extensions: Option<&Map<String, Value>>) -> Option<String> {
    let persisted = extensions?.get("persistedQuery")?;
    let hash = persisted.get("sha256Hash").and_then(Value::as_str);
    Some(hash.unwrap_or("").to_owned())
}

fn text(params: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Error> {
    match params.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Error::input(name, "must be a string"))
        }
    }
}

fn object(
    params: &mut Map<String, Value>,
    name: &str,
) -> Result<Option<Map<String, Value>>, Error> {
    match params.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(Error::input(name, "must be an object"))
        }
    }
}

fn not_json(fault: &serde_json::Error) -> Error {
    Error::bad_request(format!(
        "the body is not JSON: it cannot be read at line {}, column {}",
        fault.line(),
        fault.column()
    ))
}

fn bad(text: &'static str) -> Error {
    Error::bad_request(text)
}
