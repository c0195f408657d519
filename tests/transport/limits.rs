//! What a document may cost, and what is refused for it.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_graphql::Variables;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use concord::error::Error;
use concord::graphql::contract::Contract;
use concord::graphql::cost::{Cost, MAX_VALUES};
use concord::graphql::document::{self, Admitted, Documents};
use concord::graphql::extent::{MAX_BYTES, MAX_DEPTH, MAX_NESTING, MAX_SELECTIONS, MAX_TOKENS};
use concord::graphql::operation::select_operation;
use concord::graphql::prices::{PACKAGE, QUERY, REQUEST, VALUES_A_UNIT};
use proptest::prelude::*;
use serde_json::json;

static TOY: LazyLock<Contract> = LazyLock::new(|| {
    let sdl = "scalar Any enum Colour { A B } type T { a: T! b(c: Any, d: [Any]): Int c: Int } \
               type Query { a: T! b(c: Any, d: Any): Int c: Int secret(ssn: Int): Int colour(of: Colour!): Int }";
    Contract::from_sdl(sdl).unwrap()
});
static OURS: LazyLock<Contract> =
    LazyLock::new(|| Contract::from_sdl(&concord::graphql::schema::sdl()).unwrap());

fn admit(text: &str) -> Result<Admitted, Error> {
    document::admit(&TOY, text).map_err(|mut unfit| unfit.faults.remove(0))
}

fn costly(text: &str) -> String {
    let error = admit(text).expect_err("refused");
    assert!(matches!(error, Error::QueryTooCostly(_)), "{error:?}");
    error.to_string()
}

fn wrong(text: &str) -> String {
    let error = admit(text).expect_err("refused");
    assert!(matches!(error, Error::BadUserInput(_)), "{error:?}");
    error.to_string()
}

fn cost_of(contract: &Contract, text: &str, variables: serde_json::Value) -> Cost {
    let admitted = document::admit(contract, text).unwrap();
    let operation = select_operation(admitted.document(), None).unwrap();
    admitted.cost(operation, &Variables::from_json(variables))
}

fn nested(depth: usize) -> String {
    format!("{}c{}", "{a".repeat(depth - 1) + "{", "}".repeat(depth))
}

/// Fragments each spreading the next twice: 2^levels selections.
fn doubling(levels: usize) -> String {
    let mut document = "{a{...a0}}".to_owned();
    for level in 0..levels {
        let next = level + 1;
        write!(document, "fragment a{level} on T{{...a{next}...a{next}}}").unwrap();
    }
    write!(document, "fragment a{levels} on T{{c}}").unwrap();
    document
}

#[test]
fn each_limit_lets_its_last_value_pass_and_refuses_the_next() {
    let padded = |bytes: usize| format!("{{c}}{}", " ".repeat(bytes - 3));
    assert!(admit(&padded(MAX_BYTES)).is_ok());
    assert!(costly(&padded(MAX_BYTES + 1)).contains("16384"));

    assert!(admit(&nested(MAX_NESTING)).is_ok());
    assert!(costly(&nested(MAX_NESTING + 1)).contains("24 deep at line 1, column 50"));

    // The names and the spaces between them, both brackets, and the end.
    let wide = |names: usize| format!("{{{}}}", vec!["c"; names].join(" "));
    assert!(admit(&wide(MAX_TOKENS / 2 - 1)).is_ok());
    assert!(costly(&wide(MAX_TOKENS / 2)).contains("4000 tokens"));

    let twice = |rest: usize| {
        format!(
            "{{...f ...f {}}}fragment f on Query{{{}}}",
            "c ".repeat(rest),
            "b ".repeat(990)
        )
    };
    assert!(admit(&twice(MAX_SELECTIONS - 1982)).is_ok());
    assert!(costly(&twice(MAX_SELECTIONS - 1981)).contains("2000 selections"));

    let chain = |levels: usize| {
        let spreads = (1..levels).fold("{...f1}".to_owned(), |mut text, n| {
            write!(text, "fragment f{n} on Query{{...f{}}}", n + 1).unwrap();
            text
        });
        format!("{spreads}fragment f{levels} on Query{{c}}")
    };
    assert!(admit(&chain(MAX_DEPTH)).is_ok());
    assert!(costly(&chain(MAX_DEPTH + 1)).contains("32 deep"));
}

