//! What is refused, with a code and nothing kept.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use concord::access::in_flight::MOST_OF_AN_AGENCY;
use concord::access::token::Claims;
use concord::consent::document::formats::{DocumentType, LARGEST};
use concord::jose::jwk::{Accepted, ExternalKey};
use serde_json::json;

use super::files::file;
use super::{Reply, draft, gets, keeper, puts, putting, rows, sha256, url};
use crate::jose::hand::{Hand, b64};
use crate::world::{Database, Server, World, on_both};

#[tokio::test]
async fn wrong_papers_are_refused_and_nothing_is_kept() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north);
    let consent = draft(&north, &south, "Ada").await;
    let pdf = file(DocumentType::Pdf, "x");
    let script = super::pdfs::pdf("", &[b"<< /S /JavaScript >>"]);
    let mut table = String::new();
    for (name, kind, bytes) in [
        ("no paper", "application/pdf", Vec::new()),
        ("another type", "text/html", b"<p>hello".to_vec()),
        (
            "a page that says it is a picture",
            "image/png",
            b"<script>".to_vec(),
        ),
        ("half a PDF", "application/pdf", pdf[..60].to_vec()),
        (
            "half a JPEG",
            "image/jpeg",
            file(DocumentType::Jpeg, "x")[..20].to_vec(),
        ),
        (
            "half a PNG",
            "image/png",
            file(DocumentType::Png, "x")[..40].to_vec(),
        ),
        (
            "a picture that is a PDF too",
            "image/jpeg",
            file(DocumentType::Jpeg, "%PDF-1.4"),
        ),
        ("a PDF with a program", "application/pdf", script),
    ] {
        let answer = puts(&north, &consent, kind, &bytes).await;
        writeln!(table, "{name:34} {}", answer.verdict()).unwrap();
    }
    for (name, header, value) in [
        ("a coded body", "content-encoding", "gzip"),
        ("a part", "content-range", "bytes 0-9/100"),
    ] {
        let request = putting(&north, &consent, "application/pdf", &pdf).header(header, value);
        writeln!(table, "{name:34} {}", Reply::to(request).await.verdict()).unwrap();
    }
    insta::assert_snapshot!(table, @r"
    no paper                           415 FILE_REFUSED OTHER_TYPE
    another type                       415 FILE_REFUSED OTHER_TYPE
    a page that says it is a picture   415 FILE_REFUSED OTHER_TYPE
    half a PDF                         400 FILE_REFUSED CUT_OFF
    half a JPEG                        400 FILE_REFUSED CUT_OFF
    half a PNG                         400 FILE_REFUSED CUT_OFF
    a picture that is a PDF too        400 FILE_REFUSED TWO_TYPES
    a PDF with a program               400 FILE_REFUSED SCRIPT
    a coded body                       415 BAD_USER_INPUT
    a part                             415 BAD_USER_INPUT
    ");
    assert_eq!(rows(&world), ("0".to_owned(), "0".to_owned()));
    // What it is called does not count: what it is does.
    let taken = puts(&north, &consent, "image/jpg", &pdf).await;
    assert_eq!(taken.status, 201);
    assert_eq!(taken.json()["contentType"], "application/pdf");
    assert_ne!(rows(&world), ("0".to_owned(), "0".to_owned()));
}

on_both!(ten_mebibytes_are_stored_and_one_byte_more_is_not);
async fn ten_mebibytes_are_stored_and_one_byte_more_is_not(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let north = keeper(&world, &north);
    let consent = draft(&north, &south, "Ada").await;
    let around = file(DocumentType::Pdf, "").len();
    let largest = file(DocumentType::Pdf, &"x".repeat(LARGEST - around));
    assert_eq!(largest.len(), LARGEST);

    // Told beforehand, and found out on the way: neither is read to its end.
    let head = |length: &str| {
        format!(
            "PUT /consents/{consent}/document HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/pdf\r\n{length}\r\n\r\n",
            north.token
        )
    };
    let told = says(
        &north.address,
        &head(&format!("content-length: {}", LARGEST + 1)),
        0,
    );
    assert!(
        told.starts_with("HTTP/1.1 413 ") && told.contains("BAD_USER_INPUT"),
        "{told}"
    );
    let found = says(
        &north.address,
        &head("transfer-encoding: chunked"),
        LARGEST + 1,
    );
    assert!(found.starts_with("HTTP/1.1 413 "), "{found}");
    assert_eq!(rows(&world), ("0".to_owned(), "0".to_owned()));

    assert_eq!(
        puts(&north, &consent, "application/pdf", &largest)
            .await
            .status,
        201
    );
    assert_eq!(gets(&north, &consent).await.bytes, largest);
}

