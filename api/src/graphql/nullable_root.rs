//! A root whose every field is nullable: one refusal costs its own field, and what was done before it is seen.
//!
//! The executor hands an error that a resolver returns to the parent, which at the root is the whole answer. Here it stays
//! at its field.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::{MetaType, Registry};
use async_graphql::resolver_utils::{ContainerType, resolve_container};
use async_graphql::{
    Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerError, ServerResult,
    Value,
};

use crate::error::{Error, Refusal};
use crate::store::outcome;

/// A root of the schema.
#[derive(Default)]
pub struct NullableRoot<T>(T);

#[async_graphql::async_trait::async_trait]
impl<T: ContainerType> ContainerType for NullableRoot<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let before = outcome::changes_noticed();
        match self.0.resolve_field(ctx).await {
            Ok(found) => Ok(found),
            Err(error) => {
                let changed = outcome::changes_noticed() != before;
                ctx.add_error(if changed { admitting(error) } else { error });
                Ok(Some(Value::Null))
            }
        }
    }
}

/// Returns the error of a field that has changed something, or may have: what failed after that is only the answer.
fn admitting(error: ServerError) -> ServerError {
    let Some(refusal) = error.source::<Refusal>() else {
        return error;
    };
    // Of what failed below the field, only what says so by its code could be wrong.
    let denies = matches!(refusal.error, Error::Unavailable | Error::Internal);
    if !denies && error.path.len() > 1 {
        return error;
    }
    let admitted = async_graphql::Error::from(refusal.after_a_change());
    ServerError {
        message: admitted.message,
        source: admitted.source,
        extensions: admitted.extensions,
        ..error
    }
}

#[async_graphql::async_trait::async_trait]
impl<T: ContainerType> OutputType for NullableRoot<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = T::create_type_info(registry);
        if let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(&*T::type_name()) {
            for field in fields.values_mut() {
                field.ty.truncate(field.ty.trim_end_matches('!').len());
            }
        }
        name
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        _field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl<T: ObjectType> ObjectType for NullableRoot<T> {}
