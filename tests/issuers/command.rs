//! `concord issuer`: what an operator does with the providers that agencies bring.

use std::process::Command;

use concord::settings::{RawSettings, Settings};

use super::provider::{Answers, ISSUER, Provider};
use crate::world::{Database, World, on_both};

/// A settings file with which this provider can be reached.
pub fn settings(world: &World, provider: &Provider) -> String {
    let file = world.folder.path().join("concord.toml");
    let ca_file = provider.ca_file().display().to_string();
    let text = format!("issuer_private_addresses = true\nissuer_ca_file = \"{ca_file}\"\n");
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// What `concord issuer add` says of the coordinating agency's provider to these words, besides those that every
/// provider needs.
fn adds(world: &World, provider: &Provider, more: &[&str]) -> (bool, String) {
    adds_for("Coordination Office", world, provider, more)
}

/// The same for this agency's.
pub fn adds_for(agency: &str, world: &World, provider: &Provider, more: &[&str]) -> (bool, String) {
    let uri = provider.jwks_uri("localhost");
    let mut words = vec!["issuer", "add", "--agency", agency];
    words.extend(["--issuer", ISSUER, "--jwks-uri", &uri]);
    words.extend(more);
    world.commands(&words)
}

/// The one row, without its times.
fn row(world: &World) -> String {
    world.tampers("SELECT status, token_type, algorithms, scope, mapping FROM trusted_issuer")
}

on_both!(an_operator_adds_lists_refreshes_and_suspends);
async fn an_operator_adds_lists_refreshes_and_suspends(world: World) {
    let provider = Provider::new();
    let config = settings(&world, &provider);
    let config = ["--config", config.as_str()];

    let (content, said) = world.commands(&["issuer", "list"]);
    assert!(content, "{said}");
    assert_eq!(said, "no issuer is registered\n");

    let words = [
        &["--scope", "referral.rs consent.r", "--map", "roles"][..],
        &[
            "--map-value",
            "reader=referral.r",
            "--map-value",
            "clerk=consent.r referral.s",
        ],
        &[
            "--token-type",
            "JWT",
            "--algorithm",
            "ES256",
            "--algorithm",
            "RS256",
        ],
        &config,
    ];
    let (content, said) = adds(&world, &provider, &words.concat());
    assert!(content, "{said}");
    let id = said.split_whitespace().nth(1).unwrap().to_owned();
    assert!(id.starts_with("issuer_"), "{said}");
    assert!(said.contains(&format!(
        "agency  {} Coordination Office\n",
        world.coordinator
    )));
    assert!(said.ends_with("keys    1\n"), "{said}");
    assert_eq!(provider.requests(), 1);

    let (content, said) = world.commands(&["issuer", "list"]);
    assert!(content, "{said}");
    for part in [
        format!("{id}  ACTIVE  {ISSUER}"),
        format!("{} Coordination Office", world.coordinator),
        "scope       referral.rs consent.r".to_owned(),
        "claim       roles".to_owned(),
        "clerk = consent.r referral.s".to_owned(),
        "reader = referral.r".to_owned(),
        "JWT by ES256 RS256".to_owned(),
        provider.jwks_uri("localhost"),
    ] {
        assert!(said.contains(&part), "{part} is not in {said}");
    }

    let (content, said) = world.commands(&[&["issuer", "refresh", &id][..], &config].concat());
    assert!(content, "{said}");
    assert_eq!(said, "keys    1\n");
    assert_eq!(provider.requests(), 2);

    provider.answers(Answers::HangsUp);
    let (content, said) = world.commands(&[&["issuer", "refresh", &id][..], &config].concat());
    assert!(!content);
    assert!(said.contains("cannot be had"), "{said}");
    let kept =
        world.tampers("SELECT count(*) FROM trusted_issuer WHERE jwks LIKE '%\"kty\":\"EC\"%'");
    assert_eq!(kept, "1", "the last good copy is gone");

    let (content, said) = world.commands(&["issuer", "suspend", &id]);
    assert!(content, "{said}");
    assert!(row(&world).starts_with("SUSPENDED|"), "{}", row(&world));
    for again in [&["issuer", "suspend", &id][..], &["issuer", "refresh", &id]] {
        let (content, said) = world.commands(&[again, &config].concat());
        assert!(!content);
        assert!(said.contains("this issuer is suspended"), "{said}");
    }
    let kinds = "SELECT kind FROM audit_event WHERE kind LIKE 'ISSUER%' ORDER BY id";
    assert_eq!(
        world.tampers(kinds).split_whitespace().collect::<Vec<_>>(),
        ["ISSUER_TRUSTED", "ISSUER_REFRESHED", "ISSUER_SUSPENDED"]
    );
}

#[tokio::test]
async fn what_is_not_fit_is_not_registered() {
    let world = World::on(Database::Sqlite).await;
    let provider = Provider::new();
    let config = settings(&world, &provider);
    let refuses = |more: &[&str], why: &str| {
        let (content, said) = adds(&world, &provider, more);
        assert!(!content, "{more:?}");
        // The report is wrapped to the width of a terminal.
        let said: Vec<_> = said
            .split_whitespace()
            .filter(|word| *word != "│")
            .collect();
        assert!(said.join(" ").contains(why), "{more:?}: {}", said.join(" "));
        assert_eq!(row(&world), "", "{more:?}");
    };
    let scope = ["--scope", "consent.r"];
    let config = ["--config", config.as_str()];

    refuses(&scope, "no public address has this name");
    refuses(&["--scope", ""], "the scope allows nothing");
    refuses(&["--scope", "consent.q"], "the scope: scope 1");
    let given = |more: &[&'static str]| [&scope[..], more, &config].concat();
    refuses(&given(&["--algorithm", "HS256"]), "the algorithms: some of");
    refuses(&given(&["--token-type", "any"]), "the token type");
    refuses(
        &given(&["--map", "roles", "--map-value", "all=referral.rs"]),
        "reaches beyond",
    );
    refuses(
        &given(&["--map", "roles", "--map-value", "all"]),
        "write VALUE=SCOPE",
    );
    refuses(
        &given(&[
            "--map",
            "roles",
            "--map-value",
            "a=consent.r",
            "--map-value",
            "a=",
        ]),
        "the same value twice",
    );
    refuses(&given(&["--map-value", "all=consent.r"]), "--map <CLAIM>");
    assert_eq!(
        provider.requests(),
        0,
        "it was asked before all else was looked at"
    );

    provider.answers(Answers::Body(500, String::new(), std::time::Duration::ZERO));
    refuses(&given(&[]), "the answer was 500");
    provider.publishes(&[provider.key.public_jwk()]);
    refuses(
        &given(&["--algorithm", "RS256"]),
        "none of its keys is for RS256",
    );
    provider.publishes(&[]);
    refuses(&given(&[]), "none of the keys can be used");

    let uri = provider.jwks_uri("localhost");
    let by = |agency: &str, issuer: &str| {
        let words = [
            "issuer",
            "add",
            "--agency",
            agency,
            "--issuer",
            issuer,
            "--jwks-uri",
            &uri,
        ];
        world.commands(&[&words[..], &scope, &config].concat())
    };
    let (content, said) = by("Nobody", ISSUER);
    assert!(
        !content && said.contains("none has this id or name"),
        "{said}"
    );
    let ours = world.service.settings.issuer.clone();
    let (content, said) = by("Coordination Office", &ours);
    assert!(!content, "{said}");
    assert_eq!(row(&world), "");
}

on_both!(an_issuer_speaks_for_one_agency);
async fn an_issuer_speaks_for_one_agency(world: World) {
    world.agency("north").await;
    let provider = Provider::new();
    let config = settings(&world, &provider);
    let words = ["--scope", "consent.r", "--config", &config];
    let (content, said) = adds(&world, &provider, &words);
    assert!(content, "{said}");
    let uri = provider.jwks_uri("localhost");
    for agency in ["north", "Coordination Office"] {
        let again = [
            "issuer",
            "add",
            "--agency",
            agency,
            "--issuer",
            ISSUER,
            "--jwks-uri",
            &uri,
        ];
        let (content, said) = world.commands(&[&again[..], &words].concat());
        assert!(!content);
        assert!(said.contains("this issuer is registered already"), "{said}");
    }
    assert_eq!(row(&world).lines().count(), 1);
    let (content, said) =
        world.commands(&["issuer", "suspend", "issuer_01h2xcejqtf2nbrexx3vqjhp41"]);
    assert!(!content);
    assert!(said.contains("no issuer has this id"), "{said}");
}

#[tokio::test]
async fn no_proxy_of_the_environment_is_asked() {
    let world = World::on(Database::Sqlite).await;
    let provider = Provider::new();
    let config = settings(&world, &provider);
    let uri = provider.jwks_uri("localhost");
    let mut command = Command::new(env!("CARGO_BIN_EXE_concord"));
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, "http://127.0.0.1:9");
    }
    let output = command
        .args([
            "issuer",
            "add",
            "--agency",
            "Coordination Office",
            "--issuer",
            ISSUER,
        ])
        .args([
            "--jwks-uri",
            &uri,
            "--scope",
            "consent.r",
            "--config",
            &config,
        ])
        .args(world.flags())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(provider.requests(), 1);
}

#[test]
fn private_addresses_are_a_setting_and_so_are_certificates() {
    let read = |written: RawSettings| Settings::read(None, &written);
    let plain = read(RawSettings::default()).unwrap();
    assert!(!plain.issuer_private_addresses);
    assert_eq!(plain.issuer_ca_file, None);
    let provider = Provider::new();
    let given = read(RawSettings {
        issuer_private_addresses: Some(true),
        issuer_ca_file: Some(provider.ca_file()),
        ..RawSettings::default()
    })
    .unwrap();
    assert!(given.issuer_private_addresses);
    assert_eq!(given.issuer_ca_file, Some(provider.ca_file()));
    let faults = read(RawSettings {
        issuer_ca_file: Some("/nowhere/ca.pem".into()),
        ..RawSettings::default()
    });
    assert!(
        faults
            .unwrap_err()
            .to_string()
            .contains("issuer_ca_file: there is no file /nowhere/ca.pem")
    );
}
