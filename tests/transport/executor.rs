//! What we rely on the executor for.

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Variables};
use concord::graphql::document::admit;
use serde_json::json;

use super::{contract, run, schema, text};

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

/// The executor's own validation panics on these; they do not reach it.
#[tokio::test]
async fn a_list_of_an_unknown_type_is_refused_in_every_operation() {
    for query in [
        "query($x:[Nowhere]=1){part{id}}",
        "query($x:[[Nowhere!]!]!=[1]){part{id}}",
        "query a{part{id}} query b($x:[Nowhere]=1){part{id}}",
        "query($x:[Query]){part{id}}",
    ] {
        assert!(run(query, json!({})).await.is_err(), "{query}");
    }
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
    // The text is never looked at where a parsed document is set.
    let mut request = Request::new("this is not GraphQL").variables(Variables::default());
    request.set_parsed_query(ExecutableDocument::from(
        &admit(&contract(), &used).unwrap(),
    ));
    let response = schema().execute(request).await;
    assert_eq!(text(&response), text(&parsed));
    // What does not fit the schema never comes to it.
    assert!(run(query, json!({})).await.is_err());
}