#[test]
fn known_attacks_are_refused_at_once() {
    let list = format!("{{b(c:{}{})}}", "[".repeat(2_000), "]".repeat(2_000));
    let chain = doubling(30);
    assert!(chain.len() < 1_000, "{}", chain.len());
    let unused = format!("query{{c}}{}", &doubling(30)["{a{...a0}}".len()..]);
    let type_brackets = format!(
        "query($a:{}Int{}){{c}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    // Every fragment a fragment away from the next, as many as the tokens allow: no stack is spent on them.
    let long = (0..280).fold("{...f0}".to_owned(), |mut text, n| {
        write!(text, "fragment f{n} on Query{{...f{}}}", n + 1).unwrap();
        text
    }) + "fragment f280 on Query{c}";
    // Not part of what is measured: the schema is read once.
    admit("{c}").unwrap();
    let unknown = format!("{{{}}}", "z ".repeat(1_900));
    for attack in [&list, &chain, &unused, &type_brackets, &long, &unknown] {
        assert!(admit(attack).is_err(), "{attack}");
        is_read_within(Duration::from_millis(50), attack);
    }
    // What stands under one key is compared with each other, and nothing is wrong with it.
    let same = format!("{{{}}}", "a{c}".repeat(900));
    is_read_within(Duration::from_millis(500), &same);
}

/// Checks how much processor time a document takes to be read, at the best of three times.
fn is_read_within(most: Duration, document: &str) {
    let took = (0..3).map(|_| {
        let before = processor_time();
        let _ = admit(document);
        processor_time().saturating_sub(before)
    });
    let least = took.min().unwrap();
    assert!(least < most, "{least:?}: {}", &document[..60]);
}

/// The processor time of this thread: what else the machine does is not counted.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos = told.split_whitespace().next().unwrap().parse().unwrap();
    Duration::from_nanos(nanos)
}

#[test]
fn fragment_circles_and_unknown_fragments_are_refused() {
    assert!(
        wrong("{...a} fragment a on Query{...a}").contains("`a` fragment cannot reference itself")
    );
    wrong("{...a} fragment a on Query{a{...c}} fragment c on T{... on T{a{...c}}}");
    wrong("{c} fragment a on T{...c} fragment c on T{...a}");
    assert!(wrong("{...nowhere c}").contains("`nowhere`"));
    assert!(admit("query a{b} query b{c a{c}}").is_ok());
}

