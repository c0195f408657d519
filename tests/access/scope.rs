//! Scopes: their text, their normal form, and their order.

use concord::access::grammar::ScopeError;
use concord::access::grant::{Permission, Resource};
use concord::access::scope::{Scope, Scopes, narrower};
use concord_entities::vocabulary::{Categories, Code, DataCategory, Purpose, Purposes, Set};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use DataCategory::{Exploitation, Identity, Language, Needs};
use Permission::{Create, Delete, Read, Search, Update};
use Purpose::{HousingPlacement, LegalRepresentation, ServiceDelivery};
use Resource::{Consent, Mou, Referral};

type Quadruple = (Resource, Permission, DataCategory, Purpose);

fn scopes(text: &str) -> Scopes {
    Scopes::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// Every question that can be asked of a scope.
fn space() -> impl Iterator<Item = Quadruple> {
    Resource::ALL.iter().flat_map(|resource| {
        Permission::ALL.iter().flat_map(move |permission| {
            DataCategory::ALL.iter().flat_map(move |category| {
                let purposes = Purpose::ALL.iter();
                purposes.map(move |purpose| (*resource, *permission, *category, *purpose))
            })
        })
    })
}

/// What scopes mean, straight from the words of the grammar: the oracle.
fn means(list: &[Scope], (resource, permission, category, purpose): Quadruple) -> bool {
    list.iter().any(|scope| {
        scope.resource == resource
            && scope.permissions.has(permission)
            && (scope.categories.is_none() || scope.categories.unwrap().has(category))
            && (scope.purposes.is_none() || scope.purposes.unwrap().has(purpose))
    })
}

fn some_of<C: Code>(at_most: usize) -> impl Strategy<Value = Set<C>> {
    subsequence(C::ALL, 1..=at_most).prop_map(|codes| codes.into_iter().collect())
}

fn few_or_all<C: Code>() -> impl Strategy<Value = Set<C>> {
    prop_oneof![4 => some_of(3), 2 => some_of(C::ALL.len()), 1 => Just(Set::all())]
}

/// Few resources and few codes, so that scopes often meet.
fn scope() -> impl Strategy<Value = Scope> {
    let resources = prop_oneof![
        4 => select(vec![Referral, Consent]),
        1 => select(Resource::ALL),
    ];
    (
        resources,
        some_of(5),
        weighted(0.7, few_or_all()),
        weighted(0.7, few_or_all()),
    )
        .prop_map(|(resource, permissions, categories, purposes)| Scope {
            resource,
            permissions,
            categories,
            purposes,
        })
}

fn some_scopes() -> impl Strategy<Value = Vec<Scope>> {
    prop::collection::vec(scope(), 0..6)
}

/// Scopes, and others that were made from them by taking away: the order holds often.
pub fn scopes_and_less() -> impl Strategy<Value = (Vec<Scope>, Vec<Scope>)> {
    some_scopes().prop_flat_map(|list| {
        let less: Vec<_> = list
            .iter()
            .cloned()
            .map(|one| (Just(one), scope(), any::<bool>()))
            .collect();
        (Just(list), less).prop_map(|(list, less)| {
            let less = less
                .into_iter()
                .filter(|(_, _, keep)| *keep)
                .map(|(one, cut, _)| Scope {
                    permissions: one
                        .permissions
                        .iter()
                        .filter(|p| cut.permissions.has(*p))
                        .collect(),
                    categories: both(one.categories, cut.categories),
                    purposes: both(one.purposes, cut.purposes),
                    ..one
                });
            let less = less.collect();
            (list, less)
        })
    })
}

fn both<C: Code>(a: Option<Set<C>>, b: Option<Set<C>>) -> Option<Set<C>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.iter().filter(|code| b.has(*code)).collect()),
        (limit, None) | (None, limit) => limit,
    }
}