/// Sends a head and so many bytes in chunks, and gives back what comes.
fn says(address: &str, head: &str, bytes: usize) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(15)))
        .unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut left = bytes;
    while left > 0 {
        let size = left.min(64 * 1024);
        let chunk = [
            format!("{size:x}\r\n").as_bytes(),
            &vec![b'x'; size],
            b"\r\n",
        ]
        .concat();
        // The server may close before it has read everything; what it said counts.
        if stream.write_all(&chunk).is_err() {
            break;
        }
        left -= size;
    }
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

on_both!(only_the_discloser_stores_and_reads);
async fn only_the_discloser_stores_and_reads(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let (north, south) = (keeper(&world, &north), keeper(&world, &south));
    let stranger = keeper(&world, &world.agency("stranger").await);
    let paper = file(DocumentType::Png, "x");
    let kind = "image/png";
    let bare = draft(&north, &south, "Ada").await;
    let consent = draft(&north, &south, "Bea").await;
    assert_eq!(puts(&north, &consent, kind, &paper).await.status, 201);
    super::signs(&north, &consent, &hex::encode(sha256(&paper)))
        .await
        .data();
    let before = rows(&world);
    let denied = "SELECT count(*) FROM audit_event WHERE kind = 'ACCESS_DENIED'";
    assert_eq!(world.tampers(denied), "0");

    let never = "consent_01h2xcejqtf2nbrexx3vqjhp41";
    let mut answers = Vec::new();
    for (who, which) in [
        (&south, consent.as_str()),
        (&stranger, &consent),
        (&north, never),
        (&north, "x"),
    ] {
        answers.push(gets(who, which).await);
        answers.push(puts(who, which, kind, &paper).await);
    }
    answers.push(gets(&north, &bare).await);
    let count = answers.len();
    let texts = answers.iter().map(|answer| {
        let mut body = answer.json();
        body["extensions"] = json!({});
        (answer.status, body.to_string())
    });
    let texts: std::collections::BTreeSet<_> = texts.collect();
    assert_eq!(texts.len(), 1, "they are not answered alike: {texts:?}");
    assert_eq!(answers[0].verdict(), "404 NOT_FOUND");
    assert_eq!(
        world.tampers(denied),
        count.to_string(),
        "each is on record once"
    );

    for (scope, reads, stores) in [
        ("evidence.c", "403 FORBIDDEN_SCOPE", "200"),
        ("evidence.r", "200", "403 FORBIDDEN_SCOPE"),
        (
            "consent.cruds referral.cruds",
            "403 FORBIDDEN_SCOPE",
            "403 FORBIDDEN_SCOPE",
        ),
    ] {
        let narrow = north.with(world.token(north.id, scope));
        let read = gets(&narrow, &consent).await;
        assert_eq!(read.verdict(), reads, "{scope}");
        if read.status == 403 {
            assert!(
                read.header("www-authenticate")
                    .contains("scope=\"evidence.r\"")
            );
        }
        assert_eq!(
            puts(&narrow, &consent, kind, &paper).await.verdict(),
            stores,
            "{scope}"
        );
    }
    let nobody = north.with("nonsense".to_owned());
    assert_eq!(
        gets(&nobody, &consent).await.verdict(),
        "401 UNAUTHENTICATED"
    );
    assert_eq!(
        puts(&nobody, &bare, kind, &paper).await.verdict(),
        "401 UNAUTHENTICATED"
    );
    let id = world.sql_id(&north.id.to_string());
    world.ends_sharing(&format!(
        "UPDATE agency SET status = 'SUSPENDED' WHERE id = {id}"
    ));
    assert_eq!(
        gets(&north, &consent).await.verdict(),
        "401 UNAUTHENTICATED"
    );
    assert_eq!(
        puts(&north, &bare, kind, &paper).await.verdict(),
        "401 UNAUTHENTICATED"
    );
    assert_eq!(rows(&world), before);
}