#[test]
fn strings_and_comments_hide_their_brackets() {
    let brackets = "[{(".repeat(40);
    for document in [
        format!("{{b(c:\"{brackets}\")}}"),
        format!("{{b(c:\"\\\"{brackets}\")}}"),
        format!("{{b(c:\"\\\\\", d:\"{brackets}\")}}"),
        format!("{{b(c:\"\"\"{brackets}\n\" \"\" \\\"\"\" {brackets}\"\"\")}}"),
        format!("{{b(c:\"\", d:\"{brackets}\")}}"),
        format!("{{c # {brackets} \"\n b}}"),
        format!("{{c # {brackets} \"\"\"\r b}}"),
        format!("\u{feff}{{b(c:\"é{brackets}\")}}"),
    ] {
        admit(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
    }
    // What only looks like a string's or comment's end does not hide what follows.
    for document in [
        format!("{{b(c:\"\\\\\" d:{brackets}"),
        format!("{{b(c:\"#\" d:{brackets}"),
        format!("{{b(c:\"\"\"\\\\\"\"\" d:{brackets}"),
        format!("{{b #\n(c:{brackets}"),
    ] {
        assert!(admit(&document).is_err(), "{document}");
    }
}

#[test]
fn syntax_errors_say_where_and_what_was_expected_and_quote_nothing() {
    let message = wrong("{\n  secret(ssn: 123456789,,\n}");
    assert!(message.contains("line 3, column 1"), "{message}");
    assert!(message.contains("expected `)`"), "{message}");
    assert!(
        !message.contains("secret") && !message.contains("123456789"),
        "{message}"
    );
    assert!(message.len() < 250, "{message}");

    assert!(wrong("{b(c: \"no end\n\")}").contains("line 1, column 7"));
    assert!(wrong("{b(c: \"\"\"no end)}").contains("line 1, column 7"));
    assert!(wrong("").contains("unexpected end of the document"));
    assert!(wrong("fragment a on T{c}").contains("must be used in an operation"));
    assert!(wrong("{c} query b{c}").contains("anonymous"));
    assert!(wrong("query b{c} query b{b}").contains("`b`"));
    assert!(wrong("{c} fragment b on T{c} fragment b on T{b}").contains("`b`"));
    assert!(wrong("{a{d}}").contains("does not have a field `d`"));
    for document in [
        "{c}}",
        "{",
        "query",
        "{b(",
        "type A { b: Int }",
        "{colour(of: 1e9999)}",
        "{b(c:\"\\uD800\")}",
        "\u{0}",
    ] {
        wrong(document);
    }
}

/// All that is wrong with a document is told at once, in its order, what does not fit an argument in our words.
#[test]
fn all_faults_of_a_document_are_told_at_once() {
    let faults = document::admit(&TOY, "query($a: Int) {\n  colour(of: \"A\")\n  secrte\n}");
    let faults = faults.unwrap_err().faults;
    let told: Vec<String> = faults
        .iter()
        .map(|fault| format!("{} {fault}", fault.location().unwrap()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    line 1, column 7 unused variable: `$a`
    line 2, column 14 `of` must be a value of `Colour`: A, B; write `A`, without quotes
    line 3, column 3 type `Query` does not have a field `secrte`: did you mean `secret`?
    ");
}

/// What tools ask for of a schema.
fn introspection() -> String {
    let of_types = (0..9).fold("kind name".to_owned(), |inner, _| {
        format!("kind name ofType{{{inner}}}")
    });
    format!(
        "query IntrospectionQuery{{__schema{{description queryType{{name}} mutationType{{name}} subscriptionType{{name}} \
         types{{...FullType}} directives{{name description isRepeatable locations args(includeDeprecated:true){{...InputValue}}}}}}}} \
         fragment FullType on __Type{{kind name description specifiedByURL isOneOf fields(includeDeprecated:true){{name description \
         args(includeDeprecated:true){{...InputValue}} type{{...TypeRef}} isDeprecated deprecationReason}} \
         inputFields(includeDeprecated:true){{...InputValue}} interfaces{{...TypeRef}} enumValues(includeDeprecated:true){{name \
         description isDeprecated deprecationReason}} possibleTypes{{...TypeRef}}}} fragment InputValue on __InputValue{{name \
         description type{{...TypeRef}} defaultValue isDeprecated deprecationReason}} fragment TypeRef on __Type{{{of_types}}}"
    )
}

#[test]
fn the_usual_introspection_query_is_admitted_and_a_circle_of_lists_is_not() {
    let cost = cost_of(&OURS, &introspection(), json!({}));
    assert!(cost.check().is_ok(), "{cost:?}");
    let circle = |pairs: usize| {
        let lists = "possibleTypes{interfaces{".repeat(pairs);
        format!(
            "{{__type(name:\"Node\"){{{lists}name{}}}}}",
            "}}".repeat(pairs)
        )
    };
    assert!(document::admit(&OURS, &circle(1)).is_ok());
    let refused = document::admit(&OURS, &circle(7)).unwrap_err();
    assert!(
        refused.faults[0].to_string().contains("3 deep"),
        "{refused:?}"
    );
    // Nor through fragments, wherever they are spread first.
    let through = "{ __type(name: \"Node\") { ...f possibleTypes { interfaces { ...f } } } } fragment f on __Type { possibleTypes { name } }";
    assert!(document::admit(&OURS, through).is_err());
}

#[test]
fn a_page_costs_what_it_may_hold() {
    let pages = |size: &str| {
        let n = if size.contains("$n") { "$n: Int, " } else { "" };
        format!(
            "query({n}$no: Boolean! = false) {{ referrals(box: INBOX{size}) {{ edges {{ node {{ id status package(purpose: HOUSING_PLACEMENT) @skip(if: $no) {{ withheld {{ reason }} }} }} }} pageInfo {{ hasNextPage }} }} }}"
        )
    };
    let by = |size: &str, mut variables: serde_json::Value| {
        let given = variables.as_object_mut().unwrap();
        given.entry("no").or_insert(false.into());
        cost_of(&OURS, &pages(size), variables)
    };
    let twenty = by("", json!({}));
    assert_eq!(by(", first: 20", json!({})), twenty);
    assert_eq!(by(", last: 20", json!({})), twenty);
    // From whichever end, and whatever stands beside it.
    let forty = by(", first: 40", json!({}));
    assert_eq!(by(", first: null, last: 40", json!({})), forty);
    assert_eq!(by(", first: $n, last: 40", json!({})), forty);
    assert_eq!(by(", first: $n, last: 40", json!({ "n": 10 })), forty);
    assert_eq!(by(", first: $n", json!({ "n": 20 })), twenty);
    assert_eq!(by(", first: $n", json!({})), twenty, "the usual page");
    let (forty, none) = (by(", first: 40", json!({})), by(", first: 0", json!({})));
    assert_eq!(
        forty.charged - twenty.charged,
        twenty.charged - none.charged
    );
    assert_eq!(forty.values - twenty.values, twenty.values - none.values);
    // What is not asked for costs nothing: here, twenty packages.
    let without = by("", json!({ "no": true }));
    assert!(
        twenty.charged >= without.charged + 20 * PACKAGE,
        "{without:?} {twenty:?}"
    );
    // More than a page has is refused when it is asked for, and priced no higher.
    assert_eq!(
        by(", first: 1000000", json!({})),
        by(", first: 100", json!({}))
    );

    let ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let listed = |given: &[&str]| cost_of(&OURS, ids, json!({ "ids": given })).values;
    assert_eq!(listed(&["a", "b", "c"]) - listed(&["a"]), 2 * 2, "{ids}");
    assert_eq!(
        cost_of(&TOY, "{c c b}", json!({})),
        Cost {
            charged: REQUEST + 3 * QUERY,
            values: 3
        }
    );
}

/// One type may have many more fields and objects than types have in the mean.
#[test]
fn what_the_schema_says_of_one_type_is_priced_by_the_longest_there_is() {
    let values = |text: &str| cost_of(&OURS, text, json!({})).values;
    let roots = values("{ __type(name: \"Mutation\") { fields { name args { name } } } }");
    let objects = values("{ __type(name: \"Node\") { possibleTypes { fields { name } } } }");
    let every = values("{ __schema { types { name } } }");
    assert!(roots > 200 && objects > 500, "{roots} {objects}");
    assert!(every > 200, "{every}");
    let many: Vec<String> = (0..200)
        .map(|n| format!("a{n}: __type(name: \"Node\") {{ ...f }}"))
        .collect();
    let many = format!(
        "{{ {} }} fragment f on __Type {{ possibleTypes {{ fields {{ name }} }} }}",
        many.join(" ")
    );
    let refused = cost_of(&OURS, &many, json!({})).check();
    assert!(refused.is_err(), "{refused:?}");
}

/// What an inspection sent: each was executed once, and held the house up.
#[test]
fn what_one_request_may_not_ask_for_is_refused_before_it_is_begun() {
    for (one, count) in [
        (
            "referrals(box: INBOX, first: 100) { edges { node { package(purpose: HOUSING_PLACEMENT) { withheld { reason } } } } }",
            40,
        ),
        (
            "auditEvents(first: 100) { edges { node { proof { hashes } } } }",
            40,
        ),
        (
            "__schema { types { fields { name type { fields { name args { name } } } } } }",
            20,
        ),
    ] {
        let many: Vec<String> = (0..count).map(|n| format!("a{n}: {one}")).collect();
        let document = format!("{{ {} }}", many.join(" "));
        let cost = cost_of(&OURS, &document, json!({}));
        let refused = cost.check().unwrap_err();
        assert!(
            matches!(refused, Error::QueryTooCostly(_)),
            "{document}: {cost:?}"
        );
    }
    let program = "registerApplication(application: { name: \"a\", scopes: [\"directory.r\"], auth: SECRET }) { application { id } }";
    let values = Cost {
        charged: 0,
        values: MAX_VALUES + 1,
    };
    assert!(values.check().is_err(), "{program}");
}

#[test]
fn a_document_is_read_once() {
    let documents = Documents::new();
    let first = documents.admit(&TOY, "{c b}").unwrap();
    let again = documents.admit(&TOY, "{c b}").unwrap();
    let other = documents.admit(&TOY, "{c  b}").unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    assert!(!Arc::ptr_eq(&first, &other));
    assert!(documents.admit(&TOY, "{c b").is_err());
    assert!(documents.admit(&TOY, "{c b").is_err());
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1".to_owned()),
        Just("\"[{(\\\"\"".to_owned()),
        Just("\"\"\"[{( \" \\\"\"\" \"\"\"".to_owned()),
    ]
}

/// Selections of a `T` that may spread the fragments from this one on.
fn selections(first: usize) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("c".to_owned()),
        (first..FRAGMENTS + 1).prop_map(|n| {
            if n < FRAGMENTS {
                format!("...f{n}")
            } else {
                "c # }}}\n".to_owned()
            }
        }),
        (any::<u64>(), value()).prop_map(|(alias, value)| format!("b{alias}:b(c:{value})")),
    ];
    leaf.prop_recursive(8, 40, 4, |inner| {
        prop::collection::vec(inner, 1..4)
            .prop_map(|inside| format!("... @include(if:$v){{a{{{}}}}}", inside.join(" ")))
    })
}

