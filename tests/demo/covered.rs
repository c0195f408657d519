//! What the demo's agencies promise tells a coordinator something: who can help, who cannot, and what runs out.

use std::collections::{BTreeMap, BTreeSet};

use concord::mou::rules::coverage::{CoverageFacts, CoveredCell, REMEMBERED, WantedCoverage, draw};
use concord_entities::mou::{CountedMou, Follower};
use concord_entities::mou_party::CountedParty;
use concord_entities::vocabulary::{AuditType, Code, MemberRole, Need};
use concord_entities::{
    agency, agency_vetting, audit_event, membership, mou, mou_party, partnership,
};
use sea_orm::{QuerySelect, QueryTrait};

use super::{Demo, filled};

/// The map as the coordinator of the demo's task force is shown it.
async fn map(demo: &Demo) -> Vec<CoveredCell> {
    let places = demo.all::<membership::Entity>().await;
    let mut coordinators = places.iter();
    let office = coordinators
        .find(|place| place.role == MemberRole::Coordinator)
        .unwrap();
    let (reader, id) = (office.agency_id, office.task_force_id);
    let follower = Follower::CoordinatorOf(id);
    let since = demo.now.minus(REMEMBERED);
    let promising = mou::Entity::promising(reader, follower, Some(id), since);
    let ids = promising.clone().select_only().column(mou::Column::Id);
    let mous = promising.into_partial_model::<CountedMou>();
    let mous = mous.all(&demo.store.read).await.unwrap();
    let parties = mou_party::Entity::under(ids.into_query()).into_partial_model::<CountedParty>();
    let parties = parties.all(&demo.store.read).await.unwrap();
    let mut facts = CoverageFacts::default();
    for mou in mous {
        let of_it = parties.iter().filter(|party| party.mou_id == mou.id);
        facts.mous.push((mou.clone(), of_it.cloned().collect()));
    }
    for place in places {
        facts.places.entry(place.agency_id).or_default().push(place);
    }
    let suspended = facts
        .places
        .values()
        .flatten()
        .filter(|place| !place.is_active());
    facts.absent = suspended.map(|place| place.agency_id).collect();
    let grid = draw(&facts, &WantedCoverage::default(), demo.now);
    assert_eq!(grid.more, 0);
    grid.cells
}

#[tokio::test]
async fn the_map_of_the_demo_has_paths_gaps_and_an_end_in_sight() {
    let demo = filled().await;
    let cells = map(&demo).await;
    let agencies = demo.all::<agency::Entity>().await;
    let names: BTreeMap<_, _> = agencies
        .iter()
        .map(|one| (one.id, one.name.as_str()))
        .collect();
    let who = |need: Need, language: &str, area: &str| -> Vec<&str> {
        let mut of_it = cells.iter().filter(|cell| {
            let is_in = cell.area.is_some_and(|one| one.to_string() == area);
            cell.need == need && cell.language.as_deref() == Some(language) && is_in
        });
        let cell = of_it.next().unwrap();
        cell.paths.iter().map(|path| names[&path.agency]).collect()
    };
    let (alder, millrace, harrow) = ("42901", "42903", "42905");
    let (harbor, shelter) = ("Quiet Harbor Housing", "Millrace Family Shelter");
    for language in ["en", "es"] {
        assert_eq!(who(Need::Housing, language, alder), [harbor]);
        let both: BTreeSet<_> = who(Need::Housing, language, millrace).into_iter().collect();
        assert_eq!(both, BTreeSet::from([shelter, harbor]));
        assert_eq!(
            who(Need::Legal, language, harrow),
            ["Three Rivers Legal Aid"]
        );
    }
    assert_eq!(who(Need::Housing, "tl", millrace), [harbor]);
    // The agency is suspended, or its MOU ran out: there nobody can.
    assert!(who(Need::Housing, "en", harrow).is_empty());
    assert!(who(Need::Employment, "en", millrace).is_empty());
    // Nobody promises these at all.
    let unpromised = cells.iter().filter(|cell| cell.area.is_none());
    let unpromised: BTreeSet<&str> = unpromised.map(|cell| cell.need.code()).collect();
    assert_eq!(
        unpromised,
        BTreeSet::from(["EDUCATION", "FINANCIAL_ASSISTANCE"])
    );
    // Some of it runs out before the season is over.
    let today = demo.now.day();
    let ends_soon = |cell: &&CoveredCell| {
        let mut paths = cell.paths.iter();
        paths.any(|path| path.last_day <= today.plus_days(90))
    };
    let ending: BTreeSet<&str> = cells
        .iter()
        .filter(ends_soon)
        .map(|cell| cell.need.code())
        .collect();
    assert_eq!(ending, BTreeSet::from(["EMPLOYMENT", "TRAINING"]));
}

#[tokio::test]
async fn the_demo_has_pairs_at_every_step_and_agencies_that_were_vetted() {
    let demo = filled().await;
    let steps: BTreeSet<i32> = demo
        .all::<partnership::Entity>()
        .await
        .iter()
        .map(|row| row.steps)
        .collect();
    assert_eq!(
        steps,
        BTreeSet::from([0, 1, 2, 3]),
        "the fourth is the MOU itself"
    );
    let today = demo.now.day();
    let checks = demo.all::<agency_vetting::Entity>().await;
    let lapsed = checks
        .iter()
        .filter(|check| check.lapses_on < today)
        .count();
    assert_eq!((checks.len(), lapsed), (4, 1));
    let events = demo.all::<audit_event::Entity>().await;
    let trained = events
        .iter()
        .filter(|one| one.kind == AuditType::StaffTrainingRecorded);
    assert!(trained.count() > 2);
}