fn normal(list: &[Scope]) -> Scopes {
    list.iter().cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn the_text_of_scopes_parses_to_the_same_scopes(list in some_scopes()) {
        let scopes = normal(&list);
        prop_assert_eq!(Scopes::parse(&scopes.to_string()).unwrap(), scopes);
    }

    #[test]
    fn the_normal_form_means_what_was_written(list in some_scopes()) {
        let scopes = normal(&list);
        for question in space() {
            let (resource, permission, category, purpose) = question;
            let meant = means(&list, question);
            prop_assert_eq!(scopes.permits(resource, permission, category, purpose), meant);
            let grants = scopes.grants(resource, permission);
            prop_assert_eq!(grants.permits(category, purpose), meant);
        }
    }

    #[test]
    fn the_shorter_questions_agree_with_the_longest(list in some_scopes()) {
        let scopes = normal(&list);
        for resource in Resource::ALL.iter().copied() {
            for permission in Permission::ALL.iter().copied() {
                let asks = |c, p| scopes.permits(resource, permission, c, p);
                let mut reached = Purposes::EMPTY;
                for purpose in Purpose::ALL.iter().copied() {
                    let expected: Categories =
                        DataCategory::ALL.iter().copied().filter(|c| asks(*c, purpose)).collect();
                    prop_assert_eq!(scopes.categories_for(resource, permission, purpose), expected);
                    reached = if expected.is_empty() { reached } else { reached.with(purpose) };
                }
                prop_assert_eq!(scopes.purposes(resource, permission), reached);
                prop_assert_eq!(scopes.allows(resource, permission), !reached.is_empty());
                prop_assert_eq!(scopes.grants(resource, permission).is_empty(), reached.is_empty());
            }
        }
    }

    #[test]
    fn the_normal_form_does_not_depend_on_the_order(list in some_scopes(), by in any::<prop::sample::Index>()) {
        let mut turned = list.clone();
        if !turned.is_empty() {
            turned.rotate_left(by.index(list.len()));
            turned.reverse();
        }
        prop_assert_eq!(normal(&turned), normal(&list));
    }

    #[test]
    fn the_normal_form_keeps_nothing_superfluous(list in some_scopes()) {
        let scopes = normal(&list);
        for left_out in 0..scopes.iter().count() {
            let rest = scopes.iter().enumerate().filter(|(place, _)| *place != left_out);
            let rest: Scopes = rest.map(|(_, scope)| scope.clone()).collect();
            prop_assert_ne!(rest, scopes.clone());
        }
        let twice: Vec<_> = scopes.iter().chain(scopes.iter()).cloned().collect();
        prop_assert_eq!(normal(&twice), scopes);
    }

    #[test]
    fn narrower_is_exactly_to_allow_nothing_more((list, less) in scopes_and_less(), other in some_scopes()) {
        for (a, b) in [(&less, &list), (&list, &less), (&list, &other), (&other, &list)] {
            let allows_no_more = space().all(|question| !means(a, question) || means(b, question));
            prop_assert_eq!(narrower(&normal(a), &normal(b)), allows_no_more);
        }
    }

    #[test]
    fn narrower_is_an_order((list, less) in scopes_and_less(), (other, least) in scopes_and_less()) {
        let all = [normal(&list), normal(&less), normal(&other), normal(&least), Scopes::default()];
        let below: Vec<Vec<_>> = all.iter().map(|a| all.iter().map(|b| narrower(a, b)).collect()).collect();
        for a in 0..all.len() {
            prop_assert!(below[a][a]);
            for (b, c) in (0..all.len()).flat_map(|b| (0..all.len()).map(move |c| (b, c))) {
                prop_assert!(!(below[a][b] && below[b][c]) || below[a][c]);
            }
        }
    }

    #[test]
    fn no_text_makes_the_parser_fail_otherwise(text in r"\PC{0,60}|[a-z.?=&, A-Z_]{0,60}") {
        if let Ok(scopes) = Scopes::parse(&text) {
            prop_assert_eq!(Scopes::parse(&scopes.to_string()).unwrap(), scopes);
        }
    }
}

