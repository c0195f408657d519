//! Settings: what follows from what, and that no password is told.

use std::fs;
use std::process::Command;

use concord::settings::{RawSettings, Settings, StoreLocation, read_postgres_url};

fn read(change: impl FnOnce(&mut RawSettings)) -> Settings {
    let mut written = RawSettings::default();
    change(&mut written);
    Settings::read(None, &written).unwrap()
}

fn listening(listen: &str) -> Settings {
    read(|written| written.listen = Some(listen.to_owned()))
}

#[test]
fn the_issuer_follows_the_listener_unless_it_is_named() {
    for (listen, issuer) in [
        ("127.0.0.1:4101", "http://127.0.0.1:4101"),
        ("127.0.0.2:4101", "http://127.0.0.2:4101"),
        ("[::1]:4101", "http://[::1]:4101"),
        ("0.0.0.0:4101", "http://127.0.0.1:4101"),
        ("[::]:4101", "http://[::1]:4101"),
        ("192.0.2.7:4101", "http://127.0.0.1:4101"),
        ("127.0.0.1:80", "http://127.0.0.1"),
    ] {
        let settings = listening(listen);
        assert_eq!(settings.issuer, issuer);
        assert_eq!(settings.audience, format!("{issuer}/graphql"));
        let at = settings.listen;
        let again = settings.clone().answering_at(at);
        assert_eq!(
            (again.issuer, again.audience),
            (settings.issuer, settings.audience)
        );
    }
    let chosen = listening("127.0.0.1:0").answering_at("127.0.0.1:4711".parse().unwrap());
    assert_eq!(chosen.issuer, "http://127.0.0.1:4711");
    assert_eq!(chosen.audience, "http://127.0.0.1:4711/graphql");
    assert_eq!(chosen.listen.port(), 4711);
    let named = read(|written| {
        written.listen = Some("127.0.0.1:0".to_owned());
        written.issuer = Some("https://concord.example".to_owned());
    });
    let named = named.answering_at("127.0.0.1:4711".parse().unwrap());
    assert_eq!(named.issuer, "https://concord.example");
    assert_eq!(named.audience, "https://concord.example/graphql");
}

#[test]
fn who_listens_beyond_this_machine_is_told_what_that_needs() {
    let advice = |listen: &str, issuer: Option<&str>, proxies: &[&str]| {
        let settings = read(|written| {
            written.listen = Some(listen.to_owned());
            written.issuer = issuer.map(str::to_owned);
            written.trusted_proxies = Some(proxies.iter().map(ToString::to_string).collect());
        });
        let advice = settings.advice();
        let says = |word: &str| advice.iter().any(|one| one.contains(word));
        (
            says("speaks no TLS"),
            says("everybody has the proxy's address"),
        )
    };
    let https = Some("https://concord.example");
    assert_eq!(advice("127.0.0.1:4000", None, &[]), (false, false));
    assert_eq!(advice("0.0.0.0:4000", None, &[]), (true, false));
    assert_eq!(advice("0.0.0.0:4000", None, &["10.0.0.0/8"]), (true, false));
    assert_eq!(advice("0.0.0.0:4000", https, &[]), (false, true));
    assert_eq!(
        advice("0.0.0.0:4000", https, &["10.0.0.0/8"]),
        (false, false)
    );
}

#[test]
fn a_database_on_a_network_shows_whose_it_is() {
    let verified = |url: &str| {
        read_postgres_url(url)
            .unwrap()
            .contains("sslmode=verify-full")
    };
    for (url, expected) in [
        ("postgres://concord@db.example/concord", true),
        ("postgresql://concord:secret@192.0.2.7:5433/concord", true),
        ("postgres://concord@[2001:db8::7]/concord", true),
        ("postgres://localhost/concord?host=db.example", true),
        (
            "postgres://db.example/concord?sslrootcert=/etc/ca.pem",
            true,
        ),
        ("postgres://localhost.example/concord", true),
        ("postgres://localhost:5432/concord", false),
        ("postgres://127.0.0.1/concord", false),
        ("postgres://[::1]/concord", false),
        ("postgres://%2Fvar%2Frun%2Fpostgresql/concord", false),
        ("postgres:///concord?host=/var/run/postgresql", false),
    ] {
        assert_eq!(verified(url), expected, "{url}");
    }
    for told in ["disable", "require", "verify-ca"] {
        let url = format!("postgres://db.example/concord?sslmode={told}");
        assert_eq!(read_postgres_url(&url).unwrap(), url);
    }
}

