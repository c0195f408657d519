//! The law written a second time, in Cedar (`policy.cedar`), judges the same cases: the two must never differ.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, Request, RestrictedExpression as Value, Schema, ValidationMode, Validator,
};
use concord::sharing::decide::{ConsentFacts, MouFacts, Party};
use concord::sharing::{Answer, Ground, Reason};
use concord_entities::grants::Grants;
use concord_entities::ids::AgencyId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{Code, DataCategory, Set};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::cases::{Case, cases};

static LAW: LazyLock<Law> = LazyLock::new(Law::read);

/// The policy, its schema, and the kinds of things it speaks of.
struct Law {
    rules: PolicySet,
    schema: Schema,
    agency: EntityTypeName,
    consent: EntityUid,
    mou: EntityUid,
    package: EntityUid,
    read: EntityUid,
}

/// What the policy says of a case, and the rules that make it so.
#[derive(Debug)]
struct Verdict {
    allowed: bool,
    because: Vec<String>,
}

impl Law {
    fn read() -> Self {
        let written: PolicySet = include_str!("policy.cedar").parse().unwrap();
        let named = written.policies().map(|rule| {
            let id = rule.annotation("id").expect("every rule has an id");
            rule.new_id(PolicyId::new(id))
        });
        let (schema, _) = Schema::from_cedarschema_str(include_str!("policy.cedarschema")).unwrap();
        Self {
            rules: PolicySet::from_policies(named).unwrap(),
            schema,
            agency: "Agency".parse().unwrap(),
            consent: r#"Consent::"this""#.parse().unwrap(),
            mou: r#"Mou::"this""#.parse().unwrap(),
            package: r#"Package::"this""#.parse().unwrap(),
            read: r#"Action::"read""#.parse().unwrap(),
        }
    }

    fn without(&self, rule: &str) -> PolicySet {
        let others = self
            .rules
            .policies()
            .filter(|other| *other.id() != PolicyId::new(rule));
        PolicySet::from_policies(others.cloned()).unwrap()
    }

    fn judge(&self, case: &Case) -> Verdict {
        self.judge_by(&self.rules, case)
    }

    fn judge_by(&self, rules: &PolicySet, case: &Case) -> Verdict {
        let response =
            Authorizer::new().is_authorized(&self.request(case), rules, &self.entities(case));
        // A rule that cannot be evaluated would be passed over in silence, a `forbid` too.
        assert_eq!(response.diagnostics().errors().count(), 0, "{response:?}");
        let reasons = response.diagnostics().reason();
        Verdict {
            allowed: response.decision() == Decision::Allow,
            because: reasons.map(ToString::to_string).collect(),
        }
    }

    fn request(&self, case: &Case) -> Request {
        let question = &case.question;
        let token = record([("categories", codes(question.ceiling))]);
        let context = Context::from_pairs(named([
            ("category", text(question.category.code())),
            ("purpose", text(question.purpose.code())),
            ("token", token),
            ("now", moment(case.now)),
        ]));
        Request::new(
            self.agency(question.reader),
            self.read.clone(),
            self.package.clone(),
            context.unwrap(),
            Some(&self.schema),
        )
        .unwrap()
    }

    fn entities(&self, case: &Case) -> Entities {
        let facts = &case.facts;
        let reader = Party {
            agency: case.question.reader,
            status: facts.sender.status,
        };
        // One agency has one status: the sender's stands where all are the same one.
        let parties = [reader, facts.recipient, facts.sender]
            .map(|party| (party.agency, party.status))
            .into_iter()
            .collect::<HashMap<_, _>>();
        let parties = parties.into_iter().map(|(agency, status)| {
            entity(&self.agency(agency), [("status", text(status.code()))])
        });
        let package = [
            (
                "sender",
                Value::new_entity_uid(self.agency(facts.sender.agency)),
            ),
            (
                "recipient",
                Value::new_entity_uid(self.agency(facts.recipient.agency)),
            ),
            ("referral", text(facts.status.code())),
            ("halted", Value::new_bool(facts.halted)),
            ("parted", Value::new_bool(facts.parted)),
        ]
        .into_iter()
        .chain(
            facts
                .answerable_until
                .map(|until| ("answerableUntil", moment(until))),
        )
        .chain(
            facts
                .consent
                .map(|_| ("consent", Value::new_entity_uid(self.consent.clone()))),
        )
        .chain(
            facts
                .mou
                .map(|_| ("mou", Value::new_entity_uid(self.mou.clone()))),
        );

        let all = parties
            .chain([entity(&self.package, package)])
            .chain(facts.consent.map(|consent| self.consent(&consent)))
            .chain(facts.mou.map(|mou| self.mou(&mou)));
        Entities::from_entities(all, Some(&self.schema)).unwrap()
    }

    fn agency(&self, id: AgencyId) -> EntityUid {
        EntityUid::from_type_name_and_id(self.agency.clone(), id.to_string().parse().unwrap())
    }

    fn consent(&self, consent: &ConsentFacts) -> Entity {
        let says = [
            (
                "discloser",
                Value::new_entity_uid(self.agency(consent.discloser)),
            ),
            (
                "recipient",
                Value::new_entity_uid(self.agency(consent.recipient)),
            ),
            ("grants", pairs(&consent.grants)),
            ("effectiveAt", moment(consent.dates.effective_at)),
            ("expiresAt", moment(consent.dates.expires_at)),
        ];
        let happened = [
            ("signedAt", consent.dates.signed_at),
            ("revokedAt", consent.dates.revoked_at),
            ("voidAt", consent.dates.void_at),
            ("suspendsAt", consent.dates.suspends_at),
        ];
        entity(&self.consent, says.into_iter().chain(those(happened)))
    }

