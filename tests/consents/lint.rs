//! Each element is taken away from a good consent, under every set of rules, and exactly that finding appears.

use std::collections::BTreeSet;

use concord::consent::checks::ConsentCheck;
use concord::consent::lint::{ConsentDraft, RulePacks, lint};
use concord_entities::consent::StoredInterpreter;
use concord_entities::grants::Grants;
use concord_entities::ids::{AgencyId, RulePackId};
use concord_entities::instant::{Day, Instant};
use concord_entities::rule_pack;
use concord_entities::vocabulary::{
    Categories, Code, DataCategory, Explanation, Explanations, MinorAlone, Pack, Purpose, Purposes,
    Severity, SignerRole,
};
use concord_entities::zone::Zone;
use uuid::Uuid;

pub const NORTH: AgencyId = AgencyId(Uuid::from_u128(1));
pub const SOUTH: AgencyId = AgencyId(Uuid::from_u128(2));
pub const WEST: AgencyId = AgencyId(Uuid::from_u128(3));

/// Some noon.
pub const NOW: Instant = Instant(1_800_000_000_000_000);

/// Somebody who interprets as the law asks.
pub fn an_interpreter(language: &str) -> StoredInterpreter {
    StoredInterpreter {
        language: language.to_owned(),
        same_dialect: true,
        qualified: true,
        named_on_paper: true,
        knows_survivor: false,
        knows_accused: false,
        is_victim: false,
    }
}

pub fn days(from_now: i64) -> Instant {
    Instant(NOW.0 + from_now * 86_400_000_000)
}

/// These categories, for health care.
fn for_care<const N: usize>(categories: [DataCategory; N]) -> Grants {
    Grants::product(
        categories.into_iter().collect(),
        Purposes::only(Purpose::HealthCare),
    )
}

/// A consent with everything in it that a check looks for.
pub fn good() -> ConsentDraft {
    ConsentDraft {
        discloser: NORTH,
        zone: Zone::UTC,
        recipient: SOUTH,
        recipient_known: true,
        through_intermediary: true,
        intermediary: Some(WEST),
        grants: for_care([DataCategory::Needs, DataCategory::SubstanceUse]),
        ceiling: Some(Grants::product(
            Categories::all().without(DataCategory::Financial),
            Purposes::only(Purpose::HealthCare),
        )),
        names_substance_use: true,
        language: "en".to_owned(),
        understood: Some("quc-GT".to_owned()),
        interpreter: Some(an_interpreter("quc")),
        explained: Explanations::all(),
        voluntary: true,
        revocable: true,
        effective_at: days(-1),
        expires_at: Some(days(60)),
        minor: false,
        came_of_age: None,
        minor_alone: None,
        incapacitated: false,
        both_guardians: false,
        objected: false,
        signed: Some(vec![SignerRole::Survivor]),
        first_signed: Some(NOW.day()),
    }
}

pub fn bound(pack: Pack) -> rule_pack::Model {
    rule_pack::Model {
        id: RulePackId(Uuid::from_u128(9)),
        agency_id: NORTH,
        pack,
        from_on: Day(0),
        until_on: None,
        max_days: (pack == Pack::State).then_some(180),
        citation: (pack == Pack::State).then(|| "the state's code".to_owned()),
        both_guardians: false,
        created_at: NOW,
    }
}

/// Every set of rule packs, none included.
pub fn every_set() -> impl Iterator<Item = RulePacks> {
    (0_u32..1 << Pack::ALL.len()).map(|bits| {
        let chosen = Pack::ALL
            .iter()
            .filter(|pack| bits & (1 << pack.place()) != 0);
        RulePacks(chosen.copied().map(bound).collect())
    })
}

/// What is done to the good consent, the code that appears, and which packs make it block: `always`, `never`, or these;
/// `none` is an agency that is bound by no pack.
type Row = (fn(&mut ConsentDraft), &'static str, &'static str);

const ALL: &str = "none VAWA VOCA FVPSA PART2 STATE";

fn interpreter(draft: &mut ConsentDraft) -> &mut StoredInterpreter {
    draft.interpreter.as_mut().unwrap()
}

fn unexplained(draft: &mut ConsentDraft, what: Explanation) {
    draft.explained = draft.explained.without(what);
}

