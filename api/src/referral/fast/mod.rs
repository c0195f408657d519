//! The hot page, written by hand: the inbox and outbox without a future for each field.
//!
//! The executor costs more than the database on a page of headers. So a page's selection is read once, into a
//! [`plan`], and every entry is written by it straight to JSON. Whatever a plan does not cover - packages, consents,
//! custom directives - is answered by the derived type, and the schema is the derived type's in any case. A test holds
//! both to the same bytes.

mod plan;
mod write;

use std::borrow::Cow;
use std::sync::LazyLock;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};
use serde_json::value::RawValue;

use super::connection::ReferralConnection;

/// A page of referrals: on the wire, exactly a [`ReferralConnection`].
pub struct ReferralPage(pub ReferralConnection);

#[async_graphql::async_trait::async_trait]
impl OutputType for ReferralPage {
    fn type_name() -> Cow<'static, str> {
        <ReferralConnection as OutputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ReferralConnection as OutputType>::create_type_info(registry)
    }

    async fn resolve(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
    ) -> ServerResult<Value> {
        if stands_alone(ctx, field)
            && let Some(plan) = plan::PagePlan::read(ctx)
            && let Some(text) = write::page(&self.0, &plan)
            && let Some(value) = ready_made(text)
        {
            return Ok(value);
        }
        self.0.resolve(ctx, field).await
    }
}

/// Returns whether no other selection shares this field's place in the answer: the executor cannot merge what is written.
fn stands_alone(ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> bool {
    let at_root = ctx.path_node.is_some_and(|node| node.parent.is_none());
    let mut namesakes = 0;
    for selection in &ctx.query_env.operation.node.selection_set.node.items {
        match &selection.node {
            Selection::Field(other) => {
                let same = other.node.response_key().node == field.node.response_key().node;
                namesakes += usize::from(same);
            }
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => return false,
        }
    }
    at_root && namesakes == 1
}

/// Makes JSON text a value that is sent as it is. Returns `None` if the library does not know such values.
fn ready_made(text: String) -> Option<Value> {
    static KEY: LazyLock<Option<Name>> = LazyLock::new(|| {
        let Ok(Value::Object(raw)) = async_graphql::to_value(RawValue::NULL) else {
            return None;
        };
        raw.into_keys().next()
    });
    let key = KEY.clone()?;
    Some(Value::Object(IndexMap::from([(key, Value::String(text))])))
}
