//! What a document may cost, and what is refused for it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::ExecutableDocument;
use concord::error::Error;
use concord::graphql::guard::{Documents, MAX_DEPTH, admit};
use concord::graphql::lexer::{MAX_BYTES, MAX_NESTING, MAX_TOKENS, count_tokens};
use concord::settings::MAX_SELECTIONS;
use proptest::prelude::*;

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
