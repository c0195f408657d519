//! The decision as a table that people read: situations down, categories across (`rule_book.snap`).
//!
//! After a change of the rules, `INSTA_UPDATE=always cargo test rule_book` writes it anew, for review.

use std::collections::BTreeSet;
use std::fmt::Write;

use async_graphql::resolver_utils::EnumType;
use concord::referral::withheld::WithheldReason;
use concord::sharing::{Answer, Ground, Reason};
use concord_entities::grants::Grants;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    AgencyStatus, Categories, Code, DataCategory, Purpose, Purposes, ReferralStatus,
};

use super::cases::{
    Case, EAST, NORTH, WEST, everything, in_order, midnight, noon, without_category, without_pair,
    without_purpose,
};

/// A situation, by what is different in it.
type Situation = (&'static str, fn(&mut Case));

const SITUATIONS: &[(&str, &[Situation])] = &[
    (
        "The recipient reads",
        &[
            ("everything is in order", |_| ()),
            ("the referral waits for its answer", |c| {
                c.facts.status = ReferralStatus::Requested;
            }),
            ("the service has begun", |c| {
                c.facts.status = ReferralStatus::InProgress;
            }),
            ("the referral is on hold", |c| {
                c.facts.status = ReferralStatus::OnHold;
            }),
        ],
    ),
    (
        "The first key: the MOU",
        &[
            ("there is none", |c| c.facts.mou = None),
            ("one of the two never signed it", |c| {
                c.mou(|m| m.binds_both = false);
            }),
            ("not signed by all its parties", |c| {
                c.mou(|m| m.dates.signed_at = None);
            }),
            ("the microsecond before its first day", |c| {
                c.mou(|m| m.dates.begins_at = midnight(2));
                c.now = before(midnight(2));
            }),
            ("its first microsecond", |c| {
                c.mou(|m| m.dates.begins_at = midnight(2));
                c.now = midnight(2);
            }),
            ("the last microsecond of its last day", |c| {
                c.mou(|m| m.dates.ends_at = midnight(3));
                c.now = before(midnight(3));
            }),
            ("the midnight after its last day", |c| {
                c.mou(|m| m.dates.ends_at = midnight(3));
                c.now = midnight(3);
            }),
            ("suspended, ended or replaced", |c| {
                c.mou(|m| m.dates.halted_at = Some(noon(1)));
            }),
            ("just before a notice is over, or a party left", |c| {
                c.mou(|m| m.dates.ends_at = noon(2));
                c.now = before(noon(2));
            }),
            ("as a notice is over, or a party has left", |c| {
                c.mou(|m| m.dates.ends_at = noon(2));
            }),
            ("it lapsed, and what stands on it is suspended", |c| {
                c.mou(|m| m.dates.ends_at = midnight(2));
                c.facts.status = ReferralStatus::Suspended;
            }),
            ("amended without NEEDS since it was sent", |c| {
                c.mou(|m| {
                    m.version = 2;
                    m.grants = without_category(m.grants, DataCategory::Needs);
                });
            }),
            ("amended to everything since it was sent", |c| {
                c.mou(|m| {
                    m.version = 2;
                    m.grants = everything();
                });
            }),
            ("does not cover the purpose", |c| {
                c.mou(|m| m.grants = without_purpose(m.grants, Purpose::ServiceDelivery));
            }),
            ("covers NEEDS for other purposes only", |c| {
                c.mou(|m| {
                    m.grants =
                        without_pair(m.grants, DataCategory::Needs, Purpose::ServiceDelivery);
                });
            }),
        ],
    ),
    (
        "The second key: the consent",
        &[
            ("there is none", |c| c.facts.consent = None),
            ("not signed", |c| c.consent(|k| k.dates.signed_at = None)),
            ("the microsecond before it begins", |c| {
                c.consent(|k| k.dates.effective_at = noon(2));
                c.now = before(noon(2));
            }),
            ("the moment it begins", |c| {
                c.consent(|k| k.dates.effective_at = noon(2));
            }),
            ("the microsecond before it ends", |c| {
                c.now = before(noon(4));
            }),
            ("the moment it ends", |c| c.now = noon(4)),
            ("revoked", |c| {
                c.consent(|k| k.dates.revoked_at = Some(noon(1)));
            }),
            ("superseded, or an error", |c| {
                c.consent(|k| k.dates.void_at = Some(noon(1)));
            }),
            (
                "the microsecond before it is suspended for what it lacks",
                |c| {
                    c.consent(|k| k.dates.suspends_at = Some(noon(2)));
                    c.now = before(noon(2));
                },
            ),
            ("the moment it is suspended for what it lacks", |c| {
                c.consent(|k| k.dates.suspends_at = Some(noon(2)));
            }),
            ("suspended for what it lacks, and revoked", |c| {
                c.consent(|k| {
                    (k.dates.suspends_at, k.dates.revoked_at) = (Some(noon(1)), Some(noon(1)));
                });
            }),
            ("it names another recipient", |c| {
                c.consent(|k| k.recipient = EAST);
            }),
            ("it names another recipient, and is revoked", |c| {
                c.consent(|k| (k.recipient, k.dates.revoked_at) = (EAST, Some(noon(1))));
            }),
            ("it names another discloser", |c| {
                c.consent(|k| k.discloser = WEST);
            }),
            ("it names NEEDS for other purposes only", |c| {
                c.consent(|k| {
                    k.grants =
                        without_pair(k.grants, DataCategory::Needs, Purpose::ServiceDelivery);
                });
            }),
            ("it names NEEDS alone for the purpose asked", |c| {
                let needs = Grants::product(
                    Categories::only(DataCategory::Needs),
                    Purposes::only(Purpose::HousingPlacement),
                );
                c.consent(|k| {
                    k.grants = without_purpose(k.grants, Purpose::HousingPlacement)
                        .iter()
                        .chain(needs.iter())
                        .collect();
                });
                c.mou(|m| m.grants = everything());
                c.question.purpose = Purpose::HousingPlacement;
            }),
            ("revoked, and the MOU is suspended too", |c| {
                c.consent(|k| k.dates.revoked_at = Some(noon(1)));
                c.mou(|m| m.dates.halted_at = Some(noon(1)));
            }),
        ],
    ),
    (
        "The third and fourth keys: token and purpose",
        &[
            ("the token reaches IDENTITY alone", |c| {
                c.question.ceiling = Categories::only(DataCategory::Identity);
            }),
            ("the token reaches nothing", |c| {
                c.question.ceiling = Categories::EMPTY;
            }),
            ("the purpose is not consented to", |c| {
                c.question.purpose = Purpose::HealthCare;
            }),
            ("the purpose is in neither", |c| {
                c.question.purpose = Purpose::Prosecution;
            }),
        ],
    ),
    (
        "The referral and its agencies",
        &[
            ("draft", |c| c.facts.status = ReferralStatus::Draft),
            ("rejected", |c| c.facts.status = ReferralStatus::Rejected),
            ("cancelled", |c| c.facts.status = ReferralStatus::Cancelled),
            ("completed", |c| c.facts.status = ReferralStatus::Completed),
            ("failed", |c| c.facts.status = ReferralStatus::Failed),
            ("expired", |c| c.facts.status = ReferralStatus::Expired),
            ("entered in error", |c| {
                c.facts.status = ReferralStatus::EnteredInError;
            }),
            ("suspended", |c| c.facts.status = ReferralStatus::Suspended),
            ("unanswered, the microsecond before it expires", |c| {
                c.facts.status = ReferralStatus::Requested;
                (c.facts.answerable_until, c.now) = (Some(noon(2)), before(noon(2)));
            }),
            ("unanswered, the moment it expires", |c| {
                c.facts.status = ReferralStatus::Requested;
                c.facts.answerable_until = Some(noon(2));
            }),
            ("answered, and the time for it is over", |c| {
                c.facts.answerable_until = Some(noon(1));
            }),
            ("unanswered in time, and halted", |c| {
                c.facts.status = ReferralStatus::Requested;
                (c.facts.answerable_until, c.facts.halted) = (Some(noon(1)), true);
            }),
            ("halted", |c| c.facts.halted = true),
            ("the sender is suspended", |c| {
                c.facts.sender.status = AgencyStatus::Suspended;
            }),
            ("the recipient is suspended", |c| {
                c.facts.recipient.status = AgencyStatus::Suspended;
            }),
            ("one is suspended where they share", |c| {
                c.facts.parted = true;
            }),
        ],
    ),
    (
        "The sender reads its own",
        &[
            ("everything is in order", own),
            ("a draft, the consent not signed, no MOU", |c| {
                own(c);
                c.facts.status = ReferralStatus::Draft;
                c.consent(|k| k.dates.signed_at = None);
                c.facts.mou = None;
            }),
            ("completed", |c| {
                own(c);
                c.facts.status = ReferralStatus::Completed;
            }),
            ("the recipient is suspended, the referral halted", |c| {
                own(c);
                c.facts.recipient.status = AgencyStatus::Suspended;
                c.facts.halted = true;
            }),
            ("the consent is revoked", |c| {
                own(c);
                c.consent(|k| k.dates.revoked_at = Some(noon(1)));
            }),
            ("the consent ends this moment", |c| {
                own(c);
                c.now = noon(4);
            }),
            ("the consent is superseded", |c| {
                own(c);
                c.consent(|k| k.dates.void_at = Some(noon(1)));
            }),
            ("it is suspended where the two share", |c| {
                own(c);
                c.facts.parted = true;
            }),
            ("the sender is suspended", |c| {
                own(c);
                c.facts.sender.status = AgencyStatus::Suspended;
            }),
        ],
    ),
    (
        "Others read",
        &[
            ("a third agency, everything in order", |c| {
                c.question.reader = EAST;
            }),
            ("a third agency, named by the consent", |c| {
                c.question.reader = EAST;
                c.consent(|k| k.recipient = EAST);
            }),
        ],
    ),
];

const HEAD: &str = "\
May South read this category of what North sent it, to deliver a service, on Wednesday noon?

  token    reaches all but SUBSTANCE_USE, IMMIGRATION and FINANCIAL
  MOU      covers all but MEDICAL, MENTAL_HEALTH and SUBSTANCE_USE, to deliver a service or to care for health,
           Monday to Friday, both days included
  consent  names all from IDENTITY to SAFETY, and MEDICAL, to deliver a service or to find housing,
           Monday noon to Friday noon

A row says what is different in it. What is asked first is answered first: is the reader a party, does its token
reach so far, are both agencies active, is the referral open, the MOU, the consent, was the referral halted?
";

fn own(case: &mut Case) {
    case.question.reader = NORTH;
}

fn before(at: Instant) -> Instant {
    Instant(at.0 - 1)
}

/// In order, yet with categories and purposes that tell the keys apart.
fn ordinary() -> Case {
    use DataCategory::{
        Contact, Demographics, Family, Financial, Identity, Immigration, Language, Location,
        Medical, MentalHealth, Needs, Safety, SubstanceUse,
    };
    let all_but = |some: [DataCategory; 3]| {
        some.iter()
            .fold(Categories::all(), |all, &it| all.without(it))
    };
    in_order().but(|case| {
        case.question.ceiling = all_but([SubstanceUse, Immigration, Financial]);
        case.mou(|m| {
            let purposes = Purposes::only(Purpose::ServiceDelivery).with(Purpose::HealthCare);
            m.grants = Grants::product(all_but([Medical, MentalHealth, SubstanceUse]), purposes);
        });
        case.consent(|k| {
            let categories = [
                Identity,
                Demographics,
                Contact,
                Location,
                Family,
                Language,
                Needs,
                Safety,
                Medical,
            ]
            .into_iter()
            .collect();
            let purposes = Purposes::only(Purpose::ServiceDelivery).with(Purpose::HousingPlacement);
            k.grants = Grants::product(categories, purposes);
        });
    })
}

/// A cell, in five letters at most.
fn cell(answer: Answer) -> &'static str {
    match answer {
        Answer::Share(Ground::Consented { .. }) => "SHARE",
        Answer::Share(Ground::Own) => "OWN",
        Answer::Withhold(reason) => short(reason),
    }
}