const SECRET: &str = "ct9tbu11x";

/// What `check-config` says, in all, of this text of a settings file.
fn says(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("concord.toml");
    fs::write(&file, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_concord"))
        .args(["check-config", "--config"])
        .arg(&file)
        .current_dir(folder.path())
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

#[test]
fn a_password_is_in_no_message() {
    let urls = [
        format!("postgres://concord:{SECRET}@db.example:port/concord"),
        format!("postgres://concord:{SECRET}#@db.example/concord"),
        format!("postgres://concord:12/{SECRET}@db.example/concord"),
        format!("postgres://concord:12?{SECRET}@db.example/concord"),
        format!("postgres://concord:12#{SECRET}@db.example/concord"),
        format!("mysql://concord:{SECRET}@db.example/concord"),
        format!("postgres://db.example/concord?passwd={SECRET}"),
        format!("postgres://db.example/concord?password={SECRET}"),
        format!("postgres://db.example/concord?pass%77ord={SECRET}"),
        format!("postgres://concord:{SECRET}@db.example/concord"),
    ];
    for url in &urls {
        let flags =
            format!("keyring_beside_data = true\nkey_file = \"key\"\ndatabase_url = \"{url}\"\n");
        let said = says(&flags);
        assert!(said.contains("database"), "{url}: {said}");
        assert!(!said.contains(SECRET), "{url}: {said}");
        let unclosed = format!("key_file = \"key\"\ndatabase_url = \"{url}\n");
        let said = says(&unclosed);
        assert!(said.contains("line 2") && !said.contains(SECRET), "{said}");
        let misplaced = says(&format!("explorer = \"{url}\"\n"));
        assert!(
            misplaced.contains("explorer") && !misplaced.contains(SECRET),
            "{misplaced}"
        );
        let written = RawSettings {
            database_url: Some(url.clone()),
            ..RawSettings::default()
        };
        assert!(!format!("{written:?}").contains(SECRET), "{written:?}");
        let by_command = RawSettings {
            key_command: Some(vec!["print-key".to_owned(), SECRET.to_owned()]),
            ..RawSettings::default()
        };
        let settings = Settings::read(None, &by_command).unwrap();
        let shown = format!("{by_command:?} {settings:?}");
        assert!(
            shown.contains("print-key") && !shown.contains(SECRET),
            "{shown}"
        );
        let place = StoreLocation::Postgres {
            url: url.clone(),
            schema: None,
        };
        assert!(!format!("{place:?} {place}").contains(SECRET), "{place}");
    }
}

#[test]
fn what_a_cluster_sets_by_itself_is_no_setting_and_a_misspelt_one_is_a_fault() {
    let checked = |name: &str, value: &str| {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_concord"))
            .args(["check-config"])
            .env(name, value)
            .current_dir(folder.path())
            .output()
            .unwrap();
        output.status.success()
    };
    for (name, value) in [
        ("CONCORD_PORT", "tcp://10.96.0.7:4000"),
        ("CONCORD_API_PORT_53_UDP_PROTO", "udp"),
        ("CONCORD_API_SERVICE_HOST", "10.96.0.7"),
        ("CONCORD_SERVICE_PORT_GRAPHQL_HTTP", "4000"),
    ] {
        assert!(checked(name, value), "{name}");
    }
    for (name, value) in [
        ("CONCORD_PORT", "4000"),
        ("CONCORD_TRUSTED_PROXY", "10.0.0.0/8"),
        ("CONCORD_KEYRING_BESIDE_DATE", "true"),
    ] {
        assert!(!checked(name, value), "{name}");
    }
}