    fn mou(&self, mou: &MouFacts) -> Entity {
        let says = [
            ("signedByBoth", Value::new_bool(mou.binds_both)),
            ("grants", pairs(&mou.grants)),
            ("beginsAt", moment(mou.dates.begins_at)),
            ("endsAt", moment(mou.dates.ends_at)),
        ];
        let happened = [
            ("signedAt", mou.dates.signed_at),
            ("haltedAt", mou.dates.halted_at),
        ];
        entity(&self.mou, says.into_iter().chain(those(happened)))
    }
}

type Attribute = (&'static str, Value);

fn named(pairs: impl IntoIterator<Item = Attribute>) -> impl Iterator<Item = (String, Value)> {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
}

fn entity(uid: &EntityUid, says: impl IntoIterator<Item = Attribute>) -> Entity {
    Entity::new(uid.clone(), named(says).collect(), HashSet::new()).unwrap()
}

fn record(pairs: impl IntoIterator<Item = Attribute>) -> Value {
    Value::new_record(named(pairs)).unwrap()
}

fn those<const N: usize>(
    moments: [(&'static str, Option<Instant>); N],
) -> impl Iterator<Item = Attribute> {
    moments
        .into_iter()
        .filter_map(|(name, at)| at.map(|at| (name, moment(at))))
}

fn text(code: &str) -> Value {
    Value::new_string(code.to_owned())
}

fn codes<C: Code>(set: Set<C>) -> Value {
    Value::new_set(set.iter().map(|code| text(code.code())))
}

/// Every pair, one by one.
fn pairs(grants: &Grants) -> Value {
    let pairs = grants.iter().flat_map(|(purpose, categories)| {
        let categories: Vec<DataCategory> = categories.iter().collect();
        categories.into_iter().map(move |category| {
            record([
                ("category", text(category.code())),
                ("purpose", text(purpose.code())),
            ])
        })
    });
    Value::new_set(pairs.collect::<Vec<_>>())
}

fn moment(at: Instant) -> Value {
    Value::new_long(at.0)
}

/// The rule that must have fired where this reason is told. The other reasons say that a key is missing, and a
/// missing key is no rule that fires.
fn rules_behind(reason: Reason) -> &'static [&'static str] {
    match reason {
        Reason::TokenTooNarrow => &["narrow-token"],
        Reason::AgencySuspended => &[
            "suspended-reader",
            "suspended-sender",
            "suspended-membership",
        ],
        Reason::ReferralClosed => &["not-open", "unanswered"],
        Reason::ReferralSuspended => &["halted"],
        Reason::ConsentRevoked => &["revoked"],
        Reason::ConsentExpired => &["expired"],
        Reason::ConsentSuspended => &["suspended-consent"],
        Reason::NoMou
        | Reason::MouNotInForce
        | Reason::MouDoesNotCover
        | Reason::NoConsent
        | Reason::CategoryNotConsented
        | Reason::PurposeNotConsented
        | Reason::CategoryNotForThisPurpose
        | Reason::NotAParty => &[],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_code_and_the_law_agree(case in cases()) {
        let verdict = LAW.judge(&case);
        let because = |rule: &&str| verdict.because.iter().any(|fired| fired == rule);
        match case.answer() {
            Answer::Share(Ground::Own) => {
                prop_assert!(verdict.allowed && because(&"own-package"), "{:?}", verdict);
            }
            Answer::Share(Ground::Consented { .. }) => {
                prop_assert!(verdict.allowed && verdict.because == ["four-keys"], "{:?}", verdict);
            }
            Answer::Withhold(reason) => {
                let behind = rules_behind(reason);
                prop_assert!(!verdict.allowed, "{reason:?}, but {:?}", verdict);
                prop_assert!(behind.is_empty() || behind.iter().any(because), "{reason:?}: {:?}", verdict);
            }
        }
    }
}

/// The same cases in every run, to count among.
fn sample(size: usize) -> impl Iterator<Item = Case> {
    let mut runner = TestRunner::deterministic();
    std::iter::repeat_with(move || cases().new_tree(&mut runner).unwrap().current()).take(size)
}

#[test]
fn the_cases_are_worth_judging() {
    let size = 6_000;
    let mut met = BTreeMap::<&str, usize>::new();
    for case in sample(size) {
        let answer = match case.answer() {
            Answer::Share(Ground::Own) => "own",
            Answer::Share(Ground::Consented { .. }) => "consented",
            Answer::Withhold(reason) => reason.code(),
        };
        *met.entry(answer).or_default() += 1;
    }
    let shared = met["own"] + met["consented"];
    assert!(met["consented"] * 10 >= size, "consented is rare: {met:?}");
    assert!((size - shared) * 10 >= size, "withholding is rare: {met:?}");
    assert_eq!(
        met.len(),
        2 + 15,
        "a ground or reason is never met: {met:?}"
    );
    assert!(
        met.values().all(|times| times * 300 >= size),
        "hardly ever met: {met:?}"
    );
}

#[test]
fn no_rule_of_the_law_is_idle() {
    let decides_alone = |rule: &Policy| {
        let id = rule.id().to_string();
        let others = LAW.without(&id);
        sample(1_500).any(|case| {
            let verdict = LAW.judge(&case);
            verdict.because == [id.clone()]
                && LAW.judge_by(&others, &case).allowed != verdict.allowed
        })
    };
    for rule in LAW.rules.policies() {
        assert!(
            rule.annotation("law").is_some(),
            "{} cites nothing",
            rule.id()
        );
        assert!(decides_alone(rule), "{} never decides", rule.id());
    }
}

#[test]
fn the_law_is_well_typed() {
    let validated = Validator::new(LAW.schema.clone()).validate(&LAW.rules, ValidationMode::Strict);
    assert!(
        validated.validation_passed_without_warnings(),
        "{validated}"
    );
}