fn short(reason: Reason) -> &'static str {
    match reason {
        Reason::NotAParty => "party",
        Reason::TokenTooNarrow => "token",
        Reason::AgencySuspended => "a-sus",
        Reason::ReferralClosed => "r-end",
        Reason::ReferralSuspended => "r-sus",
        Reason::NoMou => "m-no",
        Reason::MouNotInForce => "m-off",
        Reason::MouDoesNotCover => "m-cov",
        Reason::NoConsent => "c-no",
        Reason::ConsentRevoked => "c-rev",
        Reason::ConsentExpired => "c-exp",
        Reason::ConsentSuspended => "c-sus",
        Reason::CategoryNotConsented => "c-cat",
        Reason::PurposeNotConsented => "c-pur",
        Reason::CategoryNotForThisPurpose => "c-for",
    }
}

/// A category's column head.
fn head(category: DataCategory) -> &'static str {
    match category {
        DataCategory::Identity => "IDENT",
        DataCategory::Demographics => "DEMOG",
        DataCategory::Contact => "CONTA",
        DataCategory::Location => "LOCAT",
        DataCategory::Family => "FAMIL",
        DataCategory::Language => "LANGU",
        DataCategory::Needs => "NEEDS",
        DataCategory::Safety => "SAFET",
        DataCategory::Exploitation => "EXPLO",
        DataCategory::Medical => "MEDIC",
        DataCategory::MentalHealth => "MENTA",
        DataCategory::SubstanceUse => "SUBST",
        DataCategory::Immigration => "IMMIG",
        DataCategory::Legal => "LEGAL",
        DataCategory::Financial => "FINAN",
    }
}

