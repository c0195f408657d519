//! Which operation of a document a request means.

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType,
};

use crate::error::Error;

/// Returns the operation that a request means.
///
/// # Errors
/// [`Error::BadUserInput`] where there is none of this name, or several and none was named.
pub fn select_operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d OperationDefinition, Error> {
    match (&document.operations, name) {
        (DocumentOperations::Single(only), None) => Ok(&only.node),
        (DocumentOperations::Single(_), Some(_)) => Err(Error::input(
            "operationName",
            "the only operation of this document has no name: leave `operationName` out",
        )),
        (DocumentOperations::Multiple(named), Some(name)) => named
            .get(name)
            .map(|operation| &operation.node)
            .ok_or_else(|| {
                Error::input(
                    "operationName",
                    "no operation of this document has this name",
                )
            }),
        (DocumentOperations::Multiple(named), None) => {
            let mut operations = named.values();
            match (operations.next(), operations.next()) {
                (Some(only), None) => Ok(&only.node),
                (None, _) => Err(Error::input(
                    "query",
                    "the document has no operation: add a query or a mutation",
                )),
                (Some(_), Some(_)) => Err(Error::input(
                    "operationName",
                    "the document has several operations: name the one that you mean",
                )),
            }
        }
    }
}

/// Refuses what a single HTTP answer cannot carry.
///
/// # Errors
/// [`Error::BadUserInput`] for a subscription.
pub fn refuse_subscription(operation: &OperationDefinition) -> Result<(), Error> {
    match operation.ty {
        OperationType::Query | OperationType::Mutation => Ok(()),
        OperationType::Subscription => Err(Error::bad_request(
            "a subscription needs a WebSocket (`graphql-transport-ws`): POST carries queries and mutations",
        )),
    }
}