const TAKEN_AWAY: &[Row] = &[
    (
        |d| unexplained(d, Explanation::Who),
        "WHO_NOT_EXPLAINED",
        ALL,
    ),
    (
        |d| unexplained(d, Explanation::What),
        "WHAT_NOT_EXPLAINED",
        ALL,
    ),
    (
        |d| unexplained(d, Explanation::Why),
        "WHY_NOT_EXPLAINED",
        ALL,
    ),
    (
        |d| unexplained(d, Explanation::Risks),
        "RISKS_NOT_EXPLAINED",
        ALL,
    ),
    (
        |d| unexplained(d, Explanation::Alternatives),
        "ALTERNATIVES_NOT_EXPLAINED",
        ALL,
    ),
    (
        |d| unexplained(d, Explanation::RightToRefuse),
        "RIGHT_TO_REFUSE_NOT_EXPLAINED",
        ALL,
    ),
    (
        |d| unexplained(d, Explanation::RightToRevoke),
        "RIGHT_TO_REVOKE_NOT_EXPLAINED",
        ALL,
    ),
    (
        |d| unexplained(d, Explanation::Retention),
        "RETENTION_NOT_EXPLAINED",
        ALL,
    ),
    (|d| d.interpreter = None, "LANGUAGE_NOT_UNDERSTOOD", ALL),
    (
        |d| "es".clone_into(&mut interpreter(d).language),
        "LANGUAGE_NOT_UNDERSTOOD",
        ALL,
    ),
    (|d| d.understood = None, "LANGUAGE_NOT_RECORDED", ALL),
    (
        |d| interpreter(d).named_on_paper = false,
        "INTERPRETER_NOT_NAMED",
        "always",
    ),
    (
        |d| interpreter(d).qualified = false,
        "INTERPRETER_NOT_QUALIFIED",
        "always",
    ),
    (
        |d| interpreter(d).same_dialect = false,
        "INTERPRETER_OTHER_DIALECT",
        "always",
    ),
    (
        |d| interpreter(d).knows_survivor = true,
        "INTERPRETER_KNOWS_SURVIVOR",
        "always",
    ),
    (
        |d| interpreter(d).knows_accused = true,
        "INTERPRETER_KNOWS_ACCUSED",
        "always",
    ),
    (
        |d| interpreter(d).is_victim = true,
        "INTERPRETER_IS_VICTIM",
        "always",
    ),
    (|d| d.expires_at = None, "EXPIRY_MISSING", ALL),
    (
        |d| {
            d.effective_at = days(40);
            d.expires_at = Some(days(30));
        },
        "DATES_REVERSED",
        "always",
    ),
    (
        |d| {
            d.effective_at = days(-30);
            d.expires_at = Some(NOW);
        },
        "EXPIRY_PAST",
        "always",
    ),
    (|d| d.expires_at = Some(days(400)), "EXPIRY_TOO_LATE", ALL),
    (
        |d| d.first_signed = Some(NOW.day().plus_days(-130)),
        "EXPIRY_TOO_LATE",
        ALL,
    ),
    (
        |d| {
            d.effective_at = days(190);
            d.expires_at = Some(days(200));
        },
        "EXPIRY_TOO_LATE",
        ALL,
    ),
    (|d| d.recipient_known = false, "RECIPIENT_UNKNOWN", "always"),
    (|d| d.recipient = NORTH, "RECIPIENT_IS_DISCLOSER", "always"),
    (|d| d.intermediary = None, "INTERMEDIARY_NOT_NAMED", ALL),
    (
        |d| d.intermediary = Some(SOUTH),
        "INTERMEDIARY_IS_PARTY",
        "always",
    ),
    (
        |d| d.intermediary = Some(NORTH),
        "INTERMEDIARY_IS_PARTY",
        "always",
    ),
    (|d| d.grants = Grants::EMPTY, "GRANTS_MISSING", ALL),
    (
        |d| d.grants = for_care([DataCategory::Needs, DataCategory::Financial]),
        "CATEGORIES_BEYOND_MOU",
        ALL,
    ),
    (|d| d.ceiling = None, "NO_MOU", "never"),
    (
        |d| d.grants = Grants::product(d.grants.categories(), Purposes::only(Purpose::Prosecution)),
        "CATEGORIES_BEYOND_MOU",
        ALL,
    ),
    (|d| d.voluntary = false, "NOT_VOLUNTARY", "always"),
    (|d| d.revocable = false, "NOT_REVOCABLE", "always"),
    (
        |d| d.names_substance_use = false,
        "SUBSTANCE_USE_NOT_NAMED",
        "PART2",
    ),
    (
        |d| d.minor_alone = Some(MinorAlone::MedicalCare),
        "NOT_A_MINOR",
        "always",
    ),
    (
        |d| (d.minor, d.minor_alone) = (true, Some(MinorAlone::MedicalCare)),
        "MINOR_ALONE_BEYOND_SERVICE",
        "always",
    ),
    (
        |d| {
            d.came_of_age = d.first_signed.map(|day| day.plus_days(1));
            d.signed = Some(vec![SignerRole::Survivor, SignerRole::ParentOrGuardian]);
        },
        "GUARDIANS_CONSENT_OUTGROWN",
        "never",
    ),
    (
        |d| d.signed = Some(vec![SignerRole::Witness]),
        "SURVIVOR_SIGNATURE_MISSING",
        "always",
    ),
    (|d| d.minor = true, "GUARDIAN_SIGNATURE_MISSING", "always"),
    (
        |d| {
            (d.minor, d.both_guardians) = (true, true);
            d.signed = Some(vec![SignerRole::Survivor, SignerRole::ParentOrGuardian]);
        },
        "SECOND_GUARDIAN_SIGNATURE_MISSING",
        "always",
    ),
    (
        |d| {
            (d.minor, d.objected) = (true, true);
            d.signed = Some(vec![SignerRole::Survivor, SignerRole::ParentOrGuardian]);
        },
        "GUARDIAN_OBJECTS",
        "never",
    ),
    (
        |d| d.incapacitated = true,
        "CONSERVATOR_SIGNATURE_MISSING",
        "always",
    ),
];

