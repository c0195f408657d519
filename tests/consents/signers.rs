//! Who signs: every role in every situation.

use std::fmt::Write;

use concord::consent::checks::ConsentCheck;
use concord::consent::signers::{Offered, Situation, fits};
use concord_entities::consent::StoredInterpreter;
use concord_entities::vocabulary::{Code, MinorAlone, SignatureMethod, SignerRelation, SignerRole};

use super::lint::an_interpreter;

fn situations() -> Vec<Situation> {
    let mut every = Vec::new();
    for minor in [false, true] {
        for minor_alone in [None, Some(MinorAlone::VictimServices)] {
            for incapacitated in [false, true] {
                for both_guardians in [false, true] {
                    every.push(Situation {
                        minor,
                        minor_alone,
                        incapacitated,
                        both_guardians,
                    });
                }
            }
        }
    }
    every
}

/// A signature as its role gives it.
fn offered(role: SignerRole) -> Offered {
    Offered {
        role,
        relation: Some(match role {
            SignerRole::Survivor => SignerRelation::Oneself,
            SignerRole::ParentOrGuardian => SignerRelation::LegalGuardian,
            SignerRole::Conservator => SignerRelation::CourtAppointed,
            SignerRole::Witness => SignerRelation::Parent,
        }),
        is_abuser: false,
        method: SignatureMethod::Paper,
        has_document: true,
        witnessed: false,
        language: None,
        interpreter: None,
    }
}

fn codes(situation: Situation, offered: &Offered) -> String {
    let faults = situation.faults(offered, Some("en"));
    let codes: Vec<_> = faults.iter().map(|check| check.code()).collect();
    if codes.is_empty() {
        "ok".to_owned()
    } else {
        codes.join(" ")
    }
}

#[test]
fn every_role_in_every_situation() {
    let mut table = "Who must sign, and whose signature is taken.\n".to_owned();
    for situation in situations() {
        let said = |yes: bool, text: &'static str| if yes { text } else { "" };
        write!(
            table,
            "\n{}{}{}{}\n  must sign: {}\n",
            if situation.minor {
                "a minor"
            } else {
                "an adult"
            },
            said(
                situation.minor_alone.is_some(),
                ", the law lets a minor alone"
            ),
            said(situation.incapacitated, ", incapacitated"),
            said(
                situation.both_guardians,
                ", the law asks for both guardians"
            ),
            situation
                .needs()
                .iter()
                .map(|role| role.code())
                .collect::<Vec<_>>()
                .join(", ")
        )
        .unwrap();
        for role in SignerRole::ALL {
            let honest = offered(*role);
            let abuser = Offered {
                is_abuser: true,
                ..honest.clone()
            };
            let told = |language: &str| Offered {
                language: Some(language.to_owned()),
                ..honest.clone()
            };
            assert_eq!(
                codes(situation, &told("en-US")),
                codes(situation, &honest),
                "the person's own language changes nothing"
            );
            writeln!(
                table,
                "  {:20} {}\n    {:18} {}\n    {:18} {}",
                role.code(),
                codes(situation, &honest),
                "an abuser",
                codes(situation, &abuser),
                "not understood",
                codes(situation, &told("es")),
            )
            .unwrap();
        }
    }
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("signers", table);
    });
}

#[test]
fn an_abuser_never_signs() {
    for situation in situations() {
        for role in SignerRole::ALL {
            for relation in [None]
                .into_iter()
                .chain(SignerRelation::ALL.iter().copied().map(Some))
            {
                for method in SignatureMethod::ALL {
                    let abuser = Offered {
                        is_abuser: true,
                        relation,
                        method: *method,
                        witnessed: true,
                        ..offered(*role)
                    };
                    assert!(codes(situation, &abuser).contains("SIGNER_IS_ABUSER"));
                }
            }
        }
    }
}

