//! Keys that rotate and retire under running servers.

use std::collections::BTreeSet;
use std::time::Duration;

use concord::access::token::{Expected, issue, verify};
use concord::clock;
use concord::jose::key::{KeySet, SigningKey};
use concord::service::Service;
use serde_json::{Value, json};

use crate::world::documents::VIEWER;
use crate::world::{Agency, Database, EVERYTHING, World, on_both};

const DAY: i64 = 24 * 3600 * 1_000_000;

/// One line of `concord key list`.
#[derive(Clone, Debug)]
struct Listed {
    kid: String,
    state: String,
    line: String,
}

fn list(world: &World) -> Vec<Listed> {
    let (content, said) = world.commands(&["key", "list"]);
    assert!(content, "{said}");
    let lines = said.lines().skip(1).map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        Listed {
            kid: words.next().unwrap(),
            state: words.next().unwrap(),
            line: line.to_owned(),
        }
    });
    lines.collect()
}

fn states(world: &World) -> String {
    let states: Vec<String> = list(world).into_iter().map(|key| key.state).collect();
    states.join(" ")
}

fn kid(world: &World, state: &str) -> String {
    let mut keys = list(world).into_iter().filter(|key| key.state == state);
    let key = keys.next().unwrap();
    assert!(keys.next().is_none(), "several keys are {state}");
    key.kid
}

/// As if every key had been published a day earlier.
fn a_day_passes(world: &World) {
    world.tampers(&format!(
        "UPDATE token_key SET published_at = published_at - {DAY}"
    ));
}

fn rotates(world: &World) {
    a_day_passes(world);
    let (content, said) = world.commands(&["key", "rotate"]);
    assert!(content, "{said}");
}

/// The status with which a server answers somebody.
async fn status(who: &Agency, address: &str) -> u16 {
    who.at(address).asks(VIEWER, json!({})).await.status
}

/// A token of the key that signs now, as `concord token` prints it.
fn token(world: &World, agency: &Agency) -> String {
    let id = agency.id.to_string();
    let (content, said) = world.commands(&["token", "--agency", &id, "--scope", "directory.r"]);
    assert!(content, "{said}");
    said.trim().to_owned()
}