const FRAGMENTS: usize = 5;

/// The fields that a document comes to when every fragment is written out, which is never done; none where they are too
/// many.
fn expanded(document: &ExecutableDocument, set: &SelectionSet, left: &mut u64) -> Option<()> {
    for selection in &set.items {
        let inner = match &selection.node {
            Selection::Field(field) => {
                *left = left.checked_sub(1)?;
                &field.node.selection_set.node
            }
            Selection::InlineFragment(inline) => &inline.node.selection_set.node,
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                &document.fragments.get(name)?.node.selection_set.node
            }
        };
        expanded(document, inner, left)?;
    }
    Some(())
}

/// How deep the lists of the first argument nest.
fn nesting(document: &ExecutableDocument) -> usize {
    fn of(value: &async_graphql_value::Value) -> usize {
        match value {
            async_graphql_value::Value::List(items) => {
                1 + items.iter().map(of).max().unwrap_or_default()
            }
            _ => 0,
        }
    }
    let (_, operation) = document.operations.iter().next().unwrap();
    let first = &operation.node.selection_set.node.items[0].node;
    let Selection::Field(field) = first else {
        return 0;
    };
    field
        .node
        .arguments
        .iter()
        .map(|(_, value)| of(&value.node))
        .max()
        .unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = admit(&text);
    }

    #[test]
    fn no_near_document_makes_the_reader_panic(text in r#"([{}()\[\]"\\#!$:=@|&.,\n\r a-c0-9é\u{feff}]|"""|\\"""|\.\.\.|on |fragment |query ){0,80}"#) {
        let _ = admit(&text);
    }

    /// A bracket that one parser took for a part of a string would nest the other deeper than is safe.
    #[test]
    fn both_parsers_read_strings_and_comments_alike(text in r#"("|"""|\\"""|\\|#|\n|\r|[a ]|\[|\]){0,14}"#) {
        let deep = "[".repeat(MAX_NESTING);
        for end in ["", "\"", "\"\"\"", "\n", "\r"] {
            let text = format!("{{b(c:[{text} {deep}{} {end}])}}", "]".repeat(MAX_NESTING));
            let read = match document::admit(&TOY, &text) {
                Ok(admitted) => Some(ExecutableDocument::from(&admitted)),
                Err(unfit) => unfit.document,
            };
            prop_assert!(read.is_none_or(|read| nesting(&read) <= MAX_NESTING), "{text:?}");
        }
    }

    /// A value may be about a person: no message repeats one.
    #[test]
    fn no_fault_quotes_a_value(text in r#"(\{|\}|\(|\)|\[|\]|:|,| |\$|@include|@skip|secret|colour|of|if|ssn|query|fragment|on T|\.\.\.|a|b|c|d|"geheim"|"""geheim"""| 90817263| 9081\.7263| -90817263|#geheim\n){0,40}"#) {
        for text in [text.clone(), format!("{{{text}}}"), format!("{{b(c:{text})}}"), format!("{{colour(of:{text})}}")] {
            for fault in document::admit(&TOY, &text).err().map(|unfit| unfit.faults).unwrap_or_default() {
                let told = fault.to_string();
                prop_assert!(!told.contains("geheim") && !told.contains("9081"), "{text}: {told}");
            }
        }
    }

    #[test]
    fn the_cost_is_what_expanding_would_give(
        operation in selections(0),
        bodies in (selections(1), selections(2), selections(3), selections(4), selections(5)),
    ) {
        let spreads: Vec<String> = (0..FRAGMENTS).map(|n| format!("...f{n}")).collect();
        let mut document = format!(
            "query q($v:Boolean!){{c @include(if:$v) a{{{operation} {}}}}}",
            spreads.join(" ")
        );
        let bodies = [bodies.0, bodies.1, bodies.2, bodies.3, bodies.4];
        for (n, body) in bodies.iter().enumerate() {
            write!(document, "fragment f{n} on T{{{body}}}").unwrap();
        }
        match admit(&document) {
            Ok(admitted) => {
                let operation = select_operation(admitted.document(), None).unwrap();
                let mut left = u64::MAX;
                expanded(admitted.document(), &operation.selection_set.node, &mut left).unwrap();
                let fields = u64::MAX - left;
                let cost = admitted.cost(operation, &Variables::from_json(json!({ "v": true })));
                prop_assert_eq!(cost.values, fields);
                prop_assert_eq!(cost.charged, REQUEST + 2 * QUERY + fields / VALUES_A_UNIT);
            }
            Err(Error::QueryTooCostly(_)) => {}
            Err(error) => prop_assert!(false, "{error}: {document}"),
        }
    }
}