/// Checks of a signature that is offered, which the table of signers is about.
const OFFERED: [&str; 5] = [
    "SIGNER_IS_ABUSER",
    "SIGNER_NOT_CALLED_FOR",
    "SIGNER_RELATION_UNFIT",
    "DOCUMENT_MISSING",
    "WITNESS_MISSING",
];

#[test]
fn a_good_consent_lacks_nothing_under_any_rules() {
    assert_eq!(every_set().count(), 32);
    for packs in every_set() {
        assert_eq!(lint(&good(), &packs, NOW), [], "{packs:?}");
        let unsigned = ConsentDraft {
            signed: None,
            ..good()
        };
        assert_eq!(lint(&unsigned, &packs, NOW), [], "{packs:?}");
    }
}

#[test]
fn whatever_is_taken_away_is_exactly_what_is_found() {
    for (take_away, code, blocks) in TAKEN_AWAY {
        let mut draft = good();
        take_away(&mut draft);
        assert_ne!(draft, good(), "{code} takes nothing away");
        for packs in every_set() {
            let bound: Vec<&str> = packs.0.iter().map(|one| one.pack.code()).collect();
            let named = |word: &str| blocks.split(' ').any(|one| one == word);
            let blocking = named("always")
                || (bound.is_empty() && named("none"))
                || bound.iter().any(|pack| named(pack));
            let severity = if blocking {
                Severity::Blocking
            } else {
                Severity::Advisory
            };
            let found: Vec<_> = lint(&draft, &packs, NOW)
                .iter()
                .map(|finding| (finding.code, finding.severity))
                .collect();
            assert_eq!(found, [(*code, severity)], "{bound:?}");
        }
    }
}

#[test]
fn every_check_has_a_row_and_says_where_its_rule_is_written() {
    let tried: BTreeSet<&str> = TAKEN_AWAY
        .iter()
        .map(|(_, code, _)| *code)
        .chain(OFFERED)
        .collect();
    let every: BTreeSet<&str> = ConsentCheck::ALL.iter().map(|check| check.code()).collect();
    assert_eq!(tried, every);
    for check in ConsentCheck::ALL {
        let finding = check.finding(&[]);
        assert!(finding.rule.ends_with('.'), "{finding:?}");
        assert!(finding.remedy.ends_with('.'), "{finding:?}");
        assert!(finding.citation.len() > 8, "{finding:?}");
        assert_ne!(finding.rule, finding.remedy);
    }
}

#[test]
fn rules_bind_from_their_first_day_to_their_last() {
    let today = NOW.day();
    let dated = |from: i32, until: Option<i32>| {
        RulePacks(vec![rule_pack::Model {
            from_on: today.plus_days(from),
            until_on: until.map(|day| today.plus_days(day)),
            ..bound(Pack::Part2)
        }])
    };
    for (from, until, binds) in [
        (0, None, true),
        (0, Some(0), true),
        (-9, Some(0), true),
        (1, None, false),
        (-9, Some(-1), false),
        (3, Some(1), false),
    ] {
        let packs = dated(from, until);
        assert_eq!(packs.bound(today).len(), usize::from(binds), "{packs:?}");
        let draft = ConsentDraft {
            names_substance_use: false,
            ..good()
        };
        let severity = lint(&draft, &packs, NOW)[0].severity;
        assert_eq!(severity == Severity::Blocking, binds, "{packs:?}");
    }
}

