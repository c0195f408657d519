//! Which operation is meant, and what its variables are made to be.

use async_graphql::parser::parse_query;
use concord::graphql::operation::{refuse_subscription, select_operation};
use serde_json::{Value as Json, json};

use super::{contract, run, text};

#[test]
fn the_operation_is_the_one_that_is_meant() {
    let two = parse_query("query a{x} mutation b{y} subscription c{z}").unwrap();
    let select = |name| select_operation(&two, name);
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

    let only = parse_query("query a{x}").unwrap();
    assert!(select_operation(&only, None).is_ok());
    let anonymous = parse_query("{x}").unwrap();
    assert!(select_operation(&anonymous, None).is_ok());
    assert!(select_operation(&anonymous, Some("a")).is_err());
}

fn coerce(declaration: &str, variables: &Json) -> Result<Json, Vec<String>> {
    let document = parse_query(format!("query({declaration}){{a}}")).unwrap();
    let operation = select_operation(&document, None).unwrap();
    contract()
        .inputs
        .coerce(&document, operation, variables.as_object().unwrap())
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