#[tokio::test]
async fn a_bound_token_needs_a_proof_for_this_address() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let consent = draft(&keeper(&world, &north), &south, "Ada").await;
    let hand = Hand::p256();
    let key = ExternalKey::parse(hand.jwk().to_string().as_bytes(), Accepted::CurvesOnly).unwrap();
    let token = world.signs(&Claims {
        holder: Some(key.thumbprint().to_owned()),
        ..world.claims(north.id, "consent.r evidence.cr")
    });
    let issuer = world.service.settings.issuer.trim_end_matches('/');
    let proof = |method: &str, url: &str| {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": hand.jwk() });
        let now = concord::clock::now().unix_seconds();
        let id = uuid::Uuid::new_v4().to_string();
        let ath = b64(&sha256(token.as_bytes()));
        hand.jws(
            &header,
            &json!({ "jti": id, "htm": method, "htu": url, "iat": now, "ath": ath }),
        )
    };
    let own = format!("{issuer}/consents/{consent}/document");
    let put = |proof: String| {
        reqwest::Client::new()
            .put(url(&north, &consent))
            .header("authorization", format!("DPoP {token}"))
            .header("dpop", proof)
            .header("content-type", "image/png")
            .body(file(DocumentType::Png, "x"))
    };
    let audience = &world.service.settings.audience;
    for wrong in [
        proof("PUT", audience),
        proof("GET", &own),
        proof("PUT", &format!("{issuer}/consents/{consent}/form")),
    ] {
        assert_eq!(Reply::to(put(wrong)).await.verdict(), "401 UNAUTHENTICATED");
    }
    let good = proof("PUT", &own);
    assert_eq!(Reply::to(put(good.clone())).await.verdict(), "201");
    assert_eq!(Reply::to(put(good)).await.verdict(), "401 UNAUTHENTICATED");
}

#[tokio::test]
async fn papers_and_forms_cost_something() {
    let world = World::on(Database::Sqlite).await;
    let (north, south) = world.agencies("north", "south").await;
    let consent = draft(&keeper(&world, &north), &south, "Ada").await;
    let slow = [
        ("CONCORD_COST_PER_SECOND", "1"),
        ("CONCORD_COST_BURST", "250000"),
    ];
    let server = Server::start_under(&world.flags(), &slow);
    let north = keeper(&world, &north).at(&server.address);
    for _ in 0..50 {
        assert_eq!(gets(&north, &consent).await.verdict(), "404 NOT_FOUND");
    }
    let refused = gets(&north, &consent).await;
    assert_eq!(refused.verdict(), "429 RATE_LIMITED");
    assert!(refused.headers.contains_key("retry-after"));
}

on_both!(papers_that_come_slowly_keep_only_their_own_agency_waiting);
async fn papers_that_come_slowly_keep_only_their_own_agency_waiting(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let (north, south) = (keeper(&world, &north), keeper(&world, &south));
    let (ours, theirs) = (
        draft(&north, &south, "Ada").await,
        draft(&south, &north, "Bea").await,
    );
    let paper = file(DocumentType::Pdf, "signed");
    let head = format!(
        "PUT /consents/{ours}/document HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/pdf\r\ncontent-length: 9000\r\n\r\n",
        north.token
    );
    let slow: Vec<TcpStream> = (0..MOST_OF_AN_AGENCY)
        .map(|_| {
            let mut stream = TcpStream::connect(&north.address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    let stored = async |status: &[u16]| {
        for _ in 0..100 {
            let reply = puts(&north, &ours, "application/pdf", &paper).await;
            if status.contains(&reply.status) {
                return reply;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never answered {status:?}");
    };
    let full = stored(&[429]).await;
    assert_eq!(full.verdict(), "429 RATE_LIMITED");
    assert_eq!(full.headers["retry-after"], "2");
    assert_eq!(gets(&north, &ours).await.verdict(), "429 RATE_LIMITED");
    assert_eq!(
        puts(&south, &theirs, "application/pdf", &paper)
            .await
            .status,
        201
    );

    drop(slow);
    stored(&[200, 201]).await;
    assert_eq!(gets(&north, &ours).await.bytes, paper);
}