#[test]
fn what_goes_beyond_the_mou_is_named() {
    let draft = ConsentDraft {
        ceiling: Some(for_care([DataCategory::Needs])),
        grants: [
            (
                Purpose::HealthCare,
                [DataCategory::Needs, DataCategory::Medical],
            ),
            (
                Purpose::LegalRepresentation,
                [DataCategory::Needs, DataCategory::Legal],
            ),
        ]
        .map(|(purpose, categories)| (purpose, categories.into_iter().collect()))
        .into_iter()
        .collect(),
        ..good()
    };
    let found = lint(&draft, &RulePacks::default(), NOW);
    assert_eq!(found[0].code, "CATEGORIES_BEYOND_MOU");
    assert_eq!(
        found[0].remedy,
        "Leave out MEDICAL for HEALTH_CARE; NEEDS, LEGAL for LEGAL_REPRESENTATION, which no MOU in force permits, or amend \
         the MOU first."
    );
}

/// The limit is of days where the agency works, the last one whole, whether clocks were changed meanwhile or not.
#[test]
fn a_limits_days_are_local_and_the_last_one_is_whole() {
    for (zone, now, end) in [
        // Clocks go forward on March 8: the ninety days are an hour shorter.
        (
            "America/New_York",
            "2026-01-15T17:00:00Z",
            "2026-04-16T04:00:00Z",
        ),
        // Clocks go back on November 1: they are an hour longer.
        (
            "America/New_York",
            "2026-09-01T12:00:00Z",
            "2026-12-01T05:00:00Z",
        ),
        // The last moment of a day there is the next day in UTC, and its first one as well.
        (
            "America/New_York",
            "2026-06-02T03:59:59.999999Z",
            "2026-08-31T04:00:00Z",
        ),
        (
            "America/New_York",
            "2026-06-02T04:00:00Z",
            "2026-09-01T04:00:00Z",
        ),
        (
            "Asia/Manila",
            "2026-06-01T15:59:59Z",
            "2026-08-30T16:00:00Z",
        ),
        (
            "Pacific/Kiritimati",
            "2026-06-01T10:00:00Z",
            "2026-08-31T10:00:00Z",
        ),
        // Clocks skip midnight on the day after the last one.
        (
            "Africa/Cairo",
            "2026-01-23T12:00:00Z",
            "2026-04-23T22:00:00Z",
        ),
        ("UTC", "2026-01-15T17:00:00Z", "2026-04-16T00:00:00Z"),
    ] {
        let (now, end): (Instant, Instant) = (now.parse().unwrap(), end.parse().unwrap());
        let zone: Zone = zone.parse().unwrap();
        let draft = |end: i64| ConsentDraft {
            zone: zone.clone(),
            effective_at: now,
            expires_at: Some(Instant(end)),
            first_signed: Some(zone.day(now)),
            ..good()
        };
        let packs = RulePacks::default();
        assert_eq!(lint(&draft(end.0), &packs, now), [], "{zone}");
        let found = lint(&draft(end.0 + 1), &packs, now);
        assert_eq!(found[0].code, "EXPIRY_TOO_LATE", "{zone}");
    }
}

#[test]
fn the_strictest_maximum_holds() {
    let state = |max_days: Option<i32>| rule_pack::Model {
        max_days,
        ..bound(Pack::State)
    };
    let usual = bound(Pack::Vawa);
    for (packs, longest) in [
        (vec![], 90),
        (vec![usual.clone()], 90),
        (vec![state(Some(30))], 30),
        (vec![state(Some(180))], 180),
        (vec![state(None)], 90),
        (vec![usual.clone(), state(Some(180))], 90),
        (vec![state(Some(30)), usual.clone()], 30),
        (vec![state(Some(180)), state(Some(15))], 15),
    ] {
        let packs = RulePacks(packs);
        // To the end of the last of its days.
        let lasting = |days: i32| ConsentDraft {
            effective_at: NOW,
            expires_at: Some(NOW.day().plus_days(days).end()),
            ..good()
        };
        assert_eq!(lint(&lasting(longest), &packs, NOW), [], "{packs:?}");
        let mut beyond = lasting(longest);
        beyond.expires_at = beyond.expires_at.map(|end| Instant(end.0 + 1));
        let found = lint(&beyond, &packs, NOW);
        assert_eq!(found[0].code, "EXPIRY_TOO_LATE", "{packs:?}");
        let told = format!("within {longest} days");
        assert!(found[0].remedy.contains(&told), "{found:?}");
        let own = longest != 90;
        assert_eq!(found[0].citation == "the state's code", own, "{packs:?}");
    }
}