fn header(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').next().unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

async fn jwks(address: &str) -> Value {
    let url = format!("http://{address}/.well-known/jwks.json");
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/jwk-set+json");
    assert_eq!(answer.headers()["cache-control"], "public, max-age=300");
    answer.json().await.unwrap()
}

fn kids(jwks: &Value) -> BTreeSet<String> {
    let keys = jwks["keys"].as_array().unwrap();
    keys.iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// Waits until a server's key set is these keys: it reads them every 15 seconds.
async fn publishes(address: &str, expected: &BTreeSet<String>) {
    for _ in 0..100 {
        if kids(&jwks(address).await) == *expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("{address} does not publish {expected:?}");
}

on_both!(a_rotation_waits_for_the_notice_and_ends_no_token);
async fn a_rotation_waits_for_the_notice_and_ends_no_token(world: World) {
    let second = world.another_server();
    let everywhere = [world.server.address.clone(), second.address.clone()];
    let north = world.agency("north").await;
    assert_eq!(states(&world), "current next");
    let (first, next) = (kid(&world, "current"), kid(&world, "next"));

    let (content, said) = world.commands(&["key", "rotate"]);
    assert!(!content);
    assert!(said.contains("rotate from"), "{said}");
    assert_eq!(kid(&world, "current"), first);

    a_day_passes(&world);
    let (content, said) = world.commands(&["key", "rotate"]);
    assert!(content, "{said}");
    assert_eq!(
        said,
        format!("{next} signs from now on; tokens of the key before it stay good\n")
    );
    assert_eq!(states(&world), "previous current next");
    assert_eq!(kid(&world, "current"), next);
    assert_eq!(kid(&world, "previous"), first);

    let newer = token(&world, &north);
    assert_eq!(header(&newer)["kid"], next.as_str());
    assert_eq!(header(&north.token)["kid"], first.as_str());
    for address in &everywhere {
        assert_eq!(status(&north, address).await, 200);
        assert_eq!(status(&north.with(newer.clone()), address).await, 200);
    }
    let (content, _) = world.commands(&["key", "rotate"]);
    assert!(!content, "the key that was made just now took over");
    assert_eq!(recorded(&world, "SIGNING_KEY_ROTATED"), [next]);
}

on_both!(a_retired_keys_tokens_are_over_on_the_very_next_request);
async fn a_retired_keys_tokens_are_over_on_the_very_next_request(world: World) {
    let second = world.another_server();
    let everywhere = [world.server.address.clone(), second.address.clone()];
    let north = world.agency("north").await;
    rotates(&world);
    let newer = north.with(token(&world, &north));
    for address in &everywhere {
        assert_eq!(status(&north, address).await, 200);
        assert_eq!(status(&newer, address).await, 200);
    }
    let retired = kid(&world, "previous");
    let (content, said) = world.commands(&["key", "retire", &retired]);
    assert!(content, "{said}");
    for address in &everywhere {
        assert_eq!(status(&north, address).await, 401);
        assert_eq!(status(&newer, address).await, 200);
    }

    // The current one, whose successor is a minute old.
    let (current, next) = (kid(&world, "current"), kid(&world, "next"));
    let (content, said) = world.commands(&["key", "retire", &current]);
    assert!(content, "{said}");
    assert_eq!(
        said,
        format!("{current} is gone, and so is every token that it signed\n")
    );
    for address in &everywhere {
        assert_eq!(status(&newer, address).await, 401);
    }
    assert_eq!(states(&world), "retired retired current next");
    assert_eq!(kid(&world, "current"), next);
    let newest = north.with(token(&world, &north));
    for address in &everywhere {
        assert_eq!(status(&newest, address).await, 200);
    }
    assert_eq!(
        recorded(&world, "SIGNING_KEY_RETIRED"),
        [retired.clone(), current.clone()]
    );
    assert_eq!(recorded(&world, "SIGNING_KEY_ROTATED"), [current, next]);

    let (content, said) = world.commands(&["key", "retire", &retired]);
    assert!(
        !content && said.contains("this key is gone already"),
        "{said}"
    );
    let (content, said) = world.commands(&["key", "retire", "-unknown"]);
    assert!(!content && said.contains("no key has this name"), "{said}");
}

/// The keys in the events of a kind, oldest first.
fn recorded(world: &World, kind: &str) -> Vec<String> {
    let leaves = world.tampers(&format!(
        "SELECT leaf FROM audit_event WHERE kind = '{kind}' ORDER BY recorded_at, id"
    ));
    let keys = leaves.lines().map(|leaf| {
        let leaf: Value = serde_json::from_str(leaf).unwrap();
        assert_eq!(leaf["subject"], "operator");
        leaf["object"].as_str().unwrap().to_owned()
    });
    keys.collect()
}

/// It waits twice until the server reads its keys anew, up to 15 seconds each, so it runs once: on PostgreSQL, whose
/// servers share their keys.
#[tokio::test]
async fn the_key_set_shows_who_signs_next_now_and_before() {
    let world = World::on(Database::Postgres).await;
    let address = &world.server.address;
    let north = world.agency("north").await;
    let shown = |states: &[&str]| -> BTreeSet<String> {
        let keys = list(&world).into_iter();
        keys.filter(|key| states.contains(&key.state.as_str()))
            .map(|key| key.kid)
            .collect()
    };
    assert_eq!(kids(&jwks(address).await), shown(&["next", "current"]));

    // Anybody can verify our tokens by it, and nobody can sign by it.
    let set = jwks(address).await;
    let public = set["keys"].as_array().unwrap().iter();
    let names: BTreeSet<&str> = ["alg", "crv", "kid", "kty", "use", "x", "y"].into();
    for key in public.clone() {
        let members = key.as_object().unwrap().keys().map(String::as_str);
        assert_eq!(members.collect::<BTreeSet<_>>(), names);
    }
    let keys: KeySet = public
        .map(|key| concord::jose::key::PublicKey::from_jwk(key).unwrap())
        .collect();
    let expected = Expected {
        issuer: world.service.settings.issuer.clone(),
        audience: world.service.settings.audience.clone(),
    };
    assert!(verify(&north.token, &keys, &expected, clock::now()).is_ok());

    rotates(&world);
    publishes(address, &shown(&["next", "current", "previous"])).await;
    let previous = kid(&world, "previous");
    world.commands(&["key", "retire", &previous]);
    publishes(address, &shown(&["next", "current"])).await;
}

#[tokio::test]
async fn a_superseded_key_leaves_when_its_last_token_is_dead() {
    let world = World::on(Database::Sqlite).await;
    rotates(&world);
    let previous = kid(&world, "previous");
    // Its private half went with the rotation: nobody can sign with it any more.
    let held = "SELECT kid FROM signing_key WHERE signs = 'token' ORDER BY kid";
    let held: BTreeSet<String> = world
        .tampers_with_keyring(held)
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(held, [kid(&world, "current"), kid(&world, "next")].into());

    world.tampers(&format!(
        "UPDATE token_key SET superseded_at = superseded_at - {DAY} - 121000000 WHERE kid = '{previous}'"
    ));
    let gone = list(&world).into_iter().find(|key| key.kid == previous);
    assert_eq!(gone.unwrap().state, "gone");
    let shown = [kid(&world, "current"), kid(&world, "next")].into();
    publishes(&world.server.address, &shown).await;
}

on_both!(servers_that_start_together_agree_on_the_keys);
async fn servers_that_start_together_agree_on_the_keys(world: World) {
    world.tampers("DELETE FROM token_key");
    world.tampers_with_keyring("DELETE FROM signing_key WHERE signs = 'token'");
    let settings = || world.service.settings.clone();
    let (one, two, three) = tokio::join!(
        Service::open(settings()),
        Service::open(settings()),
        Service::open(settings())
    );
    let kids =
        [one, two, three].map(|service| service.unwrap().key_cache.signer().kid().to_owned());
    assert_eq!(BTreeSet::from(kids.clone()).len(), 1, "{kids:?}");
    assert_eq!(states(&world), "current next");
    assert_eq!(kid(&world, "current"), kids[0]);
}

on_both!(the_keys_of_an_older_data_folder_are_taken_over);
async fn the_keys_of_an_older_data_folder_are_taken_over(world: World) {
    let north = world.agency("north").await;
    let first = kid(&world, "current");
    let next = kid(&world, "next");
    // As it was before the data store knew of keys.
    world.tampers("DELETE FROM token_key");
    world.tampers_with_keyring(&format!("DELETE FROM signing_key WHERE kid = '{next}'"));
    let second = world.another_server();
    assert_eq!(states(&world), "current next");
    assert_eq!(kid(&world, "current"), first);
    assert_eq!(status(&north, &second.address).await, 200);
    let newer = north.with(token(&world, &north));
    assert_eq!(status(&newer, &second.address).await, 200);
}

#[tokio::test]
async fn a_keyring_that_lost_its_keys_gets_new_ones_and_no_token_ends() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let first = kid(&world, "current");
    world.tampers_with_keyring("DELETE FROM signing_key WHERE signs = 'token'");
    let second = world.another_server();
    assert_eq!(states(&world), "previous retired current next");
    assert_eq!(kid(&world, "previous"), first);
    assert_eq!(status(&north, &second.address).await, 200);
    let newer = north.with(token(&world, &north));
    assert_eq!(status(&newer, &second.address).await, 200);
}

#[tokio::test]
async fn a_key_that_a_server_has_not_read_yet_is_looked_up_at_once() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    // Both known keys go, and one that no server has read takes over.
    let next = kid(&world, "next");
    world.commands(&["key", "retire", &next]);
    let current = kid(&world, "current");
    world.commands(&["key", "retire", &current]);
    let newest = north.with(token(&world, &north));
    let asked = std::time::Instant::now();
    assert_eq!(status(&newest, &world.server.address).await, 200);
    assert!(asked.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_key_that_does_not_exist_is_refused_without_delay() {
    let world = World::on(Database::Sqlite).await;
    let north = world.agency("north").await;
    let stranger = SigningKey::generate().unwrap();
    let forged = issue(&stranger, &world.claims(north.id, EVERYTHING)).unwrap();
    let stranger_in_north = north.with(forged);
    let asked = std::time::Instant::now();
    for _ in 0..5 {
        assert_eq!(status(&stranger_in_north, &world.server.address).await, 401);
    }
    assert!(asked.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn the_list_says_what_each_key_is_and_until_when() {
    let world = World::on(Database::Sqlite).await;
    world.tampers("UPDATE token_key SET published_at = 1800000000000000");
    world
        .tampers("UPDATE token_key SET signs_from = 1800000000000000 WHERE signs_from IS NOT NULL");
    let lines: Vec<String> = list(&world)
        .into_iter()
        .map(|key| {
            assert_eq!(key.kid.len(), 43);
            format!("{}: {}", key.state, &key.line[55..])
        })
        .collect();
    let told: BTreeSet<&str> = lines.iter().map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "current: 2027-01-15T08:00:00Z         2027-01-15T08:00:00Z         -",
            "next: 2027-01-15T08:00:00Z         2027-01-16T08:00:00Z at best  -",
        ]
        .into()
    );
}
