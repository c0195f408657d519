//! Where a request comes from, behind proxies: the proxies say it, and whoever asks cannot.

use std::net::IpAddr;

use concord::http::client_address::behind;
use concord::settings::{ForwardedHeader, RawSettings, Settings, SettingsError, TrustedProxies};
use proptest::prelude::*;

use crate::world::{Database, Server, World, on_both};

const X: &str = "x-forwarded-for";
const RFC_7239: &str = "forwarded";

fn read(trusted: &[&str], header: Option<&str>) -> Result<Settings, SettingsError> {
    let written = RawSettings {
        trusted_proxies: Some(trusted.iter().map(ToString::to_string).collect()),
        forwarded_header: header.map(str::to_owned),
        ..RawSettings::default()
    };
    Settings::read(None, &written)
}

/// Proxies at `10.0.0.0/8` and `fd00::/8`.
fn proxies(header: &str) -> TrustedProxies {
    read(&["10.0.0.0/8", "fd00::/8"], Some(header))
        .unwrap()
        .proxies
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_nearest_hop_that_is_no_proxy_asks() {
    let table = [
        // Nobody's word is taken but a proxy's.
        (X, "192.0.2.9", &["203.0.113.5"][..], "192.0.2.9"),
        (X, "10.0.0.1", &[], "10.0.0.1"),
        (X, "10.0.0.1", &["203.0.113.5"], "203.0.113.5"),
        (X, "::ffff:10.0.0.1", &["::ffff:203.0.113.5"], "203.0.113.5"),
        (X, "fd00::1", &["2001:db8::7"], "2001:db8::7"),
        // What stands before whoever asks, they may have written.
        (X, "10.0.0.1", &["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
        (
            X,
            "10.0.0.1",
            &["203.0.113.5,10.0.0.2 ,10.0.0.3"],
            "203.0.113.5",
        ),
        // Several lines are one list.
        (
            X,
            "10.0.0.1",
            &["198.51.100.1", "203.0.113.5", "10.0.0.2"],
            "203.0.113.5",
        ),
        (
            X,
            "10.0.0.1",
            &["203.0.113.5,", " , 10.0.0.2", ""],
            "203.0.113.5",
        ),
        // Ports.
        (X, "10.0.0.1", &["203.0.113.5:4711"], "203.0.113.5"),
        (
            X,
            "10.0.0.1",
            &["[2001:db8::7]:4711, [fd00::2]"],
            "2001:db8::7",
        ),
        // Proxies all the way: the farthest.
        (X, "10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        // What cannot be read ends the walk.
        (X, "10.0.0.1", &["203.0.113.5, unknown"], "10.0.0.1"),
        (
            X,
            "10.0.0.1",
            &["203.0.113.5, 10.0.0.2.1, 10.0.0.3"],
            "10.0.0.3",
        ),
        (X, "10.0.0.1", &["for=203.0.113.5"], "10.0.0.1"),
        (RFC_7239, "10.0.0.1", &["for=203.0.113.5"], "203.0.113.5"),
        (
            RFC_7239,
            "10.0.0.1",
            &["For=\"203.0.113.5:4711\";proto=https"],
            "203.0.113.5",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["by=10.0.0.1;for=\"[2001:db8::7]:4711\""],
            "2001:db8::7",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["for=\"[2001:db8::7]\";host=\"a,b;for=1.2.3.4\\\"\""],
            "2001:db8::7",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["for=\"[2001:db8\\:\\:7]\""],
            "2001:db8::7",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["for=198.51.100.1", "for=203.0.113.5, for=10.0.0.2"],
            "203.0.113.5",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["for=\"never closed, for=203.0.113.5"],
            "203.0.113.5",
        ),
        // An identifier that hides, one that is missing, twice there, or not quoted as it must be.
        (
            RFC_7239,
            "10.0.0.1",
            &["for=203.0.113.5, for=_hidden, for=10.0.0.2"],
            "10.0.0.2",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["for=203.0.113.5, for=unknown"],
            "10.0.0.1",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["for=203.0.113.5, proto=https"],
            "10.0.0.1",
        ),
        (
            RFC_7239,
            "10.0.0.1",
            &["for=203.0.113.5;for=198.51.100.1"],
            "10.0.0.1",
        ),
        (RFC_7239, "10.0.0.1", &["for=203.0.113.5:4711"], "10.0.0.1"),
        (RFC_7239, "10.0.0.1", &["for=[2001:db8::7]"], "10.0.0.1"),
        (RFC_7239, "10.0.0.1", &["203.0.113.5"], "10.0.0.1"),
    ];
    for (header, peer, lines, expected) in table {
        let found = behind(address(peer), &proxies(header), lines);
        assert_eq!(found, address(expected), "{header} of {peer}: {lines:?}");
    }
    let none = TrustedProxies::default();
    let found = behind(address("127.0.0.1"), &none, &["203.0.113.5"]);
    assert_eq!(found, address("127.0.0.1"));
}

/// What somebody may write into a header, with a liking for what means something there.
fn anything() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[\\t -~\u{80}-\u{ff}]{0,8}",
        prop::sample::select(vec![
            ",",
            ", ",
            ";",
            "\"",
            "\\",
            "\\\"",
            "=",
            "for=",
            "For=\"",
            "10.0.0.7",
            "fd00::7",
            "[fd00::7]:1",
            "\"[fd00::7]\"",
            "198.51.100.1",
            "unknown",
            "for=10.0.0.7, ",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// As a proxy writes it, with or without a port.
fn written(header: ForwardedHeader, of: IpAddr, port: Option<u16>) -> String {
    let node = match (of, port) {
        (IpAddr::V4(_), None) => of.to_string(),
        (IpAddr::V4(_), Some(port)) => format!("{of}:{port}"),
        (IpAddr::V6(_), None) => format!("[{of}]"),
        (IpAddr::V6(_), Some(port)) => format!("[{of}]:{port}"),
    };
    match header {
        ForwardedHeader::XForwardedFor => node,
        ForwardedHeader::Forwarded => format!("for=\"{node}\";proto=https"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn what_somebody_writes_never_changes_where_they_are(
        by_them in prop::collection::vec(anything(), 0..4),
        them in any::<IpAddr>(),
        port in any::<Option<u16>>(),
        further in 0..3_u8,
        lines_apart in any::<bool>(),
        rfc_7239 in any::<bool>(),
    ) {
        let proxies = proxies(if rfc_7239 { RFC_7239 } else { X });
        prop_assume!(!proxies.trust(them));
        let mut lines = by_them;
        let hops = std::iter::once(them).chain((1..=further).map(|hop| IpAddr::from([10, 0, 0, hop])));
        for hop in hops {
            let added = written(proxies.header, hop, port);
            match lines.last_mut() {
                Some(last) if !lines_apart => *last = format!("{last}, {added}"),
                _ => lines.push(added),
            }
        }
        prop_assert_eq!(behind(address("10.9.9.9"), &proxies, &lines), them.to_canonical());
    }
}

#[test]
fn proxies_are_named_and_never_everybody() {
    let trusted = ["10.0.0.1", "10.1.2.3/16", " 2001:db8::/64 "];
    let proxies = read(&trusted, None).unwrap().proxies;
    let said = proxies.to_string();
    assert_eq!(
        said,
        "10.0.0.1/32, 10.1.0.0/16, 2001:db8::/64, by x-forwarded-for"
    );
    assert!(proxies.trust(address("::ffff:10.1.255.255")));
    assert!(!proxies.trust(address("10.2.0.1")));

    let wrong = [
        "proxy.example",
        "0.0.0.0/0",
        "::/0",
        "::ffff:10.0.0.0/104",
        "10.0.0.0/33",
    ];
    let faults = read(&wrong, Some("x-real-ip")).unwrap_err().to_string();
    insta::assert_snapshot!(faults, @r"
    the settings are not usable:
      - trusted_proxies: `proxy.example` is no network, such as 10.0.0.0/8 or 2001:db8::/64, and no address
      - trusted_proxies: `0.0.0.0/0` is everybody, so that anybody could say who they are: name your proxies
      - trusted_proxies: `::/0` is everybody, so that anybody could say who they are: name your proxies
      - trusted_proxies: write `::ffff:10.0.0.0/104` as the IPv4 network that it is
      - trusted_proxies: `10.0.0.0/33` is no network, such as 10.0.0.0/8 or 2001:db8::/64, and no address
      - forwarded_header: is `x-forwarded-for` or `forwarded`
    ");
    let alone = read(&[], Some("forwarded")).unwrap_err().to_string();
    assert!(
        alone.contains("forwarded_header: only together with trusted_proxies"),
        "{alone}"
    );
}

on_both!(what_a_trusted_proxy_says_is_on_record_and_nothing_else_is);
async fn what_a_trusted_proxy_says_is_on_record_and_nothing_else_is(world: World) {
    let trusting = [("CONCORD_TRUSTED_PROXIES", "127.0.0.0/8, fd00::/8")];
    let behind_a_proxy = Server::start_under(&world.flags(), &trusting);
    let asked_directly = Server::start_under(&world.flags(), &[]);
    for server in [&behind_a_proxy, &asked_directly] {
        let sent = reqwest::Client::new()
            .post(format!("http://{}/graphql", server.address))
            .header("x-forwarded-for", "198.51.100.1, 203.0.113.5")
            .header("x-forwarded-for", "fd00::1")
            .header("forwarded", "for=198.51.100.2")
            .bearer_auth("nonsense")
            .json(&serde_json::json!({ "query": "{ __typename }" }));
        assert_eq!(sent.send().await.unwrap().status(), 401);
    }
    let addresses = "SELECT address FROM audit_event WHERE kind = 'TOKEN_REFUSED' ORDER BY id";
    assert_eq!(world.tampers(addresses), "203.0.113.5\n127.0.0.1");
}

#[tokio::test]
async fn whoever_fails_behind_a_proxy_uses_up_nobody_elses_allowance() {
    let world = World::on(Database::Sqlite).await;
    let few = [
        ("CONCORD_TRUSTED_PROXIES", "127.0.0.1"),
        ("CONCORD_FAILED_PER_MINUTE", "2"),
    ];
    let mut server = Server::start_under(&world.flags(), &few);
    for last in [1, 1, 1, 1, 1, 2, 2] {
        let sent = reqwest::Client::new()
            .post(format!("http://{}/oauth/token", server.address))
            .header("x-forwarded-for", format!("203.0.113.{last}"))
            .basic_auth("nobody", Some("wrong"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        sent.send().await.unwrap();
    }
    assert!(server.ends());
    let by_themselves = "SELECT address, count(*) FROM audit_event WHERE kind = 'CLIENT_REFUSED' \
         AND leaf NOT LIKE '%\"count\"%' GROUP BY address ORDER BY address";
    assert_eq!(world.tampers(by_themselves), "203.0.113.1|2\n203.0.113.2|2");
}