/// Said a second time, in other words: by counting who has signed.
#[test]
fn a_consent_is_complete_when_all_have_signed_who_must() {
    for situation in situations() {
        // The fifth is another parent or guardian.
        for bits in 0_u32..32 {
            let another = (bits & 16 != 0).then_some(SignerRole::ParentOrGuardian);
            let signed: Vec<SignerRole> = SignerRole::ALL
                .iter()
                .copied()
                .filter(|role| bits & (1 << role.place()) != 0)
                .chain(another)
                .collect();
            let has = |role| signed.contains(&role);
            let guardians = signed
                .iter()
                .filter(|role| **role == SignerRole::ParentOrGuardian)
                .count();
            let complete = if situation.incapacitated {
                has(SignerRole::Conservator)
            } else {
                let alone = !situation.minor || situation.minor_alone.is_some();
                let asked = 1 + usize::from(situation.both_guardians);
                has(SignerRole::Survivor) && (alone || guardians >= asked)
            };
            assert_eq!(
                situation.complete(&signed),
                complete,
                "{situation:?} {signed:?}"
            );
            assert_eq!(situation.missing(&signed).count() == 0, complete);
        }
    }
}

#[test]
fn a_signature_needs_its_document_a_mark_its_witness_an_interpreter_all() {
    let adult = Situation::default();
    let good = offered(SignerRole::Survivor);
    let bare = Offered {
        has_document: false,
        ..good.clone()
    };
    assert_eq!(codes(adult, &bare), "DOCUMENT_MISSING");
    let mark = Offered {
        method: SignatureMethod::Mark,
        ..good.clone()
    };
    assert_eq!(codes(adult, &mark), "WITNESS_MISSING");
    let seen = Offered {
        witnessed: true,
        ..mark
    };
    assert_eq!(codes(adult, &seen), "ok");
    let interpreted = Offered {
        interpreter: Some(StoredInterpreter {
            language: "en".to_owned(),
            same_dialect: false,
            qualified: false,
            named_on_paper: false,
            knows_survivor: true,
            knows_accused: true,
            is_victim: true,
        }),
        ..good
    };
    assert_eq!(
        codes(adult, &interpreted),
        "INTERPRETER_NOT_NAMED INTERPRETER_NOT_QUALIFIED INTERPRETER_OTHER_DIALECT \
        INTERPRETER_KNOWS_SURVIVOR INTERPRETER_KNOWS_ACCUSED INTERPRETER_IS_VICTIM"
    );
}

/// Said a second time, in other words: what the survivor hears comes from the interpreter, else from whoever explains.
#[test]
fn a_survivor_signs_what_they_understood() {
    let adult = Situation::default();
    for (language, interpreted, understood, good) in [
        (None, None, Some("es"), true),
        (Some("es-MX"), None, Some("es"), true),
        (Some("en"), None, Some("es"), false),
        (Some("en"), Some("es"), Some("es-MX"), true),
        (Some("es"), Some("en"), Some("es"), false),
        (None, Some("en"), Some("es"), false),
        (Some("en"), Some("en"), None, true),
    ] {
        let offered = Offered {
            language: language.map(str::to_owned),
            interpreter: interpreted.map(an_interpreter),
            ..offered(SignerRole::Survivor)
        };
        let faults = adult.faults(&offered, understood);
        let expected: &[ConsentCheck] = if good {
            &[]
        } else {
            &[ConsentCheck::LanguageNotUnderstood]
        };
        assert_eq!(
            faults, expected,
            "{language:?} {interpreted:?} {understood:?}"
        );
    }
}

#[test]
fn a_role_is_what_ties_the_signer_to_the_survivor() {
    use SignerRelation::{CourtAppointed, LegalGuardian, Oneself, Parent};
    use SignerRole::{Conservator, ParentOrGuardian, Survivor, Witness};
    let every = [
        None,
        Some(Oneself),
        Some(Parent),
        Some(LegalGuardian),
        Some(CourtAppointed),
    ];
    assert_eq!(every.len(), SignerRelation::ALL.len() + 1);
    for (role, fitting) in [
        (Survivor, vec![None, Some(Oneself)]),
        (ParentOrGuardian, vec![Some(Parent), Some(LegalGuardian)]),
        (Conservator, vec![Some(CourtAppointed)]),
        (
            Witness,
            vec![
                None,
                Some(Parent),
                Some(LegalGuardian),
                Some(CourtAppointed),
            ],
        ),
    ] {
        for relation in every {
            assert_eq!(
                fits(role, relation),
                fitting.contains(&relation),
                "{role} {relation:?}"
            );
        }
    }
}
