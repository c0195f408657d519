//! What a browser, a probe or a crawler notices of a path before it asks for anything: methods, names, compression.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _};
use std::process::{Command, Stdio};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::world::{Database, Server, World};

/// Paths that are only read, and whether they need a token.
const READ: [(&str, bool); 11] = [
    ("/", false),
    ("/explorer.js", false),
    ("/explorer.css", false),
    ("/examples.js", false),
    ("/healthz", false),
    ("/readyz", false),
    ("/.well-known/jwks.json", false),
    ("/.well-known/oauth-authorization-server", false),
    ("/.well-known/oauth-protected-resource", false),
    ("/.well-known/oauth-protected-resource/graphql", false),
    ("/consents/consent_01h2xcejqtf2nbrexx3vqjhp41/form", true),
];

fn exploring(world: &World) -> Server {
    Server::start_under(&world.flags(), &[("CONCORD_EXPLORER", "true")])
}

fn asks(server: &Server, method: Method, path: &str) -> RequestBuilder {
    reqwest::Client::new().request(method, format!("http://{}{path}", server.address))
}

/// Status, headers that say what is there, and the body.
async fn seen(request: RequestBuilder) -> (u16, BTreeMap<String, String>, Vec<u8>) {
    let answer = request.send().await.unwrap();
    let told = [
        "content-type",
        "content-length",
        "content-encoding",
        "vary",
        "etag",
        "cache-control",
        "allow",
    ];
    let headers = told.iter().filter_map(|name| {
        let value = answer.headers().get(*name)?;
        Some(((*name).to_owned(), value.to_str().unwrap().to_owned()))
    });
    let headers = headers.collect();
    (
        answer.status().as_u16(),
        headers,
        answer.bytes().await.unwrap().to_vec(),
    )
}

#[tokio::test]
async fn head_is_get_without_a_body_and_other_methods_are_told_which_there_are() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = exploring(&world);
    for (path, needs_token) in READ {
        let with = |request: RequestBuilder| {
            if needs_token {
                request.bearer_auth(&north.token)
            } else {
                request
            }
        };
        let (status, mut headers, body) = seen(with(asks(&server, Method::GET, path))).await;
        let (head_status, mut head_headers, head_body) =
            seen(with(asks(&server, Method::HEAD, path))).await;
        assert_eq!(status, if needs_token { 404 } else { 200 }, "{path}");
        assert!(!body.is_empty() && head_body.is_empty(), "{path}");
        if path == "/readyz" || needs_token {
            // What it says may differ from one moment to the next.
            headers.remove("content-length");
            head_headers.remove("content-length");
        }
        assert_eq!((head_status, head_headers), (status, headers), "{path}");
        for method in [Method::POST, Method::DELETE, Method::PUT] {
            let (status, headers, body) = seen(asks(&server, method, path)).await;
            assert_eq!(
                (status, headers["allow"].as_str()),
                (405, "GET, HEAD"),
                "{path}"
            );
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["errors"][0]["message"], "this path takes GET, HEAD");
        }
    }
    let document = "/consents/consent_01h2xcejqtf2nbrexx3vqjhp41/document";
    for (path, allow) in [
        (document, "GET, HEAD, PUT"),
        ("/graphql", "POST"),
        ("/oauth/token", "POST"),
        ("/oauth/revoke", "POST"),
        ("/oauth/introspect", "POST"),
    ] {
        let (status, headers, _) = seen(asks(&server, Method::DELETE, path)).await;
        assert_eq!((status, headers["allow"].as_str()), (405, allow), "{path}");
    }
    let (status, ..) = seen(asks(&server, Method::GET, "/nowhere")).await;
    assert_eq!(status, 404);
}

/// The body as it was before it was packed.
fn unpacked(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(body)
            .read_to_end(&mut plain)
            .unwrap(),
        "br" => brotli::Decompressor::new(body, 4096)
            .read_to_end(&mut plain)
            .unwrap(),
        other => panic!("{other}"),
    };
    plain
}

#[tokio::test]
async fn what_is_large_and_public_is_packed_and_nothing_else_is() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let server = exploring(&world);
    for path in [
        "/explorer.js",
        "/explorer.css",
        "/.well-known/oauth-authorization-server",
    ] {
        let (_, headers, plain) = seen(asks(&server, Method::GET, path)).await;
        assert_eq!(
            headers.get("content-encoding"),
            None,
            "{path}: nobody asked for it"
        );
        assert_eq!(headers["vary"], "accept-encoding", "{path}");
        assert!(plain.len() > 1024, "{path}");
        for (accepted, coding) in [
            ("gzip", Some("gzip")),
            ("br", Some("br")),
            ("gzip, deflate, br, zstd", None),
            ("gzip;q=0, identity", Some("")),
            ("zstd", Some("")),
            ("\"", Some("")),
        ] {
            let asked =
                asks(&server, Method::GET, path).header("accept-encoding", accepted.as_bytes());
            let (status, headers, body) = seen(asked).await;
            assert_eq!(status, 200, "{path}, {accepted}");
            let used = headers.get("content-encoding").map_or("", String::as_str);
            if let Some(coding) = coding {
                assert_eq!(used, coding, "{path}, {accepted}");
            }
            if used.is_empty() {
                assert_eq!(body, plain, "{path}, {accepted}");
            } else {
                assert!(body.len() < plain.len() * 2 / 3, "{path}, {accepted}");
                assert_eq!(unpacked(used, &body), plain, "{path}, {accepted}");
                assert_eq!(headers["vary"], "accept-encoding", "{path}");
            }
        }
    }
    // Small.
    let small = asks(&server, Method::GET, "/healthz").header("accept-encoding", "gzip, br");
    let (_, headers, body) = seen(small).await;
    assert!(body.len() < 1024);
    assert_eq!(headers.get("content-encoding"), None);
    // Secrets beside chosen text: an answer of GraphQL's, which carries both the alias and what is shared.
    let fields: Vec<String> = (0..60)
        .map(|n| format!("chosen{n}: viewer {{ subject scopes }}"))
        .collect();
    let fields = fields.join(" ");
    let asked = asks(&server, Method::POST, "/graphql")
        .bearer_auth(&north.token)
        .header("accept-encoding", "gzip, br")
        .json(&serde_json::json!({ "query": format!("{{ {fields} }}") }));
    let (status, headers, body) = seen(asked).await;
    assert_eq!(status, 200);
    assert!(body.len() > 1024, "{}", body.len());
    assert_eq!(headers.get("content-encoding"), None);
    serde_json::from_slice::<Value>(&body).unwrap();
}

