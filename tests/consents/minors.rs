//! To what a minor may consent alone: a table to read, and that the linter keeps to it.

use std::fmt::Write;

use concord::consent::lint::{ConsentDraft, RulePacks, blocking, lint};
use concord::consent::minors::service;
use concord_entities::grants::Grants;
use concord_entities::vocabulary::{Categories, Code, DataCategory, MinorAlone, Purpose, Purposes};

use super::lint::{NOW, good};

fn codes<C: Code>(some: impl Iterator<Item = C>) -> String {
    some.map(Code::code).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_minor_decides_alone() {
    let mut table = String::new();
    for alone in MinorAlone::ALL {
        let line = match service(*alone) {
            None => "everything".to_owned(),
            Some(service) => {
                let (told, why) = (service.categories.iter(), service.purposes.iter());
                format!("{} for {}", codes(told), codes(why))
            }
        };
        writeln!(table, "{alone}: {line}").unwrap();
    }
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("minors", table);
    });
}

/// Alone, a minor in treatment tells the police nothing of who exploited them.
#[test]
fn a_treatment_opens_no_way_to_the_police() {
    let draft = ConsentDraft {
        minor: true,
        minor_alone: Some(MinorAlone::SubstanceUseTreatment),
        grants: Grants::product(
            Categories::only(DataCategory::Exploitation).with(DataCategory::SubstanceUse),
            Purposes::only(Purpose::Prosecution).with(Purpose::HealthCare),
        ),
        ceiling: Some(Grants::product(Categories::all(), Purposes::all())),
        ..good()
    };
    let found = blocking(lint(&draft, &RulePacks::default(), NOW));
    let [finding] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(finding.code, "MINOR_ALONE_BEYOND_SERVICE");
    assert_eq!(finding.citation, "28 CFR 94.115(a)(2)");
    assert_eq!(
        finding.remedy,
        "Leave out EXPLOITATION, PROSECUTION, which is not part of that service, or have a parent or guardian sign as \
        well and leave out `minorAlone`."
    );
}

/// For every law, and whatever is consented to: what blocks is exactly what its service does not need.
#[test]
fn nothing_beyond_the_service_is_decided_alone() {
    for alone in MinorAlone::ALL {
        for category in DataCategory::ALL {
            for purpose in Purpose::ALL {
                let draft = ConsentDraft {
                    minor: true,
                    minor_alone: Some(*alone),
                    grants: Grants::product(Categories::only(*category), Purposes::only(*purpose)),
                    ceiling: Some(Grants::product(Categories::all(), Purposes::all())),
                    ..good()
                };
                let needed = service(*alone).is_none_or(|service| {
                    service.categories.has(*category) && service.purposes.has(*purpose)
                });
                let found = blocking(lint(&draft, &RulePacks::default(), NOW));
                assert_eq!(
                    found.is_empty(),
                    needed,
                    "{alone}: {category} for {purpose}: {found:?}"
                );
                // With a guardian beside them, that law is not what it stands on.
                let adult = ConsentDraft {
                    minor: false,
                    minor_alone: None,
                    ..draft
                };
                assert!(blocking(lint(&adult, &RulePacks::default(), NOW)).is_empty());
            }
        }
    }
}