#[test]
fn limits_of_two_scopes_do_not_mix() {
    let two = scopes(
        "referral.r?category=IDENTITY&purpose=LEGAL_REPRESENTATION \
         referral.r?category=NEEDS&purpose=HOUSING_PLACEMENT",
    );
    assert!(two.permits(Referral, Read, Identity, LegalRepresentation));
    assert!(two.permits(Referral, Read, Needs, HousingPlacement));
    assert!(!two.permits(Referral, Read, Identity, HousingPlacement));
    assert!(!two.permits(Referral, Read, Needs, LegalRepresentation));
    let crossed =
        scopes("referral.r?category=IDENTITY,NEEDS&purpose=HOUSING_PLACEMENT,LEGAL_REPRESENTATION");
    assert!(narrower(&two, &crossed));
    assert!(!narrower(&crossed, &two));
}

#[test]
fn a_good_text_is_read_as_written_and_printed_in_its_normal_form() {
    for (text, printed) in [
        ("", ""),
        ("referral.r", "referral.r"),
        ("referral.cruds", "referral.cruds"),
        ("mou.s consent.c referral.d", "referral.d consent.c mou.s"),
        ("referral.r referral.u", "referral.ru"),
        ("referral.r referral.r?category=NEEDS", "referral.r"),
        (
            "referral.ru?category=NEEDS referral.r",
            "referral.r referral.u?category=NEEDS",
        ),
        (
            "audit.rs?purpose=PROSECUTION,INVESTIGATION",
            "audit.rs?purpose=INVESTIGATION,PROSECUTION",
        ),
        (
            "referral.r?purpose=HOUSING_PLACEMENT&category=NEEDS,LANGUAGE",
            "referral.r?category=LANGUAGE,NEEDS&purpose=HOUSING_PLACEMENT",
        ),
        (
            "referral.r?category=NEEDS referral.r?category=IDENTITY",
            "referral.r?category=IDENTITY referral.r?category=NEEDS",
        ),
    ] {
        assert_eq!(scopes(text).to_string(), printed, "{text}");
    }
    for resource in [
        "referral",
        "consent",
        "evidence",
        "survivor",
        "mou",
        "agency",
        "directory",
        "audit",
        "webhook",
    ] {
        assert_eq!(
            scopes(&format!("{resource}.s")).to_string(),
            format!("{resource}.s")
        );
    }
}

#[test]
fn a_list_of_every_code_is_not_the_absence_of_a_limit() {
    let codes: Vec<_> = DataCategory::ALL
        .iter()
        .map(|category| category.code())
        .collect();
    let listed = scopes(&format!("referral.r?category={}", codes.join(",")));
    let unlimited = scopes("referral.r");
    assert_ne!(listed, unlimited);
    assert!(narrower(&listed, &unlimited) && narrower(&unlimited, &listed));
    assert_eq!(
        listed.iter().next().unwrap().categories,
        Some(Categories::all())
    );
}

#[test]
fn a_grant_is_written_as_the_scope_that_gives_it() {
    assert_eq!(Referral.read().to_string(), "referral.r");
    for resource in Resource::ALL {
        let grants = [
            (resource.create(), Create),
            (resource.read(), Read),
            (resource.update(), Update),
            (resource.delete(), Delete),
            (resource.search(), Search),
        ];
        for (grant, permission) in grants {
            let given = scopes(&grant.to_string());
            assert!(given.reaches(grant));
            for other in Permission::ALL {
                assert_eq!(given.allows(*resource, *other), *other == permission);
            }
        }
    }
    assert!(!scopes("referral.r").reaches(Mou.read()));
}