/// A demo of its own, without any setting of the world's, and the lines that it said.
struct Demo {
    server: std::process::Child,
    said: String,
    address: String,
    _folder: tempfile::TempDir,
}

impl Demo {
    fn at(listen: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut server = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(["serve", "--demo", "--listen", listen, "--data"])
            .arg(folder.path().join("data"))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        while !said.contains("curl") {
            said += &(lines.next().expect("it starts").unwrap() + "\n");
        }
        let at = said.split_once("http://").unwrap().1;
        let address = at.split('/').next().unwrap().to_owned();
        Self {
            server,
            said,
            address,
            _folder: folder,
        }
    }

    async fn json(&self, path: &str, host: Option<&str>) -> Result<Value, u16> {
        let mut asked = reqwest::Client::new().get(format!("http://{}{path}", self.address));
        if let Some(host) = host {
            asked = asked.header("host", host);
        }
        let answer = asked.send().await.unwrap();
        let status = answer.status().as_u16();
        if status == 200 {
            Ok(answer.json().await.unwrap())
        } else {
            Err(status)
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

#[tokio::test]
async fn who_the_service_is_follows_where_it_listens() {
    // As Kubernetes sets them for a service that is called `concord`.
    let demo = Demo::at(
        "127.0.0.1:0",
        &[
            ("CONCORD_PORT", "tcp://10.96.0.7:4000"),
            ("CONCORD_PORT_4000_TCP", "tcp://10.96.0.7:4000"),
            ("CONCORD_PORT_4000_TCP_ADDR", "10.96.0.7"),
            ("CONCORD_PORT_4000_TCP_PORT", "4000"),
            ("CONCORD_PORT_4000_TCP_PROTO", "tcp"),
            ("CONCORD_SERVICE_HOST", "10.96.0.7"),
            ("CONCORD_SERVICE_PORT", "4000"),
            ("CONCORD_SERVICE_PORT_HTTP", "4000"),
        ],
    );
    let own = format!("http://{}", demo.address);
    assert!(!own.ends_with(":0") && !own.ends_with(":4000"), "{own}");
    assert!(
        demo.said.contains(&format!("{own}/graphql")),
        "{}",
        demo.said
    );
    let server = demo
        .json("/.well-known/oauth-authorization-server", None)
        .await
        .unwrap();
    assert_eq!(server["issuer"], own.as_str());
    assert_eq!(server["token_endpoint"], format!("{own}/oauth/token"));
    let resource = demo
        .json("/.well-known/oauth-protected-resource/graphql", None)
        .await
        .unwrap();
    assert_eq!(resource["resource"], format!("{own}/graphql"));
    assert_eq!(resource["authorization_servers"][0], own.as_str());
    // Its tokens are good there, and its challenge leads there.
    let personas = demo.json("/demo/personas", None).await.unwrap();
    let asks = |token: &str| {
        let asked = reqwest::Client::new().post(format!("{own}/graphql"));
        let query = serde_json::json!({ "query": "{ viewer { subject } }" });
        asked.bearer_auth(token).json(&query).send()
    };
    let token = personas["housing"]["token"].as_str().unwrap();
    assert_eq!(asks(token).await.unwrap().status(), 200);
    let refused = asks("nonsense").await.unwrap();
    let challenge = refused.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        challenge.contains(&format!("\"{own}/.well-known/")),
        "{challenge}"
    );

    // A page of a stranger's, whose name was made to lead here, is not told the tokens.
    let port = demo.address.rsplit(':').next().unwrap();
    for (host, answered) in [
        ("localhost".to_owned(), true),
        (format!("localhost:{port}"), true),
        (format!("127.0.0.1:{port}"), true),
        (format!("[::1]:{port}"), true),
        (format!("rebound.example:{port}"), false),
        (format!("127.0.0.1.rebound.example:{port}"), false),
        (format!("localhost.rebound.example:{port}"), false),
        (format!("192.0.2.7:{port}"), false),
        ("rebound.example@localhost".to_owned(), false),
    ] {
        let told = demo.json("/demo/personas", Some(&host)).await;
        assert_eq!(told.err(), (!answered).then_some(421), "{host}");
    }
}
