//! What a GraphQL request goes through before it is executed, and what we rely on the executor for.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    EmptySubscription, Enum, InputObject, InputValueError, InputValueResult, Object, OneofObject,
    Request, Response, Scalar, ScalarType, Schema, SimpleObject, Value, Variables,
};
use concord::error::Error;
use concord::graphql::guard::{Documents, MAX_DEPTH, admit};
use concord::graphql::lexer::{MAX_BYTES, MAX_NESTING, MAX_TOKENS, count_tokens};
use concord::graphql::operation::{refuse_subscription, select_operation};
use concord::graphql::variables::InputTypes;
use concord::http::negotiate::{MediaType, NegotiationError, Outcome, check_content_type};
use concord::http::params::Params;
use concord::settings::MAX_SELECTIONS;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

// ------------------------------------------------------------------ a small schema

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
    Schema::new(Query, Mutation, EmptySubscription)
}

/// A request as the transport runs it: admitted, operation selected, variables coerced, never parsed again.
async fn run(document: &str, variables: Json) -> Result<Response, Vec<Error>> {
    let schema = schema();
    let admitted = admit(document).map_err(|error| vec![error])?;
    let types = InputTypes::from_sdl(&schema.sdl()).unwrap();
    let operation = select_operation(admitted.document(), None).map_err(|error| vec![error])?;
    let variables = types.coerce(
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

// ------------------------------------------------------------------ limits

fn costly(document: &str) -> String {
    let error = admit(document).expect_err("refused");
    assert!(matches!(error, Error::QueryTooCostly(_)), "{error:?}");
    error.to_string()
}

fn wrong(document: &str) -> String {
    let error = admit(document).expect_err("refused");
    assert!(matches!(error, Error::BadUserInput(_)), "{error:?}");
    error.to_string()
}

fn nested(depth: usize) -> String {
    format!("{}a{}", "{a".repeat(depth - 1) + "{", "}".repeat(depth))
}

/// Fragments each spreading the next twice: 2^levels selections.
fn doubling(levels: usize) -> String {
    let mut document = "{...a0}".to_owned();
    for level in 0..levels {
        let next = level + 1;
        write!(document, "fragment a{level} on T{{...a{next}...a{next}}}").unwrap();
    }
    write!(document, "fragment a{levels} on T{{b}}").unwrap();
    document
}

#[test]
fn each_limit_lets_its_last_value_pass_and_refuses_the_next() {
    let padded = |bytes: usize| format!("{{a}}{}", " ".repeat(bytes - 3));
    assert!(admit(&padded(MAX_BYTES)).is_ok());
    assert!(costly(&padded(MAX_BYTES + 1)).contains("16384"));

    assert!(admit(&nested(MAX_NESTING)).is_ok());
    assert!(costly(&nested(MAX_NESTING + 1)).contains("24 deep at line 1, column 49"));

    let wide = |tokens: usize| format!("{{{}}}", "a ".repeat(tokens - 2));
    assert_eq!(count_tokens(&wide(MAX_TOKENS)), Ok(MAX_TOKENS));
    assert!(admit(&wide(MAX_TOKENS)).is_ok());
    assert!(costly(&wide(MAX_TOKENS + 1)).contains("2000 tokens"));

    let spread = |fields: usize| format!("{{...f}}fragment f on T{{{}}}", "a ".repeat(fields));
    let twice = |rest: usize| {
        format!(
            "{{...f ...f {}}}fragment f on T{{{}}}",
            "b ".repeat(rest),
            "a ".repeat(990)
        )
    };
    assert_eq!(admit(&spread(5)).unwrap().cost(), 6);
    assert_eq!(
        admit(&twice(MAX_SELECTIONS - 1982)).unwrap().cost(),
        MAX_SELECTIONS
    );
    assert!(costly(&twice(MAX_SELECTIONS - 1981)).contains("2000 selections"));

    let chain = |levels: usize| {
        let spreads = (1..levels).fold("{...f1}".to_owned(), |mut text, n| {
            write!(text, "fragment f{n} on T{{...f{}}}", n + 1).unwrap();
            text
        });
        format!("{spreads}fragment f{levels} on T{{a}}")
    };
    assert!(admit(&chain(MAX_DEPTH)).is_ok());
    assert!(costly(&chain(MAX_DEPTH + 1)).contains("32 deep"));
}

#[test]
fn known_attacks_are_refused_at_once() {
    let list = format!("{{a(b:{}{})}}", "[".repeat(2_000), "]".repeat(2_000));
    let chain = doubling(30);
    let unused = format!("query{{b}}{}", &doubling(30)["{...a0}".len()..]);
    assert!(chain.len() < 1_000, "{}", chain.len());
    let type_brackets = format!(
        "query($a:{}Int{}){{a}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    for attack in [&list, &chain, &unused, &type_brackets] {
        let start = Instant::now();
        costly(attack);
        assert!(
            start.elapsed() < Duration::from_millis(50),
            "{:?}",
            start.elapsed()
        );
    }
    // Every fragment a fragment away from the next, as many as the tokens allow: no stack is spent on them.
    let long = (0..280).fold("{...f0}".to_owned(), |mut text, n| {
        write!(text, "fragment f{n} on T{{...f{}}}", n + 1).unwrap();
        text
    });
    assert!(admit(&long).is_err());
}

#[test]
fn fragment_circles_are_refused_and_unknown_fragments_left_to_validation() {
    assert!(wrong("{...a} fragment a on T{...a}").contains("`a` includes itself"));
    wrong("{...a} fragment a on T{b{...c}} fragment c on T{... on T{...a}}");
    wrong("{b} fragment a on T{...c} fragment c on T{...a}");
    assert_eq!(admit("{...nowhere a}").unwrap().cost(), 2);
    assert_eq!(admit("{...a ...a} fragment a on T{b}").unwrap().cost(), 4);
    assert_eq!(admit("query a{b} query c{d e}").unwrap().cost(), 3);
}

#[test]
fn strings_and_comments_hide_their_brackets() {
    let brackets = "[{(".repeat(40);
    for document in [
        format!("{{a(b:\"{brackets}\")}}"),
        format!("{{a(b:\"\\\"{brackets}\")}}"),
        format!("{{a(b:\"\\\\\", c:\"{brackets}\")}}"),
        format!("{{a(b:\"\"\"{brackets}\n\" \"\" \\\"\"\" {brackets}\"\"\")}}"),
        format!("{{a(b:\"\", c:\"{brackets}\")}}"),
        format!("{{a # {brackets} \"\n b}}"),
        format!("{{a # {brackets} \"\"\"\r b}}"),
        format!("\u{feff}{{a(b:\"é{brackets}\")}}"),
    ] {
        admit(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
    }
    // What only looks like a string's or comment's end does not hide what follows.
    for document in [
        format!("{{a(b:\"\"){brackets}"),
        format!("{{a(b:\"\\\\\"){brackets}"),
        format!("{{a(b:\"#\"){brackets}"),
        format!("{{a(b:\"\"\"\\\\\"\"\"\"\"\"){brackets}"),
        format!("{{a #\n{brackets}"),
    ] {
        assert!(costly(&document).contains("24 deep"), "{document}");
    }
    assert_eq!(
        count_tokens("query q($a:[Int!]=-1.5e+3){...b@c(d:\"\"\"e\"\"\")}#f"),
        Ok(24)
    );
}

#[test]
fn syntax_errors_say_where_and_what_was_expected_and_quote_nothing() {
    let message = wrong("{\n  secret(ssn: 123456789,,\n}");
    assert!(message.contains("line 3, column 1"), "{message}");
    assert!(message.contains("expected"), "{message}");
    assert!(
        !message.contains("secret") && !message.contains("123456789"),
        "{message}"
    );
    assert!(message.len() < 250, "{message}");

    assert!(wrong("{a(b: \"no end\n\")}").contains("line 1, column 7"));
    assert!(wrong("{a(b: \"\"\"no end)}").contains("has no end"));
    assert!(wrong("").contains("expected"));
    assert!(wrong("fragment a on T{b}").contains("no operation"));
    assert!(wrong("{a} query b{c}").contains("without a name"));
    assert!(wrong("query b{a} query b{c}").contains("`b`"));
    assert!(wrong("{a} fragment b on T{a} fragment b on T{c}").contains("`b`"));
    for document in [
        "{a}}",
        "{",
        "query",
        "{a(",
        "type A { b: Int }",
        "{a(b: 1e9999)}",
        "{a(b:\"\\uD800\")}",
        "\u{0}",
    ] {
        wrong(document);
    }
}

#[test]
fn the_usual_introspection_query_is_admitted() {
    let of_types = (0..9).fold("kind name".to_owned(), |inner, _| {
        format!("kind name ofType{{{inner}}}")
    });
    let document = format!(
        "query IntrospectionQuery{{__schema{{description queryType{{name}} mutationType{{name}} subscriptionType{{name}} \
         types{{...FullType}} directives{{name description isRepeatable locations args(includeDeprecated:true){{...InputValue}}}}}}}} \
         fragment FullType on __Type{{kind name description specifiedByURL isOneOf fields(includeDeprecated:true){{name description \
         args(includeDeprecated:true){{...InputValue}} type{{...TypeRef}} isDeprecated deprecationReason}} \
         inputFields(includeDeprecated:true){{...InputValue}} interfaces{{...TypeRef}} enumValues(includeDeprecated:true){{name \
         description isDeprecated deprecationReason}} possibleTypes{{...TypeRef}}}} fragment InputValue on __InputValue{{name \
         description type{{...TypeRef}} defaultValue isDeprecated deprecationReason}} fragment TypeRef on __Type{{{of_types}}}"
    );
    assert!(admit(&document).unwrap().cost() < 500);
}

#[test]
fn a_document_is_read_once() {
    let documents = Documents::new();
    let first = documents.admit("{a b}").unwrap();
    let again = documents.admit("{a b}").unwrap();
    let other = documents.admit("{a  b}").unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    assert!(!Arc::ptr_eq(&first, &other));
    assert!(documents.admit("{a b").is_err());
    assert!(documents.admit("{a b").is_err());
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("$v".to_owned()),
        Just("A".to_owned()),
        Just("\"[{(\\\"\"".to_owned()),
        Just("\"\"\"[{( \" \\\"\"\" \"\"\"".to_owned()),
    ];
    leaf.prop_recursive(30, 200, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|items| format!("[{}]", items.join(" "))),
            inner.prop_map(|value| format!("{{k:{value}}}")),
        ]
    })
}

