//! The filter of `auditEvents` chooses what is exported, for the operator in the whole log and for an agency in what it reaches.

use std::collections::BTreeSet;

use concord::audit::leaf::Leaf;
use concord_entities::vocabulary::{AuditOutcome, AuditType, Code};
use serde_json::Value;

use super::{Exporting, ids};
use crate::world::on_both;

/// The filter as the flags and the query have it, and what holds of an event that it finds.
type Filter = (Vec<(&'static str, String)>, Box<dyn Fn(&Leaf) -> bool>);

on_both!(the_filter_of_the_review_chooses_what_is_exported: Exporting);
async fn the_filter_of_the_review_chooses_what_is_exported(demo: Exporting) {
    let leaves = demo.leaves();
    let all: Vec<&Leaf> = leaves.values().map(|(leaf, _)| leaf).collect();
    let read = all
        .iter()
        .find(|leaf| leaf.kind == AuditType::PackageRead && leaf.disclosed_under().is_some());
    let read: Leaf = (**read.unwrap()).clone();
    // A period of 31 days around it, which no event enters during the test.
    let days = |count: u64| std::time::Duration::from_hours(24 * count);
    let since = read.recorded_at.minus(days(15));
    let until = read.recorded_at.plus(days(15));
    let until = until.min(concord::clock::now().minus(std::time::Duration::from_mins(5)));
    let period = [
        ("since", since.in_full().to_string()),
        ("until", until.in_full().to_string()),
    ];
    let within = move |leaf: &Leaf| leaf.recorded_at >= since && leaf.recorded_at < until;
    let reached = demo
        .events(
            "auditor",
            &query(&period.clone().into_iter().collect::<Vec<_>>()),
        )
        .await;
    let reached: BTreeSet<&str> = ids(&reached).into_iter().collect();
    assert!(reached.len() > 10, "{}", reached.len());

    for (number, (filter, holds)) in filters(&read).into_iter().enumerate() {
        let filter: Vec<_> = filter.into_iter().chain(period.clone()).collect();
        let expected: Vec<String> = all
            .iter()
            .filter(|leaf| holds(leaf) && within(leaf))
            .map(|leaf| leaf.id.0.to_string())
            .collect();
        assert!(!expected.is_empty(), "{filter:?}");
        let flags: Vec<String> = filter
            .iter()
            .flat_map(|(name, value)| {
                let name = if *name == "types" { "type" } else { name };
                let values = value.split(',');
                values.flat_map(move |value| [format!("--{name}"), value.to_owned()])
            })
            .collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let found = demo.exported(&format!("{number}.ndjson"), &flags);
        assert_eq!(ids(&found), expected, "{filter:?}");

        let found = demo.events("auditor", &query(&filter)).await;
        let told = expected.iter().map(String::as_str);
        let told: Vec<&str> = told.filter(|id| reached.contains(id)).collect();
        assert!(!told.is_empty(), "{filter:?}");
        assert_eq!(ids(&found), told, "{filter:?}");
    }
}

/// Every part of the filter, as it finds one reading of a package.
fn filters(read: &Leaf) -> Vec<Filter> {
    let (agency, subject) = (read.agency.unwrap(), read.subject.clone());
    let (object, consent) = (read.object.clone().unwrap(), read.consent.unwrap());
    let (mou, survivor) = (read.mou.unwrap(), read.survivor.unwrap());
    let (purpose, client) = (read.purpose.unwrap(), read.client.clone());
    let category = read.categories.unwrap().iter().next().unwrap();
    let one = |name, value: String| vec![(name, value)];
    let by = vec![("agency", agency.to_string()), ("subject", subject.clone())];
    let ended = vec![
        ("types", "PACKAGE_READ,REFERRAL_SENT".to_owned()),
        ("outcome", AuditOutcome::Success.code().to_owned()),
    ];
    let (about, named) = (object.clone(), object.clone());
    vec![
        (
            one("agency", agency.to_string()),
            Box::new(move |leaf| {
                [leaf.agency, leaf.recipient, leaf.discloser].contains(&Some(agency))
            }),
        ),
        (
            by,
            Box::new(move |leaf| leaf.agency == Some(agency) && leaf.subject == subject),
        ),
        (
            one("application", client.clone()),
            Box::new(move |leaf| leaf.client == client),
        ),
        (
            one("object", object.clone()),
            Box::new(move |leaf| leaf.object.as_ref() == Some(&about)),
        ),
        (
            one("named", object),
            Box::new(move |leaf| {
                leaf.object.as_ref() == Some(&named) || leaf.objects.contains(&named)
            }),
        ),
        (
            one("consent", consent.to_string()),
            Box::new(move |leaf| {
                leaf.object.as_ref() == Some(&consent.to_string())
                    || leaf.disclosed_under() == Some(consent.0)
            }),
        ),
        (
            one("mou", mou.to_string()),
            Box::new(move |leaf| leaf.mou == Some(mou)),
        ),
        (
            one("survivor", survivor.to_string()),
            Box::new(move |leaf| leaf.survivor == Some(survivor)),
        ),
        (
            one("purpose", purpose.code().to_owned()),
            Box::new(move |leaf| leaf.purpose == Some(purpose)),
        ),
        (
            one("category", category.code().to_owned()),
            Box::new(move |leaf| {
                let told = leaf.categories.iter().flat_map(|some| some.iter());
                told.into_iter().any(|told| told == category)
            }),
        ),
        (
            one("types", "PACKAGE_READ".to_owned()),
            Box::new(|leaf| leaf.kind == AuditType::PackageRead),
        ),
        (
            ended,
            Box::new(|leaf| {
                let kinds = [AuditType::PackageRead, AuditType::ReferralSent];
                kinds.contains(&leaf.kind) && leaf.outcome == AuditOutcome::Success
            }),
        ),
    ]
}

fn query(filter: &[(&str, String)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in filter {
        query.append_pair(name, value);
    }
    query.finish()
}

on_both!(a_filter_that_is_none_exports_nothing: Exporting);
async fn a_filter_that_is_none_exports_nothing(demo: Exporting) {
    let (march, april) = ("2026-03-01T00:00:00Z", "2026-04-15T00:00:00Z");
    for query in [
        "types=".to_owned(),
        "types=NOTHING".to_owned(),
        "after=x".to_owned(),
        "object=x".to_owned(),
        "what=1".to_owned(),
        "since=yesterday".to_owned(),
        format!("since={april}&until={march}"),
        format!("types=PACKAGE_READ&since={march}&until={april}"),
    ] {
        let refused = demo.gets("auditor", &format!("events.csv?{query}")).await;
        assert_eq!(refused.status(), 400, "{query}");
        let refused: Value = refused.json().await.unwrap();
        let code = &refused["errors"][0]["extensions"]["code"];
        assert_eq!(code, "BAD_USER_INPUT", "{query}: {refused}");
    }
    for flags in [
        ["--since", april, "--until", march].as_slice(),
        &["--subject", "somebody"],
        &["--object", "x"],
        &["--type", "NOTHING"],
        &["--after", "x"],
    ] {
        let flags = [&["--format", "fhir"], flags].concat();
        let (file, output) = demo.exports("none.ndjson", &flags);
        assert!(!output.status.success(), "{flags:?}");
        let _ = std::fs::remove_file(file);
    }
    assert!(demo.exports_on_record().is_empty());
    // The operator's period may be any.
    let long = ["--type", "PACKAGE_READ", "--since", "2020-01-01T00:00:00Z"];
    assert!(!demo.exported("long.ndjson", &long).is_empty());
}
