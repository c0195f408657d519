//! What leaves the house leaves by a known door.

use std::collections::BTreeSet;

use super::super::{code, root, rust_files};

/// Whatever opens a connection to somewhere else, or sends something there.
const OUTGOING: [&str; 8] = [
    "reqwest",
    "TcpStream",
    "UdpSocket",
    "UnixStream",
    "TcpSocket",
    "hyper::client",
    "lettre",
    "awc::",
];

#[test]
fn nothing_goes_out_but_by_the_known_doors() {
    let mut going_out = BTreeSet::new();
    let source = root().join("api/src");
    for file in rust_files("api/src") {
        if OUTGOING.iter().any(|word| code(&file).contains(word)) {
            let name = file.strip_prefix(&source).unwrap().to_owned();
            going_out.insert(name.to_str().unwrap().to_owned());
        }
    }
    // Fetches an issuer's keys; asks the log's witnesses; verifies a log from elsewhere. Whatever goes to a person takes a permit of survivor/contact/outbound.rs, and nothing does
    // yet.
    let known = [
        "access/issuer/fetch.rs",
        "audit/cosign/asking.rs",
        "audit/remote.rs",
    ];
    let known = BTreeSet::from(known.map(str::to_owned));
    assert_eq!(going_out, known);
}

/// Only a plan gives leave to contact a person, and only leave makes a message.
#[test]
fn a_message_to_a_person_is_made_at_the_door_alone() {
    let door = root().join("api/src/survivor/contact/outbound.rs");
    let code = code(&door);
    for made in ["Ok(Outgoing {", "Ok(Self { plan, manner })"] {
        assert_eq!(code.matches(made).count(), 1, "{made}");
    }
    for kept in [
        "pub channel:",
        "pub address:",
        "pub form:",
        "pub plan:",
        "pub manner:",
    ] {
        assert!(!code.contains(kept), "{kept} is open to all");
    }
    for file in rust_files("api/src").iter().filter(|file| **file != door) {
        let code = super::super::code(file);
        assert!(!code.contains("Outgoing {"), "{}", file.display());
    }
}