#[test]
fn a_scope_that_allows_nothing_is_left_out() {
    let nothing = |permissions, categories, purposes| Scope {
        resource: Referral,
        permissions,
        categories,
        purposes,
    };
    let list = [
        nothing(Set::EMPTY, None, None),
        nothing(Set::only(Read), Some(Set::EMPTY), None),
        nothing(Set::only(Read), Some(Set::only(Language)), Some(Set::EMPTY)),
    ];
    assert!(normal(&list).is_empty());
    assert!(!Scopes::default().permits(Referral, Read, Exploitation, ServiceDelivery));
}

#[test]
fn a_malformed_text_grants_nothing() {
    use ScopeError::{
        Blank, Key, Permissions, RepeatedKey, RepeatedValue, Resource, TooLong, Value,
    };
    let too_long = "referral.r ".repeat(400);
    let table = [
        (" ", 1, Blank),
        (" referral.r", 1, Blank),
        ("referral.r ", 2, Blank),
        ("referral.r  mou.r", 2, Blank),
        ("referral", 1, Permissions),
        ("referral.", 1, Permissions),
        (".r", 1, Resource),
        ("referrals.r", 1, Resource),
        ("Referral.r", 1, Resource),
        ("refer.r", 1, Resource),
        ("*.r", 1, Resource),
        ("*", 1, Resource),
        ("referral.*", 1, Permissions),
        ("referral.R", 1, Permissions),
        ("referral.rr", 1, Permissions),
        ("referral.rc", 1, Permissions),
        ("referral.sr", 1, Permissions),
        ("referral.rx", 1, Permissions),
        ("referral.read", 1, Permissions),
        ("referral.r.r", 1, Permissions),
        ("patient/referral.r", 1, Resource),
        ("openid", 1, Resource),
        ("referral.r\tmou.r", 1, Permissions),
        ("referral.r\nmou.r", 1, Permissions),
        ("referral.r\u{a0}mou.r", 1, Permissions),
        ("referral.r\0", 1, Permissions),
        ("referral.r?", 1, Key),
        ("referral.r?category", 1, Value),
        ("referral.r?category=", 1, Value),
        ("referral.r?category=*", 1, Value),
        ("referral.r?category=needs", 1, Value),
        ("referral.r?category=NEED", 1, Value),
        ("referral.r?category=NEEDS,", 1, Value),
        ("referral.r?category=,NEEDS", 1, Value),
        ("referral.r?category=NEEDS,,SAFETY", 1, Value),
        ("referral.r?category=NEEDS,NEEDS", 1, RepeatedValue),
        ("referral.r?category=NEEDS;SAFETY", 1, Value),
        ("referral.r?category=NEEDS=SAFETY", 1, Value),
        ("referral.r?category=NEEDS%2CSAFETY", 1, Value),
        ("referral.r?category=NEEDS&category=SAFETY", 1, RepeatedKey),
        (
            "referral.r?purpose=HEALTH_CARE&purpose=HEALTH_CARE",
            1,
            RepeatedKey,
        ),
        ("referral.r?category=HEALTH_CARE", 1, Value),
        ("referral.r?purpose=NEEDS", 1, Value),
        ("referral.r?Category=NEEDS", 1, Key),
        ("referral.r?need=HOUSING", 1, Key),
        ("referral.r?category=NEEDS&", 1, Key),
        ("referral.r?&category=NEEDS", 1, Key),
        ("referral.r?category=NEEDS?purpose=HEALTH_CARE", 1, Value),
        ("referral.r?=NEEDS", 1, Key),
        ("referral?category=NEEDS", 1, Permissions),
        ("referral.r mou.r?x=y audit.r", 2, Key),
        (too_long.trim_end(), 1, TooLong),
    ];
    for (text, place, reason) in table {
        let fault = Scopes::parse(text).expect_err(text);
        assert_eq!((fault.place, fault.reason), (place, reason), "{text:?}");
        assert!(Scopes::parse(text).unwrap_or_default().is_empty());
        assert!(!fault.to_string().contains("HEALTH_CARE"));
    }
}