fn answers(change: fn(&mut Case)) -> impl Iterator<Item = Answer> {
    let case = ordinary().but(change);
    DataCategory::ALL
        .iter()
        .map(move |&category| case.but(|case| case.question.category = category).answer())
}

fn row(title: &str, cells: impl Iterator<Item = &'static str>) -> String {
    let line = cells.fold(format!("{title:<50}"), |line, cell| {
        format!("{line} {cell:<5}")
    });
    format!("{}\n", line.trim_end())
}

fn rule_book() -> String {
    let mut book = HEAD.to_owned();
    for (heading, situations) in SITUATIONS {
        book.push('\n');
        book += &row(
            heading,
            DataCategory::ALL.iter().map(|&category| head(category)),
        );
        for (situation, change) in *situations {
            book += &row(&format!("  {situation}"), answers(*change).map(cell));
        }
    }
    book += "\n  SHARE  disclosed, on a consent and an MOU\n  OWN    read back by its writer: no disclosure\n";
    for reason in reasons() {
        writeln!(book, "  {:<5}  {}", short(reason), reason.code()).unwrap();
    }
    book += "\n";
    for chunk in DataCategory::ALL.chunks(5) {
        let names = chunk
            .iter()
            .map(|&category| format!("{}  {:<13}", head(category), category.code()));
        writeln!(
            book,
            "  {}",
            names.collect::<Vec<_>>().join("  ").trim_end()
        )
        .unwrap();
    }
    book
}

fn reasons() -> impl Iterator<Item = Reason> {
    WithheldReason::items().iter().map(|item| item.value.into())
}

#[test]
fn the_rule_book() {
    insta::with_settings!({
        snapshot_path => ".",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!("rule_book", rule_book());
    });
}

#[test]
fn the_rule_book_has_every_answer() {
    let met = SITUATIONS
        .iter()
        .flat_map(|(_, situations)| *situations)
        .flat_map(|(_, change)| answers(*change))
        .map(cell)
        .collect::<BTreeSet<_>>();
    let all = reasons()
        .map(short)
        .chain(["SHARE", "OWN"])
        .collect::<BTreeSet<_>>();
    assert_eq!(met, all);
}
