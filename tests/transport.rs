//! What a GraphQL request goes through before it is executed, and what we rely on the executor for, shown on a small
//! schema.

mod executor;
mod inputs;
mod limits;
mod negotiation;
mod other_side;
mod refused;
mod repeated;
mod variables;

use std::time::Duration;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    EmptySubscription, Enum, InputObject, InputValueError, InputValueResult, Object, OneofObject,
    Request, Response, Scalar, ScalarType, Schema, SimpleObject, ValidationMode, Value,
};
use concord::error::Error;
use concord::graphql::contract::Contract;
use concord::graphql::document::admit;
use concord::graphql::operation::select_operation;
use serde_json::Value as Json;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
enum Colour {
    Red,
    DarkBlue,
}

/// Text that starts with "tag:".
struct Tag(String);

#[Scalar]
impl ScalarType for Tag {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::custom("not a tag"));
        };
        if text.starts_with("tag:") {
            Ok(Self(text))
        } else {
            Err(InputValueError::custom("not a tag"))
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[derive(InputObject)]
struct Shelf {
    /// A description with "quotes" and a \ backslash.
    label: String,
    colours: Vec<Colour>,
    width: Option<i32>,
    #[graphql(default = 3)]
    boards: i32,
    inner: Option<Box<Shelf>>,
    tag: Option<Tag>,
}

#[derive(OneofObject)]
enum By {
    Label(String),
    Number(i32),
}

#[derive(SimpleObject)]
struct Slow {
    quick: i32,
}

struct Part(Option<u32>);

#[Object]
impl Part {
    async fn id(&self) -> u32 {
        self.0.unwrap_or_default()
    }
    async fn weight(&self) -> async_graphql::Result<u32> {
        tokio::task::yield_now().await;
        self.0.ok_or_else(|| "no weight".into())
    }
    async fn maybe_weight(&self) -> Option<async_graphql::Result<u32>> {
        Some(self.0.ok_or_else(|| "no weight".into()))
    }
    async fn weight_with_question_mark(&self) -> async_graphql::Result<Option<u32>> {
        tokio::task::yield_now().await;
        Ok(Some(self.0.ok_or("no weight")?))
    }
    async fn inner(&self) -> Part {
        Part(self.0)
    }
    async fn maybe_inner(&self) -> Option<Part> {
        Some(Part(self.0))
    }
}

struct Query;

#[Object]
impl Query {
    async fn after(&self, milliseconds: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        milliseconds
    }
    async fn slow(&self) -> Slow {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Slow { quick: 1 }
    }
    async fn part(&self) -> Part {
        Part(None)
    }
    async fn maybe_part(&self) -> Option<Part> {
        Some(Part(None))
    }
    async fn parts(&self) -> Option<Vec<Part>> {
        Some(vec![Part(Some(1)), Part(None), Part(Some(3))])
    }
    async fn maybe_parts(&self) -> Option<Vec<Option<Part>>> {
        Some(vec![Some(Part(Some(1))), Some(Part(None)), None])
    }
    async fn shelf(&self, shelf: Shelf) -> String {
        let colours: Vec<String> = shelf.colours.iter().map(|c| format!("{c:?}")).collect();
        let inner = shelf.inner.map(|inner| inner.label).unwrap_or_default();
        let tag = shelf.tag.map(|tag| tag.0).unwrap_or_default();
        format!(
            "{} {} {:?} {} {inner} {tag}",
            shelf.label,
            colours.join("+"),
            shelf.width,
            shelf.boards
        )
    }
    async fn id(&self, id: async_graphql::ID) -> String {
        id.0
    }
    async fn tag(&self, tag: Tag) -> Option<String> {
        Some(tag.0)
    }
    async fn by(&self, by: By) -> String {
        match by {
            By::Label(label) => label,
            By::Number(number) => number.to_string(),
        }
    }
    async fn numbers(&self, of: Vec<i32>) -> Vec<i32> {
        of
    }
    async fn page(&self, #[graphql(default = 20)] first: Option<i32>) -> String {
        format!("{first:?}")
    }
    async fn echo(&self, text: Option<String>, float: Option<f64>, yes: Option<bool>) -> String {
        format!("{text:?} {float:?} {yes:?}")
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn noop(&self) -> bool {
        true
    }
}

type Small = Schema<Query, Mutation, EmptySubscription>;

fn schema() -> Small {
    Schema::build(Query, Mutation, EmptySubscription)
        .validation_mode(ValidationMode::Fast)
        .finish()
}

fn contract() -> Contract {
    Contract::from_sdl(&schema().sdl()).unwrap()
}

/// A request as the transport runs it: admitted, operation selected, variables coerced, never parsed again.
async fn run(document: &str, variables: Json) -> Result<Response, Vec<Error>> {
    let schema = schema();
    let contract = contract();
    let admitted = admit(&contract, document).map_err(|unfit| unfit.faults)?;
    let operation = select_operation(admitted.document(), None).map_err(|error| vec![error])?;
    let variables = contract.inputs.coerce(
        admitted.document(),
        operation,
        variables.as_object().unwrap(),
    )?;
    let mut request = Request::new("").variables(variables);
    request.set_parsed_query(ExecutableDocument::from(&admitted));
    Ok(schema.execute(request).await)
}

fn text(response: &Response) -> String {
    serde_json::to_string(&response.data).unwrap()
}