fn selections() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("a".to_owned()),
        (0..6_u8).prop_map(|n| format!("...f{n}")),
        value().prop_map(|value| format!("b:a(c:{value})")),
        Just("a # }}}\n".to_owned()),
    ];
    leaf.prop_recursive(30, 300, 4, |inner| {
        prop::collection::vec(inner, 1..4)
            .prop_map(|inside| format!("... @d{{a{{{}}}}}", inside.join(" ")))
    })
}

/// Counts by expanding, which the guard must never do; gives up where the guard refuses.
fn expanded(
    document: &ExecutableDocument,
    set: &async_graphql::parser::types::SelectionSet,
    left: &mut usize,
) -> bool {
    use async_graphql::parser::types::Selection;
    set.items.iter().all(|selection| {
        let Some(fewer) = left.checked_sub(1) else {
            return false;
        };
        *left = fewer;
        match &selection.node {
            Selection::Field(field) => expanded(document, &field.node.selection_set.node, left),
            Selection::InlineFragment(inline) => {
                expanded(document, &inline.node.selection_set.node, left)
            }
            Selection::FragmentSpread(spread) => document
                .fragments
                .get(&spread.node.fragment_name.node)
                .is_none_or(|fragment| expanded(document, &fragment.node.selection_set.node, left)),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_guard_panic(text in any::<String>()) {
        let _ = admit(&text);
    }

    #[test]
    fn no_near_document_makes_the_guard_panic(text in r#"([{}()\[\]"\\#!$:=@|&.,\n\r a-c0-9é\u{feff}]|"""|\\"""|\.\.\.|on |fragment |query ){0,80}"#) {
        let _ = admit(&text);
    }

    /// A bracket that the guard took for a part of a string would nest the parser deeper than the limit.
    #[test]
    fn the_parser_reads_strings_as_the_guard_does(text in r#"("|"""|\\"""|\\|#|\n|\r|[a ]){0,12}"#) {
        let deep = "[".repeat(MAX_NESTING);
        let document = format!("{{a(b:[{text} {deep}");
        let hidden = count_tokens(&document).is_ok();
        let parsed = async_graphql::parser::parse_query(format!("{{a(b:[{text} {}", "])}")).is_ok();
        // The guard hid the brackets, so at this place the parser is inside a string or comment, and closes nothing.
        prop_assert!(!(hidden && parsed), "{document:?}");
    }

    #[test]
    fn the_cost_is_what_expanding_would_give(operation in selections(), bodies in prop::collection::vec(selections(), 6)) {
        let mut document = format!("query q($v:Int){{{operation}}}");
        for (n, body) in bodies.iter().enumerate() {
            write!(document, "fragment f{n} on T{{{body}}}").unwrap();
        }
        match admit(&document) {
            Ok(admitted) => {
                let mut left = MAX_SELECTIONS;
                for (_, operation) in admitted.document().operations.iter() {
                    prop_assert!(expanded(admitted.document(), &operation.node.selection_set.node, &mut left));
                }
                prop_assert_eq!(MAX_SELECTIONS - left, admitted.cost());
            }
            Err(Error::QueryTooCostly(_)) => {}
            Err(error) => prop_assert!(error.to_string().contains("includes itself"), "{error}: {document}"),
        }
    }
}

// ------------------------------------------------------------------ operations and variables

#[test]
fn the_operation_is_the_one_that_is_meant() {
    let two = admit("query a{x} mutation b{y} subscription c{z}").unwrap();
    let select = |name| select_operation(two.document(), name);
    assert_eq!(select(Some("a")).unwrap().ty.to_string(), "query");
    assert_eq!(select(Some("b")).unwrap().ty.to_string(), "mutation");
    assert!(
        select(None)
            .unwrap_err()
            .to_string()
            .contains("several operations")
    );
    assert!(
        select(Some("d"))
            .unwrap_err()
            .to_string()
            .contains("no operation of this document")
    );
    assert!(select(Some("")).is_err());

    assert!(refuse_subscription(select(Some("a")).unwrap()).is_ok());
    assert!(refuse_subscription(select(Some("b")).unwrap()).is_ok());
    assert!(
        refuse_subscription(select(Some("c")).unwrap())
            .unwrap_err()
            .to_string()
            .contains("WebSocket")
    );

    let only = admit("query a{x}").unwrap();
    assert!(select_operation(only.document(), None).is_ok());
    let anonymous = admit("{x}").unwrap();
    assert!(select_operation(anonymous.document(), None).is_ok());
    assert!(select_operation(anonymous.document(), Some("a")).is_err());
}

fn coerce(declaration: &str, variables: &Json) -> Result<Json, Vec<String>> {
    let types = InputTypes::from_sdl(&schema().sdl()).unwrap();
    let admitted = admit(&format!("query({declaration}){{a}}")).unwrap();
    let operation = select_operation(admitted.document(), None).unwrap();
    types
        .coerce(
            admitted.document(),
            operation,
            variables.as_object().unwrap(),
        )
        .map(|variables| variables.into_value().into_json().unwrap())
        .map_err(|errors| {
            assert!(errors.iter().all(|error| error.code() == "BAD_USER_INPUT"));
            errors.iter().map(ToString::to_string).collect()
        })
}

#[test]
fn variables_are_made_to_fit() {
    let ok = [
        ("$a:Int", json!({}), json!({})),
        ("$a:Int", json!({"a": null}), json!({"a": null})),
        ("$a:Int=4", json!({}), json!({"a": 4})),
        ("$a:Int=4", json!({"a": null}), json!({"a": null})),
        ("$a:Int!=4", json!({}), json!({"a": 4})),
        (
            "$a:Int",
            json!({"a": -2_147_483_648_i64, "b": 1}),
            json!({"a": -2_147_483_648_i64}),
        ),
        ("$a:Int", json!({"a": 2.0}), json!({"a": 2})),
        ("$a:Float", json!({"a": 2}), json!({"a": 2})),
        ("$a:Float", json!({"a": 2.5}), json!({"a": 2.5})),
        ("$a:ID", json!({"a": 7}), json!({"a": "7"})),
        ("$a:ID", json!({"a": "x_7"}), json!({"a": "x_7"})),
        ("$a:Boolean!", json!({"a": true}), json!({"a": true})),
        ("$a:[Int]", json!({"a": 1}), json!({"a": [1]})),
        ("$a:[[Int]]", json!({"a": 1}), json!({"a": [[1]]})),
        (
            "$a:[[Int]]",
            json!({"a": [1, [2], null]}),
            json!({"a": [[1], [2], null]}),
        ),
        ("$a:[Int]", json!({"a": null}), json!({"a": null})),
        (
            "$a:[Colour!]=DARK_BLUE",
            json!({}),
            json!({"a": ["DARK_BLUE"]}),
        ),
        ("$a:Tag", json!({"a": 5}), json!({"a": 5})),
        (
            "$a:By",
            json!({"a": {"number": 5}}),
            json!({"a": {"number": 5}}),
        ),
        (
            "$a:Shelf={label:\"x\",colours:RED,inner:{label:\"y\",colours:[]}}",
            json!({}),
            json!({"a": {"label": "x", "colours": ["RED"], "inner": {"label": "y", "colours": []}}}),
        ),
    ];
    for (declaration, given, expected) in ok {
        assert_eq!(
            coerce(declaration, &given),
            Ok(expected),
            "{declaration} {given}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn variables_that_do_not_fit_are_named_with_their_path_and_without_their_value() {
    let faults = [
        ("$a:Int!", json!({}), "`$a` is required: send a `Int!`"),
        (
            "$a:Int!",
            json!({"a": null}),
            "`$a` may not be null: send a `Int!`",
        ),
        (
            "$a:Int!=4",
            json!({"a": null}),
            "`$a` may not be null: send a `Int!`",
        ),
        (
            "$a:Int",
            json!({"a": 2_147_483_648_i64}),
            "`$a` must be a whole number from",
        ),
        ("$a:Int", json!({"a": 2.5}), "`$a` must be a whole number"),
        ("$a:Int", json!({"a": 1e300}), "`$a` must be a whole number"),
        (
            "$a:Int",
            json!({"a": "secret"}),
            "`$a` must be a whole number",
        ),
        ("$a:Int", json!({"a": true}), "`$a` must be a whole number"),
        ("$a:Int", json!({"a": [1]}), "`$a` must be a whole number"),
        ("$a:Float", json!({"a": "secret"}), "`$a` must be a number"),
        ("$a:String", json!({"a": 123_456}), "`$a` must be a string"),
        ("$a:Boolean", json!({"a": 1}), "`$a` must be true or false"),
        ("$a:ID", json!({"a": 1.5}), "`$a` must be an id"),
        (
            "$a:[Int!]",
            json!({"a": [1, null]}),
            "`$a[1]` may not be null",
        ),
        (
            "$a:[[Int]]",
            json!({"a": [[1], [2, "secret"]]}),
            "`$a[1][1]` must be a whole number",
        ),
        (
            "$a:Colour",
            json!({"a": "secret"}),
            "`$a` must be a value of `Colour`: RED, DARK_BLUE",
        ),
        (
            "$a:Colour",
            json!({"a": "red"}),
            "`$a` must be a value of `Colour`",
        ),
        (
            "$a:Tag",
            json!({"a": {"secret": 1}}),
            "`$a` must be a single value of `Tag`",
        ),
        (
            "$a:Shelf",
            json!({"a": "secret"}),
            "`$a` must be an object of type `Shelf`",
        ),
        (
            "$a:Shelf",
            json!({"a": {"label": "secret"}}),
            "`$a.colours` is required: send a `[Colour!]!`",
        ),
        (
            "$a:Shelf",
            json!({"a": {"label": "", "colours": [], "x": 1}}),
            "`$a` has a field `x` that `Shelf` does not have",
        ),
        (
            "$a:Shelf",
            json!({"a": {"label": "", "colours": [], "a secret": 1}}),
            "`$a` has a field that `Shelf` does not",
        ),
        (
            "$a:Shelf",
            json!({"a": {"label": "", "colours": [], "boards": null}}),
            "`$a.boards` may not be null",
        ),
        (
            "$a:Shelf",
            json!({"a": {"label": "", "colours": [], "inner": {"label": "", "colours": ["RED", "secret"]}}}),
            "`$a.inner.colours[1]` must be a value of `Colour`",
        ),
        (
            "$a:By",
            json!({"a": {"number": 5, "label": "secret"}}),
            "`$a` must have exactly one field of `By`",
        ),
        (
            "$a:By",
            json!({"a": {"number": null}}),
            "`$a` must have exactly one field of `By`",
        ),
        (
            "$a:Int=\"secret\"",
            json!({}),
            "`$a` must be a whole number",
        ),
        (
            "$a:Nowhere",
            json!({"a": 1}),
            "`$a` is declared as `Nowhere`, which is not an input type",
        ),
        (
            "$a:[Query]",
            json!({}),
            "`$a` is declared as `Query`, which is not an input type",
        ),
    ];
    for (declaration, given, expected) in faults {
        let found = coerce(declaration, &given)
            .expect_err(declaration)
            .join("; ");
        assert!(
            found.starts_with(expected),
            "{declaration} {given}: {found}"
        );
        assert!(
            !found.contains("secret") && !found.contains("123456"),
            "{found}"
        );
    }
    assert_eq!(
        coerce("$a:Int!,$b:Int!,$c:Int", &json!({"c": ""}))
            .unwrap_err()
            .len(),
        3
    );

    let deep = (0..100).fold(
        json!({"label": "", "colours": []}),
        |inner, _| json!({"label": "", "colours": [], "inner": inner}),
    );
    assert!(coerce("$a:Shelf", &json!({ "a": deep })).unwrap_err()[0].contains("nests too deep"));
}

#[tokio::test]
async fn coerced_variables_are_what_the_executor_takes() {
    let query = "query($s:Shelf!,$id:ID!,$by:By!,$of:[Int!]!,$f:Float,$in:Boolean=true,$out:Boolean=false){\
                 shelf(shelf:$s) id(id:$id) by(by:$by) numbers(of:$of) echo(float:$f) \
                 yes:echo @include(if:$in) no:echo @include(if:$out) kept:echo @skip(if:$out)}";
    let shelf = json!({"label": "top", "colours": "RED", "inner": {"label": "in", "colours": []}, "tag": "tag:1"});
    let response = run(
        query,
        json!({"s": shelf, "id": 7, "by": {"label": "x"}, "of": 3, "f": 2, "unknown": [1]}),
    )
    .await
    .unwrap();
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    assert_eq!(
        text(&response),
        r#"{"shelf":"top Red None 3 in tag:1","id":"7","by":"x","numbers":[3],"echo":"None Some(2.0) None","yes":"None None None","kept":"None None None"}"#
    );
    assert!(
        run("query($of:[Int!]!){numbers(of:$of)}", json!({}))
            .await
            .is_err()
    );
}

// ------------------------------------------------------------------ over HTTP

fn headers(name: &HeaderName, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

#[test]
fn the_answers_media_type_is_what_the_client_likes_best() {
    use MediaType::{GraphqlResponse, Json};
    const BOTH: &str = "application/graphql-response+json, application/json;q=0.9";
    let cases: [(&[&str], Result<MediaType, NegotiationError>); 22] = [
        (&[], Ok(Json)),
        (&[""], Ok(Json)),
        (&["*/*"], Ok(Json)),
        (&["application/*"], Ok(Json)),
        (&["application/json"], Ok(Json)),
        (&["Application/JSON; charset=UTF-8"], Ok(Json)),
        (&["application/graphql-response+json"], Ok(GraphqlResponse)),
        (
            &["application/graphql-response+json; charset=utf-8"],
            Ok(GraphqlResponse),
        ),
        (&[BOTH], Ok(GraphqlResponse)),
        (
            &[
                "application/json;q=0.9",
                "application/graphql-response+json",
            ],
            Ok(GraphqlResponse),
        ),
        (
            &["application/json, application/graphql-response+json"],
            Ok(GraphqlResponse),
        ),
        (
            &["application/json, application/graphql-response+json;q=0.5"],
            Ok(Json),
        ),
        (
            &["application/graphql-response+json, */*"],
            Ok(GraphqlResponse),
        ),
        (&["application/json, */*"], Ok(Json)),
        (&["application/json;q=0.1, */*"], Ok(GraphqlResponse)),
        (&["*/*, application/json;q=0"], Ok(GraphqlResponse)),
        (&["text/html, application/*;q=0.2"], Ok(Json)),
        (
            &["nonsense, application/graphql-response+json"],
            Ok(GraphqlResponse),
        ),
        (&["text/html"], Err(NegotiationError::NotAcceptable)),
        (
            &["application/json;q=0, application/graphql-response+json;q=0"],
            Err(NegotiationError::NotAcceptable),
        ),
        (
            &["application/json; charset=iso-8859-1"],
            Err(NegotiationError::NotAcceptable),
        ),
        (&["nonsense"], Err(NegotiationError::NotAcceptable)),
    ];
    for (accept, expected) in cases {
        assert_eq!(
            MediaType::of_answer(&headers(&ACCEPT, accept)),
            expected,
            "{accept:?}"
        );
    }
    assert_eq!(
        NegotiationError::NotAcceptable.status(),
        StatusCode::NOT_ACCEPTABLE
    );
}

#[test]
fn only_json_in_utf8_is_read() {
    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        assert_eq!(
            check_content_type(&headers(&CONTENT_TYPE, &[good])),
            Ok(()),
            "{good}"
        );
    }
    let bad: [&[&str]; 8] = [
        &[],
        &[""],
        &["text/plain"],
        &["application/graphql"],
        &["application/json; charset=utf-16"],
        &["application/x-www-form-urlencoded"],
        &["application/json-patch+json"],
        &["application/json", "text/plain"],
    ];
    for bad in bad {
        let found = check_content_type(&headers(&CONTENT_TYPE, bad));
        assert_eq!(
            found.map_err(NegotiationError::status),
            Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn the_status_follows_the_outcome() {
    use MediaType::{GraphqlResponse, Json};
    let statuses = [
        (Json, Outcome::Answered, 200),
        (Json, Outcome::RequestError, 200),
        (Json, Outcome::Malformed, 400),
        (GraphqlResponse, Outcome::Answered, 200),
        (GraphqlResponse, Outcome::RequestError, 400),
        (GraphqlResponse, Outcome::Malformed, 400),
    ];
    for (media, outcome, status) in statuses {
        assert_eq!(
            media.status(outcome).as_u16(),
            status,
            "{media:?} {outcome:?}"
        );
    }
    let outcome = async |query| Outcome::of(&run(query, json!({})).await.unwrap());
    assert_eq!(outcome("{maybePart{id}}").await, Outcome::Answered);
    assert_eq!(outcome("{maybePart{weight}}").await, Outcome::Answered);
    // The error reaches the root, whose data is null: executed all the same.
    assert_eq!(outcome("{part{weight}}").await, Outcome::Answered);
    assert_eq!(outcome("{tag(tag:\"no\")}").await, Outcome::Answered);
    assert_eq!(outcome("{nowhere}").await, Outcome::RequestError);
    assert_eq!(outcome("{id}").await, Outcome::RequestError);
    assert_eq!(outcome("{...nowhere}").await, Outcome::RequestError);
}

#[test]
fn parameters_have_their_types() {
    let parse = |body: &str| Params::parse(body.as_bytes()).map_err(|error| error.to_string());
    let all = parse(
        r#"{"query":"{a}","operationName":"b","variables":{"c":1},"extensions":{"d":2},"x":[]}"#,
    )
    .unwrap();
    assert_eq!(all.query, "{a}");
    assert_eq!(all.operation_name.as_deref(), Some("b"));
    assert_eq!(all.variables.unwrap()["c"], 1);
    assert_eq!(all.extensions.unwrap()["d"], 2);

    let nulls = parse(r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#)
        .unwrap();
    assert_eq!(
        (nulls.operation_name, nulls.variables, nulls.extensions),
        (None, None, None)
    );

    for wrong in ["{}", "1", "true", "\"a\"", "[]"] {
        assert_eq!(
            parse(&format!("{{\"query\":{wrong}}}")).is_err(),
            wrong != "\"a\"",
            "{wrong}"
        );
        assert_eq!(
            parse(&format!("{{\"query\":\"\",\"operationName\":{wrong}}}")).is_err(),
            wrong != "\"a\""
        );
        assert_eq!(
            parse(&format!("{{\"query\":\"\",\"variables\":{wrong}}}")).is_err(),
            wrong != "{}"
        );
        assert_eq!(
            parse(&format!("{{\"query\":\"\",\"extensions\":{wrong}}}")).is_err(),
            wrong != "{}"
        );
    }
    let faults = [
        ("", "the body is empty"),
        (" \n", "the body is empty"),
        ("{}", "`query`: is missing"),
        ("{\"query\":null}", "`query`: is missing"),
        ("{\"query\":1}", "`query`: must be a string"),
        (
            "{\"query\":\"\",\"variables\":[]}",
            "`variables`: must be an object",
        ),
        ("[{\"query\":\"{a}\"}]", "batches are not served"),
        ("\"{a}\"", "the body must be a JSON object"),
        (
            "{\"query\":\"secret\"",
            "the body is not JSON: it cannot be read at line 1, column 17",
        ),
        ("{\"query\":\"{a}\"} secret", "the body is not JSON"),
    ];
    for (body, expected) in faults {
        let found = parse(body).unwrap_err();
        assert!(
            found.starts_with(expected) && !found.contains("secret"),
            "{body}: {found}"
        );
    }
    assert!(Params::parse(b"{\"query\":\"\xff\"}").is_err());
    assert!(
        parse(&format!(
            "{{\"query\":\"\",\"variables\":{}",
            "[".repeat(60_000)
        ))
        .is_err()
    );
}

// ------------------------------------------------------------------ what we rely on the executor for

#[tokio::test]
async fn keys_come_in_the_documents_order_whichever_resolver_ends_first() {
    let query = "{c:after(milliseconds:30) __typename slow{quick} ...f a:after(milliseconds:0) ... on Query{z:after(milliseconds:9)}} \
                 fragment f on Query{b:after(milliseconds:15) slow{again:quick} y:after(milliseconds:1)}";
    let response = run(query, json!({})).await.unwrap();
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    assert_eq!(
        text(&response),
        r#"{"c":30,"__typename":"Query","slow":{"quick":1,"again":1},"b":15,"y":1,"a":0,"z":9}"#
    );
}

/// The paths are the failing fields', but for one weakness of the executor's: out of a list of non-null items, the path
/// ends at the item.
#[tokio::test]
async fn an_error_in_a_non_null_field_nulls_its_nearest_nullable_parent() {
    let cases = [
        (
            "{maybePart{id maybeWeight}}",
            r#"{"maybePart":{"id":0,"maybeWeight":null}}"#,
            "maybePart.maybeWeight",
        ),
        (
            "{maybePart{id weight}}",
            r#"{"maybePart":null}"#,
            "maybePart.weight",
        ),
        (
            "{maybePart{id maybeInner{id weight}}}",
            r#"{"maybePart":{"id":0,"maybeInner":null}}"#,
            "maybePart.maybeInner.weight",
        ),
        (
            "{maybePart{id inner{weight}}}",
            r#"{"maybePart":null}"#,
            "maybePart.inner.weight",
        ),
        ("{part{id weight}}", "null", "part.weight"),
        (
            "{echo parts{id weight}}",
            r#"{"echo":"None None None","parts":null}"#,
            "parts.1",
        ),
        (
            "{parts{id maybeWeight}}",
            r#"{"parts":[{"id":1,"maybeWeight":1},{"id":0,"maybeWeight":null},{"id":3,"maybeWeight":3}]}"#,
            "parts.1.maybeWeight",
        ),
        (
            "{maybeParts{id weight}}",
            r#"{"maybeParts":[{"id":1,"weight":1},null,null]}"#,
            "maybeParts.1.weight",
        ),
        (
            "{maybeParts{maybeInner{weight}}}",
            r#"{"maybeParts":[{"maybeInner":{"weight":1}},{"maybeInner":null},null]}"#,
            "maybeParts.1.maybeInner.weight",
        ),
        (
            "{part{id}maybePart{...f}}fragment f on Part{... on Part{weight}}",
            r#"{"part":{"id":0},"maybePart":null}"#,
            "maybePart.weight",
        ),
    ];
    for (query, expected, at) in cases {
        let response = run(query, json!({})).await.unwrap();
        assert_eq!(text(&response), expected, "{query}");
        let paths: Vec<String> = response
            .errors
            .iter()
            .map(|error| {
                let path: Vec<String> = error
                    .path
                    .iter()
                    .map(|segment| match segment {
                        async_graphql::PathSegment::Field(name) => name.clone(),
                        async_graphql::PathSegment::Index(index) => index.to_string(),
                    })
                    .collect();
                path.join(".")
            })
            .collect();
        assert_eq!(paths, [at], "{query}");
    }
}

/// Why a nullable field that can fail must return `Option<Answer<T>>` and not `Answer<Option<T>>`: the executor hands
/// an error that a resolver itself returns to the parent, nullable or not. Should this fail, that rule can go.
#[tokio::test]
async fn a_resolvers_own_error_passes_over_its_nullable_field() {
    let sdl = schema().sdl();
    assert!(sdl.contains("maybeWeight: Int\n") && sdl.contains("weightWithQuestionMark: Int\n"));
    let response = run("{maybePart{id weightWithQuestionMark}}", json!({}))
        .await
        .unwrap();
    assert_eq!(text(&response), r#"{"maybePart":null}"#);
}

/// Why arguments of ours have no default values but optional types: the executor takes an absent variable for null.
#[tokio::test]
async fn an_absent_variable_overrides_the_default_of_an_argument() {
    let response = run("query($first:Int){page(first:$first) all:page}", json!({}))
        .await
        .unwrap();
    assert_eq!(text(&response), r#"{"page":"None","all":"Some(20)"}"#);
}

/// The executor's own validation panics on these; they must not reach it.
#[tokio::test]
async fn a_list_of_an_unknown_type_is_refused_in_every_operation() {
    for query in [
        "query($x:[Nowhere]=1){id}",
        "query($x:[[Nowhere!]!]!=[1]){id}",
    ] {
        let panicked = tokio::spawn(schema_execute(query)).await.is_err();
        assert!(panicked, "the executor answers by now: {query}");
        assert!(run(query, json!({})).await.is_err());
    }
    let types = InputTypes::from_sdl(&schema().sdl()).unwrap();
    let two = admit("query a{id} query b($x:[Nowhere]=1){id}").unwrap();
    let operation = select_operation(two.document(), Some("a")).unwrap();
    assert!(
        types
            .coerce(two.document(), operation, &serde_json::Map::new())
            .is_err()
    );
}

async fn schema_execute(query: &str) -> Response {
    schema().execute(query).await
}

#[tokio::test]
async fn a_parsed_document_is_not_parsed_again_and_runs_as_its_text_does() {
    let query =
        "query($m:Int=1){after(milliseconds:1) maybeParts{...f}} fragment f on Part{id weight}";
    let used = query.replace("($m:Int=1)", "");
    let from_text = schema().execute(Request::new(&used)).await;
    let parsed = run(&used, json!({})).await.unwrap();
    assert_eq!(text(&from_text), text(&parsed));
    assert_eq!(from_text.errors, parsed.errors);
    // The text is never looked at where a parsed document is set, and validation still happens.
    let mut request = Request::new("this is not GraphQL").variables(Variables::default());
    request.set_parsed_query(ExecutableDocument::from(&admit(query).unwrap()));
    let response = schema().execute(request).await;
    assert!(
        response.errors[0].message.contains("is not used"),
        "{:?}",
        response.errors
    );
}
