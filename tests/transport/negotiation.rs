//! What is read and answered over HTTP: media types, statuses, parameters.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use concord::http::negotiate::{MediaType, NegotiationError, RequestOutcome, check_content_type};
use concord::http::params::{NamedDocument, Params};
use serde_json::json;

use super::run;

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
        (Json, RequestOutcome::Answered, 200),
        (Json, RequestOutcome::RequestError, 200),
        (Json, RequestOutcome::Malformed, 400),
        (GraphqlResponse, RequestOutcome::Answered, 200),
        (GraphqlResponse, RequestOutcome::RequestError, 400),
        (GraphqlResponse, RequestOutcome::Malformed, 400),
    ];
    for (media, outcome, status) in statuses {
        assert_eq!(
            media.status(outcome).as_u16(),
            status,
            "{media:?} {outcome:?}"
        );
    }
    let outcome = async |query| RequestOutcome::of(&run(query, json!({})).await.unwrap());
    assert_eq!(outcome("{maybePart{id}}").await, RequestOutcome::Answered);
    assert_eq!(
        outcome("{maybePart{weight}}").await,
        RequestOutcome::Answered
    );
    // The error reaches the root, whose data is null: executed all the same.
    assert_eq!(outcome("{part{weight}}").await, RequestOutcome::Answered);
    assert_eq!(outcome("{tag(tag:\"no\")}").await, RequestOutcome::Answered);
}

#[test]
fn parameters_have_their_types() {
    let parse = |body: &str| Params::parse(body.as_bytes()).map_err(|error| error.to_string());
    let all = parse(
        r#"{"query":"{a}","operationName":"b","variables":{"c":1},"extensions":{"d":2},"x":[]}"#,
    )
    .unwrap();
    assert_eq!(all.document, NamedDocument::Text("{a}".to_owned()));
    assert_eq!(all.operation_name.as_deref(), Some("b"));
    assert_eq!(all.variables.unwrap()["c"], 1);

    let nulls = parse(r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#)
        .unwrap();
    assert_eq!((nulls.operation_name, nulls.variables), (None, None));

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
    for (body, hash) in [
        (
            r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}"#,
            "ab",
        ),
        (r#"{"extensions":{"persistedQuery":1},"query":null}"#, ""),
        (r#"{"documentId":"sha256:ab"}"#, "ab"),
        (
            r#"{"documentId":"ab","extensions":{"persistedQuery":{"sha256Hash":"cd"}}}"#,
            "ab",
        ),
    ] {
        let named = parse(body).unwrap().document;
        assert_eq!(named, NamedDocument::Hash(hash.to_owned()), "{body}");
    }
    let faults = [
        ("", "the body is empty"),
        (" \n", "the body is empty"),
        ("{}", "`query`: is missing"),
        ("{\"query\":null}", "`query`: is missing"),
        (
            "{\"documentId\":[\"secret\"]}",
            "`documentId`: must be a string",
        ),
        (
            "{\"extensions\":{\"clientLibrary\":{\"name\":\"secret\"}}}",
            "`query`: is missing",
        ),
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
