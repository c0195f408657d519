//! What a client calls its request itself is found again: in the program's log, and in the audit log beside our own id.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{Agency, World, on_both};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Sends a request with these headers; returns the id that the answer carried.
async fn sends(world: &World, token: &str, headers: &[(&str, &str)]) -> String {
    let mut request = reqwest::Client::new()
        .post(format!("http://{}/graphql", world.server.address))
        .bearer_auth(token)
        .json(&json!({ "query": "query Traced { survivors { edges { node { id } } } }" }));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned()
}

/// What the newest event of an agency says of the request.
async fn event(agency: &Agency) -> Value {
    let log = "auditEvents(first: 1, filter: { types: [RECORDS_LISTED] })";
    let events = agency.lists(log, "requestId clientRequestId traceId").await;
    events[0].clone()
}

/// The line of the program's log that says this of a request, once it has come.
async fn logged(world: &World, request: &str, said: &str) -> Value {
    let began = Instant::now();
    loop {
        let log = world.server.logged();
        // The last line may still be on its way.
        let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut lines = whole.lines();
        if let Some(line) = lines.find(|line| line.contains(request) && line.contains(said)) {
            return serde_json::from_str(line).unwrap();
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "not logged: {said}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

on_both!(a_clients_own_names_of_a_request_stand_beside_ours);
async fn a_clients_own_names_of_a_request_stand_beside_ours(world: World) {
    let north = world.agency("north").await;
    north.registers("Ada").await;
    let trace = format!("00-{TRACE}-{PARENT}-01");
    let headers = [
        ("traceparent", trace.as_str()),
        ("x-request-id", "web-1/2026.11:26_a=b+c"),
    ];
    let ours = sends(&world, &north.token, &headers).await;
    uuid::Uuid::parse_str(&ours).unwrap();
    let expected = json!({ "requestId": ours, "clientRequestId": headers[1].1, "traceId": TRACE });
    assert_eq!(event(&north).await, expected);
    let refused = sends(&world, "nonsense", &headers).await;
    for (request, said) in [(ours, "answered"), (refused, "a token was refused")] {
        let line = logged(&world, &request, said).await;
        assert_eq!(line["fields"]["trace"], TRACE, "{line}");
        assert_eq!(line["fields"]["client_request"], headers[1].1, "{line}");
    }

    // What is none is passed over, and nobody is refused for it.
    let long = "a".repeat(65);
    let ids = [
        "Ada Lovelace",
        "ada@example.org",
        "\"quoted\"",
        "{}",
        &long,
        "",
    ];
    let zeros = "0".repeat(32);
    let traces = [
        format!("00-{zeros}-{PARENT}-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}-{PARENT}-0g"),
        format!("00-{TRACE}-{PARENT}"),
        format!("00-{TRACE}-{PARENT}-01-more"),
        format!("ff-{TRACE}-{PARENT}-01"),
        format!("01-{TRACE}-{PARENT}-01more"),
        format!("00-{TRACE}0-{PARENT}-01"),
        "somebody's".to_owned(),
        String::new(),
    ];
    for (n, trace) in traces.iter().enumerate() {
        let headers = [
            ("traceparent", trace.as_str()),
            ("x-request-id", ids[n % ids.len()]),
        ];
        let ours = sends(&world, &north.token, &headers).await;
        let expected = json!({ "requestId": ours, "clientRequestId": null, "traceId": null });
        assert_eq!(event(&north).await, expected, "{headers:?}");
    }
    let twice = [
        ("traceparent", trace.as_str()),
        ("traceparent", trace.as_str()),
        ("x-request-id", "one"),
        ("x-request-id", "other"),
    ];
    sends(&world, &north.token, &twice).await;
    let event_of_two = event(&north).await;
    assert_eq!(
        (&event_of_two["traceId"], &event_of_two["clientRequestId"]),
        (&Value::Null, &Value::Null)
    );
    // A version that comes later may add something.
    let later = format!("01-{TRACE}-{PARENT}-01-what-comes");
    sends(&world, &north.token, &[("traceparent", &later)]).await;
    assert_eq!(event(&north).await["traceId"], TRACE);
}
