//! The parameters of a GraphQL request over POST.

use serde_json::{Map, Value};

use crate::error::Error;

/// What a request's body asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// The document's text.
    pub query: String,
    /// Which of its operations is meant.
    pub operation_name: Option<String>,
    /// The variables as they were sent.
    pub variables: Option<Map<String, Value>>,
}

impl Params {
    /// Reads a body. Keys that we do not know are passed over; null is the same as absent.
    ///
    /// # Errors
    /// [`Error::PersistedQueryNotSupported`] where a hash stands for the document; [`Error::BadUserInput`] where the body
    /// is not JSON, is a batch, lacks `query`, or has a parameter of a wrong type. Nothing of the body is repeated.
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
        let by_hash =
            extensions.is_some_and(|extensions| extensions.contains_key("persistedQuery"));
        let query = match text(&mut params, "query")? {
            Some(query) => query,
            None if by_hash => return Err(Error::PersistedQueryNotSupported),
            None => {
                let remedy = "is missing: send the GraphQL document as a string";
                return Err(Error::input("query", remedy));
            }
        };
        Ok(Self {
            query,
            operation_name: text(&mut params, "operationName")?,
            variables: object(&mut params, "variables")?,
        })
    }
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
